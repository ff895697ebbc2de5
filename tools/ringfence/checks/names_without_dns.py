"""A flow goes to DNS names, and the cluster's baseline grants no DNS.

## What it finds

On a cluster of the dialect `cilium`, a flow or grant to a peer with `names`, where no grant of the baseline lets every
pod call port 53 of a peer that is pods.

## Why it matters

Cilium learns the addresses of a name from the answers to the pod's own questions, which a rule on the way to the DNS
pods makes it read. Without such a rule nothing is learnt, and the flow is denied.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
dialect: cilium
cni: {name: cilium}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# policies/catalog/outside.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail:
    description: Sends mail
    owner: platform
    cidrs: [203.0.113.0/24]
    names: [smtp.example.com]
    ports: {smtp: 587}
```

```yaml
# policies/baseline/platform.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Baseline
grants: []
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: mail, ports: [smtp], reason: Sends receipts}]
```

## Passes

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
dialect: cilium
cni: {name: cilium}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# policies/catalog/outside.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail:
    description: Sends mail
    owner: platform
    cidrs: [203.0.113.0/24]
    names: [smtp.example.com]
    ports: {smtp: 587}
```

```yaml
# policies/baseline/platform.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Baseline
grants: [{name: dns, to: kube-dns, ports: [53/UDP, 53/TCP], reason: Every pod resolves names}]
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: mail, ports: [smtp], reason: Sends receipts}]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Location, Severity
from ringfence.model.types import Cluster, End, Model, Peer

CHECK = Check("RF341", "names-without-dns", Severity.ERROR, __doc__)
DNS_PORT = 53


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each flow or grant, with the clusters that lack the grant."""
    found: dict[tuple[str, Location, str], list[str]] = {}
    for cluster in model.clusters.values():
        if cluster.dialect not in cluster.cni.names or _grants_dns(model, cluster):
            continue
        ends: list[tuple[str, Location, End]] = [
            (flow.id, flow.where, leg.destination) for flow, leg in model.legs_in(cluster)
        ]
        ends += [(f"baseline/{item.name}", item.where, item.peer) for item in model.grants_in(cluster) if item.to_peer]
        for subject, where, end in ends:
            if isinstance(end, Peer) and end.names:
                clusters = found.setdefault((subject, where, end.name), [])
                if cluster.name not in clusters:
                    clusters.append(cluster.name)
    for (subject, where, peer), clusters in found.items():
        yield CHECK.at(
            where,
            f"{subject} goes to {peer} by its DNS names, and in {', '.join(clusters)} the baseline lets no pod ask DNS "
            "pods on port 53, so the addresses of the names are never learnt",
            hint="add a grant `to` the DNS pods with `ports: [53/UDP, 53/TCP]` below policies/baseline",
            subject=subject,
            related=[(model.peers[peer].where, f"the peer {peer}")],
        )


def _grants_dns(model: Model, cluster: Cluster) -> bool:
    return any(
        grant.to_peer and grant.peer.is_pods and any(item.first == item.last == DNS_PORT for item in grant.ranges)
        for grant in model.grants_in(cluster)
    )
