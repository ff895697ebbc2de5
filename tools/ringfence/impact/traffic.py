"""How much real traffic used a connection, by the flow logs of the clusters that it closes in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from ringfence.connectivity import ENTITY
from ringfence.model.types import Cluster, Model, Workload
from ringfence.observe import Observations, Seen, Side
from ringfence.observe.compare import compare
from ringfence.observe.mapping import HERE, NETWORK_SET, Mapped, Places
from ringfence.observe.ranges import address_set
from ringfence.observe.results import Talk
from ringfence.observe.usage import Usage
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortSet
from ringfence.verify.declared import OTHER, name_id, peer_id, workload_id
from ringfence.verify.ends import End, is_name

ANY = "*"
"""In the index: what may be any end, as the log does not say which."""

PODS = ("", "init", "unmanaged")
"""Entities that may be some pod; without an entity, a side is one or the other."""


class _Place(Struct, frozen=True):
    """Where one side is: the ids of ends that it belongs to, and its addresses.

    `perhaps` are ids that it may have. Where the log does not say which, it may be at any address (`anywhere`), may be
    any pod (`any_pod`), or may have any DNS name (`any_name`).
    """

    ids: frozenset[str]
    addresses: AddressSet
    perhaps: frozenset[str] = frozenset()
    anywhere: bool = False
    any_pod: bool = False
    any_name: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """Under what it is found by the id of an end."""
        return self.ids | self.perhaps | ({ANY} if self.any_pod else frozenset())

    def is_in(self, end: End) -> bool:
        """Whether it is certainly in an end."""
        return bool(self.addresses) and self.addresses <= end if isinstance(end, AddressSet) else end in self.ids

    def may_be_in(self, end: End) -> bool:
        """Whether it is in an end as far as the log knows: what is not ruled out may be."""
        if isinstance(end, AddressSet):
            return self.anywhere or bool(self.addresses & end)
        if is_name(end):
            return self.any_name or end in self.ids | self.perhaps
        return self.any_pod or end in self.ids | self.perhaps


class Traffic:
    """What passed in some clusters, to be asked how much of a connection was used."""

    def __init__(self, logs: Mapping[str, Observations], model: Model) -> None:
        """`logs` by cluster; `model` is that of the base, where what closes is still open."""
        self._found: dict[str, dict[str, list[tuple[_Place, _Place, Seen]]]] = {}
        for name, observed in sorted(logs.items()):
            if name in model.clusters:
                self._found[name] = _index(observed, model, model.clusters[name])

    def used(self, clusters: Iterable[str], source: End, destination: End, ports: PortSet) -> Usage | None:
        """How often any of the ports was used; None where no log is of any of the clusters."""
        known = [name for name in clusters if name in self._found]
        if not known:
            return None
        usage = Usage()
        key = source if isinstance(source, str) else str(destination)
        for name in known:
            for one, other, seen in (*self._found[name].get(key, ()), *self._found[name].get(ANY, ())):
                if not (one.may_be_in(source) and other.may_be_in(destination)):
                    continue
                if ports.contains(seen.protocol, seen.port):
                    sure = one.is_in(source) and other.is_in(destination)
                    usage = usage.plus(seen if sure else Usage(seen.count, seen.first, seen.last, seen.count))
        return usage


def _index(observed: Observations, model: Model, cluster: Cluster) -> dict[str, list[tuple[_Place, _Place, Seen]]]:
    """What was let through, by each id of either end. Searches for open ports and answers are no use.

    Nor is what a node says to its own pods: no policy keeps it from them.
    """
    places = Places(model, cluster)
    compared = compare(observed, model, cluster)
    no_use = {_key(talk) for talk in (*compared.probes, *compared.replies)}
    found: dict[str, list[tuple[_Place, _Place, Seen]]] = defaultdict(list)
    for seen in observed.seen:
        one, other = places.place(seen.source), places.place(seen.destination)
        if seen.verdict == "denied" or (one, other, seen.protocol, seen.port) in no_use or seen.source.entity in HERE:
            continue
        ends = [_place(side, at, model, cluster) for side, at in ((seen.source, one), (seen.destination, other))]
        for id_ in {ANY} if any(end.any_pod for end in ends) else ends[0].keys | ends[1].keys:
            found[id_].append((ends[0], ends[1], seen))
    return found


def _key(talk: Talk) -> tuple[Mapped, Mapped, str, int]:
    return (talk.source, talk.destination, talk.protocol, talk.port)


def _place(side: Side, mapped: Mapped, model: Model, cluster: Cluster) -> _Place:
    """The ids by which `verify` knows an end, whichever it may stand for."""
    if not side.namespace or side.entity == NETWORK_SET:
        return _unnamed(side, mapped, model, cluster)
    ids = {peer_id(model.peers[name]) for name in mapped.pods}
    perhaps = {workload_id(model.workloads[name], cluster) for name in mapped.either}
    workload = model.workloads.get(mapped.end or "")
    if isinstance(workload, Workload):
        ids.add(workload_id(workload, cluster))
    elif mapped.namespace:
        ids.add(f"{cluster.namespace_name(mapped.namespace)}/{OTHER}")
    elif not mapped.pods:
        ids |= {f"{side.namespace}/{OTHER}", f"{OTHER}/{OTHER}"}
    return _Place(frozenset(ids), address_set(side.address), frozenset(perhaps))


def _unnamed(side: Side, mapped: Mapped, model: Model, cluster: Cluster) -> _Place:
    """What is no pod that the log names. Whatever it does not say is not ruled out."""
    ids, addresses = {f"{ENTITY}:{side.entity}"} if side.entity else set(), address_set(side.address)
    for name in side.names:
        ids |= {name_id(name), name_id(f"*.{name.partition('.')[2]}")}
    known = [model.peers[name] for name in dict.fromkeys((*mapped.by_address, mapped.end or "")) if name in model.peers]
    if not addresses:
        addresses = next((peer.addresses for peer in known), AddressSet())
    if not addresses and mapped.kind == "node":
        addresses = cluster.nodes
    inside = bool(addresses) and (addresses <= cluster.pods or addresses <= cluster.services)
    perhaps = {name_id(name) for peer in known for name in peer.names} if not side.names else set()
    return _Place(
        frozenset(ids),
        addresses,
        frozenset(perhaps),
        anywhere=not addresses,
        any_pod=inside or (not addresses and not side.names and side.entity in PODS),
        any_name=not side.names and not perhaps and mapped.kind != "node" and not inside,
    )
