"""What differs between two results: pairs that opened, closed or changed, exact over addresses cut differently.

Ends are matched by name and kind. Both sides are laid over one common space, with the cells of both refined to common
cells, so that whole rows are compared before any pair is looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ringfence.connectivity import bits, scattered
from ringfence.connectivity.cells import partition
from ringfence.connectivity.cluster import DNS, Endpoint, Place
from ringfence.connectivity.result import Connectivity, End
from ringfence.manifests import Opaque
from ringfence.values.addresses import NOWHERE, AddressSet
from ringfence.values.ports import ALL_PORTS, NO_PORTS, PortSet

Kind = Literal["added", "removed", "changed", "undefined"]


class Change(Struct, frozen=True):
    """One pair whose connections differ.

    `kind`: added (nothing was allowed before), removed (nothing is now), changed, or undefined (what is certainly
    allowed is the same, and what is undefined differs, or hangs on something not modelled that differs itself).
    """

    kind: Kind
    source: End
    destination: End
    before: PortSet
    after: PortSet
    undefined_before: PortSet = NO_PORTS
    undefined_after: PortSet = NO_PORTS

    @property
    def opened(self) -> PortSet:
        """The ports that are certainly allowed now and were not."""
        return self.after - self.before

    @property
    def closed(self) -> PortSet:
        """The ports that were certainly allowed and are not any more."""
        return self.before - self.after


Names = Mapping[Endpoint, Endpoint]
"""What the endpoints of one side are called in the comparison, where that is not their own name."""


class _View:
    """One side in the common space: positions and rows translated to it."""

    def __init__(
        self,
        side: Connectivity,
        names: Names,
        ends: dict[str, int],
        pods: int,
        cells: list[AddressSet],
        places: list[Place],
    ) -> None:
        self.side = side
        self.own = [ends[str(names.get(item, item))] for item in side.endpoints]
        self.own_of = {common: own for own, common in enumerate(self.own)}
        self._shifts = _segments(self.own)
        self._inside = side.space.all_pods
        self._cells: list[int] = [0] * len(side.space.cells)
        for index, cell in enumerate(cells):
            for own, mine in enumerate(side.space.cells):
                if cell <= mine:
                    self._cells[own] |= 1 << (pods + index)
                    self.own_of[pods + index] = side.space.pods + own
                    break
        for place in side.space.places:
            common = pods + len(cells) + places.index(place)
            self._cells.append(1 << common)
            self.own_of[common] = side.space.place_at[place]
        self._known: dict[int, dict[PortSet, int]] = {}

    def row(self, position: int, which: int) -> dict[PortSet, int]:
        """The row of a common position; nothing for an end that this side does not have."""
        own = self.own_of.get(position)
        if own is None:
            return {}
        row = self.side.table[own][which]
        if type(row) is scattered.Scattered:
            return self._translated(row)  # the row of this source alone
        known = self._known.get(id(row))
        if known is None:
            known = self._known[id(row)] = self._translated(row)
        return known

    def _translated(self, row: scattered.AnyRow) -> dict[PortSet, int]:
        result: dict[PortSet, int] = {}
        for mask, where in row.items():
            ports = self.side.atoms.ports(mask)
            result[ports] = result.get(ports, 0) | self._where(where)
        return result

    def _where(self, where: int) -> int:
        result = 0
        for first, length, target in self._shifts:
            result |= (where >> first & ((1 << length) - 1)) << target
        for index in bits.positions(where >> self.side.space.pods):
            result |= self._cells[index]
        return result


def diff(
    a: Connectivity, b: Connectivity, *, replicas: bool = True, names: tuple[Names, Names] = ({}, {})
) -> list[Change]:
    """The pairs that differ from `a` to `b`, in order of their names, external sources last.

    Pairs of an end that came or went are changes too. `replicas=False` leaves out a workload with itself. What is only
    restricted otherwise above layer 4 is no difference. `names` give the endpoints of each side the names by which they
    are matched with those of the other.
    """
    return list(Laid(a, b, names).changes(replicas=replicas))


Rows = tuple[dict[PortSet, int], dict[PortSet, int], dict[PortSet, int], dict[PortSet, int]]
"""What a source reaches surely and possibly before, surely and possibly after: ports to positions."""


class Laid:
    """Two results over one space: `order` are its endpoints, then come `cells` of addresses, then `places`."""

    def __init__(self, a: Connectivity, b: Connectivity, names: tuple[Names, Names] = ({}, {})) -> None:
        self._one_space = a.space.has_positions_of(b.space) and not any(names)
        self._views: list[_View] = []
        self._touched = 0
        if self._one_space:
            self.order, self.cells, self.places = a.endpoints, a.space.cells, list(a.space.places)
        else:
            self.places = sorted({*a.space.places, *b.space.places})
            a, b = (speaking_of(side, self.places) for side in (a, b))
            called = [
                known.get(item, item) for side, known in zip((a, b), names, strict=True) for item in side.endpoints
            ]
            named: dict[str, Endpoint] = {str(item): item for item in called}
            self.order = sorted(named.values(), key=lambda item: (item.is_representative, item.id, item.kind))
            ends = {str(item): position for position, item in enumerate(self.order)}
            self.cells = partition([*a.space.cells, *b.space.cells], a.externals | b.externals)
            self._views = [
                _View(side, known, ends, len(ends), self.cells, self.places)
                for side, known in zip((a, b), names, strict=True)
            ]
            self._touched = _differently_opaque(a, b, self.order)
        self._sides = a, b
        self.size = len(self.order) + len(self.cells) + len(self.places)

    def rows(self, source: int) -> Rows | None:
        """The rows of one source; None where they are one object on both sides."""
        if not self._one_space:
            before, maybe_before, after, maybe_after = (
                view.row(source, which) for view in self._views for which in (0, 1)
            )
            return before, maybe_before, after, maybe_after
        a, b = self._sides
        if a.table[source] is b.table[source]:
            return None
        one, two, three, four = (
            {side.atoms.ports(mask): where for mask, where in row.items()}
            for side in (a, b)
            for row in side.table[source]
        )
        return one, two, three, four

    def both(self, source: int) -> Rows:
        """The rows of one source, whether they differ or not."""
        rows = self.rows(source)
        if rows is None:
            side = self._sides[0]
            one, two = ({side.atoms.ports(mask): where for mask, where in row.items()} for row in side.table[source])
            rows = one, two, one, two
        return rows

    def closing(self, source: int, unsaid: int = 0) -> int:
        """The positions that were open to a source on every port and certainly are on fewer, or on none.

        At those in `unsaid`, it does not matter whether what is left is certain.
        """
        rows = self.rows(source)
        if rows is None or self._is_name(source):
            return 0
        before, _, after, maybe_after = rows
        doubtful = -1 if self._touched >> source & 1 else self._touched
        unsettled = (_differing(after, maybe_after) | doubtful) & ~unsaid | self._itself(source, replicas=True)
        return before.get(ALL_PORTS, 0) & ~after.get(ALL_PORTS, 0) & ~unsettled

    def changes(self, *, replicas: bool = True, but: Mapping[int, int] | None = None) -> Iterator[Change]:
        """The pairs that differ, in order; `but` are positions that are left out, by source."""
        found = _Collector(self.order, self.cells, self.places)
        for source in range(self.size):
            rows = self.rows(source)
            if rows is not None and not self._is_name(source):
                left_out = self._itself(source, replicas=replicas) | (but.get(source, 0) if but else 0)
                found.add(source, rows, left_out, -1 if self._touched >> source & 1 else self._touched)
        return found.changes()

    def _is_name(self, source: int) -> bool:
        """Whether a source is a DNS name, which is where a connection goes to."""
        place = source - len(self.order) - len(self.cells)
        return place >= 0 and self.places[place].kind == DNS

    def _itself(self, source: int, *, replicas: bool) -> int:
        """The position of a pod itself, which it always reaches."""
        alone = source < len(self.order) and (not replicas or self.order[source].kind == "Pod")
        return 1 << source if alone else 0


def speaking_of(side: Connectivity, places: list[Place]) -> Connectivity:
    """A side with an answer for some places, whether its policies speak of them or not."""
    if list(side.space.places) == places:
        return side
    return Connectivity(replace(side.cluster, places=tuple(places)), *side.asked)


class _Collector:
    """Gathers differing positions, and joins addresses with the same change."""

    def __init__(self, order: list[Endpoint], cells: list[AddressSet], places: list[Place]) -> None:
        self._order, self._cells, self._places = order, cells, places
        self._pods = len(order)
        self._rows: dict[tuple[int, int], dict[tuple[PortSet, ...], AddressSet]] = defaultdict(dict)

    def add(self, source: int, rows: Rows, skip: int, doubtful: int) -> None:
        """Compare one source, but for some positions to skip."""
        before, maybe_before, after, maybe_after = rows
        where = _differing(before, after) | _differing(maybe_before, maybe_after)
        if doubtful:
            where |= doubtful & (_differing(before, maybe_before) | _differing(after, maybe_after))
        for end in bits.positions(where & ~skip):
            values = tuple(_at(row, end) for row in rows)
            ports = (values[0], values[2], values[1] - values[0], values[3] - values[2])
            outside = max(source, end) - self._pods
            cell = self._cells[outside] if 0 <= outside < len(self._cells) else NOWHERE
            key = self._joined(source), self._joined(end)
            known = self._rows[key].get(ports, NOWHERE)
            self._rows[key][ports] = known | cell

    def changes(self) -> Iterator[Change]:
        """The changes in order."""
        for (source, end), parts in sorted(self._rows.items(), key=lambda item: tuple(map(self._rank, item[0]))):
            for (before, after, undefined_before, undefined_after), addresses in parts.items():
                kind: Kind = "undefined" if before == after else "changed" if before and after else "removed"
                if not before and after:
                    kind = "added"
                start, stop = (self._end(position, addresses) for position in (source, end))
                yield Change(kind, start, stop, before, after, undefined_before, undefined_after)

    def _rank(self, position: int) -> tuple[int, bool, str, str]:
        """The place of an end among the others: pods by name, then addresses, then places."""
        if position >= self._pods:
            return position, False, "", ""
        end = self._order[position]
        return 0, end.is_representative, end.id, end.kind

    def _place(self, position: int) -> Place:
        return self._places[position - self._pods - len(self._cells)]

    def _joined(self, position: int) -> int:
        """The position, or the first one outside for all addresses."""
        is_address = self._pods <= position < self._pods + len(self._cells)
        return self._pods if is_address else position

    def _end(self, position: int, addresses: AddressSet) -> End:
        if position < self._pods:
            return self._order[position]
        is_place = position >= self._pods + len(self._cells) and not addresses
        return self._place(position) if is_place else addresses


def _segments(targets: list[int]) -> list[tuple[int, int, int]]:
    """Runs of positions that move together: (first, length, target of the first)."""
    result: list[tuple[int, int, int]] = []
    for own, common in enumerate(targets):
        if result and result[-1][0] + result[-1][1] == own and result[-1][2] + result[-1][1] == common:
            result[-1] = (result[-1][0], result[-1][1] + 1, result[-1][2])
        else:
            result.append((own, 1, common))
    return result


def _differing(a: dict[PortSet, int], b: dict[PortSet, int]) -> int:
    """The positions at which two rows have other ports."""
    if a is b or a == b:
        return 0
    result = 0
    for ports in a.keys() | b.keys():
        result |= a.get(ports, 0) ^ b.get(ports, 0)
    return result


def _at(row: dict[PortSet, int], position: int) -> PortSet:
    return next((ports for ports, where in row.items() if where >> position & 1), NO_PORTS)


def _differently_opaque(a: Connectivity, b: Connectivity, order: list[Endpoint]) -> int:
    """The pods that something touches which is not modelled and is not the same on both sides."""

    def identity(item: Opaque) -> tuple[str, str, str]:
        return item.what, item.namespace, item.digest

    ours, theirs = ({identity(item) for item in side.opaque} for side in (a, b))
    scopes = {namespace for _, namespace, _ in ours ^ theirs}
    if not scopes:
        return 0
    return bits.of(i for i, item in enumerate(order) if "" in scopes or item.namespace in scopes)
