"""Policies of Calico and Cilium that say what a NetworkPolicy could say too: those whose meaning is plain.

Plain is an allowance for pods by labels or addresses, on ports of TCP, UDP or SCTP. What denies, what has an order
among others that deny, what looks at requests or service accounts, and what is about ICMP too stays in its own dialect.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ringfence.adopt.existing import keeping
from ringfence.adopt.existing.keeping import DIRECTIONS, Keep
from ringfence.adopt.existing.source import Object, Source
from ringfence.manifests import (
    METADATA_NAME,
    BlockPeer,
    NetworkPolicy,
    PodsPeer,
    PolicyPort,
    Requirement,
    Rule,
    Selector,
)
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import FIRST, LAST

if TYPE_CHECKING:
    from ringfence.manifests.calico import CalicoPolicy
    from ringfence.manifests.calico.selector import Expression
    from ringfence.manifests.calico.types import Entity
    from ringfence.manifests.calico.types import Rule as CalicoRule
    from ringfence.manifests.cilium import CiliumPolicy
    from ringfence.manifests.cilium.types import EndpointSelector
    from ringfence.manifests.cilium.types import Rule as CiliumRule

Peer = PodsPeer | BlockPeer


class Translated(Struct, frozen=True):
    """An object of another dialect as a NetworkPolicy with those of its rules that one can say, by their own index."""

    item: Object
    policy: NetworkPolicy

    @property
    def id(self) -> str:
        """What tells it from a NetworkPolicy of the same name."""
        return f"{self.item.kind}.{self.item.group} {self.item.namespace}/{self.item.name}"


def translated(source: Source) -> list[Translated]:
    """The objects that are plain, as far as they are."""
    known = {(item.kind, item.namespace, item.name): item for item in source.policies if item.group not in _OWN}
    found = []
    for kind, result in (*_calico(source), *_cilium(source)):
        item = known.get((kind, result.namespace, result.name))
        if item and isinstance(item.document.data.get("spec"), dict):
            found.append(Translated(item, result))
    return found


_OWN = ("networking.k8s.io",)


def rest(one: Translated, taken: Mapping[str, Collection[int]], why: Iterable[str]) -> Keep | None:
    """The object without some rules, by direction; None where nothing of it is left."""
    keep = keeping.whole(one.item, why)
    data = copy.deepcopy(dict(keep.data))
    spec = data["spec"]
    for direction in DIRECTIONS:
        listed = spec.get(direction)
        left = [rule for index, rule in enumerate(listed or ()) if index not in taken.get(direction, ())]
        if left:
            spec[direction] = left
        else:
            spec.pop(direction, None)
    if one.item.kind == "NetworkPolicy":
        spec["types"] = [direction.capitalize() for direction in DIRECTIONS if direction in spec]
        return replace(keep, data=data) if spec["types"] else None
    return replace(keep, data=data) if any(key.startswith(DIRECTIONS) for key in spec) else None


def _calico(source: Source) -> Iterator[tuple[str, NetworkPolicy]]:
    from ringfence.manifests.calico import CalicoPolicy
    from ringfence.manifests.calico.types import DEFAULT_TIER

    policies = [item for item in source.state.calico if isinstance(item, CalicoPolicy) and not item.staged]
    here = [item for item in policies if item.tier == DEFAULT_TIER]
    if any(rule.action != "Allow" for item in here for rule in (*(item.ingress or ()), *(item.egress or ()))):
        return  # then the order of policies counts
    for item in here:
        odd = item.namespaces or item.accounts or item.apply_on_forward or item.do_not_track or item.pre_dnat
        selector = _labels(item.selector)
        if item.kind == "NetworkPolicy" and not odd and selector is not None:
            yield item.kind, _of_calico(item, selector)


def _of_calico(item: CalicoPolicy, selector: Selector) -> NetworkPolicy:
    ingress = _rules(_calico_rule(rule, rule.source, rule.destination) for rule in item.ingress or ())
    egress = _rules(_calico_rule(rule, rule.destination, rule.source) for rule in item.egress or ())
    return NetworkPolicy(
        item.namespace,
        item.name,
        selector,
        ingress if item.ingress is not None else None,
        egress if item.egress is not None else None,
        item.where,
    )


def _calico_rule(rule: CalicoRule, other: Entity, own: Entity) -> Rule | None:
    from ringfence.manifests.calico.types import WITH_PORTS, Entity

    protocol = WITH_PORTS.get(rule.protocol or 0)
    odd = rule.not_protocol or rule.ip_version or rule.icmp or rule.not_icmp or rule.http
    to = rule.destination
    sources = rule.source.ports or rule.source.not_ports or to.not_ports
    if protocol is None or odd or sources or replace(own, ports=()) != Entity():
        return None
    peers = _calico_peers(other)
    if not peers:
        return None
    ports = [PolicyPort(protocol, port.first, port.last, port.name) for port in to.ports]
    return Rule(peers, tuple(ports) or (PolicyPort(protocol, FIRST, LAST),), rule.index, rule.where)


def _calico_peers(end: Entity) -> tuple[Peer, ...]:
    if end.not_selector or end.accounts or end.service or end.not_nets:
        return ()
    if end.nets is not None:
        return () if end.selector or end.namespaces else tuple(_blocks(end.nets))
    pods = _labels(end.selector) if end.selector else Selector()
    if pods is None or not (end.selector or end.namespaces):
        return ()
    if end.namespaces is None:
        return (PodsPeer(pods, None),)
    spaces = _labels(end.namespaces)
    if spaces is None:
        return ()
    parts = (
        replace(part, key=METADATA_NAME) if part.key == "projectcalico.org/name" else part
        for part in spaces.requirements
    )
    return (PodsPeer(pods, Selector(tuple(sorted(parts)))),)


def _labels(expression: Expression) -> Selector | None:
    """An expression that only asks for values of labels."""
    from ringfence.manifests.calico.selector import All, And, Compare

    found = []
    for item in expression.items if isinstance(expression, And) else (expression,):
        if isinstance(item, Compare) and item.operator in ("==", "in"):
            found.append(Requirement(item.key, "In", tuple(sorted(item.values))))
        elif not isinstance(item, All):
            return None
    return Selector(tuple(sorted(set(found))))


def _cilium(source: Source) -> Iterator[tuple[str, NetworkPolicy]]:
    from ringfence.manifests.cilium import CiliumPolicy

    for item in source.state.cilium:
        if isinstance(item, CiliumPolicy) and item.namespace and len(item.specs) == 1 and not item.specs[0].nodes:
            subject = _endpoints(item.specs[0].selector, item.namespace)
            if subject is not None and subject.namespaces is None:
                yield item.kind, _of_cilium(item, subject.pods)


def _of_cilium(item: CiliumPolicy, selector: Selector) -> NetworkPolicy:
    (spec,) = item.specs
    sections = [
        _rules(_cilium_rule(rule, item.namespace) for rule in section.allow) if section.default_deny else None
        for section in (spec.ingress, spec.egress)
    ]
    return NetworkPolicy(item.namespace, item.name, selector, sections[0], sections[1], item.where)


def _cilium_rule(rule: CiliumRule, namespace: str) -> Rule | None:
    from ringfence.manifests.cilium.types import CidrPeer, EndpointPeer

    if not rule.peers or not rule.ports or rule.icmps or rule.authentication:
        return None
    if any(ports.l7 or ports.others or ports.dns or not ports.ports for ports in rule.ports):
        return None
    peers: list[Peer] = []
    for peer in rule.peers:
        if isinstance(peer, CidrPeer):
            peers += _blocks(peer.addresses)
        elif isinstance(peer, EndpointPeer) and (found := _endpoints(peer.selector, namespace)):
            peers.append(found)
        else:
            return None
    ports = tuple(port for entry in rule.ports for port in entry.ports)
    return Rule(tuple(peers), ports, rule.index, rule.where) if peers else None


def _endpoints(selector: EndpointSelector, namespace: str) -> PodsPeer | None:
    """A selector of pods by labels in one namespace, or by the names of namespaces."""
    from ringfence.manifests.cilium import Subject

    if {term.subject for term in selector.terms} - {Subject.POD, Subject.ANY, Subject.NAMESPACE}:
        return None
    named = selector.of(Subject.NAMESPACE).requirements
    if len(named) != 1 or named[0].operator != "In":
        return None
    if named[0].values == (namespace,):
        return PodsPeer(selector.pods, None)
    return PodsPeer(selector.pods, Selector((Requirement(METADATA_NAME, "In", named[0].values),)))


def _rules(found: Iterable[Rule | None]) -> tuple[Rule, ...]:
    return tuple(rule for rule in found if rule is not None)


def _blocks(addresses: AddressSet) -> Iterator[BlockPeer]:
    return (BlockPeer(AddressSet.of([text]), text) for text in addresses.cidrs())
