"""What differs at the ends of a change besides flows: labels, ports, workloads, namespaces, peers, clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from ringfence.findings import Location
from ringfence.impact.causes import PLATFORM
from ringfence.impact.types import Cause
from ringfence.model.types import Cluster, Labels, Model, Namespace, Peer, Port, Workload

Item = TypeVar("Item", Workload, Namespace, Peer, Cluster)


class Triggers:
    """The differences of two models, asked for by end. A base without declarations has none."""

    def __init__(self, base: Model | None, head: Model) -> None:
        self._base, self._head = base, head

    def of_workload(self, name: str) -> list[Cause]:
        """What differs about a workload and about its namespace."""
        if self._base is None:
            return []
        before, after = self._base.workloads.get(name), self._head.workloads.get(name)
        found = list(_differences("workload", name, before, after, _workload))
        return [*found, *self.of_namespace(name.partition("/")[0])]

    def of_namespace(self, name: str) -> list[Cause]:
        """What differs about a namespace."""
        if self._base is None:
            return []
        sides = self._base.namespaces.get(name), self._head.namespaces.get(name)
        return list(_differences("namespace", name, *sides, _namespace))

    def of_peer(self, name: str) -> list[Cause]:
        """What differs about a catalogue peer."""
        if self._base is None:
            return []
        return list(_differences("peer", name, self._base.peers.get(name), self._head.peers.get(name), _peer))

    def of_cluster(self, name: str) -> list[Cause]:
        """What differs about a cluster."""
        if self._base is None:
            return []
        return list(
            _differences("cluster", name, self._base.clusters.get(name), self._head.clusters.get(name), _cluster)
        )


def labels_text(labels: Labels) -> str:
    """`app=api, tier=web`."""
    return ", ".join(f"{key}={value}" for key, value in labels) or "no labels"


def label_cause(kind: str, before: Workload | Peer, after: Workload | Peer) -> Cause:
    """The cause that the labels of a workload or peer are."""
    text = f"labels of {kind} {after.id}: {labels_text(before.labels)} → {labels_text(after.labels)}"
    return _made("label", after.id, after.where, after, text, "head", "edited")


def _differences(
    kind: str,
    name: str,
    before: Item | None,
    after: Item | None,
    parts: Callable[[Item, Item], Iterator[tuple[str, str]]],
) -> Iterator[Cause]:
    if before is None and after is None:
        return
    if before is None or after is None:
        there = after or before
        assert there is not None  # noqa: S101 - by the lines above
        edit, side = ("added", "head") if after else ("removed", "base")
        yield _made(kind, name, there.where, there, f"{kind} {name} is {edit}", side, edit)
        return
    for what, text in parts(before, after):
        yield _made(what, name, after.where, after, text, "head", "edited")


def _made(kind: str, name: str, where: Location, item: object, text: str, side: str, edit: str) -> Cause:
    owner = item.team if isinstance(item, (Workload, Namespace)) else PLATFORM
    return Cause(kind, name, where, owner, text, "", "", side, edit)


def _workload(before: Workload, after: Workload) -> Iterator[tuple[str, str]]:
    if before.labels != after.labels:
        text = f"{labels_text(before.labels)} → {labels_text(after.labels)}"
        yield "label", f"labels of workload {after.id}: {text}"
    yield from (("workload", f"ports of workload {after.id}: {text}") for text in _ports(before.ports, after.ports))
    yield from _named("workload", f"environments of workload {after.id}", before.environments, after.environments)


def _namespace(before: Namespace, after: Namespace) -> Iterator[tuple[str, str]]:
    if before.labels != after.labels:
        text = f"{labels_text(before.labels)} → {labels_text(after.labels)}"
        yield "label", f"labels of namespace {after.name}: {text}"
    yield from _named("namespace", f"environments of namespace {after.name}", before.environments, after.environments)


def _peer(before: Peer, after: Peer) -> Iterator[tuple[str, str]]:
    if before.labels != after.labels:
        yield "label", f"labels of peer {after.name}: {labels_text(before.labels)} → {labels_text(after.labels)}"
    yield from (("peer", f"ports of peer {after.name}: {text}") for text in _ports(before.ports, after.ports))
    if before.namespace != after.namespace:
        yield "peer", f"namespace of peer {after.name}: {before.namespace or 'none'} → {after.namespace or 'none'}"
    if before.addresses != after.addresses:
        gone, come = (before.addresses - after.addresses).cidrs(), (after.addresses - before.addresses).cidrs()
        yield "peer", f"addresses of peer {after.name}: {_signed(come, gone)}"


def _cluster(before: Cluster, after: Cluster) -> Iterator[tuple[str, str]]:
    name = after.name
    if (before.cni.name, before.cni.ip_blocks_match_pods, before.cni.enforces) != (
        after.cni.name,
        after.cni.ip_blocks_match_pods,
        after.cni.enforces,
    ):
        yield "cluster", f"network plugin of {name}: {_plugin(before)} → {_plugin(after)}"
    for what, old, new in (("pods", before.pods, after.pods), ("nodes", before.nodes, after.nodes)):
        if old != new:
            yield "cluster", f"network of {what} of {name}: {_signed((new - old).cidrs(), (old - new).cidrs())}"
    if before.services != after.services:
        come, gone = after.services - before.services, before.services - after.services
        yield "cluster", f"network of services of {name}: {_signed(come.cidrs(), gone.cidrs())}"
    for what, old_text, new_text in (
        ("environment", before.environment, after.environment),
        ("namespace names", before.namespace_pattern, after.namespace_pattern),
        ("dialect", before.dialect, after.dialect),
        ("Kubernetes cluster", before.kubernetes_cluster, after.kubernetes_cluster),
    ):
        if old_text != new_text:
            yield "cluster", f"{what} of {name}: {old_text} → {new_text}"


def _plugin(cluster: Cluster) -> str:
    blocks = "ipBlocks match pods" if cluster.cni.ip_blocks_match_pods else "ipBlocks match no pods"
    return f"{cluster.cni.name} ({blocks if cluster.cni.enforces else 'enforces nothing'})"


def _ports(before: tuple[Port, ...], after: tuple[Port, ...]) -> Iterator[str]:
    old, new = ({port.name: ", ".join(map(str, port.ranges)) for port in side} for side in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name} {old.get(name, 'none')} → {new.get(name, 'none')}"


def _named(kind: str, what: str, before: frozenset[str], after: frozenset[str]) -> Iterator[tuple[str, str]]:
    if before != after:
        yield kind, f"{what}: {_signed(after - before, before - after)}"


def _signed(come: Iterable[str], gone: Iterable[str]) -> str:
    """`+a, +b, -c`; of many, the first five."""
    words = [*(f"+{item}" for item in sorted(come)), *(f"-{item}" for item in sorted(gone))]
    return ", ".join(words[:5]) + (f" and {len(words) - 5} more" if len(words) > 5 else "")
