"""Exposure: what each workload may exchange with the world, and with pods that nobody declared.

Policies select pods by labels, so what they open today for nobody they open tomorrow for whoever has the labels. Each
set of pods that a rule names stands for itself (`NamedPods`), beside those that no rule names: of any namespace, and of
each declared one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping

from msgspec import Struct

from ringfence.connectivity import bits, dialects
from ringfence.connectivity.cluster import DNS, ClusterState, Endpoint, Place
from ringfence.connectivity.nested import Nesting
from ringfence.connectivity.resolve import Direction
from ringfence.connectivity.result import Connectivity, End, evaluate
from ringfence.connectivity.space import NamedPods, Space
from ringfence.manifests import METADATA_NAME, PodsPeer
from ringfence.values.addresses import NOWHERE, AddressSet
from ringfence.values.ports import PortSet

ANYBODY = NamedPods()
"""The pods that no rule names."""

Ports = tuple[int, int]
"""Port masks: what is surely and what is possibly allowed."""

Peers = dict[Ports, int]
"""What one workload may exchange: ports to the others, by number, that have them. Others may exchange nothing."""


class Others(Struct, frozen=True):
    """Pods that nobody declared and that several selectors name: what these open together and none does alone."""

    def __str__(self) -> str:
        return "pods that several selectors name"


class Exposed(Struct, frozen=True):
    """What one workload may exchange in one direction with the world, or with pods that nobody declared.

    `peer` as named pods are those that meet its selectors, and the selectors of no other rule unless they follow.
    `known` are the declared workloads that meet them too.
    """

    workload: Endpoint
    direction: Direction
    peer: End | NamedPods | Others
    ports: PortSet
    undefined: PortSet
    reasons: tuple[str, ...]
    known: tuple[Endpoint, ...] = ()

    @property
    def is_world(self) -> bool:
        """Whether the peer lies outside the cluster: addresses, or a DNS name. Nodes and the like are no world."""
        return isinstance(self.peer, AddressSet) or (isinstance(self.peer, Place) and self.peer.kind == DNS)

    @property
    def is_pods(self) -> bool:
        """Whether the peer is pods."""
        return isinstance(self.peer, NamedPods | Others)


class Exposure(Struct, frozen=True):
    """The exposure of a cluster: `rows` by direction and workload, the world before pods.

    Named pods are left out where the larger sets say how they fare: what is in several, and in no smaller one that is
    here, may do what they all may. `unprotected` are the workloads that no policy certainly selects in a direction.
    `left_out` counts the sets of pods that were not looked at, since declared workloads are such pods.
    """

    rows: tuple[Exposed, ...]
    unprotected: tuple[tuple[Endpoint, Direction], ...]
    left_out: int
    connectivity: Connectivity


def exposure(cluster: ClusterState, likes: bool = False) -> Exposure:
    """The exposure of every workload of a cluster.

    `likes`: also to pods with the very labels by which a rule names declared workloads; they fare as those do.
    """
    cluster = dialects.in_force(cluster)
    every = named_pods(cluster)
    groups = every if likes else _unlike_declared(cluster, every)
    # those that are left out stand behind the others
    shown = set(groups)
    result = evaluate(cluster, True, [*groups, *(group for group in every if group not in shown)])
    ends = result.endpoints[: len(cluster.endpoints)]
    asked = _Asked(result, groups, len(every))
    sides = {Direction.INGRESS: _sources(result, len(ends)), Direction.EGRESS: _destinations(result, len(ends))}
    rows = [
        row
        for direction in Direction
        for end, found in zip(ends, sides[direction], strict=True)
        for row in asked.rows(end, direction, found)
    ]
    selected = {direction: _selected(result, direction) for direction in Direction}
    unprotected = [
        (end, direction)
        for direction in Direction
        for position, end in enumerate(ends)
        if not selected[direction] >> position & 1
    ]
    return Exposure(tuple(rows), tuple(unprotected), len(every) - len(groups), result)


class _Asked:
    """Makes the rows of workloads.

    The others have numbers: representatives, then named pods (those that are shown first), then what is outside.
    """

    def __init__(self, result: Connectivity, groups: list[NamedPods], named: int) -> None:
        self._result = result
        self._any = bits.span(0, len(result.space.namespaces) + 1)
        self._named = bits.span(len(result.space.namespaces) + 1, len(result.space.namespaces) + 1 + named)
        self._outside = result.space.pods
        self._nesting = Nesting(groups, result.space.namespaces)
        self._known = {group: _known(result.space, group) for group in groups}
        self._told: dict[int, list[tuple[NamedPods, Ports]]] = {}

    def rows(self, end: Endpoint, direction: Direction, found: Peers) -> Iterator[Exposed]:
        """The rows of one workload in a direction: the world, then pods."""
        for outside, ports in self._world(found):
            yield self._row(end, direction, outside, outside, ports)
        if id(found) not in self._told:
            first = self._any.bit_count()
            self._told[id(found)] = list(
                self._nesting.telling({ports: where >> first for ports, where in found.items()})
            )
        for group, ports in self._told[id(found)]:
            yield self._row(end, direction, group, group.endpoint, ports, self._known[group])
        yield from self._together(end, direction, found)

    def _together(self, end: Endpoint, direction: Direction, found: Peers) -> Iterator[Exposed]:
        """What pods with some labels may, and no set of named pods alone."""
        some = alone = 0
        for (_, possible), where in found.items():
            some |= possible if where & self._any else 0
            alone |= possible if where & self._named else 0
        if rest := some & ~alone:
            numbers = (where for (_, possible), where in found.items() if possible & rest and where & self._any)
            first = min(next(bits.positions(where & self._any)) for where in numbers)
            other = self._result.endpoints[len(self._result.cluster.endpoints) + first]
            yield self._row(end, direction, Others(), other, (0, rest))

    def _world(self, found: Peers) -> Iterator[tuple[End, Ports]]:
        """The peers outside the cluster; addresses with equal ports are one set."""
        behind = self._any.bit_count() + self._named.bit_count()
        for ports, where in found.items():
            addresses = NOWHERE
            for number in bits.positions(where >> behind):
                end = self._result.space.end(self._outside + number)
                if isinstance(end, AddressSet):
                    addresses |= end
                else:
                    yield end, ports
            if addresses:
                yield addresses, ports

    def _row(
        self,
        end: Endpoint,
        direction: Direction,
        peer: End | NamedPods | Others,
        other: End,
        masks: Ports,
        known: tuple[Endpoint, ...] = (),
    ) -> Exposed:
        allowed, possible = map(self._result.atoms.ports, masks)
        undefined = possible - allowed
        reasons: tuple[str, ...] = ()
        if undefined:
            reasons = self._result.reasons(*((end, other) if direction is Direction.EGRESS else (other, end)))
        return Exposed(end, direction, peer, allowed, undefined, reasons, known)


def _selected(result: Connectivity, direction: Direction) -> int:
    """The positions that some policy certainly selects."""
    found = result.isolated[direction]
    for tier in result.tiers.get(direction, ()):
        for group in tier.groups:
            for item in group:
                found |= item.subjects[0]
    return found


def named_pods(cluster: ClusterState) -> list[NamedPods]:
    """The pods that no rule names, then of each declared namespace, then the sets of pods that rules name.

    With the labels that a rule names, pods of a declared namespace are a set of their own: policies there select too.
    """
    declared = cluster.all_namespaces()
    peers: set[tuple[PodsPeer, str]] = set()
    for policy in cluster.policies:
        for rule in (*(policy.ingress or ()), *(policy.egress or ())):
            peers |= {(peer, policy.namespace) for peer in rule.peers if isinstance(peer, PodsPeer)}
    for admin in cluster.admin:
        for other in (*admin.ingress, *admin.egress):
            peers |= {(peer, "") for peer in other.peers if isinstance(peer, PodsPeer)}
    peers |= {(peer, "") for peer in dialects.named(cluster)}
    found = {NamedPods(namespace) for namespace in declared} | {_named(*item, declared) for item in peers}
    found |= {
        NamedPods(namespace, pods=one.pods)
        for one in found
        if not one.namespace and one.pods.requirements
        for namespace, labels in declared.items()
        if one.namespaces.matches(dict(labels))
    }
    order = sorted(
        found - {ANYBODY}, key=lambda one: (one.namespace, one.namespaces.requirements, one.pods.requirements)
    )
    return [ANYBODY, *order]


def _named(peer: PodsPeer, namespace: str, declared: Container[str]) -> NamedPods:
    if peer.namespaces is None:
        return NamedPods(namespace, pods=peer.pods)
    conditions = peer.namespaces.requirements
    if len(conditions) == 1 and conditions[0].key == METADATA_NAME and conditions[0].operator == "In":
        names = conditions[0].values
        if len(names) == 1 and names[0] in declared:
            return NamedPods(names[0], pods=peer.pods)
    return NamedPods("", peer.namespaces, peer.pods)


def _destinations(result: Connectivity, workloads: int) -> list[Peers]:
    """For each workload what it may reach, numbered from the first that is no workload; equal rows are one object."""
    known: dict[tuple[int, int], Peers] = {}
    for sure, possible in result.table[:workloads]:
        key = id(sure), id(possible)
        if key not in known:
            known[key] = {ports: kept for ports, where in _joined(sure, possible) if (kept := where >> workloads)}
    return [known[id(sure), id(possible)] for sure, possible in result.table[:workloads]]


def _sources(result: Connectivity, workloads: int) -> list[Peers]:
    """For each workload what may reach it, numbered likewise."""
    alike: dict[tuple[int, int], int] = defaultdict(int)
    rows = {}
    for number, (sure, possible) in enumerate(result.table[workloads:]):
        key = id(sure), id(possible)
        alike[key] |= 1 << number
        rows[key] = sure, possible
    found: list[Peers] = [defaultdict(int) for _ in range(workloads)]
    for key, numbers in alike.items():
        for ports, where in _joined(*rows[key]):
            for workload in bits.positions(where & bits.span(0, workloads)):
                found[workload][ports] |= numbers
    return found


def _joined(sure: Mapping[int, int], possible: Mapping[int, int]) -> Iterator[tuple[Ports, int]]:
    """A row as disjoint positions with both masks."""
    for mask, where in possible.items():
        rest = where
        for certain, there in sure.items():
            if common := rest & there:
                rest ^= common
                yield (certain, mask), common
        if rest:
            yield (0, mask), rest


def _known(space: Space, group: NamedPods) -> tuple[Endpoint, ...]:
    """The declared workloads that certainly are such pods."""
    namespaces = None if group.namespace else group.namespaces
    sure, _ = space.peers(group.namespace, PodsPeer(group.pods, namespaces))
    return tuple(space.endpoints[at] for at in bits.positions(sure & ~space.unknown & space.all_pods))


def _unlike_declared(cluster: ClusterState, groups: list[NamedPods]) -> list[NamedPods]:
    """The sets without those that labels alone make, one value each, and that hold a declared workload."""
    space = Space(cluster, representatives=False)

    def is_like(group: NamedPods) -> bool:
        conditions = group.pods.requirements
        single = all(item.operator == "In" and len(item.values) == 1 for item in conditions)
        return bool(conditions) and single and bool(_known(space, group))

    return [group for group in groups if not is_like(group)]
