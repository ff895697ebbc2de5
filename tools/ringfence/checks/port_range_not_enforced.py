"""A flow needs a range of ports, and the network plugin does not enforce it.

## What it finds

A range of a flow or grant, such as `30000-30100/TCP`, in a cluster whose plugin does not enforce `endPort`, or is not
known to.

## Why it matters

A plugin without `endPort` reads a range as its first port alone, and says nothing.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: gke-dataplane-v2}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: payments/api, ports: [30000-30100/TCP], reason: Signals a call}]
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
flows: [{name: a, from: checkout, to: payments/api, ports: [30000-30100/TCP], reason: Signals a call}]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.checks.capabilities import Refusal, findings, lack, some_port, uses
from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Cluster, Model

CHECK = Check("RF335", "port-range-not-enforced", Severity.ERROR, __doc__)

HINT = (
    "name the ports one by one, or run a plugin with port ranges; where you know that this one has them, say so with "
    "its source in a profile of your own (policies/profiles/)"
)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each flow or grant."""
    return findings(
        CHECK,
        model,
        refusals,
        lambda cluster: lack(cluster.cni, "endPort", cluster.cni.end_port, "ranges of ports"),
        HINT,
    )


def refusals(model: Model, cluster: Cluster) -> Iterator[Refusal]:
    """What a cluster refuses."""
    if cluster.cni.end_port or not some_port(model, lambda item: item.first != item.last):
        return
    for use in uses(model, cluster):
        for item in use.ports:
            if item.first != item.last:
                yield Refusal(use.subject, use.where, str(item))
