"""Rows of large clusters: a part that many sources share, and beside it a few ends one by one.

A set of ends is an integer as long as the cluster is large. Nearly all sets of a large cluster have a few members, so
their rows are kept as what they are: a handful of numbers. The integers are made when somebody asks for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from functools import partial

from ringfence.connectivity import bits
from ringfence.connectivity.bits import Fuzzy
from ringfence.values.known import Known

FROM = 4_000
"""From so many positions on, rows are kept scattered."""
PAIRS = 256
"""A rectangle with more pairs than that is kept as one."""

AnyRow = Mapping[int, int]
"""Port mask to disjoint destinations, in whatever form."""

Both = tuple[AnyRow, AnyRow]
"""A row of what is sure, and one of what is possible; one object where nothing is uncertain."""

Way = tuple[Both, dict[int, int]]
"""What one direction permits a source: what many sources share, and beside it packed ports at single ends."""

Few = tuple[tuple[int, ...], tuple[int, ...]]
"""The members of a fuzzy set: those that are sure, and those that are only possible."""

NONE: dict[int, int] = {}
"""No single ends."""


def few(found: Fuzzy) -> Few | None:
    """The members of a fuzzy set, None for many."""
    sure, possible = found
    if possible < 0 or possible.bit_count() > PAIRS:
        return None
    certain = bits.members(sure)
    return certain, () if sure is possible else bits.members(possible ^ sure)


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


def parts(row: AnyRow) -> tuple[AnyRow, Mapping[int, int]]:
    """What a row shares with others, and its single ends with all the ports that it has there by themselves."""
    # `isinstance` asks the metaclass of `Mapping`, which takes ten times as long
    return (row.wide, row.ends) if type(row) is Scattered else (row, NONE)


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


class Packing:
    """Two masks of ports as one number: what is sure, and `width` bits above it what is possible.

    `forms` are a mask as what is sure, which is possible too, and as what is possible only.
    """

    def __init__(self, width: int) -> None:
        low = (1 << width) - 1
        self._width = width
        self.forms: Known[int, tuple[int, int]] = Known(lambda mask: (mask | mask << width, mask << width))
        self._split: Known[int, tuple[int, int]] = Known(lambda packed: (packed & low, packed >> width))

    def at(self, rows: Both, position: int) -> int:
        """The ports of two rows at a destination."""
        possible = at(rows[1], position)
        if rows[0] is rows[1]:
            return self.forms[possible][0]
        return at(rows[0], position) | possible << self._width

    def rows(self, way: Way) -> Both:
        """A way as two rows."""
        wide, ends = way
        if not ends:
            return wide
        split = self._split
        sure, possible = {}, {}
        for position, packed in ends.items():
            certain, possible[position] = split[packed]
            if certain:
                sure[position] = certain
        if wide[0] is wide[1] and sure == possible:
            row = Scattered(wide[0], sure)
            return row, row
        return Scattered(wide[0], sure) if sure else wide[0], Scattered(wide[1], possible)


class Overlay:
    """What two directions have in common at the destinations `inside` (-1: everywhere).

    What it keeps by the `id()` of rows holds as long as the ways that it was given do.
    """

    def __init__(self, inside: int, packing: Packing) -> None:
        self._inside = inside
        self._packing = packing
        self._common: dict[tuple[int, int], Both] = {}
        self._at: dict[int, Known[int, int]] = {}

    def of(self, egress: Way, ingress: Way) -> Both:
        """What both ways permit."""
        (one, out), (other, into) = egress, ingress
        common = self._of_wide(one, other)
        if not out and not into:
            return common
        here, there = self._of(one), self._of(other)
        ends = {}
        for position, mask in out.items():
            if both := (mask | here[position]) & (into.get(position, 0) | there[position]):
                ends[position] = both
        if one[1]:
            for position, mask in into.items():
                if position not in out and (both := here[position] & (mask | there[position])):
                    ends[position] = both
        if self._inside >= 0:
            ends = {position: mask for position, mask in ends.items() if self._inside >> position & 1}
        return self._packing.rows((common, ends))

    def _of_wide(self, one: Both, other: Both) -> Both:
        key = id(one), id(other)
        if (found := self._common.get(key)) is None:
            settled = one[0] is one[1] and other[0] is other[1]
            sure = self._overlaid(one[0], other[0])
            found = self._common[key] = sure, sure if settled else self._overlaid(one[1], other[1])
        return found

    def _overlaid(self, one: AnyRow, other: AnyRow) -> AnyRow:
        found = bits.overlay(one, other)
        if self._inside >= 0:
            found = {mask: kept for mask, where in found.items() if (kept := where & self._inside)}
        return found

    def _of(self, wide: Both) -> Known[int, int]:
        """The packed ports of a shared part at each destination that somebody asked for."""
        found = self._at.get(id(wide))
        if found is None:
            find = partial(self._packing.at, wide)
            if sum(where.bit_count() for where in wide[1].values()) <= PAIRS:
                few = {position: find(position) for where in wide[1].values() for position in bits.positions(where)}
                find = partial(lambda ends, position: ends.get(position, 0), few)
            found = self._at[id(wide)] = Known(find)
        return found


class Pairs:
    """What small rectangles permit, pair by pair: the packed ports at each destination, by source."""

    def __init__(self, packing: Packing) -> None:
        self._ends: dict[int, dict[int, int]] = defaultdict(dict)
        self._packing = packing

    def add(self, sources: Few, destinations: Few, mask: int) -> bool:
        """Permit the ports between the sources and the destinations, unless these are too many pairs.

        They are sure between ends that are, and possible between all.
        """
        certain, perhaps = destinations
        count = len(certain) + len(perhaps)
        if not count or (len(sources[0]) + len(sources[1])) * count > PAIRS:
            return not count
        both, maybe = self._packing.forms[mask]
        # equal numbers stay one object where nothing is added to them
        for source in sources[0]:
            ends = self._ends[source]
            for position in certain:
                ends[position] = ends[position] | both if position in ends else both
            for position in perhaps:
                ends[position] = ends[position] | maybe if position in ends else maybe
        for source in sources[1]:
            ends = self._ends[source]
            for position in certain:
                ends[position] = ends[position] | maybe if position in ends else maybe
            for position in perhaps:
                ends[position] = ends[position] | maybe if position in ends else maybe
        return True

    def of(self, source: int) -> dict[int, int]:
        """The packed ports of a source by destination."""
        return self._ends.get(source, NONE)

    def differing(self, other: Pairs) -> int:
        """The sources that may reach other destinations or ports by the pairs of another."""
        return bits.of(
            source for source in self._ends.keys() | other._ends.keys() if self.of(source) != other.of(source)
        )
