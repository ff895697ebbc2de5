"""A team claims a namespace that it does not declare.

## What it finds

A namespace in `team.yaml` without a folder of its own.

## Why it matters

Nothing is rendered for the namespace, so nothing isolates its pods: they stay open in both directions.

## Fails

```yaml
# teams/checkout/team.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
description: Basket and checkout
contact: "#team-checkout"
owners: ["@example/checkout"]
namespaces: [shop, basket]
```

## Passes

```yaml
# teams/checkout/team.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
description: Basket and checkout
contact: "#team-checkout"
owners: ["@example/checkout"]
namespaces: [shop]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model
from ringfence.values.nearest import nearest

CHECK = Check("RF205", "claim-without-namespace", Severity.WARNING, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such claim."""
    for team in model.teams.values():
        for index, name in enumerate(team.namespaces):
            if name not in model.namespaces:
                own = [space.name for space in model.namespaces.values() if space.team == team.name]
                near = nearest(name, own)
                yield CHECK.at(
                    team.claims[index] if team.claims else team.where,
                    f"team {team.name} claims namespace `{name}` and does not declare it, so nothing isolates its pods",
                    hint=f"did you mean `{near}`?" if near else f"add `teams/{team.name}/{name}/namespace.yaml`",
                    subject=name,
                )
