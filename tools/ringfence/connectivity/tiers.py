"""The evaluation of tiers: for each source, walk what is still undecided through the rules in order.

A *region* maps port masks to disjoint destinations. For one source and one direction three regions are kept: what is
possibly undecided, possibly allowed and possibly denied. A rule's possible match goes to its outcome; only its sure
match leaves what is undecided. What is not possibly denied is surely allowed. Sources in the same sets share a walk.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from ringfence.connectivity import bits, engine
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.engine import Row, Side
from ringfence.connectivity.resolve import Action, Applied, Direction, Tier
from ringfence.connectivity.space import Space
from ringfence.manifests import Opaque


def within(region: Row, mask: int, where: int) -> Row:
    """The part of a region with some ports at some positions."""
    found: Row = {}
    for have, here in region.items():
        if (ports := have & mask) and (common := here & where):
            found[ports] = found.get(ports, 0) | common
    return found


def without(region: Row, mask: int, where: int) -> Row:
    """A region less some ports at some positions."""
    rest: Row = {}
    for have, here in region.items():
        common = here & where if have & mask else 0
        if here ^ common:
            rest[have] = rest.get(have, 0) | here ^ common
        if common and (ports := have & ~mask):
            rest[ports] = rest.get(ports, 0) | common
    return rest


def add(region: Row, more: Row) -> None:
    """Unite a region with another, in place."""
    for mask, where in more.items():
        bits.paint(region, mask, where)


def complement(region: Row, mask: int, where: int) -> Row:
    """All ports `mask` at all positions `where`, less a region."""
    rest: Row = {mask: where}
    for have, here in region.items():
        rest = without(rest, have, here)
    return rest


class State(Struct):
    """What one source still has undecided, and what its connections may have come to."""

    undecided: Row
    allowed: Row = field(default_factory=dict)
    denied: Row = field(default_factory=dict)


class _Sets:
    """Sets of sources by number, so that sources which the same sets hold can share their walk."""

    def __init__(self, size: int) -> None:
        self._numbers: dict[int, int] = {}
        self.held = [0] * size

    def number(self, sources: int) -> int:
        """The bit of a set in `held` of each of its members."""
        found = self._numbers.get(sources)
        if found is None:
            found = self._numbers[sources] = 1 << len(self._numbers)
            for position in bits.positions(sources):
                self.held[position] |= found
        return found


class _Step(Struct, frozen=True):
    """One rule through one of its gates: from sources held by `sure` or `possible` to destinations, on ports."""

    sure: int
    possible: int
    destinations: Fuzzy
    mask: int


_Rules = list[tuple[Action, list[_Step]]]


class _Ordered:
    """A group of policies: the rules of each are in order, the policies are not."""

    def __init__(self, group: Iterable[Applied], sets: _Sets, everything: int) -> None:
        group = list(group)
        self._policies: list[_Rules] = [_rules(item, sets, everything) for item in group]
        self._sets = sets
        self.sources = 0
        for item in group:
            for rule in item.rules:
                egress = item.direction is Direction.EGRESS
                self.sources |= (item.subjects_of(rule) if egress else rule.peers)[1] & everything

    def walk(self, region: Row, position: int) -> tuple[Row, list[tuple[Action, Row]]]:
        held = self._sets.held[position]
        rest: Row | None = None
        outcomes: list[tuple[Action, Row]] = []
        for rules in self._policies:
            left = region
            for action, steps in rules:
                outcomes += [
                    (action, within(left, step.mask, step.destinations[1])) for step in steps if held & step.possible
                ]
                for step in steps:
                    if held & step.sure:
                        left = without(left, step.mask, step.destinations[0])
            rest = left if rest is None else bits.overlay(rest, left)
        return (region if rest is None else rest), outcomes


def _rules(item: Applied, sets: _Sets, everything: int) -> _Rules:
    result: _Rules = []
    for rule in item.rules:
        steps = []
        for gate in rule.gates:
            ends = (item.subjects_of(rule), rule.peers)
            sources, destinations = ends if item.direction is Direction.EGRESS else ends[::-1]
            target = destinations[0] & gate.sure & everything, destinations[1] & gate.possible & everything
            steps.append(_Step(sets.number(sources[0]), sets.number(sources[1]), target, gate.mask))
        result.append((rule.action, steps))
    return result


class _United:
    """A group whose rules all do the same, so that no order matters: unions of rectangles."""

    def __init__(self, action: Action, side: Side, size: int) -> None:
        self._action = action
        self._groups = [rectangles.per_source(size) for rectangles in side.rectangles]
        self._painted: tuple[dict[tuple[int, ...], Row], ...] = ({}, {})

    def key(self, position: int) -> tuple[tuple[int, ...], ...]:
        return tuple(members[position] for members, _ in self._groups)

    def walk(self, region: Row, position: int) -> tuple[Row, list[tuple[Action, Row]]]:
        sure, possible = (
            engine.painted(self._painted[which], members[position], groups)
            for which, (members, groups) in enumerate(self._groups)
        )
        rest = region
        for mask, where in sure.items():
            rest = without(rest, mask, where)
        return rest, [(self._action, bits.overlay(region, possible))]


def isolated(tiers: Iterable[Tier], space: Space) -> int:
    """The pods for which some tier surely denies what no rule decides."""
    found = 0
    for item in (item for tier in tiers if tier.end is Action.DENY for group in tier.groups for item in group):
        found |= item.subjects[0] & ~space.host if item.isolates else 0
    return found


class _Stage:
    """One direction of one tier, ready to be walked."""

    def __init__(self, tier: Tier, direction: Direction, space: Space, ports: int, doubts: Iterable[Opaque]) -> None:
        self._egress = direction is Direction.EGRESS
        self._end = tier.end
        self._ports = ports
        sets = _Sets(space.size)
        self._united: list[_United] = []
        self._of: list[list[_Ordered | _United]] = [[] for _ in range(space.size)]
        selected = bits.EMPTY
        doubts = list(doubts)
        for group in tier.groups or (((),) if doubts else ()):
            actions = {rule.action for item in group for rule in item.rules} or {Action.ALLOW}
            side = Side(direction, space, ports)
            if len(actions) == 1 and (len(group) != 1 or doubts):
                for item in group:
                    side.apply(item, 0)
                side.doubt(doubts)
                self._united.append(_United(actions.pop(), side, space.size))
                self._place(self._united[-1], space.everything)
                selected = bits.either(selected, (side.isolated[0], side.isolated[1]))
            else:
                ordered = _Ordered(group, sets, space.everything)
                self._place(ordered, ordered.sources)
                for item in group:
                    if item.isolates:
                        selected = bits.either(selected, (item.subjects[0] & ~space.host, item.subjects[1]))
        self._selected = selected
        self._bits = tuple(map(sets.number, selected)) if self._egress else (0, 0)
        self._sets = sets
        self._everything = space.everything
        self._walked: dict[object, State] = {}

    def _place(self, group: _Ordered | _United, sources: int) -> None:
        """Let the sources meet a group: it can do nothing to others."""
        for position in bits.positions(sources):
            self._of[position].append(group)

    def walk(self, before: State, position: int) -> State:
        """What the tier makes of the state of one source. Equal questions have one answer, the same object."""
        key = (id(before), self._sets.held[position], tuple(group.key(position) for group in self._united))
        found = self._walked.get(key)
        if found is None:
            found = self._walked[key] = self._walk(before, position)
        return found

    def _walk(self, before: State, position: int) -> State:
        after = State({}, dict(before.allowed), dict(before.denied))
        target = {Action.ALLOW: after.allowed, Action.DENY: after.denied, Action.PASS: after.undecided}
        region = before.undecided
        for group in self._of[position]:
            region, outcomes = group.walk(region, position)
            for action, part in outcomes:
                add(target[action], part)
        sure, possible = self._selected_of(position)
        if self._end is not Action.PASS:
            add(target[self._end], within(region, self._ports, possible))
            region = without(region, self._ports, sure)
        add(after.undecided, region)
        return after

    def _selected_of(self, position: int) -> Fuzzy:
        """The destinations at which the tier's end applies, for one source."""
        if not self._egress:
            return self._selected
        held = self._sets.held[position]
        sure, possible = (self._everything if held & bit else 0 for bit in self._bits)
        return sure, possible


