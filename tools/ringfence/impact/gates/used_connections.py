"""A connection closes that real traffic used.

## What it finds

With `ringfence impact --observed`: a connection that closes and that the flow logs show more often than the threshold,
which is `gates.used-threshold` of the settings (0 by default: any use) or `--observed-threshold`. What was denied in
the log is no use, nor are searches for open ports and answers, as `ringfence observed` tells them. Where the log says
too little of an end (`world` without an address, a pod's address without its name), what closes was perhaps used, and
counts.

## Why it matters

What is used and closes is an outage, unless somebody knows better. The log knows what is used, and no reviewer can.

## Fails

```yaml
# teams/shop/shop/flows.yaml loses a flow that the logs show 1,234 times
flows: []
```

## Passes

```yaml
# a threshold above what a few stray connections make
gates:
  used-threshold: 20
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.findings import Check, Finding, Location, Severity
from ringfence.impact.gates.facts import Facts, Rule
from ringfence.impact.types import Level
from ringfence.observe.usage import Usage

CHECK = Check("RF617", "used-connection-closes", Severity.ERROR, __doc__)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding for each such connection, at the flow that allowed it."""
    for change in facts.changes:
        used = change.used
        if used is None or used.last is None or used.count <= facts.used_threshold:
            continue
        flows = [cause for cause in change.causes if cause.is_declaration and cause.side == "base"]
        where = ", ".join(name for name in change.clusters if name in facts.logs)
        more = f", more than {facts.used_threshold:,}" if facts.used_threshold else ""
        said = f"{'perhaps ' if used.perhaps == used.count else ''}used {_times(used.count)} in {where}{more}"
        yield CHECK.at(
            flows[0].where if flows else Location("policies/rendered"),
            f"{change.source} → {change.destination} closes on {change.closed} in {', '.join(change.clusters)}: it was "
            f"{said}, the last at {used.last:%Y-%m-%d %H:%M} UTC{_unsure(used)}",
            hint="keep the flow; or ask who used it, and wait until nobody does",
            subject=f"{change.source} → {change.destination}",
        )


def _unsure(used: Usage) -> str:
    """That some of it may have been something else."""
    if not used.perhaps:
        return ""
    if used.perhaps == used.count:
        return "; the log says too little of an end to be sure"
    return f"; of {used.perhaps:,} of them the log says too little of an end to be sure"


def _times(count: int) -> str:
    return f"{count:,} {'time' if count == 1 else 'times'}"


def _passes(facts: Facts) -> str:
    most = f" more than {_times(facts.used_threshold)}" if facts.used_threshold else ""
    return f"nothing that closes was used{most} in the logs of {', '.join(facts.logs)}"


GATE = Rule("used-connections", CHECK, Level.ERROR, find, _passes)
