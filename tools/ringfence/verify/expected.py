"""What the declarations say of a cluster, laid out as connectivity is: for each source, ports and positions.

Nearly all is said of two pods, so the rows of pods are scattered: single ends, and beside them what is said of many
addresses, which sources with the same statements share. Rows from outside are few, and are sets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from msgspec import Struct

from ringfence.connectivity import Connectivity, bits
from ringfence.values.addresses import AddressSet
from ringfence.values.known import Known
from ringfence.values.ports import PortSet
from ringfence.verify.declared import OTHER, Declared, Statement
from ringfence.verify.ends import covered
from ringfence.verify.rows import AnyRow, Scattered

Rows = Mapping[int, AnyRow]
"""By source, port masks to disjoint destinations."""

WIDE = 16
"""More addresses that policies tell apart than that are kept as one set."""


class Expected(Struct, frozen=True):
    """The statements as rows of positions: those that certainly hold, and what undeclared pods may have by them.

    `inexact` are the sources of statements that the policies' own ports and addresses cannot say exactly: their rows
    have less than is declared. `unplaced`: so it is of a source that has no position. What stages leave open is not
    among the statements.
    """

    certain: Rows
    perhaps: Rows
    inexact: int
    unplaced: bool


def expected(declared: Declared, result: Connectivity, *, undeclared: bool = True) -> Expected:
    """The statements in the positions, ports and cells of a connectivity; `perhaps` only with `undeclared` pods."""
    return _Laying(result, undeclared).expected(declared)


Places = tuple[int, ...]
"""Positions, in the order in which they are looked up: a tuple that is known by its `id()`."""


class _Laid:
    """Rows as they are laid, statement by statement."""

    def __init__(self) -> None:
        self.ends: dict[int, dict[int, int]] = defaultdict(dict)
        self._wide: dict[int, dict[tuple[int, int], Places]] = defaultdict(dict)
        self._inward: dict[int, tuple[Places, dict[int, list[int]]]] = {}

    def outward(self, source: int, cells: Places, mask: int) -> None:
        """Lay what a pod may reach outside."""
        if len(cells) > WIDE:
            self._wide[source][mask, id(cells)] = cells
        else:
            ends = self.ends[source]
            for cell in cells:
                ends[cell] = ends.get(cell, 0) | mask

    def inward(self, cells: Places, destination: int, mask: int) -> None:
        """Lay what may reach a pod from outside."""
        _, found = self._inward.setdefault(id(cells), (cells, {}))
        found.setdefault(mask, []).append(destination)

    def rows(self) -> Rows:
        """All of it. Wide parts that are the same are one object."""
        result: dict[int, AnyRow] = {}
        known: dict[tuple[tuple[int, int], ...], AnyRow] = {}
        for source, found in self._wide.items():
            key = tuple(sorted(found))
            if key not in known:
                known[key] = _painted((mask, bits.of(cells)) for (mask, _), cells in found.items())
            result[source] = known[key]
        for source, ends in self.ends.items():
            result[source] = Scattered(result.get(source, {}), ends)
        result.update(self._from_outside())
        return result

    def _from_outside(self) -> Rows:
        drawn = [
            (cells, [(mask, bits.of(where)) for mask, where in found.items()]) for cells, found in self._inward.values()
        ]
        numbers: dict[int, list[int]] = defaultdict(list)
        for number, (cells, _) in enumerate(drawn):
            for cell in cells:
                numbers[cell].append(number)
        known: dict[tuple[int, ...], AnyRow] = {}
        result = {}
        for cell, found in numbers.items():
            key = tuple(found)
            if key not in known:
                known[key] = _painted(part for number in key for part in drawn[number][1])
            result[cell] = known[key]
        return result


class _Laying:
    """Lays statements over positions."""

    def __init__(self, result: Connectivity, undeclared: bool) -> None:
        self._undeclared = undeclared
        at = {item.id: position for position, item in enumerate(result.space.endpoints)}
        at |= {str(place): position for place, position in result.space.place_at.items()}
        # the largest mask within some ports, and whether it is all of them
        self._masks: Known[PortSet, tuple[int, bool]] = Known(result.atoms.within)
        self._places: Known[str, tuple[Places, Places]] = Known(partial(_positions, at))
        self._cells: Known[AddressSet, tuple[Places, bool]] = Known(partial(_cells_in, result))
        self._certain, self._perhaps = _Laid(), _Laid()
        self._inexact: set[int] = set()
        self._unplaced = False

    def expected(self, declared: Declared) -> Expected:
        """All rows."""
        self._pairs(declared.pairs)
        for ways, outgoing in ((declared.outward, True), (declared.inward, False)):
            for pod, said in ways.items():
                for statement in said:
                    self._outside(pod, covered(statement), statement.ports, outgoing)
        certain, perhaps = self._certain.rows(), self._perhaps.rows()
        return Expected(certain, perhaps, bits.of(self._inexact), self._unplaced)

    def _pairs(self, pairs: Mapping[tuple[str, str], Sequence[Statement]]) -> None:
        """Lay what is said of two pods."""
        certain, perhaps, places, masks = self._certain.ends, self._perhaps.ends, self._places, self._masks
        for (source, destination), said in pairs.items():
            here, maybe_here = places[source]
            there, maybe_there = places[destination]
            mask, exact = masks[said[0].ports]
            for statement in said[1:]:
                more, whole = masks[statement.ports]
                mask, exact = mask | more, exact and whole
            if not (exact and here and there):
                self._leave_out(here, maybe_here)
            if not mask:
                continue
            for at in here:
                ends = certain[at]
                for end in there:
                    ends[end] = ends.get(end, 0) | mask
            for at in maybe_here if self._undeclared else ():
                ends = perhaps[at]
                for end in maybe_there:
                    ends[end] = ends.get(end, 0) | mask

    def _outside(self, pod: str, addresses: AddressSet, ports: PortSet, outgoing: bool) -> None:
        """Lay what is said of a pod and addresses, in either direction."""
        here, maybe_here = self._places[pod]
        cells, whole = self._cells[addresses]
        mask, all_ports = self._masks[ports]
        if not (here and whole and all_ports):
            self._leave_out(*((here, maybe_here) if outgoing else (cells, cells)))
        if not mask:
            return
        for laid, pods in ((self._certain, here), (self._perhaps, maybe_here if self._undeclared else ())):
            for at in pods:
                if outgoing:
                    laid.outward(at, cells, mask)
                else:
                    laid.inward(cells, at, mask)

    def _leave_out(self, sources: Places, maybe: Places) -> None:
        """Note sources of whom not all can be laid."""
        self._unplaced |= not sources
        self._inexact.update(maybe)


def _positions(known: Mapping[str, int], end: str) -> tuple[Places, Places]:
    """Where a pod or name stands, and where that and the undeclared pods that may be like it do."""
    at = known.get(end)
    other = known.get(f"{end.partition('/')[0]}/{OTHER}") if "/" in end else None
    own: Places = () if at is None else (at,)
    return own, own if other is None or other == at else (*own, other)


def _cells_in(result: Connectivity, addresses: AddressSet) -> tuple[Places, bool]:
    """The cells within some addresses, and whether they are all of them that lie outside."""
    space = result.space
    found = tuple(bits.positions(space.cells_in(addresses)))
    inside = AddressSet.union([space.cells[at - space.pods] for at in found])
    return found, addresses & result.externals == inside


def _painted(parts: Iterable[tuple[int, int]]) -> dict[int, int]:
    row: dict[int, int] = {}
    for mask, where in parts:
        bits.paint(row, mask, where)
    return row