class _Walk:
    """One direction: all its tiers, then what needs no rule."""

    def __init__(self, direction: Direction, tiers: Iterable[Tier], space: Space, ports: int, opaque: Iterable[Opaque]):
        self._egress = direction is Direction.EGRESS
        self._space = space
        self._ports = ports
        opaque = list(opaque)
        self._veiled = engine.blind_spots(space, opaque)
        refused = [item for item in opaque if not item.may_deny]
        self._stages = [_Stage(tier, direction, space, ports, refused if tier.doubted else ()) for tier in tiers]
        self._start = State({ports: space.everything})
        self._done: dict[object, State] = {}

    def of(self, position: int) -> State:
        """What one source comes to; nothing stays undecided. Equal answers are one object."""
        state = self._start
        for stage in self._stages:
            state = stage.walk(state, position)
        at = 1 << position
        space = self._space
        marks = bool(self._veiled & at), bool(space.host & at), bool(space.nodes & at), bool(space.all_pods & at)
        key = (id(state), marks)
        found = self._done.get(key)
        if found is None:
            found = self._done[key] = self._finished(state, *marks)
        return found

    def _finished(self, state: State, veiled: bool, host: bool, node: bool, pod: bool) -> State:
        space, ports = self._space, self._ports
        result = State({}, dict(state.allowed), dict(state.denied))
        add(result.allowed, state.undecided)
        hidden = (space.everything if veiled else 0) if self._egress else self._veiled
        for region in (result.allowed, result.denied):
            bits.paint(region, ports, hidden)
        if self._egress:
            bits.paint(result.allowed, ports, space.host if pod else 0)
        elif host or node:
            bits.paint(result.allowed, ports, space.all_pods)
        return result


def rows(
    space: Space, ports: int, tiers: dict[Direction, list[Tier]], opaque: Iterable[Opaque]
) -> list[tuple[Row, Row]]:
    """For each position as a source: what it surely and what it possibly reaches. Equal rows are one object."""
    opaque = list(opaque)
    egress, ingress = (
        _Walk(direction, tiers[direction], space, ports, opaque) for direction in (Direction.EGRESS, Direction.INGRESS)
    )
    known: dict[object, tuple[Row, Row]] = {}
    result = []
    for position in range(space.size):
        ways = egress.of(position), ingress.of(position)
        external = position >= space.pods
        key = (id(ways[0]), id(ways[1]), external)
        if key not in known:
            inside = space.all_pods if external else space.everything
            sure = bits.overlay(*(complement(way.denied, ports, inside) for way in ways))
            possible = within(bits.overlay(ways[0].allowed, ways[1].allowed), ports, inside)
            known[key] = (possible, possible) if sure == possible else (sure, possible)
        result.append(known[key])
    return result
