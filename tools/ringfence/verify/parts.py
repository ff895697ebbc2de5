"""Ends as guardrails see them: what an end is, and the parts of addresses that guardrails tell apart."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks import sides
from ringfence.checks.sides import SideEnd
from ringfence.model.types import Model, Peer, Workload
from ringfence.verify.declared import Declared, Pod
from ringfence.verify.ends import End

Part = tuple[End, SideEnd]
"""An end, or the part of its addresses that guardrails tell apart, and what guardrails see of it."""


def parts(end: End, declared: Declared, model: Model, environment: str) -> Iterator[Part]:
    """An end as guardrails see it; addresses are cut where catalogue peers and clusters' networks begin and end."""
    if isinstance(end, str):
        pod = declared.pods[end]
        if isinstance(pod.declared, Workload) and pod.cluster is not None:
            yield end, sides.of_workload(pod.declared, pod.cluster)
        elif pod.namespace is not None and pod.cluster is not None:
            yield end, SideEnd(pod.cluster.environment, pod.namespace.team, pod.namespace.name)
        else:
            yield end, _of_peer_pod(pod, model, environment)
        return
    yield from sides.of_addresses(model, end)


def _of_peer_pod(pod: Pod, model: Model, environment: str) -> SideEnd:
    """A pod outside the teams: all catalogue peers whose selector its labels meet."""
    if isinstance(pod.declared, Peer) and pod.declared.names:
        name = pod.id.removeprefix("dns:")
        named = [peer for peer in model.peers.values() if name in peer.names]
        return SideEnd(
            environment, peers=frozenset(peer.name for peer in named), world=all(peer.world for peer in named)
        )
    labels = set(pod.declared.labels) if isinstance(pod.declared, Peer) else set()
    namespace = pod.id.partition("/")[0]
    names = {peer.name for peer in model.peers.values() if peer.namespace == namespace and set(peer.labels) <= labels}
    return SideEnd(environment, peers=frozenset(names))
