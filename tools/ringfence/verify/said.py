"""What the declarations alone make of a Kubernetes cluster: its ends, its networks, and what is to hold among them.

Two revisions that say the same have the same objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ringfence.connectivity import DNS, Endpoint, Place, Profile
from ringfence.manifests import METADATA_NAME, ContainerPort, Labels
from ringfence.model.types import Cluster, Model, Port, Workload
from ringfence.values.addresses import AddressSet
from ringfence.values.known import Known
from ringfence.verify.declared import Declared, declared, says_names
from ringfence.verify.selectors import Selectors


class Said(Struct, frozen=True):
    """What a model says of the clusters that share a Kubernetes cluster. Nobody may change anything of it.

    `profile` is its plugin and networks; `places` are the DNS names that somebody may call there; `selectors` are those
    of what is declared.
    """

    model: Model
    clusters: tuple[Cluster, ...]
    declared: Declared
    endpoints: tuple[Endpoint, ...]
    namespaces: dict[str, Labels]
    profile: Profile
    places: tuple[Place, ...]
    selectors: Selectors


def said(model: Model, clusters: Sequence[Cluster], like: Said | None = None) -> Said:
    """What a model says. What another one says is taken over as far as it is the same."""
    if like is not None and _has_same_ends(model, clusters, like):
        if model.flows == like.model.flows and model.grants == like.model.grants:
            return like
        return replace(like, model=model, declared=declared(model, like.clusters, like.declared))
    known = declared(model, clusters)
    return Said(
        model,
        tuple(clusters),
        known,
        tuple(_endpoints(model, clusters)),
        _namespaces(model, clusters),
        _profile(clusters),
        _names(model, clusters),
        Selectors(known),
    )


def _has_same_ends(model: Model, clusters: Sequence[Cluster], like: Said) -> bool:
    """Whether a model has the clusters, and all that may be at an end of a flow, of what is known."""
    other = like.model
    return (
        repr(tuple(clusters)) == repr(like.clusters)  # stages and network plugins are equal wherever they stand
        and model.peers == other.peers
        and model.namespaces == other.namespaces
        and model.workloads == other.workloads
    )


def _endpoints(model: Model, clusters: Sequence[Cluster]) -> Iterator[Endpoint]:
    ports: dict[int, tuple[ContainerPort, ...]] = {}  # those of equal workloads are one object

    def named(items: tuple[Port, ...]) -> tuple[ContainerPort, ...]:
        if id(items) not in ports:
            ports[id(items)] = _container_ports(items)
        return ports[id(items)]

    for peer in model.peers.values():
        if peer.is_pods:
            where = peer.where
            yield Endpoint(peer.namespace, peer.name, "Peer", peer.labels, named(peer.ports), where=where)
    for cluster in clusters:
        namespaces: Known[str, str] = Known(cluster.namespace_name)
        for item in model.workloads_in(cluster):
            yield _endpoint(item, namespaces[item.namespace], named(item.ports))


def _endpoint(workload: Workload, namespace: str, ports: tuple[ContainerPort, ...]) -> Endpoint:
    return Endpoint(
        namespace,
        workload.name,
        "Workload",
        workload.labels,
        ports,
        where=workload.where,
        account=workload.service_account,
    )


def _container_ports(ports: Sequence[Port]) -> tuple[ContainerPort, ...]:
    return tuple(
        ContainerPort(port.name, item.protocol, number)
        for port in ports
        for item in port.ranges
        for number in ((item.first,) if item.first == item.last else ())
    )


def _namespaces(model: Model, clusters: Sequence[Cluster]) -> dict[str, Labels]:
    result: dict[str, Labels] = {
        peer.namespace: ((METADATA_NAME, peer.namespace),) for peer in model.peers.values() if peer.is_pods
    }
    for cluster in clusters:
        for namespace in model.namespaces_in(cluster):
            name = cluster.namespace_name(namespace.name)
            result[name] = tuple(sorted({**dict(namespace.labels), METADATA_NAME: name}.items()))
    return result


def _names(model: Model, clusters: Sequence[Cluster]) -> tuple[Place, ...]:
    """The DNS names that somebody may call in these clusters."""
    if not any(map(says_names, clusters)):
        return ()
    return tuple(sorted({Place(DNS, name) for peer in model.peers.values() for name in peer.names}))


def _profile(clusters: Sequence[Cluster]) -> Profile:
    """The profile of a Kubernetes cluster; the model refuses clusters that share one and disagree."""
    first = clusters[0]
    pods = services = nodes = AddressSet()
    for cluster in clusters:
        pods, services, nodes = pods | cluster.pods, services | cluster.services, nodes | cluster.nodes
    return Profile(
        first.cni.name,
        first.cni.ip_blocks_match_pods,
        pods,
        services,
        nodes,
        first.cni.enforces,
        dialects=frozenset(first.cni.dialects) or None,
    )
