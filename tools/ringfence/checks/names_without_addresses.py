"""A peer with DNS names alone is used where names cannot be said.

## What it finds

A flow or grant whose destination has `names` and no `cidrs`, in a cluster whose dialect has no DNS names; only
`cilium` has them. And one whose source has names alone, in any cluster: a name stands for a source in no dialect.

## Why it matters

NetworkPolicy and Calico's open-source policies know addresses only. A rule for the name would be left out, and the
connection cut, or the name be resolved once and be wrong tomorrow.

## Fails

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail: {description: Mail relay, owner: platform, names: [mail.example.com], ports: {smtp: 587}}
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: mail, ports: [smtp], reason: Sends receipts}]
```

## Passes

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail:
    description: Mail relay
    owner: platform
    names: [mail.example.com]
    cidrs: [198.51.100.0/24]
    ports: {smtp: 587}
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
from ringfence.model.types import Model, Peer

CHECK = Check("RF332", "names-without-addresses", Severity.ERROR, __doc__)

DIALECTS = frozenset({"cilium"})
"""The dialects that can say DNS names in egress: `toFQDNs`. Calico's `domains` are not enforced in open source."""


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each flow or grant and peer of names alone, with the clusters that cannot say them."""
    bare = {peer.name for peer in model.peers.values() if peer.only_names}
    if not bare:
        return
    outward: dict[tuple[str, str], list[str]] = {}
    inward: dict[tuple[str, str], list[str]] = {}
    places: dict[str, Location] = {}
    for cluster in model.clusters.values():
        ends = [(flow.id, flow.where, leg.source, leg.destination) for flow, leg in model.legs_in(cluster)]
        for grant in model.grants_in(cluster):
            pair = (None, grant.peer) if grant.to_peer else (grant.peer, None)
            ends.append((f"baseline/{grant.name}", grant.where, *pair))
        for subject, where, source, destination in ends:
            places[subject] = where
            if isinstance(source, Peer) and source.name in bare:
                _note(inward, (subject, source.name), cluster.name)
            if isinstance(destination, Peer) and destination.name in bare and cluster.dialect not in DIALECTS:
                _note(outward, (subject, destination.name), f"{cluster.name} ({cluster.dialect})")
    for found, why in (
        (inward, "comes from {peer}, of which only DNS names are known; a name can be a destination, never a source"),
        (outward, "goes to {peer}, of which only DNS names are known; the dialect has none"),
    ):
        for (subject, peer), clusters in found.items():
            yield CHECK.at(
                places[subject],
                f"{subject} {why.format(peer=peer)}, in {', '.join(clusters)}",
                hint=f"give {peer} the addresses of the names as `cidrs`"
                + ("" if found is inward else ", or let the flow hold on clusters with `dialect: cilium` only"),
                subject=subject,
                related=[(model.peers[peer].where, f"the peer {peer}")],
            )


def _note(found: dict[tuple[str, str], list[str]], key: tuple[str, str], cluster: str) -> None:
    clusters = found.setdefault(key, [])
    if cluster not in clusters:
        clusters.append(cluster)
