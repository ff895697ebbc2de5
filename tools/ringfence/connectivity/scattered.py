"""Rows of large clusters: a part that many sources share, and beside it a few ends one by one.

A set of ends is an integer as long as the cluster is large. Nearly all sets of a large cluster have a few members, so
their rows are kept as what they are: a handful of numbers. The integers are made when somebody asks for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView

from ringfence.connectivity import bits

FROM = 4_000
"""From so many positions on, rows are kept scattered."""
PAIRS = 256
"""A rectangle with more pairs than that is kept as one."""

AnyRow = Mapping[int, int]
"""Port mask to disjoint destinations, in whatever form."""


class Scattered(AnyRow):
    """A row as the union of a `wide` one and of single `ends`, each with its ports."""

    __slots__ = ("ends", "wide")

    def __init__(self, wide: AnyRow, ends: dict[int, int]) -> None:
        self.wide, self.ends = wide, ends

    def at(self, position: int) -> int:
        """The ports at a destination."""
        return self.ends.get(position, 0) | at(self.wide, position)

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
    if isinstance(row, Scattered):
        return row.at(position)
    return next((mask for mask, where in row.items() if where >> position & 1), 0)


def overlay(egress: AnyRow, ingress: AnyRow, known: dict[tuple[int, int], AnyRow], inside: int) -> AnyRow:
    """The ports that both rows have at the destinations `inside` (-1: everywhere).

    `known` keeps what two wide parts have in common, by their `id()`; it holds for one `inside`.
    """
    wide = [row.wide if isinstance(row, Scattered) else row for row in (egress, ingress)]
    key = id(wide[0]), id(wide[1])
    if (common := known.get(key)) is None:
        both = bits.overlay(*wide)
        common = {mask: kept for mask, where in both.items() if (kept := where & inside)} if inside >= 0 else both
        known[key] = common
    ends = {}
    for row, other in ((egress, ingress), (ingress, egress)):
        if isinstance(row, Scattered):
            for position in row.ends:
                if position not in ends and (mask := row.at(position) & at(other, position)) and inside >> position & 1:
                    ends[position] = ends.get(position, 0) | mask
    return Scattered(common, ends) if ends else common


class Pairs:
    """What small rectangles permit, pair by pair: the ports at each destination, by source."""

    def __init__(self) -> None:
        self._ends: dict[int, dict[int, int]] = {}
        self._members: dict[int, tuple[int, tuple[int, ...]]] = {}

    def add(self, sources: int, destinations: int, mask: int) -> bool:
        """Permit the ports between the sources and the destinations, unless these are too many pairs."""
        here, there = self._of(sources), self._of(destinations)
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

    def _of(self, where: int) -> tuple[int, ...]:
        """The members of a set, none of one with too many. Sets are mostly the same objects again and again."""
        known = self._members.get(id(where))
        if known is None:
            members = tuple(bits.positions(where)) if where >= 0 and where.bit_count() <= PAIRS else ()
            known = self._members[id(where)] = where, members
        return known[1]
