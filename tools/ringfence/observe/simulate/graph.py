"""Who calls whom in a cluster that does all that it declares, and nothing else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from msgspec import Struct

from ringfence.model.types import Cluster, Flow, Labels, Model, Peer, Workload
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortRange

SPREAD = 3
"""How many ports of a range, and how many addresses of a peer, are used."""


class Actor(Struct, frozen=True, order=True):
    """One end as the cluster has it. Pods have a `namespace`, a `workload` and labels, all others `addresses`.

    `end` is its declared name: a workload's id or a peer's name. `ports` are those that it is called on.
    """

    end: str
    namespace: str = ""
    workload: str = ""
    labels: Labels = ()
    addresses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def is_pods(self) -> bool:
        """Whether it is pods of the cluster."""
        return bool(self.namespace)


class Edge(Struct, frozen=True, order=True):
    """One actor calls another on one port. `declared` is the id of the flow, or empty for a grant of the baseline."""

    source: Actor
    destination: Actor
    protocol: str
    port: int
    declared: str = ""


class Graph(Struct, frozen=True):
    """All that happens in a cluster. `pods` are all of its workloads, busy or not; the networks are the cluster's."""

    edges: tuple[Edge, ...]
    pods: tuple[Actor, ...]
    pod_network: str
    node_network: str
    lost: tuple[str, ...] = ()
    """What cannot be shown: peers all of whose addresses are also another's."""


def of(model: Model, cluster: Cluster) -> Graph:
    """The graph that flows and grants of a cluster declare."""
    lost: set[str] = set()
    actors: dict[str, Actor] = {}
    for workload in model.workloads_in(cluster):
        namespace = cluster.namespace_name(workload.namespace)
        actors[workload.id] = Actor(workload.id, namespace, workload.name, workload.labels)
    pods = tuple(actors.values())
    for peer in model.peers.values():
        actors[peer.name] = _peer(peer, model, cluster)
        if not (actors[peer.name].is_pods or actors[peer.name].addresses):
            lost.add(peer.name)
    found: set[Edge] = set()
    for flow, leg in model.legs_in(cluster):
        found.update(_edges(actors[leg.source.id], actors[leg.destination.id], leg.ports, flow))
    for grant in model.grants_in(cluster):
        other = actors[grant.peer.name]
        for workload in model.workloads_in(cluster):
            own = actors[workload.id]
            if grant.to_peer:
                found.update(_edges(own, other, grant.ranges))
            else:
                found.update(_edges(other, own, [*grant.ranges, *_named(workload, grant.port_names)]))
    edges = tuple(sorted(edge for edge in found if not {edge.source.end, edge.destination.end} & lost))
    networks = [next(iter(item.cidrs()), "") for item in (cluster.pods, cluster.nodes)]
    return Graph(edges, pods, networks[0] or "10.0.0.0/16", networks[1] or "192.168.0.0/24", tuple(sorted(lost)))


def _peer(peer: Peer, model: Model, cluster: Cluster) -> Actor:
    if peer.is_pods:
        return Actor(peer.name, peer.namespace, peer.name, peer.labels)
    own = peer.addresses - (cluster.pods | cluster.services | cluster.nodes)
    for other in model.peers.values():
        # a wider range is a worse description of the same address, any other one an equal one
        if other is not peer and not (peer.addresses <= other.addresses and peer.addresses != other.addresses):
            own = own - other.addresses
    names = tuple(name.replace("*", "www") for name in peer.names)
    addresses = tuple(_some(own))
    # what has only a name has some address
    return Actor(peer.name, addresses=addresses or (("198.18.77.7",) if peer.only_names else ()), names=names)


def _some(addresses: AddressSet) -> Iterator[str]:
    for first, last in addresses.v4[:SPREAD]:
        yield str(ipaddress.IPv4Address((first + last) // 2))
    if not addresses.v4 and addresses.v6:
        first, last = addresses.v6[0]
        yield str(ipaddress.IPv6Address((first + last) // 2))


def _edges(source: Actor, destination: Actor, ranges: Sequence[PortRange], flow: Flow | None = None) -> Iterator[Edge]:
    if source != destination:
        for item in ranges:
            step = max(1, (item.last - item.first) // (SPREAD - 1))
            for port in range(item.first, item.last + 1, step):
                yield Edge(source, destination, item.protocol, port, flow.id if flow else "")


def _named(workload: Workload, names: Sequence[str]) -> list[PortRange]:
    return [item for port in workload.ports if port.name in names for item in port.ranges]
