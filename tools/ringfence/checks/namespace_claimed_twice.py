"""Two teams claim one namespace.

## What it finds

A namespace that stands in the `namespaces` of two teams.

## Why it matters

One team owns a namespace: it declares the flows and is asked for review. With two, each could open what the other keeps
closed.

## Fails

```yaml
# teams/payments/team.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
description: Cards and payouts
contact: "#team-payments"
owners: ["@example/payments"]
namespaces: [payments, shop]
```

## Passes

```yaml
# teams/payments/team.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
description: Cards and payouts
contact: "#team-payments"
owners: ["@example/payments"]
namespaces: [payments]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Location, Severity
from ringfence.model.types import Model, Team

CHECK = Check("RF202", "namespace-claimed-twice", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding at each claim but that of the team whose folder the namespace is (else of the first by name)."""
    claims: dict[str, list[tuple[Team, Location]]] = {}
    for team in model.teams.values():
        for index, name in enumerate(team.namespaces):
            claims.setdefault(name, []).append((team, team.claims[index] if team.claims else team.where))
    for name, teams in claims.items():
        space = model.namespaces.get(name)
        owner = next((claim for claim in teams if space and claim[0].name == space.team), teams[0])
        for team, where in teams:
            if team is not owner[0]:
                yield CHECK.at(
                    where,
                    f"team {team.name} claims namespace `{name}`, which is team {owner[0].name}'s; one team owns a "
                    "namespace",
                    hint=f"leave it out here; a flow may still name `{name}/<workload>`",
                    subject=name,
                    related=[(owner[1], f"the claim of team {owner[0].name}")],
                )
