"""How much is isolated, and how much is justified, in a state of a cluster: the shares that may not fall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from ringfence.connectivity import Direction, Row, bits
from ringfence.impact.causes import covering
from ringfence.impact.types import Measure
from ringfence.model.types import Workload
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS
from ringfence.verify import rows
from ringfence.verify.ends import End, end_of
from ringfence.verify.expected import expected
from ringfence.verify.state import State

Count = tuple[int, int]
"""So many of so many."""

ISOLATED = {Direction.INGRESS: "workloads isolated for ingress", Direction.EGRESS: "workloads isolated for egress"}
JUSTIFIED = "connections that a declaration justifies"


def measures(pairs: Iterable[tuple[State, State]]) -> tuple[Measure, ...]:
    """Each share over all clusters, in the base and in the head."""
    pairs = list(pairs)
    sides = list(zip(*pairs, strict=True)) or [(), ()]
    result = [
        Measure(
            name,
            _sum(isolated(before, direction) for before, _ in pairs),
            _sum(isolated(after, direction, before) for before, after in pairs),
        )
        for direction, name in ISOLATED.items()
    ]
    result.append(Measure(JUSTIFIED, *(_sum(justified(state) for state in side) for side in sides)))
    return tuple(result)


def together(shares: Iterable[Sequence[Measure]]) -> tuple[Measure, ...]:
    """Each share over several lists of them in the same order."""
    return tuple(
        Measure(
            first.name, _sum(item.before for item in (first, *others)), _sum(item.after for item in (first, *others))
        )
        for first, *others in zip(measures(()), *shares, strict=True)
    )


def isolated(state: State, direction: Direction, base: State | None = None) -> Count:
    """The declared workloads that some policy certainly isolates in a direction.

    Those that the base does not have and that begin at a stage which leaves them open are not counted.
    """
    ids = [
        pod.id
        for pod in state.declared.pods.values()
        if isinstance(pod.declared, Workload) and (state.within is None or pod.declared.namespace in state.within)
    ]
    if base is not None:
        ids = [id_ for id_ in ids if id_ in base.declared.pods or (id_, direction.value) not in state.declared.opened]
    return sum(1 for id_ in ids if state.is_closed(id_, direction)), len(ids)


def justified(state: State) -> Count:
    """The connections all of whose ports some flow or grant declares; what only a stage leaves open is not counted."""
    number, total = _between_pods(state)
    said = replace(state.declared, opened={})
    for row, (source, destination) in connections(state, towards=state.connectivity.space.outside):
        unsaid = covering(said, source, destination, row.allowed)[1]
        if unsaid and not covering(state.declared, source, destination, row.allowed)[1]:
            continue
        total += 1
        number += unsaid == NO_PORTS
    return number, total


def _between_pods(state: State) -> Count:
    """The same of pairs of pods alone, whole rows at a time."""
    result, declared = state.connectivity, state.declared
    known = {at: pod for at, end in enumerate(result.endpoints) if (pod := declared.pods.get(end.id)) and pod.declared}
    managed = bits.of(at for at, pod in known.items() if pod.namespace)
    everyone = bits.of(known)
    loose = {
        way: bits.of(at for at, pod in known.items() if not pod.namespace or (pod.id, way) in declared.opened)
        for way in ("egress", "ingress")
    }
    said = expected(declared, result, undeclared=False).certain
    number = total = 0
    for source in known:
        among = everyone if managed >> source & 1 else managed
        if result.endpoints[source].kind == "Pod":
            among &= ~(1 << source)
        staged = loose["ingress"] if loose["egress"] >> source & 1 else 0
        found = counted(result.table[source][0], said.get(source, rows.NOTHING), among, staged)
        number, total = number + found[0], total + found[1]
    return number, total


def counted(sure: rows.AnyRow, said: rows.AnyRow, among: int, staged: int) -> Count:
    """The destinations of a row that are declared on all ports, and all but those that only a stage leaves open."""
    wide, ends = rows.parted(sure)
    told, open_ = bits.flags(among), bits.flags(staged)
    number = total = 0
    for at, mask in ends.items():
        if told[at : at + 1] == "1":
            is_fine = not (mask | rows.at(wide, at)) & ~rows.at(said, at)
            number += is_fine
            total += is_fine or open_[at : at + 1] != "1"
    among &= ~bits.of(ends) if wide else 0
    for mask, where in wide.items():
        here = where & among
        if here:
            fine = here & rows.having(said, mask)
            number += fine.bit_count()
            total += fine.bit_count() + (here & ~fine & ~staged).bit_count()
    return number, total


def connections(state: State, possible: bool = False, towards: int = -1) -> Iterator[tuple[Row, tuple[End, End]]]:
    """The connections of declared ends that some bundle has a say in; addresses with equal ports are one.

    `possible`: those without a verdict too. `towards`: those of pods to some positions only.
    """
    pods, nodes = state.declared.pods, state.connectivity.cluster.profile.nodes
    for row in state.connectivity.rows(towards=towards):
        if not (row.allowed or possible):
            continue
        ends = end_of(row.source), end_of(row.destination)
        known = [pods[end] for end in ends if isinstance(end, str)]
        if any(pod.declared is None for pod in known) or all(pod.namespace is None for pod in known):
            continue
        if isinstance(ends[0], AddressSet) and ends[0] <= nodes:
            continue  # nodes reach the pods that they run, whatever policies say
        yield row, ends


def _sum(counts: Iterable[Count]) -> Count:
    first = second = 0
    for one, other in counts:
        first, second = first + one, second + other
    return first, second
