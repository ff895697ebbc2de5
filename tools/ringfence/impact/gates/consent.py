"""A connection between teams opens, and the destination's team is not asked.

## What it finds

A connection that opens into another team's workload although nothing of that team's changes, so that nobody there has
to approve: the team's policies let it in before. With `consent: declared`: the workload does not list the caller in
`accepts`. With `--approved`: a team that must approve and has not.

## Why it matters

A flow between teams needs both. The team of the destination answers for what its workload takes in.

## Fails

```yaml
# payments let all pods in before, by hand; only the policies of the shop change
flows:
  - name: pay
    from: shop/frontend
    to: payments/api
    ports: [https]
    reason: Not asked
```

## Passes

```yaml
# the flow adds a rule to the policies of payments, whose owners CODEOWNERS then asks
flows:
  - name: pay
    from: shop/frontend
    to: payments/api
    ports: [https]
    reason: Card authorisation
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from msgspec.structs import replace

from ringfence.checks import consent_missing
from ringfence.findings import Check, Finding, Location, Severity
from ringfence.impact.gates.facts import Facts, Rule
from ringfence.impact.types import Level

CHECK = Check("RF612", "consent-not-asked", Severity.ERROR, __doc__)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding for each connection whose destination is not asked, and for each approval that is still missing."""
    yield from (item for item in facts.checked if item.check.code == consent_missing.CHECK.code)
    if facts.base and facts.base.settings.consent == "declared" != facts.head.settings.consent:
        # a change does not loosen the consent that it needs
        strict = replace(facts.head, settings=replace(facts.head.settings, consent="declared"))
        yield from consent_missing.find(strict, datetime.date.max)
    asked = {item.party for item in facts.approvals}
    for change in facts.changes:
        source, destination = change.teams
        if not (change.opened and source and destination and source != destination) or destination in asked:
            continue
        accepted = facts.head.workloads.get(change.destination)
        namespace = change.source.partition("/")[0]
        if accepted is not None and {change.source, f"{namespace}/*"} & set(accepted.accepts):
            continue
        flows = [cause for cause in change.causes if cause.is_declaration and cause.side == "head"]
        yield CHECK.at(
            flows[0].where if flows else Location("policies/rendered"),
            f"{change.source} → {change.destination} opens on {change.opened}, and nothing asks team {destination}",
            hint=f"let {change.destination} list {change.source} in `accepts`, which its team approves",
            subject=f"{change.source} → {change.destination}",
        )
    if any(item.given for item in facts.approvals):
        for item in facts.approvals:
            if not item.given:
                owners = ", ".join(item.owners)
                yield CHECK.at(
                    Location(item.paths[0]),
                    f"the approval of {item.party} is still missing: {owners}",
                    hint="ask one of them",
                    subject=item.party,
                )


def passes(facts: Facts) -> str:
    """The sentence of a change for which everybody is asked."""
    across = sum(1 for item in facts.changes if item.opened and all(item.teams) and item.teams[0] != item.teams[1])
    mode = facts.head.settings.consent
    return (
        f"{across} opened between teams; each destination is asked ({mode})"
        if across
        else "nothing opens between teams"
    )


GATE = Rule("consent", CHECK, Level.ERROR, find, passes)
