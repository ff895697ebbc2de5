"""What the declarations say, pair by pair, in one Kubernetes cluster.

Worked out from the model alone, on a path that shares nothing with `compile`, so that comparing it with the
connectivity of the rendered manifests is a proof and not an echo.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from ringfence.findings import Location
from ringfence.model.types import Cluster, End, Flow, Grant, Leg, Model, Namespace, Peer, Workload
from ringfence.values.addresses import AddressSet
from ringfence.values.known import Known
from ringfence.values.ports import ALL_PORTS, PortRange, PortSet


class Opening(Struct, frozen=True):
    """What leaves a namespace open in one direction: its stage in a cluster is not `enforce`."""

    cluster: str
    namespace: str
    direction: str
    stage: str
    where: Location

    @property
    def id(self) -> str:
        """Where it holds, and for which direction."""
        return f"{self.cluster}/{self.namespace} {self.direction}"


Cause = Flow | Grant | Opening

OTHER = "*"
"""The name of the pods of a namespace that nobody declared, as connectivity's representatives have it."""


class Pod(Struct, frozen=True):
    """A pod that the declarations know, in a Kubernetes cluster.

    `id` is `namespace/name` with the namespace's name there. `declared` is the workload or catalogue peer it
    is, or None for the representative of the pods that nobody declared. `namespace` is the team namespace that
    it lies in, or None where no bundle is rendered.
    """

    id: str
    declared: End | None
    namespace: Namespace | None
    cluster: Cluster | None

    @property
    def label(self) -> str:
        """How a person names it: the declared name, whatever the namespace is called here."""
        if self.declared is not None:
            return self.declared.id
        return f"{self.namespace.name}/*" if self.namespace else self.id


class Statement(Struct, frozen=True):
    """One declared allowance: a source may call a destination on these ports, because of a flow, grant or stage."""

    source: str | AddressSet
    destination: str | AddressSet
    ports: PortSet
    cause: Cause


class Declared(Struct, frozen=True):
    """All pods of a Kubernetes cluster by id, and all statements, indexed for the comparison.

    Names outside are pods here too, by their id (`dns:api.example.com`). `opened` are the pods whose stage leaves a
    direction open (`ingress`, `egress`): there everything is declared, beside the statements.
    """

    pods: dict[str, Pod]
    pairs: dict[tuple[str, str], list[Statement]] = field(default_factory=dict)
    outward: dict[str, list[Statement]] = field(default_factory=dict)
    inward: dict[str, list[Statement]] = field(default_factory=dict)
    opened: dict[tuple[str, str], Opening] = field(default_factory=dict)

    def openings(self, source: str | AddressSet, destination: str | AddressSet) -> list[Statement]:
        """That stages leave everything open from one end to the other: one for each end that has a stage, or none."""
        found = []
        for end, direction in ((source, "egress"), (destination, "ingress")):
            pod = self.pods.get(end) if isinstance(end, str) else None
            if pod is None or pod.namespace is None:
                continue
            opening = self.opened.get((pod.id, direction))
            if opening is None:
                return []
            found.append(Statement(source, destination, ALL_PORTS, opening))
        return found

    def add(self, statement: Statement) -> None:
        """Index one statement."""
        source, destination = statement.source, statement.destination
        if type(source) is type(destination) is str:
            found = self.pairs.get((source, destination))
            if found is None:
                self.pairs[source, destination] = [statement]
            else:
                found.append(statement)
        elif isinstance(source, str):
            self.outward.setdefault(source, []).append(statement)
        elif isinstance(destination, str):
            self.inward.setdefault(destination, []).append(statement)

    def possible(self) -> Declared:
        """What could hold of the pods that nobody declared.

        Such a pod may carry the labels of any pod of its namespace, and then has its statements too.
        """
        result = Declared(self.pods, opened=self.opened)
        for statements in (*self.pairs.values(), *self.outward.values(), *self.inward.values()):
            for statement in statements:
                for source in _or_other(statement.source):
                    for destination in _or_other(statement.destination):
                        result.add(Statement(source, destination, statement.ports, statement.cause))
        return result


