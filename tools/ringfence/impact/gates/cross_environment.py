"""A connection between two environments opens.

## What it finds

Ports that open between a workload of one environment and pods, services or nodes of another one: on a Kubernetes
cluster that both share, or by the addresses of the other cluster's networks.

## Why it matters

A test system that reaches production can break it, and production that reaches a test system leaks to it.

## Fails

```yaml
# policies/catalog/platform.yaml: the pods of production, by their addresses
peers:
  prod-pods:
    cidrs: [10.8.0.0/14]
```

## Passes

```yaml
# the flow names a workload: both ends are then in the same environment
flows:
  - name: pay
    from: shop/checkout
    to: payments/api
    ports: [https]
    reason: Card authorisation
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.findings import Check, Finding, Location, Severity
from ringfence.impact.gates.facts import Facts, Rule
from ringfence.impact.types import Level

CHECK = Check("RF611", "cross-environment", Severity.ERROR, __doc__)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding for each such connection, at the flow that declares it."""
    for change in facts.changes:
        if change.crosses and change.opened:
            flows = [cause for cause in change.causes if cause.is_declaration and cause.side == "head"]
            source, destination = change.crosses
            yield CHECK.at(
                flows[0].where if flows else Location("policies/rendered"),
                f"{change.source} → {change.destination} opens on {change.opened} from {source} to {destination}",
                hint="keep each environment to itself; if it must be, let the platform team lower the gate",
                subject=f"{change.source} → {change.destination}",
            )


GATE = Rule("cross-environment", CHECK, Level.ERROR, find, lambda _: "nothing opens between environments")
