"""A flow needs SCTP, and the network plugin does not enforce it.

## What it finds

A port of a flow or grant with the protocol SCTP in a cluster whose plugin does not enforce SCTP, or is not known to.

## Why it matters

A policy with an SCTP port is left out, refused or ignored there: the connection is cut, or more is open than was
declared.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: kube-router}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: payments/api, ports: [3868/SCTP], reason: Signals a call, environments: [dev]}]
```

## Passes

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: antrea}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: payments/api, ports: [3868/SCTP], reason: Signals a call, environments: [dev]}]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.checks.capabilities import Refusal, findings, lack, some_port, uses
from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Cluster, Model

CHECK = Check("RF334", "sctp-not-enforced", Severity.ERROR, __doc__)

HINT = (
    "use TCP, limit the flow to other environments, or run a plugin with SCTP; where you know that this one has it, "
    "say so with its source in a profile of your own (policies/profiles/)"
)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each flow or grant."""
    return findings(CHECK, model, refusals, lambda cluster: lack(cluster.cni, "sctp", cluster.cni.sctp, "SCTP"), HINT)


def refusals(model: Model, cluster: Cluster) -> Iterator[Refusal]:
    """What a cluster refuses."""
    if cluster.cni.sctp or not some_port(model, lambda item: item.protocol == "SCTP"):
        return
    for use in uses(model, cluster):
        for item in use.ports:
            if item.protocol == "SCTP":
                yield Refusal(use.subject, use.where, str(item))
