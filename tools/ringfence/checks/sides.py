"""Which ends a guardrail's side speaks of. Other stages use it for connections, where ends are not those of flows."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from msgspec import Struct

from ringfence.model.types import Cluster, End, Flow, Guardrail, Leg, Model, Peer, Side, Workload
from ringfence.values.addresses import NOWHERE, AddressSet
from ringfence.values.ports import ALL_PORTS, PortRange, PortSet


class SideEnd(Struct, frozen=True):
    """One end of a connection, as far as guardrails speak of it. What an end is not, is empty.

    `environment` is empty for addresses outside of every cluster. `workload` is the id of a declared workload, empty
    for any other pod; `namespace` is the declared name, empty for what is no team's. `peers` are the catalogue peers
    that the end belongs to, and `addresses` an address end's addresses.
    """

    environment: str = ""
    team: str = ""
    namespace: str = ""
    workload: str = ""
    peers: frozenset[str] = frozenset()
    world: bool = False
    addresses: AddressSet = NOWHERE


def matches(side: Side, end: SideEnd) -> bool:
    """Whether the side speaks of the end: every field that it fills matches, and no exception takes the end out."""
    return (
        (not side.environments or end.environment in side.environments)
        and (not side.teams or end.team in side.teams)
        and (not side.namespaces or end.namespace in side.namespaces)
        and (not side.workloads or end.workload in side.workloads)
        and (not side.peers or not end.peers.isdisjoint(side.peers))
        and (not side.world or end.world)
        and not (side.excepts and _excepted(side, end))
    )


def _excepted(side: Side, end: SideEnd) -> bool:
    return any(
        (item.endswith("/*") and bool(end.namespace) and item[:-2] == end.namespace)
        or (bool(end.workload) and item == end.workload)
        or item in end.peers
        for item in side.excepts
    )


def names_workloads(side: Side) -> bool:
    """Whether a side tells workloads of one namespace apart."""
    return bool(side.workloads) or any("/" in item and not item.endswith("/*") for item in side.excepts)


class OfWorkloads:
    """Whether a side speaks of pods of teams in a cluster; found out once for each namespace where that is enough."""

    def __init__(self, side: Side, cluster: Cluster) -> None:
        self._side = side
        self._cluster = cluster
        self._single = names_workloads(side)
        self._known: dict[str, bool] = {}
        # a workload is no peer, lies not in the world, and in one environment only
        self.none = (
            bool(side.peers) or side.world or cluster.environment not in (side.environments or (cluster.environment,))
        )

    def __call__(self, workload: Workload) -> bool:
        """Whether it speaks of this one."""
        if self.none:
            return False
        key = workload.id if self._single else workload.namespace
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = matches(self._side, of_workload(workload, self._cluster))
        return known

    def among(self, workloads: Iterable[Workload]) -> Iterator[Workload]:
        """Those of some workloads that it speaks of; the workloads of a namespace stand together."""
        for _, group in groupby(workloads, attrgetter("namespace")) if not self.none else ():
            if self._single:
                yield from filter(self, group)
            elif self(first := next(group)):
                yield first
                yield from group

    def pod(self, end: SideEnd) -> bool:
        """Whether it speaks of this pod of the cluster."""
        if self.none:
            return False
        key = end.workload if self._single and end.workload else end.namespace
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = matches(self._side, end)
        return known


@functools.lru_cache(maxsize=4096)
def port_set(ranges: tuple[PortRange, ...]) -> PortSet:
    """The set of ranges. Few different ones occur in many flows."""
    return PortSet.of(ranges)


def forbidden(guardrail: Guardrail, ports: PortSet) -> PortSet:
    """The ports of a connection that a `never` forbids; without ports of its own it forbids every port."""
    return ports & port_set(guardrail.ports) if guardrail.ports else ports


def missing(guardrail: Guardrail, ports: PortSet) -> PortSet:
    """The ports that a `must` asks for and a connection lacks; without ports of its own it asks for any one port."""
    if guardrail.ports:
        return port_set(guardrail.ports) - ports
    return PortSet() if ports else ALL_PORTS


def of_workload(workload: Workload, cluster: Cluster) -> SideEnd:
    """A workload in a cluster."""
    return SideEnd(cluster.environment, workload.team, workload.namespace, workload.id)


def other_pods(model: Model, cluster: Cluster) -> list[SideEnd]:
    """The pods of each team namespace in a cluster that no workload declares: a namespace's policy counts for them."""
    return [SideEnd(cluster.environment, space.team, space.name) for space in model.namespaces_in(cluster)]


