"""A connection opens and no declaration is behind it.

## What it finds

Ports of a connection that the head's rendered policies allow, the base's did not, and that neither a flow nor a
baseline grant of the head declares.

## Why it matters

Nobody asked for it, so nobody reviewed it: a label that changed, a rendered file edited by hand, or a template that
widens rules.

## Fails

```yaml
# a rendered policy gains a rule by hand
spec:
  ingress:
    - {}
```

## Passes

```yaml
# a flow declares the connection, and `ringfence render` writes the rule
flows:
  - name: read-cart
    from: shop/frontend
    to: cart/cart
    ports: [grpc]
    reason: The page shows the cart
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.findings import Check, Finding, Location, Severity
from ringfence.impact.gates.facts import Facts, Rule
from ringfence.impact.types import Change, Level, Reason

CHECK = Check("RF601", "collateral-connection", Severity.ERROR, __doc__)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding for each such connection, at the rendered rule that allows it."""
    for change in facts.changes:
        if change.collateral:
            yield _finding(change)


def _finding(change: Change) -> Finding:
    behind = [cause for cause in change.causes if not cause.is_declaration]
    rules = [cause for cause in behind if cause.kind == "rule" and cause.where.line]
    others = [cause for cause in behind if cause not in rules]
    said = [f"{cause.name}: {cause.reason}" if cause.kind == "rule" else cause.reason for cause in others[:3]]
    why = f" ({'; '.join(said)})" if said else ""
    old = " for pods that still have the old labels" if change.reason is Reason.LABELS else ""
    return CHECK.at(
        rules[0].where if rules else Location("policies/rendered"),
        f"{change.source} → {change.destination} opens on {change.collateral} in {', '.join(change.clusters)}{old}, "
        f"and no flow or baseline grant declares it{why}",
        hint="run: ringfence render; if the connection is wanted, declare a flow for it",
        subject=f"{change.source} → {change.destination}",
        related=[(cause.where, f"{cause.name} {cause.reason}") for cause in rules[1:]],
    )


def passes(facts: Facts) -> str:
    """The sentence of a change without collateral."""
    opened = sum(1 for change in facts.changes if change.opened)
    return f"each of {opened} opened is declared" if opened else "nothing opens"


GATE = Rule("collateral", CHECK, Level.ERROR, find, passes)
