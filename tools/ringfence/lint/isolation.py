"""RF755: a policy that isolates pods which others open altogether."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ringfence.connectivity.engine import Row
from ringfence.connectivity.resolve import Action, Applied
from ringfence.findings import Check, Finding, Severity
from ringfence.lint import evidence, regions
from ringfence.lint.evidence import Evidence
from ringfence.lint.judge import Judge
from ringfence.lint.judgement import Because
from ringfence.lint.views import Rule, Selecting, View

CHECK = Check(
    "RF755",
    "isolation-without-effect",
    Severity.WARNING,
    """
A policy that denies nothing, because others allow everything for its pods.

## What it finds

A policy that isolates pods in a direction, and for every one of these pods other policies allow every connection
before its default deny is asked: another policy of the same tier or an earlier tier allows everyone on every port. A
policy that itself allows everything is not reported.

## Why it matters

Policies add up: a default deny beside an allow-all denies nothing, and a list of allowed peers beside one limits
nobody. Whoever reads only this policy believes that the pods are protected.

## Fails

```yaml
# shop.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: tests, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{}]}
```

## Passes

```yaml
# shop.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{}]}
```
""",
)


def find(seen: Evidence) -> Iterator[Finding]:
    """The policies whose isolation has no effect, each direction by itself."""
    for item, because in undone(seen):
        yield _finding(item, because)


def undone(seen: Evidence) -> list[tuple[Applied, dict[Because, None]]]:
    """The directions of policies that deny nothing, with what decides instead."""
    found: dict[int, list[tuple[Applied, dict[Because, None]]]] = defaultdict(list)
    needed: set[int] = set()
    restricting: set[int] = set()
    judge = Judge(seen.views)
    for view in seen.views.views:
        for number, stage in enumerate(view.stages):
            if stage.tier.end is not Action.DENY:
                continue
            for item in (one for group in stage.groups for one in group.policies):
                if not item.applied.isolates or id(item.applied) in needed:
                    continue
                if _denies_before(view, number, item):
                    needed.add(id(item.applied))
                    continue
                because: dict[Because, None] = {}
                if judge.undecided(view, number, item, because) or not all(map(_opens, because)):
                    needed.add(id(item.applied))
                    continue
                found[id(item.applied)].append((item.applied, because))
                if _leaves({seen.result.atoms.everything: seen.result.space.everything & ~view.itself}, item):
                    restricting.add(id(item.applied))
    return [
        (places[0][0], {reason: None for _, because in places for reason in because})
        for key, places in found.items()
        if key in restricting and key not in needed
    ]


def _denies_before(view: View, number: int, mine: Selecting) -> bool:
    """Whether rules of the same policy deny in an earlier tier, as those of Cilium do."""
    earlier = (item for stage in view.stages[:number] for group in stage.groups for item in group.policies)
    return any(item.applied.policy is mine.applied.policy and _denies(item) for item in earlier)


def _denies(item: Selecting) -> bool:
    return any(seen.rule.action is Action.DENY and seen.possible for seen in item.rules)


def _opens(item: Because) -> bool:
    return isinstance(item, Rule) and item.action is Action.ALLOW


def _leaves(everything: Row, item: Selecting) -> bool:
    """Whether a policy by itself allows less than everything."""
    for rule in item.rules:
        everything = regions.minus(everything, rule.possible)
    return bool(everything)


def _finding(item: Applied, because: dict[Because, None]) -> Finding:
    names, related = evidence.because(because)
    return CHECK.at(
        item.policy.where,
        f"{evidence.policy(item)} denies nothing in {item.direction}: every connection of the pods that it selects is "
        f"allowed by {names}",
        hint="drop or narrow what allows everything, if this policy is meant to protect the pods",
        subject=item.policy.id,
        related=related,
    )
