"""How much real traffic used a connection, by the flow logs of the clusters that it closes in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ringfence.model.types import Cluster, Model, Workload
from ringfence.observe import Observations, Seen, Side
from ringfence.observe.compare import compare
from ringfence.observe.mapping import Mapped, Places
from ringfence.observe.ranges import address_set
from ringfence.observe.results import Talk, Usage
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortSet
from ringfence.verify.declared import OTHER, name_id, peer_id, workload_id
from ringfence.verify.ends import End


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one side is: the ids of ends that it belongs to, and its address."""

    ids: frozenset[str]
    addresses: AddressSet

    def is_in(self, end: End) -> bool:
        return bool(self.addresses) and self.addresses <= end if isinstance(end, AddressSet) else end in self.ids


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
            for one, other, seen in self._found[name].get(key, ()):
                if one.is_in(source) and other.is_in(destination) and ports.contains(seen.protocol, seen.port):
                    usage = usage.plus(seen)
        return usage


def together(usages: Sequence[Usage | None]) -> Usage | None:
    """The sum of those that are known; None where none is."""
    known = [item for item in usages if item is not None]
    if not known:
        return None
    total = Usage()
    for item in known:
        total = total.plus(item)
    return total


def _index(observed: Observations, model: Model, cluster: Cluster) -> dict[str, list[tuple[_Place, _Place, Seen]]]:
    """What was let through, by each id of either end. Searches for open ports and answers are no use."""
    places = Places(model, cluster)
    compared = compare(observed, model, cluster)
    no_use = {_key(talk) for talk in (*compared.probes, *compared.replies)}
    found: dict[str, list[tuple[_Place, _Place, Seen]]] = defaultdict(list)
    for seen in observed.seen:
        one, other = places.place(seen.source), places.place(seen.destination)
        if seen.verdict == "denied" or (one, other, seen.protocol, seen.port) in no_use:
            continue
        ends = [_place(side, at, model, cluster) for side, at in ((seen.source, one), (seen.destination, other))]
        for id_ in ends[0].ids | ends[1].ids:
            found[id_].append((ends[0], ends[1], seen))
    return found


def _key(talk: Talk) -> tuple[Mapped, Mapped, str, int]:
    return (talk.source, talk.destination, talk.protocol, talk.port)


def _place(side: Side, mapped: Mapped, model: Model, cluster: Cluster) -> _Place:
    """The ids by which `verify` knows an end, whichever it may stand for."""
    ids = {peer_id(model.peers[name]) for name in mapped.pods}
    workload = model.workloads.get(mapped.end or "")
    if isinstance(workload, Workload):
        ids.add(workload_id(workload, cluster))
    elif mapped.namespace:
        ids.add(f"{cluster.namespace_name(mapped.namespace)}/{OTHER}")
    elif side.namespace and not mapped.pods:
        ids |= {f"{side.namespace}/{OTHER}", f"{OTHER}/{OTHER}"}
    for name in side.names:
        ids |= {name_id(name), name_id(f"*.{name.partition('.')[2]}")}
    return _Place(frozenset(ids), address_set(side.address))
