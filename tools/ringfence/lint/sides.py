"""RF754: an allow that only one of the two ends has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.connectivity import Direction, bits
from ringfence.connectivity.engine import Row
from ringfence.connectivity.resolve import Action
from ringfence.findings import Check, Finding, Severity
from ringfence.lint import evidence, regions
from ringfence.lint.evidence import Evidence
from ringfence.lint.judgement import Effect
from ringfence.lint.views import Rule, View

CHECK = Check(
    "RF754",
    "allow-on-one-side-only",
    Severity.WARNING,
    """
An allow without effect, because the other end denies all that it allows.

## What it finds

A rule that allows connections of which none comes about: each is denied at its other end, an ingress rule by the
egress of its sources, an egress rule by the ingress of its destinations. A rule of which any part takes effect is not
reported.

## Why it matters

A connection needs both ends. Usually the rule on the other side was forgotten, or names another port or label.

## Fails

```yaml
# shop.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec: {template: {metadata: {labels: {app: api}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8080}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
```

## Passes

```yaml
# shop.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec: {template: {metadata: {labels: {app: api}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8080}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{to: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 8080}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
```
""",
)


def find(seen: Evidence) -> Iterator[Finding]:
    """The allows that the other end denies altogether."""
    table = _Table(seen)
    for item in seen.judgements:
        if item.effect is Effect.DECIDES and item.rule.action is Action.ALLOW:
            for left, scope in ((item.left, ""), (item.left_today, " among the workloads declared here")):
                blocked = left and not any(table.reaches(view, row) for view, row in left)
                if blocked and (example := _example(seen, left)):
                    yield _finding(seen, item.rule, example, scope)
                    break


class _Table:
    """What is possible at all, in both directions together."""

    def __init__(self, seen: Evidence) -> None:
        self._rows = [seen.result.table[position][1] for position in range(seen.result.space.size)]
        self._single = bits.of(i for i, item in enumerate(seen.result.endpoints) if item.kind == "Pod")

    def reaches(self, view: View, region: Row) -> bool:
        """Whether any connection of a region of peers is possible. Sources with the same row are asked once."""
        if view.direction is Direction.EGRESS:
            return any(regions.meet(self._rows[member], region) for member in bits.positions(view.members))
        for mask, where in region.items():
            asked: dict[int, int] = {}
            for source in bits.positions(where):
                row = self._rows[source]
                sources = asked.get(id(row), 0)
                asked[id(row)] = sources | 1 << source
                # a second source of one row can make a pair of what is none for the first: a pod with itself
                if sources.bit_count() < 2 and any(
                    mask & ports and self._pair(sources | 1 << source, members & view.members)
                    for ports, members in row.items()
                ):
                    return True
        return False

    def _pair(self, sources: int, members: int) -> bool:
        """Whether sources and destinations hold a pair; a pod with itself is none."""
        if not sources or not members:
            return False
        return sources != members or members.bit_count() > 1 or not members & self._single


def _example(seen: Evidence, left: Iterable[tuple[View, Row]]) -> tuple[int, int, int] | None:
    """A connection between pods that a rule allows, declared ones if there are: source, destination, ports."""
    pods = seen.result.space.all_pods
    for subjects, peers in ((seen.declared, seen.declared), (seen.declared, pods), (pods, pods)):
        for view, region in left:
            for found in seen.pairs(view, region.items(), subjects, peers):
                return found
    return None


def _finding(seen: Evidence, item: Rule, example: tuple[int, int, int], scope: str) -> Finding:
    source, destination, mask = example
    egress = item.applied.direction is Direction.EGRESS
    peer = destination if egress else source
    endpoints = seen.result.endpoints
    told = seen.result.explain(endpoints[source], endpoints[destination])
    half = told.ingress if egress else told.egress
    isolated = half.isolated_by if half else ()
    other = "ingress" if egress else "egress"
    names = evidence.some([found.policy for found in isolated]) or f"the {other} policies of {seen.name(peer)}"
    return CHECK.at(
        evidence.place(item),
        f"{evidence.rule(item)} allows nothing{scope}: {seen.name(source)} to {seen.name(destination)} on "
        f"{seen.result.atoms.ports(mask)} is denied in {other} ({names}), and so is all else that it matches",
        hint=f"allow the same in the {other} of {seen.name(peer)}, or drop this rule",
        subject=item.applied.policy.id,
        related=[(found.where, f"isolates {seen.name(peer)} in {other}") for found in isolated[:3]],
    )
