"""A connection with the world outside the organisation opens.

## What it finds

Ports that open to or from addresses outside the organisation: outside every cluster's own networks and every catalogue
peer that is not marked `world`.

## Why it matters

What leaves for the world can carry data away, and what comes from it can be anybody. A person should look at each, even
where a flow declares it.

## Fails

```yaml
flows:
  - name: fetch-news
    from: shop/frontend
    to: internet
    ports: [https]
    reason: The page shows news
```

## Passes

```yaml
flows:
  - name: fetch-news
    from: shop/frontend
    to: proxy/egress
    ports: [https]
    reason: The page shows news
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.findings import Check, Finding, Location, Severity
from ringfence.impact.gates.facts import Facts, Rule
from ringfence.impact.types import Level

CHECK = Check("RF610", "world-exposure", Severity.WARNING, __doc__)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding for each such connection, at the flow that declares it."""
    for change in facts.changes:
        if change.world and change.opened:
            flows = [cause for cause in change.causes if cause.is_declaration and cause.side == "head"]
            yield CHECK.at(
                flows[0].where if flows else Location("policies/rendered"),
                f"{change.source} → {change.destination} opens on {change.opened} in {', '.join(change.clusters)}: one "
                "end is outside the organisation",
                hint="name the narrowest peer of the catalogue that will do, or go by an egress proxy",
                subject=f"{change.source} → {change.destination}",
            )


GATE = Rule("world-exposure", CHECK, Level.WARN, find, lambda _: "nothing opens to or from the world")
