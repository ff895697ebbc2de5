"""More ports are open between two ends than the network plugin can hold.

## What it finds

A pod that may reach one peer, or be reached by it, on more combinations of port and protocol than the plugin of a
cluster can hold for one peer: 24 with the VPC CNI of EKS. A range counts once; flows and grants count together.

## Why it matters

The plugin's table is full at that number, and what is beyond it is cut without a word.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: eks-vpc-cni}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows:
  - name: a
    from: checkout
    to: payments/api
    ports: [
      8000, 8002, 8004, 8006, 8008, 8010, 8012, 8014, 8016, 8018, 8020, 8022, 8024,
      8026, 8028, 8030, 8032, 8034, 8036, 8038, 8040, 8042, 8044, 8046, 8048,
    ]
    reason: One port for each tenant
```

## Passes

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: eks-vpc-cni}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows:
  - name: a
    from: checkout
    to: payments/api
    ports: [8000-8048/TCP]
    reason: One port for each tenant
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.checks.capabilities import Refusal, findings, uses
from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Cluster, Model, Peer
from ringfence.values.ports import PortRange

CHECK = Check("RF337", "too-many-ports", Severity.ERROR, __doc__)

HINT = "join neighbouring ports to a range, or give the service fewer ports"


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each flow or grant that takes a pod beyond the limit."""
    return findings(CHECK, model, refusals, _reason, HINT)


def _reason(cluster: Cluster) -> str:
    cni = cluster.cni
    return f"{cni.id}, which holds {cni.ports_per_peer} for one peer{cni.note('portsPerPeer')}"


def refusals(model: Model, cluster: Cluster) -> Iterator[Refusal]:
    """What a cluster refuses. The grants that every pod has are counted first, so that flows are blamed."""
    limit = cluster.cni.ports_per_peer
    if limit is None:
        return
    held: dict[tuple[str, str, str], set[PortRange]] = {}
    common: dict[tuple[str, str], set[PortRange]] = {}
    known = list(uses(model, cluster))
    for use in known:
        if use.source is None or use.destination is None:
            peer, direction = (use.destination, "to") if use.source is None else (use.source, "from")
            if peer is not None:
                common.setdefault((direction, peer.id), set()).update(use.ports)
    for use in known:
        for pod, direction, peer in ((use.source, "to", use.destination), (use.destination, "from", use.source)):
            if peer is None or isinstance(pod, Peer):
                continue
            name = pod.id if pod else "every pod"
            granted = common.get((direction, peer.id), set())
            ports = held.setdefault((name, direction, peer.id), set(granted) if pod else set())
            before = len(ports)
            ports.update(use.ports)
            if len(ports) > limit and len(ports) > before:
                yield Refusal(use.subject, use.where, f"{len(ports)} ports of {name} {direction} {peer.id}")
