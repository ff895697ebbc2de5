"""Address peers against the networks of the clusters: inside a cluster, flows name workloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ringfence.model.ports import Report
from ringfence.model.problems import addresses as problems
from ringfence.model.types import Cluster, Flow, Grant, Peer


def check(
    peers: Iterable[Peer],
    clusters: Sequence[Cluster],
    flows: Iterable[Flow],
    grants: Iterable[Grant],
    report: Report,
) -> None:
    """Report address peers that hold pods or services of a cluster: the world's always, others where they are used."""
    overlapping = {peer.name: found for peer in peers if (found := list(_overlaps(peer, clusters)))}
    if not overlapping:
        return
    used = _uses(flows, grants, overlapping)
    for peer, cluster, what, addresses in (entry for entries in overlapping.values() for entry in entries):
        if not (peer.world or cluster.environment in used.get(peer.name, ())):
            continue
        reason = (
            "which is not outside of the organisation"
            if peer.world
            else f"and is used in environment {cluster.environment}; inside a cluster, flows name workloads"
        )
        report(
            problems.CIDR_IN_CLUSTER.at(
                peer.where,
                f"peer {peer.name} holds {what} of cluster {cluster.name} ({', '.join(addresses)}), {reason}",
                hint=f"add {', '.join(f'`{block}`' for block in addresses)} to its `except`",
                related=[(cluster.where, cluster.name)],
            )
        )


def _overlaps(peer: Peer, clusters: Iterable[Cluster]) -> Iterator[tuple[Peer, Cluster, str, list[str]]]:
    for cluster in clusters:
        for what, networks in (("pods", cluster.pods), ("services", cluster.services)):
            if common := peer.addresses & networks:
                blocks = common.cidrs()
                yield peer, cluster, what, blocks[:4]


def _uses(flows: Iterable[Flow], grants: Iterable[Grant], wanted: Iterable[str]) -> dict[str, set[str]]:
    used: dict[str, set[str]] = {name: set() for name in wanted}
    for flow in flows:
        for leg in flow.legs:
            for end in (leg.source, leg.destination):
                if isinstance(end, Peer) and end.name in used:
                    used[end.name] |= leg.shared(flow.environments)
    for grant in grants:
        if grant.peer.name in used:
            used[grant.peer.name] |= grant.environments
    return used