def _or_other(end: str | AddressSet) -> tuple[str | AddressSet, ...]:
    if isinstance(end, AddressSet) or "/" not in end:
        return (end,)
    other = f"{end.partition('/')[0]}/{OTHER}"
    return (end,) if end == other else (end, other)


def groups(model: Model) -> dict[str, list[Cluster]]:
    """The clusters by the Kubernetes cluster that they share."""
    result: dict[str, list[Cluster]] = {}
    for cluster in model.clusters.values():
        result.setdefault(cluster.kubernetes_cluster, []).append(cluster)
    return result


def declared(model: Model, clusters: Sequence[Cluster], like: Declared | None = None) -> Declared:
    """The statements that certainly hold in one Kubernetes cluster (all clusters that share it).

    `like` are those of another model that has the same ends.
    """
    pods = like.pods if like else _pods(model, clusters)
    result = Declared(pods, opened=like.opened if like else dict(_openings(pods)))
    for cluster in clusters:
        ends = _Ends(pods, cluster)
        _flows(result, model.legs_in(cluster), ends)
        for grant in model.grants_in(cluster):
            _grant(result, grant, cluster, ends)
    return result


def _flows(world: Declared, legs: Iterable[tuple[Flow, Leg]], ends: _Ends) -> None:
    """Add what flows say."""
    add, sources, destinations = world.add, ends.sources, ends.destinations
    known: Known[tuple[PortRange, ...], PortSet] = Known(PortSet.of)
    for flow, leg in legs:
        ports, source, destination = known[leg.ports], leg.source, leg.destination
        for start in sources.get(source.id) or ends.of(source):
            for end in destinations.get(destination.id) or ends.called(destination):
                add(Statement(start, end, ports, flow))


def _pods(model: Model, clusters: Sequence[Cluster]) -> dict[str, Pod]:
    pods = {}
    for cluster in clusters:
        for workload in model.workloads_in(cluster):
            namespace = model.namespaces[workload.namespace]
            pod = Pod(workload_id(workload, cluster), workload, namespace, cluster)
            pods[pod.id] = pod
        for namespace in model.namespaces_in(cluster):
            pod = Pod(f"{cluster.namespace_name(namespace.name)}/{OTHER}", None, namespace, cluster)
            pods[pod.id] = pod
    for peer in model.peers.values():
        if peer.is_pods:
            pods[peer_id(peer)] = Pod(peer_id(peer), peer, None, None)
            other = f"{peer.namespace}/{OTHER}"
            pods.setdefault(other, Pod(other, None, None, None))
        for name in peer.names if any(map(says_names, clusters)) else ():
            pods.setdefault(name_id(name), Pod(name_id(name), peer, None, None))
    other = f"{OTHER}/{OTHER}"
    pods[other] = Pod(other, None, None, None)
    return pods


def workload_id(workload: Workload, cluster: Cluster) -> str:
    """The id of a workload's pods in a cluster."""
    return f"{cluster.namespace_name(workload.namespace)}/{workload.name}"


def peer_id(peer: Peer) -> str:
    """The id of a catalogue peer's pods."""
    return f"{peer.namespace}/{peer.name}"


def name_id(name: str) -> str:
    """The id of a DNS name as an end."""
    return f"dns:{name}"


def says_names(cluster: Cluster) -> bool:
    """Whether DNS names stand for a destination in a cluster, and not its addresses."""
    return cluster.dialect in cluster.cni.names


def openings(model: Model) -> Iterator[Opening]:
    """What the stages of all clusters leave open."""
    for cluster in model.clusters.values():
        for namespace in model.namespaces_in(cluster):
            yield from _of_stage(cluster, namespace)


def _openings(pods: Mapping[str, Pod]) -> Iterator[tuple[tuple[str, str], Opening]]:
    for pod in pods.values():
        if pod.namespace is not None and pod.cluster is not None:
            for opening in _of_stage(pod.cluster, pod.namespace):
                yield (pod.id, opening.direction), opening


