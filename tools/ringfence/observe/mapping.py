"""Places what flow logs saw on declared ends: workloads and catalogue peers. Where none fits, it says why.

What policies go by comes first: labels that contradict a workload rule it out, whatever its name is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeVar

from msgspec import Struct

from ringfence.checks.egress_to_world import is_whole_world
from ringfence.model.types import Cluster, Labels, Model, Peer, Workload
from ringfence.observe import owners
from ringfence.observe.ranges import Ranges, address_set, size
from ringfence.observe.types import Side
from ringfence.values.addresses import NOWHERE, AddressSet

Kind = Literal["workload", "pod", "peer", "outside", "node", "elsewhere", "nameless"]
"""What a side is.

`workload`: declared; `pod`: in a team's namespace, and not declared; `peer`: in the catalogue; `outside`: an address or
name that no catalogue entry has, but for one that is the whole world; `node`: a node or what runs on it; `elsewhere`: a
pod of a namespace that nobody declares; `nameless`: too little is known.
"""

_E = TypeVar("_E", Workload, Peer)

HERE = ("host", "health")
"""Entities on the pod's own node, which no policy keeps from its pods."""

OUTSIDE = ("world", "private")
"""Entities of which a log may have nothing but that they are outside of the cluster, as Goldmane's."""

NETWORK_SET = "network-set"
"""The entity that is a network set of Calico, by its name."""


class Mapped(Struct, frozen=True):
    """Where a side belongs: `end` is the id of a workload or peer, or None; `why` says how, or why there is none.

    `label` is what a person calls the side. `namespace` is the declared one that it lies in. `pods` are all peers of
    pods that it is one of, `by_name` and `by_address` all peers whose DNS names or addresses have it, nearest first.
    `named` says that the log has DNS names for it, `located` an address; `address` is that of what is in no narrower
    entry than the whole world. `either` are the ids of workloads of which it
    may be any.
    """

    kind: Kind
    end: str | None
    label: str
    why: str
    namespace: str = ""
    pods: tuple[str, ...] = ()
    by_name: tuple[str, ...] = ()
    by_address: tuple[str, ...] = ()
    named: bool = False
    located: bool = False
    address: str = ""
    either: tuple[str, ...] = ()

    @property
    def is_managed(self) -> bool:
        """Whether policies of this repository are for it."""
        return self.kind in ("workload", "pod")

    @property
    def is_vague(self) -> bool:
        """Whether all that the log says is that it is outside of the cluster."""
        return self.kind == "outside" and not (self.end or self.named or self.located)


