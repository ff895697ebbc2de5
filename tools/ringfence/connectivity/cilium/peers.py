"""Which positions a selector or a peer of Cilium's stands for, surely and possibly, and in words why not surely.

Cilium knows ends by identities: a pod by its labels, everything else by a reserved label. An address outside is the
world. Nodes and the API server are no part of it: they have places of their own, and addresses only where the profile
names those of nodes. Sources: Cilium `pkg/policy/api` and the documentation of policies (1.19, 1.20).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ringfence.connectivity import bits
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.cilium import patterns
from ringfence.connectivity.cilium.identities import Doubts, Identities
from ringfence.connectivity.cluster import DNS, ENTITIES, ENTITY, Place
from ringfence.connectivity.space import Space
from ringfence.manifests.cilium import (
    CidrGroup,
    CidrGroupPeer,
    CidrPeer,
    EndpointPeer,
    EndpointSelector,
    Entity,
    NamePeer,
    NodePeer,
    Peer,
    ServicePeer,
    Subject,
)
from ringfence.values.addresses import NOWHERE, AddressSet

NODES = (Entity.HOST, Entity.REMOTE_NODE)


class Peers:
    """The selectors and peers of one cluster as positions."""

    def __init__(self, space: Space, groups: Iterable[CidrGroup]) -> None:
        self._space = space
        self.select = Identities(space).select
        self._groups = {item.name: item for item in groups}
        self._entity = {
            item: 1 << space.place_at[place] if (place := Place(ENTITY, item)) in space.place_at else 0
            for item in map(Entity, ENTITIES)
        }
        self.names = {place.name: 1 << at for place, at in space.place_at.items() if place.kind == DNS}
        named = sum(self.names.values())
        cells = space.outside & ~space.in_places
        self.nodes = space.nodes | self._entity[Entity.HOST] | self._entity[Entity.REMOTE_NODE] | space.host
        self._hidden = (space.nodes & ~space.in_places) | space.host
        self.world = (cells & ~space.nodes) | named
        self._cells = cells & ~space.nodes

    def of(self, peers: Iterable[Peer] | None) -> tuple[Fuzzy, Doubts]:
        """The positions that the peers of a rule stand for together; None is anyone."""
        if peers is None:
            return (self._space.everything,) * 2, []
        listed = tuple(peers)
        found, doubts = bits.EMPTY, []
        for peer in listed:
            one, why = self._one(peer)
            found = bits.either(found, one)
            doubts += why
        if set(NODES) <= set(listed):
            found = bits.either(found, (self.nodes, self.nodes))
        return found, [(where & ~found[0], why) for where, why in doubts if where & ~found[0]]

    def _one(self, peer: Peer) -> tuple[Fuzzy, Doubts]:
        space = self._space
        if isinstance(peer, EndpointPeer):
            pods, doubts = self.select(peer.selector)
            others, more = self._reserved(peer.selector)
            return bits.either(pods, others), [*doubts, *more]
        if isinstance(peer, Entity):
            return self._entities(peer)
        if isinstance(peer, CidrPeer):
            return self.addresses(peer.addresses)
        if isinstance(peer, CidrGroupPeer):
            return self._group(peer)
        if isinstance(peer, NamePeer):
            return self._name(peer)
        if isinstance(peer, NodePeer):
            return _unsure(self.nodes, "nodes are chosen by labels, which no manifest holds")
        if isinstance(peer, ServicePeer):
            of = f"{peer.namespace or 'any namespace'}/{peer.name or peer.selector}"
            return _unsure(space.everything, f"what stands behind the Services {of} is not known")
        return _unsure(self.world, "which addresses the cloud provider gives for `toGroups` is not known")

    def _reserved(self, selector: EndpointSelector) -> tuple[Fuzzy, Doubts]:
        """What is no pod: by its reserved label. A node can be the API server, an address has labels of its CIDRs."""
        if any(term.subject is Subject.NAMESPACE and term.requirement.operator in _POSITIVE for term in selector.terms):
            return bits.EMPTY, []
        unclear = [
            term
            for term in selector.terms
            if term.subject is Subject.OTHER
            or (term.subject in (Subject.RESERVED, Subject.ANY) and term.requirement.key in _SHARED)
        ]
        clear = EndpointSelector(tuple(term for term in selector.terms if term not in unclear))
        sure = possible = 0
        for name, where in (*self._entity.items(), ("world", self.world)):
            identity = _identity(name)
            alone = name == Entity.KUBE_APISERVER and not any(term.subject is Subject.OTHER for term in unclear)
            if selector.matches(identity) and (not unclear or alone):
                sure |= where
            elif clear.matches(identity):
                possible |= where
        hidden = self._hidden
        host, remote = (selector.matches(_identity(name)) for name in NODES)
        sure |= hidden if host and remote and not unclear else 0
        possible |= hidden if host or remote or any(clear.matches(_identity(name)) for name in NODES) else 0
        words = f"which reserved labels the identity has that {selector} asks for is not known"
        return (sure, sure | possible), [(possible & ~sure, words)]

    def _entities(self, entity: Entity) -> tuple[Fuzzy, Doubts]:
        space = self._space
        if entity is Entity.ALL:
            return (space.everything,) * 2, []
        server = self._entity[Entity.KUBE_APISERVER]
        elsewhere = "whether the API server is a node or lies outside is not known"
        if entity is Entity.WORLD:
            return (self.world, self.world | server), [(server, elsewhere)]
        if entity in (Entity.WORLD_IPV4, Entity.WORLD_IPV6):
            family = AddressSet.of(["0.0.0.0/0" if entity is Entity.WORLD_IPV4 else "::/0"])
            sure = space.cells_in(family) & self._cells
            named = self.world & ~self._cells
            return (sure, sure | named | server), [(named | server, "which addresses it has is not known")]
        if entity is Entity.CLUSTER:
            sure = space.all_pods | self.nodes
            for where in self._entity.values():
                sure |= where
            return (sure, sure), []
        if entity is Entity.NONE:
            return bits.EMPTY, []
        own = self._entity[entity]
        hidden = self._hidden
        if entity in NODES:
            words = "which node a pod runs on is not known: its own is `host`, the others are `remote-node`"
            return (own, own | hidden | server), [(hidden, words), (server, elsewhere)]
        if entity is Entity.KUBE_APISERVER:
            return (own, own | self.nodes), [(self.nodes, elsewhere)]
        return (own, own), []

    def addresses(self, addresses: AddressSet) -> tuple[Fuzzy, Doubts]:
        """What a CIDR matches: no nodes, and pods only where the profile says so, which is not Cilium's default."""
        space = self._space
        server = self._entity[Entity.KUBE_APISERVER]
        others = (space.nodes | space.in_places) & ~self.world
        sure, possible = space.addresses(addresses, space.profile.ip_blocks_match_pods or False)
        found = sure & ~others, (possible & ~others) | (server if addresses else 0)
        return found, [(found[1] & ~found[0], f"whether its address lies in {_shown(addresses)} is not known")]

    def _group(self, peer: CidrGroupPeer) -> tuple[Fuzzy, Doubts]:
        if peer.name and peer.name not in self._groups:
            return _unsure(self.world, f"the CiliumCIDRGroup {peer.name} is not among the manifests")
        return self.addresses(group_addresses(peer, self._groups))

    def _name(self, peer: NamePeer) -> tuple[Fuzzy, Doubts]:
        """Names match by name. Which addresses they have, no manifest says."""
        wanted = patterns.plain(peer.name or peer.pattern)
        sure = possible = 0
        for name, where in self.names.items():
            if patterns.covers(wanted, name):
                sure |= where
            elif patterns.meets(wanted, name) and not patterns.covers(name, wanted):
                possible |= where
        outside = 0 if self._space.names_apart else self._cells
        words = f"whether it belongs to {wanted} is not known"
        return (sure, sure | possible | outside), [(possible | outside, words)]


_POSITIVE = ("In", "Exists")

_SHARED = ("kube-apiserver", "world-ipv4", "world-ipv6")
"""Reserved labels that an identity can have beside its first one."""


def group_addresses(peer: CidrGroupPeer, groups: Mapping[str, CidrGroup]) -> AddressSet:
    """The addresses that a peer of groups stands for, among some groups."""
    found = NOWHERE
    for group in groups.values():
        if group.name == peer.name or (not peer.name and peer.selector.matches(dict(group.labels))):
            found |= group.addresses
    return found - peer.excepts


def _identity(name: str) -> Mapping[Subject, Mapping[str, str]]:
    return {Subject.RESERVED: {str(name): ""}}


def _unsure(where: int, why: str) -> tuple[Fuzzy, Doubts]:
    return (0, where), [(where, why)]


def _shown(addresses: AddressSet) -> str:
    cidrs = addresses.cidrs()
    return ", ".join(cidrs[:3]) + (f" and {len(cidrs) - 3} more" if len(cidrs) > 3 else "")