def _of_stage(cluster: Cluster, namespace: Namespace) -> Iterator[Opening]:
    stage = cluster.stage(namespace.name)
    for direction, name, where in (
        ("ingress", stage.ingress, stage.where_ingress),
        ("egress", stage.egress, stage.where_egress),
    ):
        if name != "enforce":
            place = where if where.path else cluster.where
            yield Opening(cluster.name, namespace.name, direction, name, place)


class _Ends:
    """What the ends of flows and grants stand for in one cluster; each is looked up once."""

    def __init__(self, pods: Mapping[str, Pod], cluster: Cluster) -> None:
        self._cluster = cluster
        self._names = [id_.removeprefix("dns:") for id_ in pods if id_.startswith("dns:")]
        self._spaces: dict[str, list[Pod]] = {}
        for pod in pods.values():
            self._spaces.setdefault(pod.id.partition("/")[0], []).append(pod)
        self.sources: dict[str, list[str | AddressSet]] = {}
        self.destinations: dict[str, list[str | AddressSet]] = {}

    def called(self, end: End) -> list[str | AddressSet]:
        """What an end stands for that is called: where names can be said, they stand for it.

        A name with a `*` also stands for those of other peers that it matches.
        """
        if (found := self.destinations.get(end.id)) is None:
            found = self.of(end)
            if isinstance(end, Peer) and end.names and says_names(self._cluster):
                found = [name_id(name) for name in self._names if any(_matches(own, name) for own in end.names)]
            self.destinations[end.id] = found
        return found

    def of(self, end: End) -> list[str | AddressSet]:
        """The pods or addresses that an end stands for.

        A peer of pods also stands for every other peer whose pods carry all its labels: a selector cannot tell them
        apart.
        """
        if (found := self.sources.get(end.id)) is None:
            found = self.sources[end.id] = self._of(end)
        return found

    def _of(self, end: End) -> list[str | AddressSet]:
        if isinstance(end, Workload):
            return [workload_id(end, self._cluster)]
        if not end.is_pods:
            return [end.addresses]
        return [
            pod.id
            for pod in self._spaces.get(end.namespace, ())
            if set(end.labels) <= set(pod.declared.labels if isinstance(pod.declared, Peer) else ())
        ]


def _matches(name: str, other: str) -> bool:
    """Whether a name speaks of everything that another one does."""
    return name == other or (name.startswith("*.") and name[2:] == other.partition(".")[2])


def _grant(world: Declared, grant: Grant, cluster: Cluster, ends: _Ends) -> None:
    known: dict[tuple[PortRange, ...], PortSet] = {}
    others = (ends.called if grant.to_peer else ends.of)(grant.peer)
    for pod in list(world.pods.values()):
        if pod.cluster is not cluster:
            continue
        ranges = tuple(grant.ranges)
        if isinstance(pod.declared, Workload):
            for name in grant.port_names:
                port = pod.declared.port(name)
                ranges += port.ranges if port else ()
        if (ports := known.get(ranges)) is None:
            ports = known[ranges] = PortSet.of(ranges)
        if not ports:
            continue
        for end in others:
            if grant.to_peer:
                world.add(Statement(pod.id, end, ports, grant))
            else:
                world.add(Statement(end, pod.id, ports, grant))


Residue = list[tuple[AddressSet, PortSet]]
"""Disjoint address sets, each with ports (never empty)."""


def uncovered(addresses: AddressSet, ports: PortSet, statements: Iterable[tuple[AddressSet, PortSet]]) -> Residue:
    """What is left of addresses × ports when everything that the statements cover is taken away; exact."""
    pieces: Residue = [(addresses, ports)] if addresses and ports else []
    for covered, allowed in statements:
        pieces = [
            piece
            for rest, open_ports in pieces
            for piece in ((rest & covered, open_ports - allowed), (rest - covered, open_ports))
            if piece[0] and piece[1]
        ]
    return pieces
