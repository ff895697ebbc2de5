"""A flow stands in the wrong folder.

## What it finds

A flow whose source is a workload of another namespace than its folder's. Where the source is a catalogue peer, the
folder is that of the destination.

## Why it matters

The team of the source asks for a connection, in its own folder, and the review of the folder's owners is its consent.
In another folder, one team could open another team's egress without being asked.

## Fails

```yaml
# teams/payments/payments/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: pull-orders, from: shop/checkout, to: payments/api, ports: [9443], reason: In the folder of the callee}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: pull-orders, from: shop/checkout, to: payments/api, ports: [9443], reason: In the folder of the caller}]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model, Workload

CHECK = Check("RF203", "misplaced-flow", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each flow, at the first leg that belongs elsewhere."""
    for flow in model.flows:
        for leg in flow.legs:
            from_peer = not isinstance(leg.source, Workload)
            owner = leg.destination if from_peer else leg.source
            if isinstance(owner, Workload) and owner.namespace != flow.namespace:
                part = "destination" if from_peer else "source"
                yield CHECK.at(
                    flow.where,
                    f"flow {flow.id} belongs to its {part} {owner.id}, and stands in the folder of namespace "
                    f"{flow.namespace}: its owners would not be asked",
                    hint=f"move it to `teams/{owner.team}/{owner.namespace}/`",
                    subject=flow.id,
                    related=[(owner.where, owner.id)],
                )
                break
