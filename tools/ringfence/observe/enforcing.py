"""Real traffic breaks when a namespace is enforced.

## What it finds

With `ringfence promote --observed`: connections that the flow logs show, of a workload or pod of the namespace in a
direction that is to be enforced and is not yet, and that no flow, no baseline grant and no adopted policy allows.
Searches for open ports, answers, what comes from a node, what was denied, and what a direction that is enforced already
denies today are none. What the log cannot tell is RF619.

## Why it matters

Up to then everything is open, and only the log knows what is used. What nobody declared stops working at the moment of
enforcement.

## Fails

```yaml
# the logs show shop/frontend calling payments/api on 9000, and no flow says so
flows: []
```

## Passes

```yaml
flows:
  - name: frontend-to-api
    from: shop/frontend
    to: payments/api
    ports: [9000]
    reason: The page shows past payments
```
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model
from ringfence.observe.kept import Kept
from ringfence.observe.results import Comparison, Talk
from ringfence.observe.undecided import closing
from ringfence.observe.usage import Usage

CHECK = Check("RF618", "seen-traffic-breaks", Severity.ERROR, __doc__)
CHECKS = (CHECK,)


def findings(
    comparison: Comparison,
    model: Model,
    namespaces: Collection[str],
    directions: Collection[str],
    kept: Kept | None = None,
) -> list[Finding]:
    """One finding for each pair of ends that breaks when these directions of these namespaces are enforced.

    `kept` is the cluster as it is then: what its adopted policies allow does not break.
    """
    found: dict[tuple[str, str, str, str], list[Talk]] = defaultdict(list)
    for talk in comparison.breaking:
        if kept is not None and kept.allows(talk):
            continue
        for namespace, direction in closing(talk, comparison, namespaces, directions):
            ends = (talk.source.end or talk.source.label, talk.destination.end or talk.destination.label)
            found[namespace, direction, *ends].append(talk)
            break  # said once
    return [_finding(model, key, talks) for key, talks in found.items()]


def _finding(model: Model, key: tuple[str, str, str, str], talks: list[Talk]) -> Finding:
    namespace, direction = key[:2]
    source, destination = (_called([getattr(talk, side).label for talk in talks]) for side in ("source", "destination"))
    usage = Usage()
    for talk in talks:
        usage = usage.plus(talk.usage)
    ports = ", ".join(dict.fromkeys(talk.port_text for talk in talks))
    times = f"{usage.count:,} {'time' if usage.count == 1 else 'times'}"
    last = f", the last at {usage.last:%Y-%m-%d %H:%M} UTC" if usage.last else ""
    return CHECK.at(
        model.namespaces[namespace].where,
        f"{source} → {destination} on {ports} was seen {times}{last}, "
        f"and no declaration allows it: it breaks when {direction} of {namespace} is enforced",
        hint="declare the flow (`ringfence learn` proposes it), or stop what calls",
        subject=f"{source} → {destination}",
    )


def _called(labels: list[str]) -> str:
    """What an end is called; a peer of many addresses by the first of them."""
    names = list(dict.fromkeys(labels))
    return names[0] + (f" and {len(names) - 1:,} more" if len(names) > 1 else "")
