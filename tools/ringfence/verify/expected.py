"""What the declarations say of a cluster, laid out as connectivity is: for each source, ports and positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ringfence.connectivity import Connectivity, bits
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortSet
from ringfence.verify.declared import OTHER, Declared, Statement
from ringfence.verify.ends import covered

Rows = Mapping[int, Mapping[int, int]]
"""By source, port masks to disjoint destinations."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The statements as rows of positions: those that certainly hold, and what undeclared pods may have by them.

    `inexact` are the sources of statements that the policies' own ports and addresses cannot say exactly: their rows
    have less than is declared. `unplaced`: so it is of a source that has no position. What stages leave open is not
    among the statements.
    """

    certain: Rows
    perhaps: Rows
    inexact: int
    unplaced: bool


def expected(declared: Declared, result: Connectivity) -> Expected:
    """The statements in the positions, ports and cells of a connectivity."""
    return _Laying(result).expected(declared)


class _Laying:
    """Lays statements over positions."""

    def __init__(self, result: Connectivity) -> None:
        self._space, self._atoms = result.space, result.atoms
        self._at = {item.id: position for position, item in enumerate(result.space.endpoints)}
        self._at |= {str(place): position for place, position in result.space.place_at.items()}
        self._externals = result.externals
        self._ports: dict[PortSet, tuple[int, bool]] = {}
        self._cells: dict[AddressSet, tuple[list[int], bool]] = {}
        self._inexact: set[int] = set()
        self._unplaced = False

    def expected(self, declared: Declared) -> Expected:
        """All rows."""
        certain: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        perhaps: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for pair, said in declared.pairs.items():
            self._add(certain, perhaps, pair[0], pair[1], said)
        for ways, outgoing in ((declared.outward, True), (declared.inward, False)):
            for pod, said in ways.items():
                for statement in said:
                    source, destination = (pod, covered(statement)) if outgoing else (covered(statement), pod)
                    self._add(certain, perhaps, source, destination, [statement])
        return Expected(_drawn(certain), _drawn(perhaps), bits.of(self._inexact), self._unplaced)

    def _add(
        self,
        certain: dict[int, dict[int, list[int]]],
        perhaps: dict[int, dict[int, list[int]]],
        source: str | AddressSet,
        destination: str | AddressSet,
        said: Iterable[Statement],
    ) -> None:
        ends = []
        exact = True
        for end in (source, destination):
            if isinstance(end, AddressSet):
                cells, whole = self._cells_in(end)
                exact &= whole
                ends.append((cells, cells))
            else:
                at = self._at.get(end)
                other = self._at.get(f"{end.partition('/')[0]}/{OTHER}") if "/" in end else None
                own = [] if at is None else [at]
                exact &= at is not None
                ends.append((own, own if other is None or other == at else [*own, other]))
        masks = []
        for statement in said:
            mask, whole = self._mask(statement.ports)
            exact &= whole
            masks.append(mask)
        self._unplaced |= not exact and not ends[0][0]
        for at in ends[0][1]:
            if not exact:
                self._inexact.add(at)
            for mask in masks:
                perhaps[at][mask] += ends[1][1]
                if at in ends[0][0]:
                    certain[at][mask] += ends[1][0]

    def _mask(self, ports: PortSet) -> tuple[int, bool]:
        """The largest mask within some ports, and whether it is all of them."""
        if ports not in self._ports:
            self._ports[ports] = self._atoms.within(ports)
        return self._ports[ports]

    def _cells_in(self, addresses: AddressSet) -> tuple[list[int], bool]:
        """The cells within some addresses, and whether they are all of them that lie outside."""
        if addresses not in self._cells:
            found = list(bits.positions(self._space.cells_in(addresses)))
            inside = AddressSet.union([self._space.cells[at - self._space.pods] for at in found])
            self._cells[addresses] = found, addresses & self._externals == inside
        return self._cells[addresses]


def _drawn(rows: Mapping[int, Mapping[int, list[int]]]) -> Rows:
    result = {}
    for source, found in rows.items():
        row: dict[int, int] = {}
        for mask, where in found.items():
            bits.paint(row, mask, bits.of(where))
        result[source] = row
    return result
