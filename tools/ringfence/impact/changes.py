"""Connections that differ between two states of one Kubernetes cluster, with causes, collapsed over clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ringfence.impact.causes import cause, covering
from ringfence.impact.types import Change, Effect, Reason
from ringfence.model.types import Model
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify.declared import Declared, Pod
from ringfence.verify.ends import End, name
from ringfence.verify.state import State

DiffRow = tuple[End, End, PortSet, PortSet, PortSet]
"""Source, destination, ports before, ports after, ports that the base or the head leaves undefined in another way."""


def changes(base: State, head: State, rows: Iterable[DiffRow], model: Model) -> list[Change]:
    """The changes of one Kubernetes cluster, each with the one cluster (environment) that it lies in."""
    result = []
    for source, destination, before, after, undefined in _joined(rows):
        ends = _pods({**base.declared.pods, **head.declared.pods}, source, destination)
        managed = [pod for pod in ends if pod.namespace is not None]
        if not managed:
            continue  # Both ends are outside every bundle: nothing that this repository decides.
        across = len({pod.cluster.name for pod in managed if pod.cluster is not None}) > 1
        opened, closed = after - before, before - after
        causes = []
        collateral = NO_PORTS
        if opened:
            found, collateral = covering(head.declared, source, destination, opened)
            causes += [cause(item, "head") for item in found]
        if closed:
            found, _ = covering(base.declared, source, destination, closed)
            causes += [cause(item, "base") for item in found]
        result.append(
            Change(
                effect=Effect.OPENED if not before else Effect.CLOSED if not after else Effect.CHANGED,
                reason=_reason(base.declared, head.declared, source, destination),
                source=_label(source, ends, model, across),
                destination=_label(destination, ends, model, across),
                before=before,
                after=after,
                causes=tuple(sorted(set(causes))),
                collateral=collateral,
                world=any(isinstance(end, AddressSet) and _is_world(end, model) for end in (source, destination)),
                clusters=tuple(sorted({pod.cluster.name for pod in managed if pod.cluster is not None})),
                undefined=f"what changes on {undefined} cannot be told" if undefined else "",
            )
        )
    return result


def collapse(items: Iterable[Change]) -> tuple[Change, ...]:
    """Equal changes in several clusters as one."""
    clusters: dict[Change, set[str]] = {}
    for item in items:
        clusters.setdefault(replace(item, clusters=()), set()).update(item.clusters)
    merged = [replace(item, clusters=tuple(sorted(names))) for item, names in clusters.items()]
    return tuple(sorted(merged, key=lambda item: item.sort_key))


def _joined(rows: Iterable[DiffRow]) -> list[DiffRow]:
    """Address ranges that change in the same way against the same pod, as one set."""
    plain: list[DiffRow] = []
    outward: dict[tuple[str, PortSet, PortSet, PortSet], AddressSet] = {}
    inward: dict[tuple[str, PortSet, PortSet, PortSet], AddressSet] = {}
    for row in rows:
        source, destination, before, after, undefined = row
        if isinstance(source, str) and isinstance(destination, AddressSet):
            key = (source, before, after, undefined)
            outward[key] = outward.get(key, AddressSet()) | destination
        elif isinstance(destination, str) and isinstance(source, AddressSet):
            key = (destination, before, after, undefined)
            inward[key] = inward.get(key, AddressSet()) | source
        else:
            plain.append(row)
    return [
        *plain,
        *((pod, addresses, before, after, rest) for (pod, before, after, rest), addresses in outward.items()),
        *((addresses, pod, before, after, rest) for (pod, before, after, rest), addresses in inward.items()),
    ]


def _pods(known: Mapping[str, Pod], *ends: End) -> list[Pod]:
    return [known[end] for end in ends if isinstance(end, str) and end in known]


def _reason(base: Declared, head: Declared, *ends: End) -> Reason:
    pods = [end for end in ends if isinstance(end, str)]
    if any(pod not in base.pods for pod in pods):
        return Reason.WORKLOAD_ADDED
    if any(pod not in head.pods for pod in pods):
        return Reason.WORKLOAD_REMOVED
    return Reason.POLICY


def _label(end: End, pods: Iterable[Pod], model: Model, across: bool) -> str:
    """The name as declared; across environments, the name in the cluster, which tells them apart."""
    if isinstance(end, str):
        if across:
            return end
        return next((pod.label for pod in pods if pod.id == end), end)
    named = [peer.name for peer in model.peers.values() if peer.addresses == end]
    if named:
        return named[0]
    return name(end)


def _is_world(addresses: AddressSet, model: Model) -> bool:
    """Whether some address is outside every private peer of the catalogue and every cluster's own networks."""
    inside = AddressSet()
    for peer in model.peers.values():
        if not peer.world:
            inside = inside | peer.addresses
    for cluster in model.clusters.values():
        inside = inside | cluster.pods | cluster.services | cluster.nodes
    return not addresses <= inside
