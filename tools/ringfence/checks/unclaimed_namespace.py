"""A team declares a namespace that it does not claim.

## What it finds

A folder `teams/<team>/<namespace>/` whose namespace is not in the `namespaces` of the team's `team.yaml`.

## Why it matters

The claim in `team.yaml` is the one place where a reviewer sees which namespaces a team has. A folder without a claim
could isolate, and open, another team's pods.

## Fails

```yaml
# teams/checkout/basket/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads: {store: {labels: {app: store}}}
```

## Passes

```yaml
# teams/checkout/team.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
description: Basket and checkout
contact: "#team-checkout"
owners: ["@example/checkout"]
namespaces: [shop, basket]
```

```yaml
# teams/checkout/basket/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads: {store: {labels: {app: store}}}
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model
from ringfence.values.nearest import nearest

CHECK = Check("RF201", "unclaimed-namespace", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such folder. A team without `team.yaml` is the model's business."""
    for space in model.namespaces.values():
        team = model.teams.get(space.team)
        if team is None or space.name in team.namespaces:
            continue
        near = nearest(space.name, team.namespaces)
        yield CHECK.at(
            space.where,
            f"team {team.name} declares namespace `{space.name}`, which it does not claim in `{team.where.path}`; "
            "another team's pods could be meant",
            hint=f"did you mean `{near}`?" if near else f"add `{space.name}` to the namespaces in `{team.where.path}`",
            subject=space.name,
            related=[(team.where, "the team")],
        )
