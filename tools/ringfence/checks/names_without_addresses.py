"""A peer with DNS names alone is used where names cannot be said.

## What it finds

A flow or grant whose destination has `names` and no `cidrs`, in a cluster where they are not enforced: the dialect has
no DNS names (only `cilium` has them), or the network plugin lacks them. And one whose source has names alone, in any
cluster: a name stands for a source in no dialect.

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

from ringfence.checks.capabilities import Refusal, findings, uses
from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Cluster, Model, Peer

CHECK = Check("RF332", "names-without-addresses", Severity.ERROR, __doc__)

DIALECTS = frozenset({"cilium"})
"""The dialects that can say DNS names in egress; whether they are enforced is the plugin's profile to say."""

HINT = "give the peer `cidrs` with the addresses of its names; or let a flow to it hold on clusters with names only"


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each flow or grant."""
    return findings(CHECK, model, refusals, _reason, HINT)


def _reason(cluster: Cluster) -> str:
    note = cluster.cni.note("names") if cluster.dialect not in cluster.cni.names else ""
    return f"{cluster.cni.id} with the dialect `{cluster.dialect}`, which cannot say that{note}"


def refusals(model: Model, cluster: Cluster) -> Iterator[Refusal]:
    """What a cluster refuses."""
    if not any(peer.only_names for peer in model.peers.values()):
        return
    enforced = cluster.dialect in cluster.cni.names
    for use in uses(model, cluster):
        if isinstance(use.source, Peer) and use.source.only_names:
            yield Refusal(use.subject, use.where, f"DNS names as a source ({use.source.name})")
        if isinstance(use.destination, Peer) and use.destination.only_names and not enforced:
            yield Refusal(use.subject, use.where, f"DNS names as a destination ({use.destination.name})")
