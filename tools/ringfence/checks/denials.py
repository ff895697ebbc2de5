"""What `never` guardrails deny in one Kubernetes cluster, as selectors and addresses that need no order among rules.

Each end that is a pod of a team denies by itself: egress where it is the source, ingress where it is the destination.
What no dialect can say is a refusal, with the reason. Knows no dialect's form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from ringfence.checks import sides
from ringfence.checks.podsets import Box, Values, only, without
from ringfence.checks.sides import SideEnd
from ringfence.model.types import Cluster, End, Guardrail, Model, Peer, Side, Workload
from ringfence.values.addresses import EVERYWHERE, AddressSet
from ringfence.values.ports import ALL_PORTS, PortSet

NONE = "none"
Part = Box | AddressSet
_Region = tuple[Part, Part, PortSet]


class Denial(Struct, frozen=True):
    """One direction of a guardrail for pods of teams: what they are denied, whatever else allows it.

    `direction` is `egress` or `ingress`; `subject` are pods of teams, `pods` and `addresses` the other ends; `nodes`
    are those addresses that the cluster's nodes have. `ports` are those of the destination; all of them also stand for
    every other protocol.
    """

    guardrail: Guardrail
    direction: str
    subject: Box
    pods: tuple[Box, ...]
    addresses: AddressSet
    ports: PortSet
    nodes: AddressSet


class Unsaid(Struct, frozen=True):
    """A guardrail that the kind of a cluster's guardrail policies cannot say: why, and what helps."""

    guardrail: Guardrail
    why: str
    hint: str


def sharing(model: Model, cluster: Cluster) -> list[Cluster]:
    """The clusters of the Kubernetes cluster that a cluster lies on, by name."""
    return [item for item in model.clusters.values() if item.kubernetes_cluster == cluster.kubernetes_cluster]


def of(model: Model, cluster: Cluster) -> list[Denial]:
    """What all `never` guardrails deny on the Kubernetes cluster of a cluster, by guardrail, direction and subject.

    A waiver counts whatever its day: one that is over is an error until it is taken away.
    """
    group = sharing(model, cluster)
    return [denial for guardrail in model.guardrails if not guardrail.must for denial in _of(guardrail, model, group)]


def unsaid(model: Model, cluster: Cluster) -> Iterator[Unsaid]:
    """The guardrails that hold on the Kubernetes cluster and that its kind of policies cannot say."""
    if cluster.guardrails == NONE:
        return
    denials = of(model, cluster)
    outward = {item.guardrail.name for item in denials if item.addresses and item.direction == "egress"}
    inward = {item.guardrail.name for item in denials if item.addresses and item.direction == "ingress"}
    some_nodes = {item.guardrail.name for item in denials if item.nodes and item.nodes != cluster.nodes}
    for guardrail in (item for item in model.guardrails if not item.must):
        if cluster.guardrails in ("AdminNetworkPolicy", "ClusterNetworkPolicy") and guardrail.name in inward:
            yield Unsaid(
                guardrail,
                f"it denies addresses outside the cluster the way to pods, and the ingress of {cluster.guardrails} "
                "knows pods only",
                "say in its `from` which environments, teams or peers inside the cluster are meant, or use "
                "`guardrails: calico` or `cilium` where the network plugin enforces them",
            )
        if cluster.guardrails == "cilium" and guardrail.name in some_nodes:
            yield Unsaid(
                guardrail,
                "it denies the addresses of some nodes and not of others, and Cilium tells nodes by what they are",
                "let the peers of the guardrail hold all `nodes` of the cluster or none",
            )
        if cluster.guardrails == "cilium" and cluster.dialect in cluster.cni.names and guardrail.name in outward:
            for peer in model.peers.values():
                here = SideEnd(peers=frozenset({peer.name}), world=peer.world)
                if peer.names and not sides.matches(guardrail.destination, here):
                    yield Unsaid(
                        guardrail,
                        f"it denies addresses, and not those of {peer.name}, which are known by name only: Cilium's "
                        "denies come before every rule by name",
                        f"give {peer.name} `cidrs` in place of `names`, or use `guardrails: none` here",
                    )
        for name in guardrail.destination.peers:
            if model.peers[name].only_names and name not in guardrail.destination.excepts:
                yield Unsaid(
                    guardrail,
                    f"it denies the way to {name}, which is known by name only: a deny needs addresses",
                    f"give {name} `cidrs`",
                )


def _of(guardrail: Guardrail, model: Model, group: Sequence[Cluster]) -> Iterator[Denial]:
    regions = [
        (direction, region)
        for cluster in group
        for direction in ("egress", "ingress")
        for region in _regions(guardrail, model, cluster, group, direction)
    ]
    merged: dict[tuple[str, Box, PortSet], tuple[dict[Box, None], AddressSet]] = {}
    for direction, (source, destination, ports) in regions:
        subject, other = (source, destination) if direction == "egress" else (destination, source)
        assert isinstance(subject, Box)  # noqa: S101 - see `_regions`
        pods, addresses = merged.setdefault((direction, subject, ports), ({}, AddressSet()))
        if isinstance(other, Box):
            pods[other] = None
        else:
            merged[direction, subject, ports] = (pods, addresses | other)
    for (direction, subject, ports), (pods, addresses) in sorted(merged.items(), key=_key):
        nodes = addresses & group[0].nodes
        yield Denial(guardrail, direction, subject, tuple(sorted(pods, key=_by_key)), addresses, ports, nodes)


def _by_key(box: Box) -> tuple[object, ...]:
    return box.key


