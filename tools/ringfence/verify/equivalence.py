"""Whether two clusters allow the same: of the repository, or of plain manifests in any dialects.

What both sides have is compared, exactly and for all addresses; what only one has is named. Where either side leaves a
verdict undefined nothing is proven, and that is said too. Of pods that nobody declared, what does not hang on their
labels is compared, and what only one side makes hang on them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set

from msgspec import Struct
from msgspec.structs import replace

from ringfence import connectivity
from ringfence.connectivity import DNS, Change, Connectivity, End, Endpoint, Explanation, Place
from ringfence.model.types import Cluster, Model
from ringfence.sources import Tree
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortSet
from ringfence.verify.state import State, alone


class Side(Struct, frozen=True):
    """One side: what it is called, what it allows, and the names by which its endpoints are compared."""

    name: str
    connectivity: Connectivity
    names: Mapping[Endpoint, Endpoint]

    def common(self) -> dict[str, Endpoint]:
        """The endpoints by the names of the comparison."""
        return {str(self.names.get(item, item)): item for item in self.connectivity.endpoints}


class Difference(Struct, frozen=True):
    """A connection that one side has and the other has not, or that either leaves undefined, and what each says.

    `sides` are the ports that each allows; `why` each side's answer for one port and address of those that differ.
    """

    source: End
    destination: End
    sides: tuple[PortSet, PortSet]
    undefined: tuple[PortSet, PortSet]
    why: tuple[Explanation, Explanation]


class Equivalence(Struct, frozen=True):
    """The whole answer.

    `only` are the endpoints that one side has; `compared` counts the declared ones that both have.
    """

    sides: tuple[Side, Side]
    differences: tuple[Difference, ...]
    only: tuple[tuple[str, ...], tuple[str, ...]]
    compared: int

    @property
    def holds(self) -> bool:
        """Whether equal connectivity is proven for everything that either side has."""
        return not self.differences and not any(self.only)


def cluster_side(model: Model, tree: Tree, cluster: Cluster) -> tuple[Side, State]:
    """A cluster of the repository, without others that share its Kubernetes cluster, by declared names."""
    state = alone(model, tree, cluster)
    names = {}
    for item in state.connectivity.endpoints:
        pod = state.declared.pods.get(item.id)
        if pod is not None and pod.namespace is not None:
            names[item] = replace(item, namespace=pod.namespace.name)
    return Side(cluster.name, state.connectivity, names), state


def compare(a: Side, b: Side) -> Equivalence:
    """Every connection that differs or is undefined: in order of names, then what both sides leave undefined alike."""
    own = [set(side.connectivity.space.places) for side in (a, b)]
    # what Cilium names by what it is and others by its address is compared where both sides name it
    places = sorted(item for item in own[0] | own[1] if item.kind == DNS or item in own[0] & own[1])
    a, b = (replace(side, connectivity=connectivity.speaking_of(side.connectivity, places)) for side in (a, b))
    ends = a.common(), b.common()
    both = ends[0].keys() & ends[1].keys()
    outside = a.connectivity.externals & b.connectivity.externals
    differences = tuple(
        Difference(
            change.source,
            change.destination,
            (change.before, change.after),
            (change.undefined_before, change.undefined_after),
            (_why(change, a, ends[0]), _why(change, b, ends[1])),
        )
        for change in _changes(a, b, both | set(map(str, places)), outside)
    )
    only = _declared(ends[0], both), _declared(ends[1], both)
    known = sum(not ends[0][name].is_representative for name in both)
    return Equivalence((a, b), differences, only, known)


def _declared(ends: Mapping[str, Endpoint], both: Set[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name, end in ends.items() if name not in both and not end.is_representative))


def _changes(a: Side, b: Side, both: Set[str], outside: AddressSet) -> Iterator[Change]:
    """What differs between ends that both sides have, then what is undefined on both alike."""
    nodes = a.connectivity.cluster.profile.nodes | b.connectivity.cluster.profile.nodes
    known: dict[tuple[str, str], AddressSet] = defaultdict(AddressSet)
    for change in connectivity.diff(a.connectivity, b.connectivity, replicas=False, names=(a.names, b.names)):
        found = _kept(change, both, outside, nodes)
        if found is not None:
            known[_pair(found)] |= _addresses(found)
            yield found
    for row in a.connectivity.rows(replicas=False):
        if not row.undefined or any(isinstance(end, Endpoint) and end.is_representative for end in row[:2]):
            continue  # what hangs on the labels of pods that nobody declared is no question of these pods
        source, destination = (a.names.get(end, end) if isinstance(end, Endpoint) else end for end in row[:2])
        alike = Change("undefined", source, destination, row.allowed, row.allowed, row.undefined, row.undefined)
        found = _kept(alike, both, outside, nodes)
        if found is not None and _pair(found) not in known:
            yield found
        elif found is not None and (rest := _addresses(found) - known[_pair(found)]):
            yield _with(found, rest)


def _kept(change: Change, both: Set[str], outside: AddressSet, nodes: AddressSet) -> Change | None:
    """The part of a change that is about ends of both sides; nodes always reach the pods they run."""
    source, destination = change.source, change.destination
    if isinstance(source, AddressSet):
        source = (source & outside) - nodes
    if isinstance(destination, AddressSet):
        destination &= outside
    for end in (source, destination):
        if not end or (isinstance(end, Endpoint | Place) and str(end) not in both):
            return None
    return replace(change, source=source, destination=destination)


def _pair(change: Change) -> tuple[str, str]:
    return _text(change.source), _text(change.destination)


def _text(end: End) -> str:
    """The end by name; all addresses alike."""
    return "" if isinstance(end, AddressSet) else str(end)


def _addresses(change: Change) -> AddressSet:
    for end in (change.source, change.destination):
        if isinstance(end, AddressSet):
            return end
    return AddressSet()


def _with(change: Change, addresses: AddressSet) -> Change:
    if isinstance(change.source, AddressSet):
        return replace(change, source=addresses)
    return replace(change, destination=addresses)


def _why(change: Change, side: Side, known: Mapping[str, Endpoint]) -> Explanation:
    """What a side says of one port and, of addresses, one address: the first that differ."""
    ports = (change.before - change.after) | (change.after - change.before)
    first = (ports or change.undefined_before | change.undefined_after).ranges()[0]
    source, destination = _one(change.source, known), _one(change.destination, known)
    return side.connectivity.explain(source, destination, first.protocol, first.first)


def _one(end: End, known: Mapping[str, Endpoint]) -> str | End:
    if isinstance(end, AddressSet):
        return end.cidrs()[0].partition("/")[0]
    return known[str(end)] if isinstance(end, Endpoint) else end
