"""The other end of a rule: pods of a namespace, address blocks or DNS names. Owns canonical peers and their order."""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.compile.bundle import BlockPeer, NamesPeer, PodsPeer, RulePeer
from ringfence.model.types import Cluster, End, Peer, Workload
from ringfence.values.addresses import Network, network

SortKey = tuple[int, tuple[object, ...]]


def of(end: End, cluster: Cluster, *, outward: bool) -> tuple[RulePeer, ...]:
    """The rule peers that stand for an end of a flow in a cluster, in canonical order.

    `outward`: the end is the destination, in a rule of egress. There a peer's DNS names stand for it, and not its
    addresses, where the dialect can say names. Empty only for addresses of which the exceptions leave nothing, and for
    names that cannot be said. A catalogue peer's namespace is never patterned.
    """
    if isinstance(end, Workload):
        return (PodsPeer(cluster.namespace_name(end.namespace), end.labels),)
    if end.is_pods:
        return (PodsPeer(end.namespace, end.labels),)
    if by_name(end, cluster, outward=outward):
        return (NamesPeer(end.names),)
    return blocks(end.cidrs, end.excepts)


def by_name(end: End, cluster: Cluster, *, outward: bool) -> bool:
    """Whether DNS names stand for an end."""
    return outward and isinstance(end, Peer) and bool(end.names) and cluster.dialect in cluster.cni.names


def blocks(cidrs: Iterable[str], excepts: Iterable[str]) -> tuple[BlockPeer, ...]:
    """The address blocks that hold exactly the CIDRs without the exceptions: IPv4 before IPv6, ascending.

    Two CIDRs are nested or disjoint. So an exception belongs to each CIDR that strictly contains it (all that the API
    accepts: `except` must be a strict subset of its `cidr`), and a CIDR inside an exception is left out.
    """
    holes = _outermost(map(network, excepts))
    result = []
    for net in _outermost(map(network, cidrs)):
        near = [hole for hole in holes if hole.version == net.version]
        if any(_inside(net, hole) for hole in near):
            continue
        result.append(BlockPeer(str(net), tuple(str(hole) for hole in near if _inside(hole, net))))
    return tuple(result)


def sort_key(peer: RulePeer) -> SortKey:
    """The canonical order of peers: pods by namespace and labels, blocks by family and address, then names."""
    if isinstance(peer, PodsPeer):
        return (0, (peer.namespace, peer.labels))
    if isinstance(peer, NamesPeer):
        return (2, peer.names)
    return (1, (*_order(network(peer.cidr)), peer.excepts))


def _order(net: Network) -> tuple[int, int, int]:
    return (net.version, int(net.network_address), net.prefixlen)


def _inside(inner: Network, outer: Network) -> bool:
    return inner.subnet_of(outer)  # type: ignore[arg-type]  # the callers compare within a family


def _outermost(networks: Iterable[Network]) -> list[Network]:
    """The networks in canonical order, without those inside another one."""
    result: list[Network] = []
    for net in sorted(networks, key=_order):
        if not (result and result[-1].version == net.version and _inside(net, result[-1])):
            result.append(net)
    return result
