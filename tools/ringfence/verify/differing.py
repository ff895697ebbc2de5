"""The sources whose rows are not what is declared: whole rows are compared, no pair by itself."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.connectivity import DNS, Connectivity, Direction, bits
from ringfence.verify.agreement import Agreement
from ringfence.verify.declared import Declared
from ringfence.verify.ends import is_other
from ringfence.verify.expected import Expected, expected
from ringfence.verify.rows import NOTHING


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
        entities = bits.of(at for place, at in places.items() if place.kind != DNS)
        self._unclear = said.inexact | entities
        nodes = result.cluster.profile.nodes
        first = result.space.pods
        self._nodes = bits.of(first + number for number, cell in enumerate(result.space.cells) if cell <= nodes)
        self._kinds: dict[tuple[bool, bool, bool], Agreement] = {}

    def differing(self) -> Iterator[int]:
        """Each source with a row that is not as declared."""
        sources = self._managed if self._outgoing else self._result.space.everything & ~self._names
        others, opened, nodes = (set(bits.positions(item)) for item in (self._others, self._opened, self._nodes))
        yield from bits.positions(sources & self._unclear)
        certain, perhaps = self._said.certain, self._said.perhaps
        for source in bits.positions(sources & ~self._unclear):
            sure, maybe = self._result.table[source]
            # nodes reach the pods that they run, whatever policies say
            is_settled = sure is maybe or source in nodes
            kind = self._kind(self._outgoing and source in opened, source in others, is_settled)
            said = certain.get(source, NOTHING), perhaps.get(source, NOTHING)
            if not kind.holds(sure, sure if is_settled else maybe, *said):
                yield source

    def _kind(self, is_opened: bool, is_other: bool, is_settled: bool) -> Agreement:
        """What is to hold for the sources of a kind: not settled it may be for undeclared pods alone."""
        key = is_opened, is_other, is_settled
        if key not in self._kinds:
            space = self._result.space
            where = space.everything if self._outgoing else self._managed
            opened = (where if is_opened else 0) if self._outgoing else self._opened & where
            unsettled = 0 if is_settled else where & ~self._names
            loose = unsettled if is_other else unsettled & self._others
            ports = self._result.atoms.everything
            self._kinds[key] = Agreement(space.size, ports, opened, where, unsettled & ~loose, loose)
        return self._kinds[key]