def of_addresses(model: Model, addresses: AddressSet) -> Iterator[tuple[AddressSet, SideEnd]]:
    """Addresses as guardrails see them, cut where catalogue peers and clusters' networks begin and end."""
    pieces: list[tuple[AddressSet, frozenset[str], bool, str]] = [(addresses, frozenset(), True, "")]
    for cluster in model.clusters.values():
        own = cluster.pods | cluster.services | cluster.nodes
        pieces = [
            (part, names, False, cluster.environment) if is_own else (part, names, world, where)
            for whole, names, world, where in pieces
            for part, is_own in _cut(whole, own)
        ]
    for peer in model.peers.values():
        pieces = [
            (part, names | {peer.name}, world and peer.world, where) if is_its else (part, names, world, where)
            for whole, names, world, where in pieces
            for part, is_its in _cut(whole, peer.addresses)
        ]
    for part, names, world, where in pieces:
        yield part, SideEnd(where, peers=names, world=world, addresses=part)


def _cut(whole: AddressSet, own: AddressSet) -> tuple[tuple[AddressSet, bool], ...]:
    """The parts of a set inside and outside of another one, as far as there are any; whether each is inside."""
    if not (inside := whole & own):
        return ((whole, False),)
    outside = whole - own
    return ((inside, True), (outside, False)) if outside else ((inside, True),)


class Ends:
    """The ends of flows and grants as sides see them; what is found out about a peer's addresses is kept."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._abroad: dict[str, tuple[SideEnd, ...]] = {}
        self._here: dict[tuple[str, str], tuple[SideEnd, ...]] = {}
        self._legs: dict[str, list[tuple[Flow, Leg]]] = {}
        self._pods: dict[str, list[SideEnd]] = {}

    def of(self, end: End, cluster: Cluster) -> tuple[SideEnd, ...]:
        """All that an end of a flow stands for in a cluster.

        An address peer stands for its addresses, and for the pods and nodes of each cluster whose networks hold some
        of them: a block of another environment's pods reaches that environment.
        """
        if isinstance(end, Workload) or end.is_pods:
            key = (end.id, cluster.name)
            if key not in self._here:
                here = (
                    of_workload(end, cluster)
                    if isinstance(end, Workload)
                    else SideEnd(cluster.environment, peers=frozenset({end.name}))
                )
                self._here[key] = (here,)
            return self._here[key]
        if end.name not in self._abroad:
            self._abroad[end.name] = tuple(self._addresses(end))
        return self._abroad[end.name]

    def legs(self, cluster: Cluster) -> list[tuple[Flow, Leg]]:
        """The legs of flows that hold in a cluster."""
        if cluster.name not in self._legs:
            self._legs[cluster.name] = self._model.legs_in(cluster)
        return self._legs[cluster.name]

    def meets(self, side: Side) -> bool:
        """Whether a side speaks of any end that a declaration can name in any cluster, or of the world.

        The world counts, since any new peer may hold some of it.
        """
        model = self._model
        return matches(side, SideEnd(world=True)) or any(
            any(True for _ in OfWorkloads(side, cluster).among(model.workloads_in(cluster)))
            or any(matches(side, pod) for pod in other_pods(model, cluster))
            or any(matches(side, end) for peer in model.peers.values() for end in self.of(peer, cluster))
            for cluster in model.clusters.values()
        )

    def pods(self, cluster: Cluster) -> list[SideEnd]:
        """The workloads and other pods of the team namespaces in a cluster."""
        if cluster.name not in self._pods:
            self._pods[cluster.name] = [
                *(self.of(item, cluster)[0] for item in self._model.workloads_in(cluster)),
                *other_pods(self._model, cluster),
            ]
        return self._pods[cluster.name]

    def _addresses(self, peer: Peer) -> Iterator[SideEnd]:
        names = frozenset({peer.name})
        yield SideEnd(peers=names, world=peer.world, addresses=peer.addresses)
        for cluster in self._model.clusters.values():
            if common := peer.addresses & (cluster.pods | cluster.services):
                # an address of a pod network can become any pod's
                for pod in self.pods(cluster):
                    yield SideEnd(pod.environment, pod.team, pod.namespace, pod.workload, names, addresses=common)
            if common := peer.addresses & (cluster.pods | cluster.services | cluster.nodes):
                yield SideEnd(cluster.environment, peers=names, addresses=common)