def _key(item: tuple[tuple[str, Box, PortSet], object]) -> tuple[object, ...]:
    direction, subject, ports = item[0]
    return (direction, subject.key, list(map(str, ports.ranges())))


def _regions(
    guardrail: Guardrail, model: Model, cluster: Cluster, group: Sequence[Cluster], direction: str
) -> list[_Region]:
    """The forbidden pairs of ends whose source (egress) or destination (ingress) is a pod of a team in a cluster."""
    mine = Box(only(*(cluster.namespace_name(item.name) for item in model.namespaces_in(cluster))))
    ends: list[list[Part]] = []
    for side, is_subject in (
        (guardrail.source, direction == "egress"),
        (guardrail.destination, direction == "ingress"),
    ):
        pods = without(_pods(side, model, cluster, group), _waived_pods(guardrail, model, group))
        if is_subject:
            pods = [found for box in pods if (found := box & mine)]
        addresses = AddressSet() if is_subject else _addresses(side, model, cluster)
        ends.append([*pods, *([addresses] if addresses else [])])
    ports = sides.port_set(guardrail.ports) if guardrail.ports else ALL_PORTS
    regions: list[_Region] = [(source, destination, ports) for source in ends[0] for destination in ends[1]]
    for waived in _waived_flows(guardrail, model, cluster):
        regions = [piece for region in regions for piece in _minus(region, waived)]
    return regions


def _pods(side: Side, model: Model, cluster: Cluster, group: Sequence[Cluster]) -> list[Box]:
    """The pods of a Kubernetes cluster that a side speaks of, where pods of no team count for one environment."""
    whole: list[str] = []
    single: list[Box] = []
    taken: list[Box] = []
    managed = []
    for item in group:
        declared: dict[str, list[Workload]] = {}
        for workload in model.workloads_in(item) if sides.names_workloads(side) else ():
            declared.setdefault(workload.namespace, []).append(workload)
        for namespace in model.namespaces_in(item):
            name = item.namespace_name(namespace.name)
            managed.append(name)
            every = sides.matches(side, SideEnd(item.environment, namespace.team, namespace.name))
            whole += [name] if every else []
            for workload in declared.get(namespace.name, ()):
                meant = sides.matches(side, sides.of_workload(workload, item))
                if meant != every:
                    (single if meant else taken).append(Box.of(name, workload.labels))
    if sides.matches(side, SideEnd(cluster.environment)):
        found = [Box(Values(False, frozenset(managed) - frozenset(whole)))]
    else:
        found = [Box(only(*whole))] if whole else []
        for peer in _peers(model, side.peers):
            if sides.matches(side, SideEnd(cluster.environment, peers=frozenset({peer.name}))):
                found.append(Box.of(peer.namespace, peer.labels))
    taken += [Box.of(peer.namespace, peer.labels) for peer in _peers(model, side.excepts)]
    return [*without(found, taken), *single]


def _peers(model: Model, names: Iterable[str]) -> Iterator[Peer]:
    for name in names:
        if (peer := model.peers.get(name)) and peer.is_pods:
            yield peer


def _addresses(side: Side, model: Model, cluster: Cluster) -> AddressSet:
    """The addresses outside the pods and Services of the cluster that a side speaks of."""
    found = AddressSet()
    for addresses, end in sides.of_addresses(model, EVERYWHERE - cluster.pods - cluster.services):
        if sides.matches(side, end):
            found = found | addresses
    return found


def _waived_pods(guardrail: Guardrail, model: Model, group: Sequence[Cluster]) -> list[Box]:
    """The workloads that a waiver takes out whole, in all clusters of a group."""
    subjects = {item.subject for item in model.waivers if item.guardrail == guardrail.name}
    return [
        Box.of(cluster.namespace_name(workload.namespace), workload.labels)
        for cluster in group
        for workload in (model.workloads_in(cluster) if subjects else ())
        if workload.id in subjects
    ]


def _waived_flows(guardrail: Guardrail, model: Model, cluster: Cluster) -> Iterator[_Region]:
    subjects = {item.subject for item in model.waivers if item.guardrail == guardrail.name}
    for flow, leg in model.legs_in(cluster) if subjects else ():
        if flow.id in subjects:
            yield _part(leg.source, cluster), _part(leg.destination, cluster), sides.port_set(leg.ports)


def _part(end: End, cluster: Cluster) -> Part:
    if isinstance(end, Workload):
        return Box.of(cluster.namespace_name(end.namespace), end.labels)
    return Box.of(end.namespace, end.labels) if end.is_pods else end.addresses


def _minus(region: _Region, taken: _Region) -> Iterator[_Region]:
    """A region of pairs without another, as regions that share no pair."""
    source, destination = _both(region[0], taken[0]), _both(region[1], taken[1])
    ports = region[2] & taken[2]
    if not (source and destination and ports):
        yield region
        return
    for rest in _rest(region[0], taken[0]):
        yield rest, region[1], region[2]
    for rest in _rest(region[1], taken[1]):
        yield source, rest, region[2]
    if left := region[2] - ports:
        yield source, destination, left


def _both(one: Part, other: Part) -> Part | None:
    if isinstance(one, Box) and isinstance(other, Box):
        return one & other
    return one & other if isinstance(one, AddressSet) and isinstance(other, AddressSet) else None


def _rest(one: Part, other: Part) -> list[Part]:
    if isinstance(one, Box) and isinstance(other, Box):
        return [*(one - other)]
    if isinstance(one, AddressSet) and isinstance(other, AddressSet):
        return [left] if (left := one - other) else []
    return [one]
