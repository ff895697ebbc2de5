"""Connections that differ between two states of one Kubernetes cluster, with causes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from ringfence.impact.causes import PLATFORM, Edits, covering, declarations, explained
from ringfence.impact.kept import Kept
from ringfence.impact.origins import causes as causes_of
from ringfence.impact.rules import commented, rules
from ringfence.impact.speaking import Speaking
from ringfence.impact.triggers import Triggers
from ringfence.impact.types import Cause, Change, Effect, Origin, Reason
from ringfence.model.types import Model, Peer, Workload
from ringfence.sources import Tree
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortSet
from ringfence.verify.declared import Declared, Pod
from ringfence.verify.ends import End, is_name, name
from ringfence.verify.state import State

if TYPE_CHECKING:
    from ringfence.impact.traffic import Traffic

DiffRow = tuple[End, End, PortSet, PortSet, PortSet]
"""Source, destination, ports before, ports after, ports that the base or the head leaves undefined in another way."""

EXPLAINED = 500
"""How many connections of a cluster without a declaration are traced to their rendered rules: it takes some time."""


class Sides(Struct, frozen=True):
    """What is known of both sides of the comparison."""

    base: Model | None
    head: Model
    base_tree: Tree
    edits: Edits
    triggers: Triggers
    origins: tuple[Origin, ...]
    traffic: Traffic | None = None

    @classmethod
    def of(
        cls,
        base: Model | None,
        head: Model,
        base_tree: Tree,
        origins: tuple[Origin, ...] = (),
        traffic: Traffic | None = None,
    ) -> Sides:
        """The two models, compared."""
        return cls(base, head, base_tree, Edits(base, head), Triggers(base, head), origins, traffic)


class Comparison:
    """The changes of one Kubernetes cluster."""

    def __init__(self, base: State, head: State, sides: Sides) -> None:
        self._base, self._head, self._sides = base, head, sides
        self._pods = {**base.declared.pods, **head.declared.pods}
        self._traced = 0
        self._speaking = Speaking(base.connectivity, head.connectivity)
        models = sides.base, sides.head
        self._kept = Kept(base, head, models, self._speaking) if base.adopted or head.adopted else None

    def changes(
        self, rows: Iterable[DiffRow], reason: Reason | None = None, causes: Mapping[str, Cause] | None = None
    ) -> Iterator[Change]:
        """One change for each row, with the one cluster (environment) that it lies in.

        `reason` is that of all rows, where it is known; `causes` are then those of a pod, by its id.
        """
        for source, destination, before, after, undefined in self._by_peer(_joined(rows)):
            pods = [self._pods.get(end) if isinstance(end, str) else None for end in (source, destination)]
            managed = [pod for pod in pods if pod is not None and pod.namespace is not None and pod.cluster is not None]
            if not managed:
                continue  # Both ends are outside every bundle: nothing that this repository decides.
            clusters = {pod.cluster.name for pod in managed if pod.cluster is not None}
            found, collateral = self._declared(source, destination, before, after)
            if self._kept is not None:
                names = [pod.namespace.name for pod in managed if pod.namespace is not None]
                more, explained = self._kept.behind(source, destination, after - before, before - after, names)
                found, collateral = found + more, collateral - explained
            if causes is None:
                found += self._others(found, source, destination, before, after, sorted(clusters))
            else:
                found += [causes[end] for end in (source, destination) if isinstance(end, str) and end in causes]
            if collateral and self._may_trace():
                found += self._rules("head", source, destination, collateral)
            model, traffic, closed = self._sides.head, self._sides.traffic, before - after
            yield Change(
                effect=Effect.OPENED if not before else Effect.CLOSED if not after else Effect.CHANGED,
                reason=reason or _reason(self._base.declared, self._head.declared, source, destination),
                source=_label(source, pods[0], model, len(clusters) > 1),
                destination=_label(destination, pods[1], model, len(clusters) > 1),
                before=before,
                after=after,
                causes=tuple(sorted(set(found))),
                collateral=collateral,
                world=any(_is_outside(end, model) for end in (source, destination)),
                clusters=tuple(sorted(clusters)),
                undefined=f"what changes on {undefined} cannot be told" if undefined else "",
                teams=(_team(pods[0]), _team(pods[1])),
                crosses=self._crosses(source, destination, pods),
                used=traffic.used(sorted(clusters), source, destination, closed) if traffic and closed else None,
            )

    def _by_peer(self, rows: Iterable[DiffRow]) -> Iterator[DiffRow]:
        """The rows, cut at each peer with names that a flow calls: other clusters call it by them, as one end."""
        named = [peer.addresses for peer in self._sides.head.peers.values() if peer.names and peer.addresses]
        for source, destination, *rest in rows:
            if isinstance(source, str) and isinstance(destination, AddressSet):
                said = [*self._head.declared.outward.get(source, ()), *self._base.declared.outward.get(source, ())]
                for addresses in named:
                    if addresses <= destination and any(item.destination == addresses for item in said):
                        yield source, addresses, rest[0], rest[1], rest[2]
                        destination = destination - addresses
                if not destination:
                    continue
            yield source, destination, rest[0], rest[1], rest[2]

    def _declared(self, source: End, destination: End, before: PortSet, after: PortSet) -> tuple[list[Cause], PortSet]:
        """The declarations behind what opens and what closes, and what opens without one."""
        opened, closed, edits = after - before, before - after, self._sides.edits
        coming, collateral = covering(self._head.declared, source, destination, opened)
        leaving, unclear = covering(self._base.declared, source, destination, closed)
        found = declarations(coming, "head", edits) + declarations(leaving, "base", edits)
        if unclear and self._may_trace():
            for rule in self._rules("base", source, destination, unclear):
                found += commented(self._sides.base_tree, rule) or [rule]
        return found, collateral

    def _others(
        self,
        found: Sequence[Cause],
        source: End,
        destination: End,
        before: PortSet,
        after: PortSet,
        clusters: Sequence[str],
    ) -> list[Cause]:
        """What else differs, where no declaration was written or removed that explains all of it.

        Labels and rendered files count where the declarations say the same of both sides.
        """
        pairs = ((after - before, self._head, self._base), (before - after, self._base, self._head))
        strange = loose = False
        for ports, here, there in pairs:
            if ports:
                strange |= bool(covering(here.declared, source, destination, ports)[1])
                loose |= not covering(there.declared, source, destination, ports)[1]
        if explained(found) and not strange:
            return []
        others = list(self._triggers(source, destination, clusters))
        if not (strange or loose):
            others = [cause for cause in others if cause.kind != "label" or cause.owner == PLATFORM]
        if strange or loose or not others:
            others += causes_of(self._sides.origins, self._folders(source, destination))
        return others

    def _rules(self, side: str, source: End, destination: End, ports: PortSet) -> Iterator[Cause]:
        state = self._base if side == "base" else self._head
        speaking = self._speaking.of(state.connectivity, source, destination)
        managed = self._managed(source, destination)
        return rules(speaking, (source, destination), ports, side, managed, self._sides.head)

    def _managed(self, *ends: End) -> frozenset[End]:
        """The ends that some bundle is for."""
        pods = {end: self._pods.get(end) for end in ends if isinstance(end, str)}
        return frozenset(end for end, pod in pods.items() if pod is not None and pod.namespace is not None)

    def _folders(self, *ends: End) -> frozenset[tuple[str, str]]:
        """Team and namespace of the ends, as the rendered tree has them."""
        pods = [self._pods.get(end) for end in ends if isinstance(end, str)]
        return frozenset((pod.namespace.team, pod.namespace.name) for pod in pods if pod and pod.namespace)

    def _may_trace(self) -> bool:
        self._traced += 1
        return self._traced <= EXPLAINED

    def _triggers(self, source: End, destination: End, clusters: Sequence[str]) -> Iterator[Cause]:
        triggers = self._sides.triggers
        for end in (source, destination):
            pod = self._pods.get(end) if isinstance(end, str) else None
            if pod is not None and isinstance(pod.declared, Workload):
                yield from triggers.of_workload(pod.declared.id)
            elif pod is not None and isinstance(pod.declared, Peer):
                yield from triggers.of_peer(pod.declared.name)
            elif pod is not None and pod.namespace is not None:
                yield from triggers.of_namespace(pod.namespace.name)
            elif isinstance(end, AddressSet):
                for model in (self._sides.head, self._sides.base):
                    for peer in model.peers.values() if model else ():
                        if peer.addresses & end:
                            yield from triggers.of_peer(peer.name)
        for cluster in clusters:
            yield from triggers.of_cluster(cluster)

    def _crosses(self, source: End, destination: End, pods: Sequence[Pod | None]) -> tuple[str, ...]:
        """The environments of both ends, where they differ."""
        own = {pod.cluster.name for pod in pods if pod is not None and pod.cluster is not None}
        environments = []
        for end, pod in zip((source, destination), pods, strict=True):
            if pod is not None and pod.cluster is not None:
                environments.append({pod.cluster.environment})
            elif isinstance(end, AddressSet):
                environments.append(
                    {
                        cluster.environment
                        for cluster in self._sides.head.clusters.values()
                        if cluster.name not in own and end & (cluster.pods | cluster.services | cluster.nodes)
                    }
                )
            else:
                environments.append(set())
        first, second = environments
        if first and second and (first - second or second - first):
            return (", ".join(sorted(first)), ", ".join(sorted(second)))
        return ()


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


def _team(pod: Pod | None) -> str:
    return pod.namespace.team if pod is not None and pod.namespace is not None else ""


def _reason(base: Declared, head: Declared, *ends: End) -> Reason:
    pods = [end for end in ends if isinstance(end, str) and not is_name(end)]
    if any(pod not in base.pods for pod in pods):
        return Reason.WORKLOAD_ADDED
    if any(pod not in head.pods for pod in pods):
        return Reason.WORKLOAD_REMOVED
    return Reason.POLICY


def _label(end: End, pod: Pod | None, model: Model, across: bool) -> str:
    """The name as declared; across environments, the name in the cluster, which tells them apart."""
    if isinstance(end, str):
        return end if across or pod is None else pod.label
    named = [peer.name for peer in model.peers.values() if peer.addresses == end]
    return named[0] if named else name(end)


def _is_outside(end: End, model: Model) -> bool:
    """Whether an end is or holds some of the world; a DNS name is, unless a private peer of the catalogue has it."""
    if isinstance(end, AddressSet):
        return is_world(end, model)
    private = {item for peer in model.peers.values() if not peer.world for item in peer.names}
    return is_name(end) and end.removeprefix("dns:") not in private


def is_world(addresses: AddressSet, model: Model) -> bool:
    """Whether some address is outside every private peer of the catalogue and every cluster's own networks."""
    inside = AddressSet()
    for peer in model.peers.values():
        if not peer.world:
            inside = inside | peer.addresses
    for cluster in model.clusters.values():
        inside = inside | cluster.pods | cluster.services | cluster.nodes
    return not addresses <= inside