class Places:
    """The declared ends of one cluster, to place sides on."""

    def __init__(self, model: Model, cluster: Cluster) -> None:
        self._model, self._cluster = model, cluster
        self._namespaces = {cluster.namespace_name(item.name): item.name for item in model.namespaces_in(cluster)}
        self._workloads: dict[str, list[Workload]] = {}
        for workload in model.workloads_in(cluster):
            self._workloads.setdefault(workload.namespace, []).append(workload)
        self._peers: dict[str, list[Peer]] = {}
        for peer in model.peers.values():
            if peer.is_pods:
                self._peers.setdefault(peer.namespace, []).append(peer)
        self._outside = sorted((peer for peer in model.peers.values() if not peer.is_pods), key=size)
        self._ranges = Ranges(self._outside)
        self._by_dns: dict[str, list[Peer]] = {}
        for peer in self._outside:
            for name in peer.names:
                self._by_dns.setdefault(name, []).append(peer)
        self._worlds = {peer.name for peer in self._outside if is_whole_world(peer)}
        self._siblings = {
            other.namespace_name(item.name): other.name
            for other in model.clusters.values()
            if other is not cluster and other.kubernetes_cluster == cluster.kubernetes_cluster
            for item in model.namespaces_in(other)
        }
        self._known: dict[Side, Mapped] = {}

    def place(self, side: Side) -> Mapped:
        """The end that a side is."""
        found = self._known.get(side)
        if found is None:
            found = self._known[side] = self._place(side)
        return found

    def _place(self, side: Side) -> Mapped:
        if not side.namespace or side.entity == NETWORK_SET:
            return self._unnamed(side)
        if side.namespace in self._namespaces:
            return self._pod(side, self._namespaces[side.namespace])
        if side.namespace in self._peers:
            return self._peer(side)
        label = f"{side.namespace}/{side.workload or side.pod or '*'}"
        if side.namespace in self._siblings:
            why = f"namespace {side.namespace} is of {self._siblings[side.namespace]}, another environment"
        else:
            why = f"namespace {side.namespace} is neither a team's nor in the catalogue"
        return Mapped("elsewhere", None, label, why)

    def _pod(self, side: Side, namespace: str) -> Mapped:
        """A pod of a team's namespace."""
        declared = self._workloads.get(namespace, [])
        able = [item for item in declared if not _contradicts(item.labels, side.labels)]
        found, how = _by_names(able, [side.workload] if side.workload else []), "by its owner's name"
        if not found and side.labels:
            found, how = _most_labels([item for item in able if set(item.labels) <= set(side.labels)]), "by its labels"
        if not found:
            found, how = _by_names(able, _owners(side)), "by the pod's name"
        if len(found) == 1:
            return Mapped("workload", found[0].id, found[0].id, how, namespace)
        label = f"{namespace}/{side.workload or (owners.of_pod(side.pod)[-1] if side.pod else '*')}"
        if found:
            why = f"{' and '.join(item.id for item in found)} both fit"
        elif named := _by_names(declared, [side.workload, *_owners(side)]):
            wanted = ", ".join(f"{key}={value}" for key, value in named[0].labels)
            why = f"{named[0].id} has the name, and its labels ({wanted}) are not those of the pod"
        else:
            why = f"namespace {namespace} declares no such workload"
        unknown = not (side.workload or side.pod or side.labels)
        either = tuple(item.id for item in (able if unknown else found))
        return Mapped("pod", None, f"{label} (not declared)", why, namespace, either=either)

    def _peer(self, side: Side) -> Mapped:
        """A pod of a namespace that the catalogue speaks of."""
        peers = self._peers[side.namespace]
        able = [item for item in peers if not _contradicts(item.labels, side.labels)]
        fitting = [item for item in able if set(item.labels) <= set(side.labels)]
        found, how = _most_labels(fitting), "by its labels"
        if not found or not found[0].labels:
            names = [side.workload, *_owners(side)]
            named = [item for item in able if {item.name, *(value for _, value in item.labels)} & set(names)]
            if named and (not side.labels or not found):
                found, how = _most_labels(named), "by its name"
        label = f"{side.namespace}/{side.workload or side.pod or '*'}"
        if len(found) != 1:
            why = (
                f"{' and '.join(item.name for item in found)} both fit" if found else "no catalogue peer has its labels"
            )
            return Mapped("elsewhere", None, label, why, pods=tuple(item.name for item in fitting))
        [peer] = found
        wider = [item for item in peers if item is not peer and set(item.labels) <= {*side.labels, *peer.labels}]
        also = sorted(wider, key=lambda item: -len(item.labels))
        return Mapped("peer", peer.name, peer.name, how, pods=(peer.name, *(item.name for item in also)))

    def _unnamed(self, side: Side) -> Mapped:
        """What is no pod that the log names: nodes, names, addresses."""
        addresses = address_set(side.address)
        named = self._named(side.names)
        around = self._ranges.around(side.address)
        own = self._own(addresses)
        # what the cluster gives out itself is no part of a wider range of the catalogue
        narrow = [peer for peer in around if not own[1] or peer.addresses <= own[1]]
        known: dict[str, Any] = {
            "by_name": tuple(peer.name for peer in named),
            "by_address": tuple(peer.name for peer in narrow),
            "named": bool(side.names),
            "located": bool(addresses),
        }
        label = side.names[0] if side.names else side.address or side.workload or side.pod or side.entity or "unknown"
        if side.entity in HERE:
            return Mapped("node", None, side.entity, "the node itself: no policy keeps it from the pods that it runs")
        best = [peer for peer in named if set(peer.names) & set(side.names)] or named
        how = f"by the name {label}"
        if not best:
            best, how = [peer for peer in narrow[:2] if size(peer) == size(narrow[0])], f"by the address {side.address}"
            best = [peer for peer in best if peer.name not in self._worlds] or best
        if not best and side.entity in self._model.peers:
            best, how = [self._model.peers[side.entity]], f"by the entity {side.entity}"
        if not best and side.entity == NETWORK_SET and side.workload in self._model.peers:
            best, how = [self._model.peers[side.workload]], f"by the name of the network set {side.workload}"
        kind: Kind
        if len(best) == 1:
            whole = not named and best[0].name in self._worlds
            shown = f"{best[0].name} ({label})" if whole else best[0].name
            kind = "outside" if whole else "peer"
            if whole and not side.names:
                known["address"] = side.address
            return Mapped(kind, best[0].name, shown, how, **known)
        if best:
            kind, why = "outside", f"{' and '.join(peer.name for peer in best)} both have it"
        elif own[0] == "node" or side.entity == "remote-node":
            kind, why = "node", "an address of a node, which no catalogue entry has"
            label = side.address or side.entity
        elif own[0]:
            kind, why = "nameless", f"an address of the cluster's {own[0]}s, and the log does not say whose"
        elif side.names or side.address:
            kind, why = "outside", "no catalogue entry has it"
            known["address"] = "" if side.names else side.address
        elif side.entity in OUTSIDE:
            kind, why = "outside", f"the log has it as {side.entity} only"
        elif side.entity == NETWORK_SET:
            kind, why = "outside", "no catalogue entry has the name of that network set"
        else:
            known_of = "without its namespace" if side.workload or side.pod else f"as {side.entity or 'nothing'} only"
            kind, why = "nameless", f"the log has it {known_of}"
        return Mapped(kind, None, label, why, **known)

    def _named(self, names: Sequence[str]) -> list[Peer]:
        """The peers that have one of the names; a name that is exact is nearer than `*.`."""
        found: dict[str, Peer] = {}
        for name in (*names, *(f"*.{name.partition('.')[2]}" for name in names)):
            found |= {peer.name: peer for peer in self._by_dns.get(name, ()) if peer.name not in found}
        return list(found.values())

    def _own(self, addresses: AddressSet) -> tuple[str, AddressSet]:
        """Which of the cluster's own networks hold the addresses: `node`, `pod`, `service`, or none."""
        own = (("node", self._cluster.nodes), ("pod", self._cluster.pods), ("service", self._cluster.services))
        return next(((name, held) for name, held in own if addresses and addresses <= held), ("", NOWHERE))


def place(side: Side, model: Model, cluster: Cluster) -> Mapped:
    """The declared end that a side is; of many sides, `Places` is faster."""
    return Places(model, cluster).place(side)


def _contradicts(declared: Labels, seen: Labels) -> bool:
    """Whether a label that is declared has another value. One that the log leaves out proves nothing."""
    known = dict(seen)
    return any(known.get(key, value) != value for key, value in declared)


def _by_names(items: Iterable[Workload], names: Sequence[str]) -> list[Workload]:
    """The workload of the longest name that fits."""
    found = [item for item in items if item.name in names]
    return sorted(found, key=lambda item: -len(item.name))[:1]


def _owners(side: Side) -> list[str]:
    return [name for text in (side.workload, side.pod) if text for name in owners.of_pod(text)]


def _most_labels(items: Sequence[_E]) -> list[_E]:
    """Those whose labels say all that the others' do."""
    return [item for item in items if all(set(other.labels) <= set(item.labels) for other in items)] or list(items)
