"""Flow logs do not say whether enforcing breaks some of what they show.

## What it finds

With `ringfence promote --observed`: connections of a workload or pod of the namespace, in a direction that is to be
enforced and is not yet, that may be declared or may break. The log says of an end only that it is outside, or the
protocol is none that a policy names, such as ICMP. Also records that cannot be read: nobody knows what they show.
The level is that of the gate `undecided-traffic` in `policies/ringfence.yaml`, a warning without one.

## Why it matters

A log without these lines would look alike, and silence would look like proof.

## Fails

```yaml
# a log without addresses shows payments/api calling something outside on 443, where only this is declared
flows:
  - name: charge
    from: api
    to: stripe
    ports: [https]
    reason: Charges cards
```

## Passes

```yaml
# a log with addresses shows payments/api calling an address of stripe on 443
flows:
  - name: charge
    from: api
    to: stripe
    ports: [https]
    reason: Charges cards
```
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model
from ringfence.observe.results import Comparison, Talk

CHECK = Check("RF619", "seen-traffic-undecided", Severity.WARNING, __doc__)
CHECKS = (CHECK,)

GATE = "undecided-traffic"
"""The gate whose level in the settings is the severity."""

_SEVERITIES = {"error": Severity.ERROR, "warn": Severity.WARNING, "ignore": Severity.INFO}
_VAGUE = "the log says of an end only that it is outside"
_NAMELESS = "no policy names the protocol"


def findings(
    comparison: Comparison, model: Model, namespaces: Collection[str], directions: Collection[str]
) -> list[Finding]:
    """One finding for each namespace, direction and reason, and one for what cannot be read; none if nothing closes."""
    check = CHECK._replace(severity=_SEVERITIES[dict(model.settings.gates).get(GATE, "warn")])
    found: dict[tuple[str, str, str], list[Talk]] = defaultdict(list)
    for talks, why in ((comparison.unclear, _VAGUE), (comparison.unjudged, _NAMELESS)):
        for talk in talks:
            for namespace, direction in closing(talk, comparison, namespaces, directions):
                found[namespace, direction, why].append(talk)
    result = [_finding(check, model, key, talks) for key, talks in found.items()]
    troubles = comparison.observed.troubles
    stages = [comparison.cluster.stage(namespace) for namespace in namespaces]
    if troubles and any(getattr(stage, way) != "enforce" for stage in stages for way in directions):
        count = sum(item.count for item in troubles)
        kinds: dict[str, int] = defaultdict(int)
        for item in troubles:
            kinds[item.kind] += item.count
        listed = ", ".join(f"{number:,} {kind}" for kind, number in sorted(kinds.items()))
        message = f"{_plural(count, 'record')} of the flow logs cannot be read or believed ({listed})"
        hint = "`ringfence observed` names them; write the log again where they matter"
        where = comparison.cluster.where
        result.append(check.at(where, f"{message}: nobody knows whether they show what breaks", hint=hint))
    return result


def closing(
    talk: Talk, comparison: Comparison, namespaces: Collection[str], directions: Collection[str]
) -> Iterator[tuple[str, str]]:
    """The namespaces and directions that a connection takes, among those that are to be enforced and are not yet."""
    for direction, mapped in (("egress", talk.source), ("ingress", talk.destination)):
        concerned = direction in directions and mapped.is_managed and mapped.namespace in namespaces
        if concerned and getattr(comparison.cluster.stage(mapped.namespace), direction) != "enforce":
            yield mapped.namespace, direction


def _finding(check: Check, model: Model, key: tuple[str, str, str], talks: list[Talk]) -> Finding:
    namespace, direction, why = key
    count = sum(talk.usage.count for talk in talks)
    first = talks[0]
    pairs = len({(talk.source.label, talk.destination.label, talk.port_text) for talk in talks})
    more = f" and {pairs - 1:,} more" if pairs > 1 else ""
    return check.at(
        model.namespaces[namespace].where,
        f"{_plural(count, 'connection')} in {direction} of {namespace} may break when it is enforced, and may not: "
        f"{why} ({first.source.label} → {first.destination.label} on {first.port_text}{more})",
        hint="a log with addresses or DNS names decides it; `ringfence observed` lists them"
        if why == _VAGUE
        else "try it in a cluster that enforces already",
        subject=f"{namespace} {direction}",
    )


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
