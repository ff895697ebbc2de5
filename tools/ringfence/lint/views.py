"""The policies as one pod meets them: for each class of pods and each direction, the rules in order.

A *view* is what pods have in common that the same policies select in the same way. In it a rule is a region of peers
and ports, surely and possibly matched. Every check of a rule is a question about regions of views; nothing here is
asked of the cluster as a whole, so the work grows with the policies that select each pod.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby

from msgspec import Struct, field

from ringfence.connectivity import Connectivity, Direction, bits
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.dialects import NETWORK_POLICY
from ringfence.connectivity.engine import Row
from ringfence.connectivity.resolve import Action, Applied, Resolved, Tier
from ringfence.findings import Location
from ringfence.lint import regions


class Rule(Struct, eq=False):
    """One rule of one direction of a policy, or a part of it. `occurs`: where it is found among the views."""

    number: int
    applied: Applied
    rule: Resolved
    occurs: list[Occurrence] = field(default_factory=list)

    @property
    def stands_for_doubt(self) -> bool:
        """Whether nobody wrote the rule: it stands for what an object that is not modelled could do."""
        policy: object = self.applied.policy
        return policy is self.rule.rule

    @property
    def key(self) -> tuple[int, Direction, Location]:
        """What the parts have in common that a dialect makes of one written rule."""
        return id(self.applied.policy), self.applied.direction, self.rule.rule.where

    @property
    def action(self) -> Action:
        """What it does with what it matches."""
        return self.rule.action


class Seen(Struct, frozen=True, eq=False):
    """A rule in a view: the peers and ports (port mask to peers) that it matches, surely and possibly.

    `given`: what it surely matches if its policy selects the pods.
    """

    rule: Rule
    given: Row
    sure: Row
    possible: Row


class Selecting(Struct, frozen=True, eq=False):
    """A policy in a view: its rules in order. `certain`: it surely selects the pods."""

    applied: Applied
    certain: bool
    rules: list[Seen]


class Group(Struct, frozen=True, eq=False):
    """Policies without an order among them. `action` is what all of their rules do, None where they differ."""

    policies: list[Selecting]
    action: Action | None


class Stage(Struct, frozen=True, eq=False):
    """A tier in a view. `ends`: its end surely decides what no rule does."""

    tier: Tier
    groups: list[Group]
    ends: bool


class View(Struct, frozen=True, eq=False):
    """Pods (`members`) that the same policies select, in one direction. `itself`: a lone pod, no peer of its own."""

    direction: Direction
    members: int
    itself: int
    stages: list[Stage]


class Occurrence(Struct, frozen=True):
    """The place of a rule in a view: number of the tier, of the group, of the policy and of the rule."""

    view: View
    stage: int
    group: int
    policy: int
    at: int

    @property
    def selecting(self) -> Selecting:
        """The rule's policy in the view."""
        return self.view.stages[self.stage].groups[self.group].policies[self.policy]

    @property
    def seen(self) -> Seen:
        """The rule in the view."""
        return self.selecting.rules[self.at]


def tiers_of(result: Connectivity, direction: Direction) -> Sequence[Tier]:
    """The tiers of a direction in order; NetworkPolicies alone are one tier."""
    if found := result.tiers.get(direction):
        return found
    group = tuple(item for items in result.applied[direction].values() for item in items)
    return [Tier(NETWORK_POLICY, (group,), Action.DENY, doubted=True)]


class Views(Struct, frozen=True):
    """All views of a cluster, all of its rules by number, and every direction of every policy, all in order."""

    result: Connectivity
    views: list[View]
    rules: list[Rule]
    applied: list[tuple[Tier, Applied]]

    @classmethod
    def of(cls, result: Connectivity) -> Views:
        """The views of a cluster. Pods that no policy selects have none."""
        found = cls(result, [], [], [])
        for direction in Direction:
            _Direction(found, direction, tiers_of(result, direction)).add()
        return found


_Placed = tuple[int, int, Applied]
"""A policy with the numbers of its tier and of its group."""


