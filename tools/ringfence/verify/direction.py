"""One direction of a cluster on its own: what the policies of either end say, as if the other ends had none."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ringfence.connectivity import ClusterState, Connectivity, Direction, evaluate


def one_direction(whole: Connectivity, direction: Direction) -> Connectivity:
    """The same cluster with the rules and isolation of one direction only."""
    return whole.one_way(direction) or half(whole.cluster, direction)


def half(cluster: ClusterState, direction: Direction) -> Connectivity:
    """A cluster with the rules and isolation of one direction only."""
    other = "egress" if direction is Direction.INGRESS else "ingress"
    gone: dict[str, Any] = {other: None, f"left_out_{other}": ()}
    nothing: dict[str, Any] = {other: ()}
    return evaluate(
        replace(
            cluster,
            policies=tuple(replace(policy, **gone) for policy in cluster.policies),
            admin=tuple(replace(policy, **nothing) for policy in cluster.admin),
            calico=tuple(_calico(item, other) for item in cluster.calico),
            cilium=tuple(_cilium(item, other) for item in cluster.cilium),
        ),
        representatives=True,
    )


def _calico(item: Any, without: str) -> Any:
    from ringfence.manifests.calico import CalicoPolicy

    gone: dict[str, Any] = {without: None}
    return replace(item, **gone) if isinstance(item, CalicoPolicy) else item


def _cilium(item: Any, without: str) -> Any:
    from ringfence.manifests.cilium import CiliumPolicy
    from ringfence.manifests.cilium import Direction as Section

    if not isinstance(item, CiliumPolicy):
        return item
    nothing: dict[str, Any] = {without: Section((), (), default_deny=False)}
    return replace(item, specs=tuple(replace(spec, **nothing) for spec in item.specs))
