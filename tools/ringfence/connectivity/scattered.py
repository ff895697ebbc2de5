"""Rows of large clusters: a part that many sources share, and beside it a few ends one by one.

A set of ends is an integer as long as the cluster is large. Nearly all sets of a large cluster have a few members, so
their rows are kept as what they are: a handful of numbers. The integers are made when somebody asks for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from functools import partial

from ringfence.connectivity import bits
from ringfence.values.known import Known

FROM = 4_000
"""From so many positions on, rows are kept scattered."""
PAIRS = 256
"""A rectangle with more pairs than that is kept as one."""

AnyRow = Mapping[int, int]
"""Port mask to disjoint destinations, in whatever form."""

_NONE: dict[int, int] = {}


class Scattered(AnyRow):
    """A row as the union of a `wide` one and of single `ends`, each with its ports."""

    __slots__ = ("ends", "wide")

    def __init__(self, wide: AnyRow, ends: dict[int, int]) -> None:
        self.wide, self.ends = wide, ends

    def drawn(self) -> dict[int, int]:
        """The row as it is in a small cluster."""
        by_mask: dict[int, list[int]] = defaultdict(list)
        for position, mask in self.ends.items():
            by_mask[mask].append(position)
        parts = {mask: bits.of(positions) for mask, positions in by_mask.items()}
        if not self.wide:
            return parts
        result = dict(self.wide)
        for mask, where in parts.items():
            bits.paint(result, mask, where)
        return result

    def __getitem__(self, mask: int) -> int:
        return self.drawn()[mask]

    def __iter__(self) -> Iterator[int]:
        return iter(self.drawn())

    def __len__(self) -> int:
        return len(self.drawn())

    def keys(self) -> KeysView[int]:
        """The masks of ports."""
        return self.drawn().keys()

    def values(self) -> ValuesView[int]:
        """The destinations."""
        return self.drawn().values()

    def items(self) -> ItemsView[int, int]:
        """The masks of ports with the destinations of each."""
        return self.drawn().items()


def at(row: AnyRow, position: int) -> int:
    """The ports of a row at a destination."""
    if type(row) is Scattered:  # `isinstance` asks the metaclass of `Mapping`, which takes ten times as long
        return row.ends.get(position, 0) | at(row.wide, position)
    return next((mask for mask, where in row.items() if where >> position & 1), 0)


def ports(row: AnyRow, where: int = -1) -> Mapping[int, int]:
    """The ports of a row by destination, at all positions (-1) or at some. Not to be altered."""
    if type(row) is not Scattered:
        return {position: mask for mask, there in row.items() for position in bits.positions(there & where)}
    ends = row.ends
    if where >= 0:
        told = bits.flags(where)
        ends = {position: mask for position, mask in ends.items() if told[position : position + 1] == "1"}
    if not row.wide:
        return ends
    result = dict(ports(row.wide, where))
    for position, mask in ends.items():
        result[position] = result.get(position, 0) | mask
    return result


def touches(row: AnyRow, where: int) -> bool:
    """Whether a row has any ports at some positions, a set that is not negative."""
    if type(row) is not Scattered:
        return any(where & there for there in row.values())
    told = bits.flags(where)
    return any(told[position : position + 1] == "1" for position in row.ends) or touches(row.wide, where)


class Overlay:
    """The ports that two rows have in common at the destinations `inside` (-1: everywhere).

    What it keeps by the `id()` of a row holds as long as the rows that it was given do.
    """

    def __init__(self, inside: int) -> None:
        self._inside = inside
        self._common: dict[tuple[int, int], AnyRow] = {}
        self._at: dict[int, Known[int, int]] = {}

    def of(self, egress: AnyRow, ingress: AnyRow) -> AnyRow:
        """What both rows permit."""
        one, out = (egress.wide, egress.ends) if type(egress) is Scattered else (egress, _NONE)
        other, into = (ingress.wide, ingress.ends) if type(ingress) is Scattered else (ingress, _NONE)
        common = self._of_wide(one, other)
        if not out and not into:
            return common
        here, there = self._of(one), self._of(other)
        ends = {}
        for position, mask in out.items():
            if both := (mask | here[position]) & (into.get(position, 0) | there[position]):
                ends[position] = both
        for position, mask in into.items():
            if position not in out and (both := here[position] & (mask | there[position])):
                ends[position] = both
        if self._inside >= 0:
            ends = {position: mask for position, mask in ends.items() if self._inside >> position & 1}
        return Scattered(common, ends) if ends else common

    def _of_wide(self, one: AnyRow, other: AnyRow) -> AnyRow:
        key = id(one), id(other)
        if (found := self._common.get(key)) is None:
            found = bits.overlay(one, other)
            if self._inside >= 0:
                found = {mask: kept for mask, where in found.items() if (kept := where & self._inside)}
            self._common[key] = found
        return found

    def _of(self, row: AnyRow) -> Known[int, int]:
        """The ports of a row at each destination that somebody asked for."""
        found = self._at.get(id(row))
        if found is None:
            found = self._at[id(row)] = Known(partial(at, row))
        return found


Members = dict[int, tuple[int, tuple[int, ...]]]
"""Sets and their members, by the `id()` of the set."""


class Pairs:
    """What small rectangles permit, pair by pair: the ports at each destination, by source.

    `members` are those of sets that were looked at before.
    """

    def __init__(self, members: Members) -> None:
        self._ends: dict[int, dict[int, int]] = {}
        self._members = members

    def add(self, sources: int, destinations: int, mask: int) -> bool:
        """Permit the ports between the sources and the destinations, unless these are too many pairs."""
        known = self._members
        here = (known.get(id(sources)) or self._of(sources))[1]
        there = (known.get(id(destinations)) or self._of(destinations))[1]
        if not here or not there or len(here) * len(there) > PAIRS:
            return False
        for source in here:
            ends = self._ends.get(source)
            if ends is None:
                ends = self._ends[source] = {}
            for position in there:
                ends[position] = ends.get(position, 0) | mask
        return True

    def row(self, source: int, wide: AnyRow) -> AnyRow:
        """The row of a source for which `wide` is permitted too."""
        ends = self._ends.get(source)
        return Scattered(wide, ends) if ends else wide

    def differing(self, other: Pairs) -> int:
        """The sources that may reach other destinations or ports by the pairs of another."""
        return bits.of(
            source
            for source in self._ends.keys() | other._ends.keys()
            if self._ends.get(source) != other._ends.get(source)
        )

    def _of(self, where: int) -> tuple[int, tuple[int, ...]]:
        """A set and its members, none of one with too many. Sets are mostly the same objects again and again."""
        members = tuple(bits.positions(where)) if where >= 0 and where.bit_count() <= PAIRS else ()
        found = self._members[id(where)] = where, members
        return found
