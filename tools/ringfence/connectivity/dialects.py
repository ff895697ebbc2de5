"""Where the dialects of policies come together: what each asks of the common space, and its tiers.

A dialect is a module with `blocks` (address sets that its rules speak of), `ports` (entries of ports), `conditions` (on
labels of pods), `named` (the pods that rules name) and `tiers`. It is imported only where a cluster has such objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from ringfence.manifests import BlockPeer, Opaque, PodsPeer, PolicyPort, Rule
from ringfence.values.addresses import AddressSet

if TYPE_CHECKING:
    from ringfence.connectivity.cluster import ClusterState, Place
    from ringfence.connectivity.resolve import Applied, Direction, Resolver, Tier
    from ringfence.connectivity.space import Space

UNSPECIFIED = "unspecified"
"""The name of the profile that says nothing."""

NETWORK_POLICY = "NetworkPolicy"
"""The name of the tier of NetworkPolicy v1."""


class Condition(Protocol):
    """One condition on one label of a pod."""

    @property
    def key(self) -> str:
        """The label."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet it."""


def conditions(calico: Iterable[Any], cilium: Iterable[Any]) -> Iterator[Condition]:
    """What the objects of dialects ask of the labels of pods themselves."""
    for module, objects in _modules(calico, cilium):
        yield from module.conditions(objects)


def blocks(cluster: ClusterState) -> Iterator[AddressSet]:
    """The address sets that the cells of external addresses must be cut by."""
    for module, objects in _modules(cluster.calico, cluster.cilium):
        yield from module.blocks(objects)
    for rule in _left_out(cluster):
        yield from (peer.addresses for peer in rule.peers if isinstance(peer, BlockPeer))


def ports(cluster: ClusterState) -> Iterator[PolicyPort]:
    """The entries of ports, numbers and names, that the atoms of ports must be cut by."""
    for module, objects in _modules(cluster.calico, cluster.cilium):
        yield from module.ports(objects)
    for rule in _left_out(cluster):
        yield from rule.ports
    if cluster.calico:
        from ringfence.connectivity import calico

        yield from calico.service_ports(cluster)


def places(cluster: ClusterState) -> Iterator[Place]:
    """The ends by name that policies speak of. Only Cilium has such."""
    if cluster.cilium:
        from ringfence.connectivity import cilium

        yield from cilium.places(cluster.cilium)


def named(cluster: ClusterState) -> Iterator[PodsPeer]:
    """The pods that rules of dialects name, with the conditions on their namespace."""
    for module, objects in _modules(cluster.calico, cluster.cilium):
        yield from module.named(objects)


def _left_out(cluster: ClusterState) -> Iterator[Rule]:
    """The rules of NetworkPolicies that `policyTypes` leaves out, where the plugin may enforce them: Cilium does."""
    if cluster.profile.takes("cilium") is not False:
        for policy in cluster.policies:
            yield from (*policy.left_out_ingress, *policy.left_out_egress)


def _modules(calico: Iterable[Any], cilium: Iterable[Any]) -> Iterator[tuple[Any, Iterable[Any]]]:
    """The lowering module of each dialect that has objects."""
    for name, objects in (("calico", calico), ("cilium", cilium)):
        if objects:
            yield import_module(f"ringfence.connectivity.{name}"), objects


def in_force(cluster: ClusterState) -> ClusterState:
    """The cluster with the objects only that its network plugin obeys.

    Where the plugin is not known, objects of one dialect imply its plugin. Objects of both are then opaque, as nobody
    knows which of the two runs.
    """
    calico, cilium = (_obeyed(cluster, name) for name in ("calico", "cilium"))
    opaque = [item for item in cluster.opaque if _counts(item, cluster)]
    profile = cluster.profile
    if calico and cilium:
        opaque += [_torn(item) for item in policies((*calico, *cilium))]
        calico = cilium = ()
    elif calico:
        from ringfence.connectivity import calico as lowering

        unsettled = list(lowering.unsettled(calico))
        opaque += unsettled
        places = {item.where for item in unsettled}
        calico = tuple(item for item in calico if item.where not in places)
    if calico or cilium:
        name = ("calico" if calico else "cilium") if profile.name == UNSPECIFIED else profile.name
        match_pods = bool(calico) if profile.ip_blocks_match_pods is None else profile.ip_blocks_match_pods
        profile = replace(profile, name=name, ip_blocks_match_pods=match_pods)
    if profile.name == "unspecified" and (calico or cilium):
        profile = replace(profile, name="calico" if calico else "cilium")
    return replace(cluster, calico=calico, cilium=cilium, opaque=tuple(opaque), profile=profile)