class _Direction:
    """Builds the views of one direction."""

    def __init__(self, into: Views, direction: Direction, tiers: Sequence[Tier]) -> None:
        self._into = into
        self._result = into.result
        self._direction = direction
        self._tiers = tiers
        self._rules: dict[int, list[Rule]] = {}
        self._rows: dict[tuple[int, int, int], Row] = {}
        for tier in tiers:
            for item in (one for group in tier.groups for one in group):
                into.applied.append((tier, item))
                self._rules[id(item)] = made = []
                for resolved in item.rules:
                    made.append(Rule(len(into.rules), item, resolved))
                    into.rules.append(made[-1])

    def add(self) -> None:
        """Add a view for each class of pods."""
        selecting: dict[int, list[_Placed]] = defaultdict(list)
        for stage, tier in enumerate(self._tiers):
            for group, items in enumerate(tier.groups):
                for item in items:
                    for position in bits.positions(item.subjects[1] & self._result.space.all_pods):
                        selecting[position].append((stage, group, item))
        classes: dict[object, list[int]] = defaultdict(list)
        for position, placed in selecting.items():
            host = self._result.space.host >> position & 1
            classes[host, tuple(self._key(item, position) for _, _, item in placed)].append(position)
        for members in classes.values():
            self._view(members, selecting[members[0]])

    def _key(self, item: Applied, position: int) -> object:
        """What of a policy two pods must have in common to share a view."""
        special = tuple(
            (self._spoken_for(item, rule, position), self._ports(rule, position))
            for rule in item.rules
            if rule.subjects is not None or any(gate.sure != -1 or gate.possible != -1 for gate in rule.gates)
        )
        return id(item), item.subjects[0] >> position & 1, special

    def _spoken_for(self, item: Applied, rule: Resolved, position: int) -> tuple[int, int]:
        sure, possible = item.subjects_of(rule)
        return sure >> position & 1, possible >> position & 1

    def _ports(self, rule: Resolved, position: int) -> Fuzzy:
        """For ingress, the ports of a rule at a pod, surely and possibly."""
        if self._direction is Direction.EGRESS:
            return bits.EMPTY
        sure = possible = 0
        for gate in rule.gates:
            sure |= gate.mask if gate.sure >> position & 1 else 0
            possible |= gate.mask if gate.possible >> position & 1 else 0
        return sure, possible

    def _view(self, members: list[int], placed: list[_Placed]) -> None:
        first = members[0]
        alone = len(members) == 1 and self._result.endpoints[first].kind == "Pod"
        view = View(self._direction, bits.of(members), 1 << first if alone else 0, [])
        stages: list[list[Group]] = [[] for _ in self._tiers]
        for (number, _), found in groupby(placed, key=lambda one: one[:2]):
            here = [self._selecting(item, first) for _, _, item in found]
            actions = {seen.rule.action for item in here for seen in item.rules}
            stages[number].append(Group(here, actions.pop() if len(actions) == 1 else None))
        for tier, groups in zip(self._tiers, stages, strict=True):
            ends = any(item.certain and item.applied.isolates for group in groups for item in group.policies)
            view.stages.append(Stage(tier, groups, ends and tier.end is not Action.PASS))
        self._into.views.append(view)
        for number, stage in enumerate(view.stages):
            for at, group in enumerate(stage.groups):
                for which, item in enumerate(group.policies):
                    for index, seen in enumerate(item.rules):
                        seen.rule.occurs.append(Occurrence(view, number, at, which, index))

    def _selecting(self, item: Applied, position: int) -> Selecting:
        certain = bool((item.subjects[0] & ~self._result.space.host) >> position & 1)
        return Selecting(item, certain, [self._seen(rule, position) for rule in self._rules[id(item)]])

    def _seen(self, rule: Rule, position: int) -> Seen:
        sure, possible = self._spoken_for(rule.applied, rule.rule, position)
        ports = self._ports(rule.rule, position)
        given, widest = (self._row(rule, which, ports[which]) for which in (0, 1))
        certain = rule.rule.subjects is None or sure
        return Seen(rule, given if certain else {}, given if sure else {}, widest if possible else {})

    def _row(self, rule: Rule, which: int, ports: int) -> Row:
        """What a rule matches, surely (0) or possibly (1); `ports` for ingress."""
        key = rule.number, which, ports
        if (found := self._rows.get(key)) is None:
            everything, peers = self._result.space.everything, rule.rule.peers[which]
            if self._direction is Direction.EGRESS:
                ends = [((gate.sure, gate.possible)[which], gate.mask) for gate in rule.rule.gates]
            else:
                ends = [(everything, ports)]
            found = self._rows[key] = regions.of((mask, peers & where & everything) for where, mask in ends)
        return found
