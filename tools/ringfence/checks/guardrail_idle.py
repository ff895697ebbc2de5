"""A guardrail speaks of nothing.

## What it finds

A guardrail one side of which matches no workload, no pod of a team's namespace and no peer in any cluster; for
`must`, one that speaks of no pair of ends in any cluster. The world always counts as being there.

## Why it matters

It can never fire. Whoever reads it believes to be guarded.

## Fails

```yaml
# policies/guardrails/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails:
  - name: nobody-calls-the-shop
    never: {from: {teams: [payments], namespaces: [shop]}, to: {namespaces: [payments]}}
    reason: The namespace shop is not of the team payments
```

## Passes

```yaml
# policies/guardrails/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails:
  - name: nobody-calls-the-shop
    never: {from: {teams: [payments]}, to: {namespaces: [shop]}}
    reason: Both sides are somebody
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.checks.guardrail_unmet import pairs
from ringfence.checks.sides import Ends
from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Guardrail, Model

CHECK = Check("RF303", "guardrail-idle", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such guardrail."""
    ends = Ends(model)
    for guardrail in model.guardrails:
        idle = [
            name for name, side in (("from", guardrail.source), ("to", guardrail.destination)) if not ends.meets(side)
        ]
        if idle:
            why = f"nothing in any cluster matches its `{'` and its `'.join(idle)}`"
        elif guardrail.must and not _speaks(guardrail, model, ends):
            why = "no cluster has an end of its `from` and an end of its `to` together"
        else:
            continue
        yield CHECK.at(
            guardrail.where,
            f"the guardrail {guardrail.name} can never fire, since {why}",
            hint="all fields of a side must hold at once; widen the side, or remove the guardrail",
            subject=guardrail.name,
        )


def _speaks(guardrail: Guardrail, model: Model, ends: Ends) -> bool:
    return any(next(pairs(guardrail, model, cluster, ends), None) for cluster in model.clusters.values())