def _obeyed(cluster: ClusterState, dialect: str) -> tuple[Any, ...]:
    return () if cluster.profile.takes(dialect) is False else getattr(cluster, dialect)


def _counts(item: Opaque, cluster: ClusterState) -> bool:
    """Whether what is not modelled can have an effect under the cluster's plugin."""
    return not item.dialect or (item.dialect != "staged" and cluster.profile.takes(item.dialect) is not False)


def policies(objects: Iterable[Any]) -> list[Any]:
    """The policies in force among the objects of a dialect."""
    return [item for item in objects if hasattr(item, "kind") and not getattr(item, "staged", "")]


def _torn(item: Any) -> Opaque:
    import hashlib

    why = "the manifests hold policies of Calico and of Cilium, and no profile says which of them runs"
    digest = hashlib.sha256(repr(item).encode()).hexdigest()
    return Opaque(f"{item.kind} {item.id}", why, item.namespace, True, digest, item.where)


def tiers(
    cluster: ClusterState,
    resolver: Resolver,
    space: Space,
    applied: Mapping[Direction, Mapping[str, Sequence[Applied]]],
) -> dict[Direction, list[Tier]]:
    """All tiers of both directions, in order; nothing where NetworkPolicies are alone, which need none.

    `applied` are the NetworkPolicies, by direction and namespace.
    """
    if not in_tiers(cluster):
        return {}
    from ringfence.connectivity import admin
    from ringfence.connectivity.resolve import Action, Direction, Tier

    if cluster.calico:
        from ringfence.connectivity import calico

        return calico.tiers(cluster, resolver, space, applied)
    result: dict[Direction, list[Tier]] = {}
    lowered = None
    if _reads_as_cilium(cluster):
        from ringfence.connectivity import cilium

        lowered = cilium.Lowering(cluster.cilium, cluster.policies, resolver, space)
    for direction in Direction:
        before, after = (
            admin.tier(cluster.admin, name, direction, resolver, space) for name in (admin.ADMIN, admin.BASELINE)
        )
        group = tuple(item for items in applied[direction].values() for item in items)
        middle: tuple[Tier, ...] = (Tier(NETWORK_POLICY, (group,), Action.DENY, doubted=True),)
        if lowered is not None:
            middle = lowered.tiers(direction)
        result[direction] = [before, *middle, after]
    return result


def in_tiers(cluster: ClusterState) -> bool:
    """Whether a cluster needs tiers, for policies that are no NetworkPolicies or that mean more to its plugin."""
    return bool(cluster.calico or cluster.admin) or _reads_as_cilium(cluster)


def _reads_as_cilium(cluster: ClusterState) -> bool:
    """Whether policies mean what only Cilium makes of them (`cilium.Lowering`); it takes most as everybody does."""
    if cluster.cilium or cluster.profile.takes("cilium") is not True:
        return bool(cluster.cilium)
    policies = cluster.policies
    if any(policy.left_out_ingress or policy.left_out_egress for policy in policies):
        return True
    peers = {rule.peers for policy in policies for rules in (policy.ingress, policy.egress) for rule in rules or ()}
    blocks = {peer.addresses for items in peers for peer in items if isinstance(peer, BlockPeer)}
    if any(addresses & cluster.profile.nodes for addresses in blocks):
        return True
    ports = {rule.ports for policy in policies for rule in policy.egress or ()}
    return any(port.name for items in ports for port in items)
