"""A flow or grant reaches the whole world.

## What it finds

A destination outside of the organisation (`world`) that holds about half of all IPv4 addresses or more, or about an
eighth of all IPv6 addresses (which is as much as is given out) or more. It can be waived.

## Why it matters

Whoever gets into the workload can send data to any server there is. Most workloads call a few services, which fit
into a peer of their own.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: internet, ports: [https], reason: Calls something out there}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: stripe, ports: [https], reason: Calls the provider}]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import End, Model, Peer
from ringfence.values import intervals

CHECK = Check("RF340", "egress-to-world", Severity.WARNING, __doc__)

_HALF_OF_V4 = 1 << 31
_EIGHTH_OF_V6 = 1 << 125


def is_whole_world(end: End) -> bool:
    """Whether an end is, for all practical purposes, everybody; a few exceptions do not make it small."""
    if not (isinstance(end, Peer) and end.world):
        return False
    # a little less than the share, since exceptions take something out
    v4, v6 = intervals.size(end.addresses.v4), intervals.size(end.addresses.v6)
    return v4 >= _HALF_OF_V4 * 3 // 4 or v6 >= _EIGHTH_OF_V6 * 3 // 4


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such flow and each such grant."""
    worlds = {peer.id for peer in model.peers.values() if is_whole_world(peer)}
    wide = {flow.id: flow for flow in model.flows for leg in flow.legs if leg.destination.id in worlds}
    for flow in wide.values():
        reached = ", ".join(sorted({leg.destination.id for leg in flow.legs} & worlds))
        sources = ", ".join(sorted({leg.source.id for leg in flow.legs}))
        yield CHECK.at(
            flow.where,
            f"flow {flow.id} lets {sources} reach the whole world ({reached}): data can leave to any server",
            hint="add a peer with the addresses that are really called, or have it waived in policies/waivers/",
            subject=flow.id,
        )
    for grant in model.grants:
        if grant.to_peer and is_whole_world(grant.peer):
            yield CHECK.at(
                grant.where,
                f"grant {grant.name} lets every pod reach the whole world ({grant.peer.name}): data can leave to "
                "any server",
                hint="let the teams declare flows to what they really call",
                subject=f"baseline/{grant.name}",
            )
