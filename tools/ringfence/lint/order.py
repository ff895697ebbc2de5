"""RF752: policies without an order among them that disagree about one connection."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from ringfence.connectivity import scattered
from ringfence.connectivity.engine import Row
from ringfence.connectivity.resolve import Action
from ringfence.findings import Check, Finding, Severity
from ringfence.lint import evidence, regions
from ringfence.lint.evidence import Evidence
from ringfence.lint.views import Selecting, View

CHECK = Check(
    "RF752",
    "order-ambiguous",
    Severity.WARNING,
    """
Two policies of equal priority that disagree about a connection.

## What it finds

Two policies of one tier between which nothing defines an order (an equal `priority`; an AdminNetworkPolicy beside a
ClusterNetworkPolicy), where one connection is matched by both, with different actions, and what becomes of it depends
on which comes first. Policies of equal priority that never meet, or that agree where they do, are fine. Calico's
policies of one tier with an equal `order` go by their names: reported where one allows and the other denies.

## Why it matters

The API leaves the order to the implementation: the connection may be open on one node and closed on the next. Where
names decide, renaming a policy opens or closes connections.

## Fails

```yaml
# guard.yaml
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: guard}
spec:
  priority: 10
  subject: {namespaces: {}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: metrics}
spec:
  priority: 10
  subject: {namespaces: {}}
  ingress: [{action: Allow, from: [{namespaces: {}}], ports: [{portNumber: {port: 9090}}]}]
```

## Passes

```yaml
# guard.yaml
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: guard}
spec:
  priority: 10
  subject: {namespaces: {}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: metrics}
spec:
  priority: 9
  subject: {namespaces: {}}
  ingress: [{action: Allow, from: [{namespaces: {}}], ports: [{portNumber: {port: 9090}}]}]
```
""",
)


def find(seen: Evidence) -> Iterator[Finding]:
    """Each pair of policies once, with the first connection about which they disagree."""
    told: set[tuple[str, str]] = set()
    if seen.result.cluster.calico:
        yield from _by_name(seen, told)
    for view in seen.views.views:
        for number, stage in enumerate(view.stages):
            for at, group in enumerate(stage.groups):
                if group.action is not None or len(group.policies) < 2:
                    continue
                start = _before(seen, view, number, at)
                for one, two in combinations(group.policies, 2):
                    key = evidence.policy(one.applied), evidence.policy(two.applied)
                    if key not in told and (found := _disagreement(seen, view, start, one, two)):
                        told.add(key)
                        yield found


def _by_name(seen: Evidence, told: set[tuple[str, str]]) -> Iterator[Finding]:
    """The pairs of Calico's policies whose names alone decide."""
    for view in seen.views.views:
        for number, stage in enumerate(view.stages):
            listed = [(at, item) for at, group in enumerate(stage.groups) for item in group.policies]
            for (at, one), (_, two) in combinations(listed, 2):
                key = evidence.policy(one.applied), evidence.policy(two.applied)
                if key in told or not _equal_order(one.applied.policy, two.applied.policy):
                    continue
                start = _before(seen, view, number, at)
                mine, theirs = _outcomes(one, start), _outcomes(two, start)
                for action, other in ((Action.ALLOW, Action.DENY), (Action.DENY, Action.ALLOW)):
                    met = regions.common(mine.get(action, {}), theirs.get(other, {}))
                    if met and key not in told:
                        told.add(key)
                        yield _named(seen, view, one, two, action, other, met[0])


def _equal_order(one: object, two: object) -> bool:
    """Whether two policies are Calico's, with one order."""
    from ringfence.manifests.calico import CalicoPolicy

    return isinstance(one, CalicoPolicy) and isinstance(two, CalicoPolicy) and one.order == two.order


def _named(
    seen: Evidence, view: View, one: Selecting, two: Selecting, action: Action, other: Action, met: tuple[int, int]
) -> Finding:
    subject = view.members.bit_length() - 1
    peer = met[1].bit_length() - 1
    source, destination = evidence.directed(view.direction, subject, peer)
    return CHECK.at(
        two.applied.policy.where,
        f"{evidence.policy(one.applied)} and {evidence.policy(two.applied)} have one order, so their names decide: "
        f"{seen.name(source)} to {seen.name(destination)} on {seen.result.atoms.ports(met[0])} is {action} by the "
        f"first, {other} by the second",
        hint="give one of them another order",
        subject=two.applied.policy.id,
        related=[(one.applied.policy.where, f"{action} by this policy, which comes first")],
    )


def _before(seen: Evidence, view: View, number: int, at: int) -> Row:
    """What surely comes to a group undecided."""
    space = seen.result.space
    rest = {seen.result.atoms.everything: space.everything & ~view.itself}
    for stage in view.stages[:number]:
        for group in stage.groups:
            for rule in (rule for item in group.policies for rule in item.rules):
                rest = regions.minus(rest, rule.possible) if rule.rule.action is not Action.PASS else rest
    for group in view.stages[number].groups[:at]:
        for rule in (rule for item in group.policies for rule in item.rules):
            rest = regions.minus(rest, rule.possible)
    return rest


def _outcomes(item: Selecting, start: Row) -> dict[Action, Row]:
    """What a policy surely does with a region, by action."""
    found: dict[Action, Row] = {}
    for rule in item.rules:
        part = regions.of([*found.get(rule.rule.action, {}).items(), *regions.common(rule.sure, start)])
        found[rule.rule.action] = part
        start = regions.minus(start, rule.possible)
    return found


def _disagreement(seen: Evidence, view: View, start: Row, one: Selecting, two: Selecting) -> Finding | None:
    mine, theirs = _outcomes(one, start), _outcomes(two, start)
    for action, region in mine.items():
        for other, there in theirs.items():
            if action is other:
                continue
            for mask, where in regions.common(region, there):
                if found := _unsettled(seen, view, mask, where):
                    return _finding(seen, one, two, action, other, found)
    return None


def _unsettled(seen: Evidence, view: View, mask: int, where: int) -> tuple[int, int, int] | None:
    """A connection (source, destination, ports) of a region about which the whole answer is open."""
    for source, destination, _ in seen.pairs(view, [(mask, where)]):
        sure, possible = (scattered.at(row, destination) for row in seen.result.table[source])
        if ports := possible & ~sure & mask:
            return source, destination, ports
    return None


def _finding(
    seen: Evidence, one: Selecting, two: Selecting, action: Action, other: Action, found: tuple[int, int, int]
) -> Finding:
    source, destination, ports = found
    return CHECK.at(
        two.applied.policy.where,
        f"nothing orders {evidence.policy(two.applied)} and {evidence.policy(one.applied)}, and they disagree: "
        f"{seen.name(source)} to {seen.name(destination)} on {seen.result.atoms.ports(ports)} is {other} by the "
        f"first, {action} by the second",
        hint="give one of them another priority",
        subject=two.applied.policy.id,
        related=[(one.applied.policy.where, f"{action} by this policy")],
    )
