"""What is restricted above its open ports: by HTTP or DNS rules, TLS names, authentication.

A connection that only restricted rules allow is open at layer 4 and restricted above it. A rule without such a part
that allows the same pair and port lifts the restriction; that nothing isolates the pod does not. Source: Cilium's
documentation of layer 7 policies and of `enableDefaultDeny`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ringfence.connectivity import tiers as regions
from ringfence.connectivity.engine import Rectangles, Row, painted
from ringfence.connectivity.resolve import Action, Direction, Tier
from ringfence.connectivity.space import Space

_Groups = tuple[list[tuple[int, ...]], list[dict[int, int]], dict[tuple[int, ...], Row]]


class Restrictions:
    """For each pair the ports that are restricted, by what restricts them. False where nothing is."""

    def __init__(self, tiers: dict[Direction, list[Tier]], space: Space) -> None:
        self._ways: list[tuple[dict[str, _Groups], _Groups]] = []
        for direction, listed in tiers.items():
            by_kind: dict[str, Rectangles] = defaultdict(Rectangles)
            free = Rectangles()
            for kind, *rectangle in _rectangles(listed, direction):
                (by_kind[kind] if kind else free).add(*rectangle)
            if by_kind:
                groups = {kind: _groups(by_kind[kind], space.size) for kind in sorted(by_kind)}
                self._ways.append((groups, _groups(free, space.size)))
        self._rows: dict[int, dict[str, Row]] = {}

    def __bool__(self) -> bool:
        return bool(self._ways)

    def at(self, source: int, destination: int) -> dict[str, int]:
        """The masks of ports between two positions, by what restricts them."""
        found = {}
        for kind, row in self._row(source).items():
            for mask, where in row.items():
                if where >> destination & 1:
                    found[kind] = mask
        return found

    def _row(self, source: int) -> dict[str, Row]:
        if (row := self._rows.get(source)) is None:
            row = self._rows[source] = {}
            for by_kind, free in self._ways:
                open_ = _painted(free, source)
                for kind, groups in by_kind.items():
                    region = dict(_painted(groups, source))
                    for mask, where in open_.items():
                        region = regions.without(region, mask, where)
                    regions.add(row.setdefault(kind, {}), region)
        return row


def _rectangles(tiers: Iterable[Tier], direction: Direction) -> Iterable[tuple[str, int, int, int]]:
    """What rules allow: (restriction, sources, destinations, ports); restricted as far as possible, free as is sure."""
    for item in (item for tier in tiers for group in tier.groups for item in group):
        for rule in item.rules:
            if rule.action is not Action.ALLOW:
                continue
            which = 1 if rule.above else 0
            subjects, peers = item.subjects_of(rule)[which], rule.peers[which]
            sources, destinations = (subjects, peers) if direction is Direction.EGRESS else (peers, subjects)
            for gate in rule.gates:
                yield rule.above, sources, destinations & (gate.possible if which else gate.sure), gate.mask


def _groups(rectangles: Rectangles, size: int) -> _Groups:
    members, groups = rectangles.per_source(size)
    return members, groups, {}


def _painted(groups: _Groups, source: int) -> Row:
    members, listed, known = groups
    return painted(known, members[source], listed)
