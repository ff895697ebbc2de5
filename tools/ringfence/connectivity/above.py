"""What is restricted above its open ports: by HTTP or DNS rules, TLS names, authentication.

A connection that only restricted rules allow is open at layer 4 and restricted above it. A rule without such a part
that allows the same pair and port lifts the restriction; that nothing isolates the pod does not. Source: Cilium's
documentation of layer 7 policies and of `enableDefaultDeny`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from ringfence.connectivity import bits
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.engine import Rectangles, Row, painted
from ringfence.connectivity.resolve import Action, Direction, Resolved, Tier
from ringfence.connectivity.space import Space
from ringfence.findings import Location

_Groups = tuple[list[tuple[int, ...]], list[dict[int, int]], dict[tuple[int, ...], Row]]


Way = tuple[Direction, str]
"""A direction, and what restricts in it (`http`, `dns`, ...)."""


class Part(Struct, frozen=True):
    """What passes between two positions on the ports of a mask where they are restricted, and the rule that says so.

    `said` are texts, one for each rule for HTTP, name and the like: equal where they say the same.
    """

    way: Way
    said: frozenset[str]
    mask: int
    where: Location


class Restrictions:
    """For each pair the ports that are restricted, by what restricts them. False where nothing is."""

    def __init__(self, tiers: dict[Direction, list[Tier]], space: Space) -> None:
        self._tiers, self._size = tiers, space.size
        self._by_source: dict[int, list[tuple[Part, int]]] | None = None
        self._ways: list[tuple[Direction, dict[str, _Groups], _Groups]] = []
        for direction, listed in tiers.items():
            by_kind: dict[str, Rectangles] = defaultdict(Rectangles)
            free = Rectangles()
            for kind, *rectangle in _rectangles(listed, direction):
                (by_kind[kind] if kind else free).add(*rectangle)
            if by_kind:
                groups = {kind: _groups(by_kind[kind], space.size) for kind in sorted(by_kind)}
                self._ways.append((direction, groups, _groups(free, space.size)))
        self._rows: dict[int, dict[Way, Row]] = {}

    def __bool__(self) -> bool:
        return bool(self._ways)

    def at(self, source: int, destination: int) -> dict[str, int]:
        """The masks of ports between two positions, by what restricts them."""
        found: dict[str, int] = {}
        for (_, kind), mask in self._at(source, destination):
            found[kind] = found.get(kind, 0) | mask
        return found

    def said(self) -> dict[str, set[tuple[Direction, frozenset[str]]]]:
        """What rules say that passes, by what restricts: in which direction, and all of one rule."""
        found: dict[str, set[tuple[Direction, frozenset[str]]]] = defaultdict(set)
        for direction, listed in self._tiers.items():
            for part, _, _ in _parts(listed, direction):
                found[part.way[1]].add((direction, part.said))
        return found

    def parts(self, source: int, destination: int) -> list[Part]:
        """What passes between two positions where they are restricted, rule by rule."""
        found = self.rules(source, destination)
        left = dict(self._at(source, destination)) if found else {}
        return [replace(part, mask=mask) for part in found if (mask := part.mask & left.get(part.way, 0))]

    def rules(self, source: int, destination: int) -> list[Part]:
        """The same whether or not other rules lift what restricts."""
        if self._by_source is None:
            self._by_source = self._listed()
        return [part for part, where in self._by_source.get(source, ()) if where >> destination & 1]

    def _listed(self) -> dict[int, list[tuple[Part, int]]]:
        """What rules let pass where they restrict, with the destinations, by source."""
        found: dict[int, list[tuple[Part, int]]] = defaultdict(list)
        for direction, listed in self._tiers.items():
            for part, sources, destinations in _parts(listed, direction):
                for source in bits.positions(sources):
                    found[source].append((part, destinations))
        return found

    def _at(self, source: int, destination: int) -> Iterator[tuple[Way, int]]:
        for way, row in self._row(source).items():
            for mask, where in row.items():
                if where >> destination & 1:
                    yield way, mask

    def _row(self, source: int) -> dict[Way, Row]:
        if (row := self._rows.get(source)) is None:
            from ringfence.connectivity import tiers as regions

            row = self._rows[source] = {}
            for direction, by_kind, free in self._ways:
                open_ = _painted(free, source)
                for kind, groups in by_kind.items():
                    region = dict(_painted(groups, source))
                    for mask, where in open_.items():
                        region = regions.without(region, mask, where)
                    row[direction, kind] = region
        return row


def _rectangles(tiers: Iterable[Tier], direction: Direction) -> Iterator[tuple[str, int, int, int]]:
    """What rules allow: (restriction, sources, destinations, ports); restricted as far as possible, free as is sure."""
    for rule, subjects in _allowing(tiers):
        which = 1 if rule.above else 0
        sources, destinations = _ways(rule, subjects, which, direction)
        for gate in rule.gates:
            yield rule.above, sources, destinations & (gate.possible if which else gate.sure), gate.mask


def _parts(tiers: Iterable[Tier], direction: Direction) -> Iterator[tuple[Part, int, int]]:
    """What rules let pass where they restrict, as far as possible: (part, sources, destinations)."""
    for rule, subjects in _allowing(tiers):
        sources, destinations = _ways(rule, subjects, 1, direction)
        for said, gates in rule.parts:
            for gate in gates:
                part = Part((direction, rule.above), said, gate.mask, rule.rule.where)
                yield part, sources, destinations & gate.possible


def _allowing(tiers: Iterable[Tier]) -> Iterator[tuple[Resolved, Fuzzy]]:
    """The rules that allow, with the pods for which they speak."""
    for item in (item for tier in tiers for group in tier.groups for item in group):
        yield from ((rule, item.subjects_of(rule)) for rule in item.rules if rule.action is Action.ALLOW)


def _ways(rule: Resolved, subjects: Fuzzy, which: int, direction: Direction) -> tuple[int, int]:
    """The sources and the destinations of a rule, surely (0) or possibly (1)."""
    ends = subjects[which], rule.peers[which]
    return ends if direction is Direction.EGRESS else (ends[1], ends[0])


def _groups(rectangles: Rectangles, size: int) -> _Groups:
    members, groups = rectangles.per_source(size)
    return members, groups, {}


def _painted(groups: _Groups, source: int) -> Row:
    members, listed, known = groups
    return painted(known, members[source], listed)
