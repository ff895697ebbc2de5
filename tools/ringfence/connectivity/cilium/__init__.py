"""Cilium's policies in the engine: what they ask of the common space, and (`Lowering`) their tiers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from ringfence.connectivity.cilium import patterns
from ringfence.connectivity.cilium.lowering import Lowering
from ringfence.connectivity.cilium.peers import group_addresses
from ringfence.connectivity.cluster import DNS, ENTITIES, ENTITY, Place
from ringfence.manifests import METADATA_NAME, PodsPeer, PolicyPort, Requirement, Selector
from ringfence.manifests.cilium import (
    CidrGroup,
    CidrGroupPeer,
    CidrPeer,
    CiliumPolicy,
    EndpointPeer,
    EndpointSelector,
    Entity,
    NamePeer,
    Rule,
    Subject,
)
from ringfence.values.addresses import AddressSet

__all__ = ["Lowering", "blocks", "conditions", "named", "places", "ports"]

Object = CiliumPolicy | CidrGroup


def blocks(objects: Iterable[Object]) -> Iterator[AddressSet]:
    """The address sets that rules speak of."""
    listed = list(objects)
    groups = {item.name: item for item in listed if isinstance(item, CidrGroup)}
    for rule in _rules(listed):
        for peer in rule.peers or ():
            if isinstance(peer, CidrPeer):
                yield peer.addresses
            elif isinstance(peer, CidrGroupPeer):
                yield group_addresses(peer, groups)
            elif peer in (Entity.WORLD_IPV4, Entity.WORLD_IPV6):
                yield AddressSet.of(["0.0.0.0/0"])


def ports(objects: Iterable[Object]) -> Iterator[PolicyPort]:
    """The entries of ports in rules."""
    for rule in _rules(objects):
        for item in rule.ports or ():
            yield from item.ports


def conditions(objects: Iterable[Object]) -> Iterator[Requirement]:
    """What selectors ask of the labels of pods."""
    for selector in _selectors(objects):
        yield from selector.pods.requirements


def named(objects: Iterable[Object]) -> Iterator[PodsPeer]:
    """The pods that rules name by labels; a condition on anything but labels of pods and namespaces is left out."""
    for rule in _rules(objects):
        for peer in rule.peers or ():
            if isinstance(peer, EndpointPeer):
                names = (
                    replace(term.requirement, key=METADATA_NAME)
                    for term in peer.selector.terms
                    if term.subject is Subject.NAMESPACE
                )
                spaces = {*names, *peer.selector.of(Subject.NAMESPACE_LABEL).requirements}
                yield PodsPeer(peer.selector.pods, Selector(tuple(sorted(spaces))))


def places(objects: Iterable[Object]) -> Iterator[Place]:
    """The names and entities that rules speak of one by one."""
    listed = list(objects)
    for rule in _rules(listed):
        for peer in rule.peers or ():
            if isinstance(peer, NamePeer) and (name := patterns.plain(peer.name or peer.pattern)):
                yield Place(DNS, name)
            elif isinstance(peer, Entity) and peer in ENTITIES:
                yield Place(ENTITY, peer)
    for selector in _selectors(listed):
        for term in selector.terms:
            if term.subject is Subject.RESERVED and term.requirement.key in ENTITIES:
                yield Place(ENTITY, term.requirement.key)


def _rules(objects: Iterable[Object]) -> Iterator[Rule]:
    for policy in objects:
        for spec in policy.specs if isinstance(policy, CiliumPolicy) else ():
            for way in (spec.ingress, spec.egress):
                yield from (*way.allow, *way.deny)


def _selectors(objects: Iterable[Object]) -> Iterator[EndpointSelector]:
    for policy in objects:
        for spec in policy.specs if isinstance(policy, CiliumPolicy) else ():
            yield spec.selector
    for rule in _rules(objects):
        yield from (peer.selector for peer in rule.peers or () if isinstance(peer, EndpointPeer))
