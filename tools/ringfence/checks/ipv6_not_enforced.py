"""Something needs IPv6, and the network plugin does not enforce it.

## What it finds

A flow or grant with a peer that has IPv6 addresses, and a cluster whose pods have them, where the network plugin does
not enforce IPv6, or is not known to.

## Why it matters

A plugin without IPv6 can refuse the whole policy for one IPv6 block, and what pods do over IPv6 is watched by nobody.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: aks-npm}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail: {description: Mail relay, owner: platform, cidrs: [198.51.100.0/24, "2001:db8::/32"], ports: {smtp: 587}}
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: mail, ports: [smtp], reason: Sends receipts, environments: [dev]}]
```

## Passes

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: aks-npm}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail: {description: Mail relay, owner: platform, cidrs: [198.51.100.0/24], ports: {smtp: 587}}
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: mail, ports: [smtp], reason: Sends receipts, environments: [dev]}]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.checks.capabilities import Refusal, findings, lack, uses
from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Cluster, Model, Peer

CHECK = Check("RF336", "address-family-not-enforced", Severity.ERROR, __doc__)

HINT = (
    "leave the IPv6 addresses out, or run a plugin with IPv6; where you know that this one has it, say so with its "
    "source in a profile of your own (policies/profiles/)"
)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each flow, grant or cluster."""
    return findings(CHECK, model, refusals, lambda cluster: lack(cluster.cni, "ipv6", cluster.cni.ipv6, "IPv6"), HINT)


def refusals(model: Model, cluster: Cluster) -> Iterator[Refusal]:
    """What a cluster refuses."""
    if cluster.cni.ipv6:
        return
    if cluster.pods.v6:
        yield Refusal(cluster.name, cluster.where, "IPv6 addresses of pods")
    for use in uses(model, cluster) if any(peer.addresses.v6 for peer in model.peers.values()) else ():
        for end in (use.source, use.destination):
            if isinstance(end, Peer) and end.addresses.v6:
                yield Refusal(use.subject, use.where, f"IPv6 addresses of {end.name}")
