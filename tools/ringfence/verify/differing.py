"""The sources whose rows are not what is declared: whole rows are compared as sets of positions, no pair by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ringfence.connectivity import DNS, Connectivity, Direction, bits
from ringfence.verify.declared import Declared
from ringfence.verify.ends import is_other
from ringfence.verify.expected import Expected, expected


def differing(declared: Declared, result: Connectivity, direction: Direction, known: dict[int, Expected]) -> int:
    """The positions of sources of which there may be something to say, and of no others is there anything.

    `result` has the rules of one direction only. What is said of these, a look at their pairs tells. `known` keeps what
    is expected, by the `id()` of the port masks that it is in.
    """
    said = known.get(id(result.atoms)) or expected(declared, result)
    known[id(result.atoms)] = said
    return result.space.everything if said.unplaced else bits.of(_Rows(declared, result, direction, said).differing())


class _Rows:
    """The rows of one direction of a cluster, and what is declared of them."""

    def __init__(self, declared: Declared, result: Connectivity, direction: Direction, said: Expected) -> None:
        self._result, self._said, self._outgoing = result, said, direction is Direction.EGRESS
        pods = {at: declared.pods.get(end.id) for at, end in enumerate(result.endpoints)}
        self._managed = bits.of(at for at, pod in pods.items() if pod and pod.namespace)
        self._opened = bits.of(at for at, pod in pods.items() if pod and (pod.id, str(direction)) in declared.opened)
        self._others = bits.of(at for at, end in enumerate(result.endpoints) if is_other(end.id))
        places = result.space.place_at
        self._names = bits.of(at for place, at in places.items() if place.kind == DNS)
        self._entities = bits.of(at for place, at in places.items() if place.kind != DNS)
        nodes = result.cluster.profile.nodes
        first = result.space.pods
        self._nodes = bits.of(first + number for number, cell in enumerate(result.space.cells) if cell <= nodes)

    def differing(self) -> Iterator[int]:
        """Each source with a row that is not as declared."""
        sources = self._managed if self._outgoing else self._result.space.everything & ~self._names
        return (source for source in bits.positions(sources) if not self._is_as_declared(source))

    def _is_as_declared(self, source: int) -> bool:
        if (self._said.inexact | self._entities) >> source & 1:
            return False
        sure, maybe = self._result.table[source]
        where = self._result.space.everything if self._outgoing else self._managed
        opened = self._opened
        if self._outgoing:
            opened = where if self._opened >> source & 1 else 0
        opened &= where
        if opened & ~sure.get(self._result.atoms.everything, 0):
            return False
        where &= ~opened
        if _differ(sure, self._said.certain.get(source, {}), where):
            return False
        return sure is maybe or self._nodes >> source & 1 == 1 or self._is_possible(source, where & ~self._names)

    def _is_possible(self, source: int, where: int) -> bool:
        """Whether what is not settled is so for undeclared pods alone, and no more than they may have."""
        sure, maybe = self._result.table[source]
        loose = where if self._others >> source & 1 else where & self._others
        if _differ(sure, maybe, where & ~loose):
            return False
        perhaps = self._said.perhaps.get(source, {})
        for mask, there in maybe.items():
            left = there & loose
            for ports, covered in perhaps.items():
                if not mask & ~ports:
                    left &= ~covered
            if left:
                return False
        return True


def _differ(one: Mapping[int, int], other: Mapping[int, int], where: int) -> bool:
    """Whether two rows have other ports at some positions."""
    return any((one.get(mask, 0) ^ other.get(mask, 0)) & where for mask in one.keys() | other.keys())
