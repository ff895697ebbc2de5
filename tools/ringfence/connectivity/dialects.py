"""Where the dialects of policies come together: what each asks of the common space, and its tiers.

A dialect is a module with `blocks` (address sets that its rules speak of), `ports` (entries of ports), `conditions` (on
labels of pods) and `tiers`. It is imported only where a cluster has such objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from ringfence.manifests import PolicyPort
from ringfence.values.addresses import AddressSet

if TYPE_CHECKING:
    from ringfence.connectivity.cluster import ClusterState
    from ringfence.connectivity.resolve import Applied, Direction, Resolver, Tier
    from ringfence.connectivity.space import Space

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


def ports(cluster: ClusterState) -> Iterator[PolicyPort]:
    """The entries of ports, numbers and names, that the atoms of ports must be cut by."""
    for module, objects in _modules(cluster.calico, cluster.cilium):
        yield from module.ports(objects)


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
    return cluster


def tiers(
    cluster: ClusterState,
    resolver: Resolver,
    space: Space,
    applied: Mapping[Direction, Mapping[str, list[Applied]]],
) -> dict[Direction, list[Tier]]:
    """All tiers of both directions, in order; nothing where NetworkPolicies are alone, which need none.

    `applied` are the NetworkPolicies, by direction and namespace.
    """
    from ringfence.connectivity import admin
    from ringfence.connectivity.resolve import Action, Direction, Tier

    result: dict[Direction, list[Tier]] = {}
    if not cluster.admin:
        return result
    for direction in Direction:
        before, after = (
            admin.tier(cluster.admin, name, direction, resolver, space) for name in (admin.ADMIN, admin.BASELINE)
        )
        group = tuple(item for items in applied[direction].values() for item in items)
        result[direction] = [before, Tier(NETWORK_POLICY, (group,), Action.DENY, doubted=True), after]
    return result
