"""The positions of everything that can send or receive: endpoints, representatives, then cells of external addresses.

It also says which positions a peer of a rule stands for. It knows no policy as a whole.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from ringfence.connectivity import bits, dialects, scattered
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.cells import AddressIndex, CellIndex, partition
from ringfence.connectivity.cluster import ENTITY, ClusterState, Endpoint, Place
from ringfence.connectivity.labels import LabelIndex
from ringfence.connectivity.scattered import Few
from ringfence.manifests import BlockPeer, NamesPeer, NetworksPeer, NodesPeer, PodsPeer, Requirement, Selector
from ringfence.values.addresses import EVERYWHERE, AddressSet
from ringfence.values.known import Known

Peer = PodsPeer | BlockPeer | NetworksPeer | NodesPeer | NamesPeer
"""What a rule of any dialect may name as the other end."""

ANY_KIND = "Any"
"""The kind of a representative."""

ANYTHING = Selector()
"""The selector without conditions."""


class NamedPods(Struct, frozen=True):
    """Pods that nobody declared, of which just this is known: the selectors that they meet, and no others.

    They are in the declared `namespace`, or ("") in some namespace that meets `namespaces`.
    """

    namespace: str = ""
    namespaces: Selector = ANYTHING
    pods: Selector = ANYTHING

    def __str__(self) -> str:
        pods = f"pods with {self.pods}" if self.pods.requirements else "any pod"
        if self.namespaces.requirements:
            return f"{pods} of namespaces with {self.namespaces}"
        return f"{pods} of {self.namespace or 'any namespace'}"

    @property
    def endpoint(self) -> Endpoint:
        """What stands for them in a space."""
        known = [f"namespaces with {self.namespaces}"] if self.namespaces.requirements else []
        known += [str(self.pods)] if self.pods.requirements else []
        return Endpoint(self.namespace or "*", f"*({'; '.join(known) or 'not named'})", ANY_KIND)


def _order(end: Endpoint) -> tuple[str, str]:
    return end.id, end.kind


class Space:
    """All positions of one cluster, and the sets of them that rules speak of."""

    def __init__(self, cluster: ClusterState, representatives: bool, named: Sequence[NamedPods] = ()) -> None:
        self.profile = profile = cluster.profile
        self.namespaces = cluster.all_namespaces()
        self.endpoints: list[Endpoint] = sorted(cluster.endpoints, key=_order)
        known = len(self.endpoints)
        if representatives:
            self.endpoints += [Endpoint(name, "*", ANY_KIND) for name in (*self.namespaces, "*")]
        self.named = bits.span(len(self.endpoints), len(self.endpoints) + len(named))
        self.endpoints += [item.endpoint for item in named]
        self.pods = len(self.endpoints)
        self.unknown = bits.span(known, self.pods)
        self.externals = EVERYWHERE - profile.pods - profile.services
        self.cells = partition([*_blocks(cluster), profile.nodes], self.externals)
        self._cell_index = CellIndex(self.cells)
        self.places = tuple(sorted({*cluster.places, *dialects.places(cluster)}))
        self.names_apart = cluster.names_apart
        self.size = self.pods + len(self.cells) + len(self.places)
        self.place_at = {item: self.size - len(self.places) + index for index, item in enumerate(self.places)}
        self.in_places = bits.of(self.place_at.values())
        self.everything = (1 << self.size) - 1
        self.all_pods = (1 << self.pods) - 1
        self.outside = self.everything ^ self.all_pods

        numbers = {name: index for index, name in enumerate((*self.namespaces, "*"))}
        members: list[list[int]] = [[] for _ in numbers]
        for position, item in enumerate(self.endpoints):
            members[numbers[item.namespace]].append(position)
        self._names = list(numbers)
        self._members = [bits.of(positions) for positions in members]
        self.members = dict(zip(numbers, self._members, strict=True))
        everywhere, unknown = self.members, self.unknown  # `self` here would be a cycle
        self._unknown = Known[str, tuple[int, ...]](lambda name: bits.members(everywhere[name] & unknown))
        named_at = {self.pods - len(named) + index: item for index, item in enumerate(named)}
        self._pod_labels = LabelIndex(
            (item.labels for item in self.endpoints[:known]),
            self.unknown & ~self.named,
            named={position: item.pods for position, item in named_at.items()},
        )
        elsewhere = [(position, item) for position, item in named_at.items() if not item.namespace]
        self._namespace_labels = LabelIndex(
            self.namespaces.values(),
            1 << len(self.namespaces) if representatives else 0,
            frozenset(self.namespaces),
            {len(self._members) + index: item.namespaces for index, (_, item) in enumerate(elsewhere)},
        )
        self._members[-1] &= ~self.named
        self._members += [1 << position for position, _ in elsewhere]
        self.named_elsewhere = bits.of(position for position, _ in elsewhere)
        self.host = bits.of(
            position
            for position, item in enumerate(self.endpoints)
            if item.host_network and not profile.host_network_as_pods
        )
        self._placed = AddressIndex((position, item.addresses) for position, item in enumerate(self.endpoints))
        self._unaddressed = bits.of(i for i, item in enumerate(self.endpoints) if not item.addresses)
        own = self.place_at.get(Place(ENTITY, "host"))
        self.nodes = self.cells_in(profile.nodes) | (0 if own is None else 1 << own)
        self._in_namespaces: dict[Selector, Fuzzy] = {}
        self._matched: dict[PodsPeer, Fuzzy] = {}
        self._sets: dict[tuple[int, int], int] = {}
        self._blocks: dict[tuple[AddressSet, bool | None], Fuzzy] = {}

    def standing_as(self, cluster: ClusterState) -> Space:
        """The same space with the endpoints of another cluster, equal but for the places that declare them."""
        own = sorted(cluster.endpoints, key=_order)
        if all(end.where == other.where for end, other in zip(own, self.endpoints, strict=False)):
            return self
        result = copy.copy(self)
        result.endpoints = own + self.endpoints[len(own) :]
        return result

    def has_positions_of(self, other: Space) -> bool:
        """Whether a position is the same end in another space, one being made from the other."""
        return self.members is other.members

    def covers(self, cluster: ClusterState) -> bool:
        """Whether the cells do for the addresses that the policies of another cluster speak of."""
        return all(self.cells[i] <= block for block in set(_blocks(cluster)) for i in self._cell_index.meeting(block))

    def meeting(self, item: Requirement, *, of_namespace: bool) -> int:
        """The named pods for which a condition follows from what is known of them, or of the namespace elsewhere."""
        if not of_namespace:
            return self._pod_labels.meeting(item)
        return self._union(self._namespace_labels.meeting(item))

    def select(self, namespace: str, selector: Selector, *, keep: bool = True) -> Fuzzy:
        """The pods of one namespace that a selector matches. Without `keep`, nothing is held for later."""
        here = self.members[namespace]
        found = bits.both(self._pod_labels.match(selector), (here, here))
        return self._once(found) if keep else found

    def few(self, namespace: str, selector: Selector) -> Few | None:
        """The pods of one namespace that a selector matches, None for many."""
        found = None if self.named else self._pod_labels.few(selector, scattered.PAIRS)
        if found is None:
            return scattered.few(self.select(namespace, selector, keep=False))
        return tuple([at for at in found if self.endpoints[at].namespace == namespace]), self._unknown[namespace]

    def peers(self, namespace: str, peer: Peer, *, keep: bool = True) -> Fuzzy:
        """The positions that a peer stands for, in a policy of some namespace, before anything about host networks."""
        if isinstance(peer, BlockPeer):
            return self.addresses(peer.addresses, self.profile.ip_blocks_match_pods)
        if isinstance(peer, NetworksPeer):
            return self.addresses(peer.addresses, self.profile.ip_blocks_match_pods is not False)
        if isinstance(peer, NamesPeer):
            return 0, self.outside
        if isinstance(peer, NodesPeer):
            return 0 if peer.nodes.requirements else self.nodes, (self.nodes or self.outside) | self.host
        if peer.namespaces is None:
            return self.select(namespace, peer.pods, keep=keep)
        if (found := self._matched.get(peer)) is None:
            found = bits.both(self.in_namespaces(peer.namespaces), self._pod_labels.match(peer.pods))
            if keep:
                found = self._matched[peer] = self._once(found)
        return found

    @property
    def held(self) -> int:
        """How many sets of pods are held for the next time that somebody asks for them."""
        return len(self._sets)

    def _once(self, found: Fuzzy) -> Fuzzy:
        """Equal sets as one object: a pod is the subject of one policy and a peer in many, and sets are long."""
        sure = self._kept(found[0])
        return sure, sure if found[0] is found[1] else self._kept(found[1])

    def _kept(self, where: int) -> int:
        # all powers of two share 61 hashes in Python, so a set alone is a slow key
        return self._sets.setdefault((where.bit_length(), where), where)

    def end(self, position: int) -> Endpoint | AddressSet | Place:
        """What stands at a position."""
        if position < self.pods:
            return self.endpoints[position]
        index = position - self.pods
        return self.cells[index] if index < len(self.cells) else self.places[index - len(self.cells)]

    def in_namespaces(self, selector: Selector) -> Fuzzy:
        """The pods of the namespaces that a selector matches."""
        if (found := self._in_namespaces.get(selector)) is None:
            parts = self._namespace_labels.match(selector)
            sure = self._union(parts[0])
            found = self._in_namespaces[selector] = (sure, sure if parts[0] == parts[1] else self._union(parts[1]))
        return found

    def namespace_of(self, selector: Selector) -> str | None:
        """The declared namespace that a selector matches surely, where it matches no other possibly."""
        sure, possible = self._namespace_labels.match(selector)
        alone = sure.bit_length() - 1 if sure == possible and sure.bit_count() == 1 else len(self.namespaces)
        return self._names[alone] if alone < len(self.namespaces) else None

    def _union(self, namespaces: int) -> int:
        result = 0
        for number in bits.positions(namespaces):
            result |= self._members[number]
        return result

    def cells_in(self, addresses: AddressSet) -> int:
        """The external positions whose addresses all lie in a set; exact for sets that the cells are cut by."""
        if not addresses:
            return 0
        return bits.of(self.pods + i for i in self._cell_index.meeting(addresses) if self.cells[i] <= addresses)

    def addresses(self, addresses: AddressSet, matches: bool | None) -> Fuzzy:
        """The positions with an address in a set, outside and (where addresses of pods match) of pods.

        `matches`: whether blocks match the addresses of pods at all, None for not known. Of a pod with several
        addresses, or with none that is known, it is sure only where all that it could have lie in the set; so it is of
        a place.
        """
        if (found := self._blocks.get((addresses, matches))) is None:
            outside = self.cells_in(addresses)
            sure, possible = self._pods_in(addresses, matches)
            sure |= self.in_places if self.externals <= addresses else 0
            possible |= self.in_places if self.externals & addresses else 0
            found = self._blocks[addresses, matches] = (sure | outside, possible | outside)
        return found

    def _pods_in(self, addresses: AddressSet, matches: bool | None) -> Fuzzy:
        """The pods whose address lies in a block: by known addresses, else by where pod addresses can lie."""
        if matches is False:
            return bits.EMPTY
        hit, missed = self._placed.within(addresses), self._placed.within(EVERYWHERE - addresses)
        sure, possible = bits.of(hit - missed), bits.of(hit)
        room = self.profile.pods or EVERYWHERE
        if room & addresses:
            possible |= self._unaddressed
            if room <= addresses:
                sure |= self._unaddressed
        return (sure if matches else 0), possible


def _blocks(cluster: ClusterState) -> Iterable[AddressSet]:
    for peers in {rule.peers for rule in cluster.rules()}:
        for peer in peers:
            if isinstance(peer, BlockPeer | NetworksPeer):
                yield peer.addresses
    yield from dialects.blocks(cluster)


def names_of(endpoints: Iterable[Endpoint]) -> dict[str, list[int]]:
    """Positions by every name that an endpoint answers to: `namespace/name` and `namespace/name[Kind]`."""
    result: dict[str, list[int]] = defaultdict(list)
    for position, item in enumerate(endpoints):
        result[item.id].append(position)
        result[str(item)].append(position)
    return result
