"""Calico v3 lowered to tiers: what its objects ask of the common space, and their tiers in order.

The source of the meanings is `manifests.calico.read`. What is beyond it, and how it is settled:

- Pods on the host's network are no workload endpoints: no policy selects them, and as peers they are unsure.
- Policies with `doNotTrack` or `preDNAT` apply to hosts only, so they are left out. What policies do at hosts is not
  judged: connections with the addresses of a declared HostEndpoint are undefined unless the pod's side denies them.
- What no file says makes a rule unsure, with the reason: source ports, Services that are not declared or have no
  selector, labels of service accounts that are not declared, addresses of pods. All pods of a Service count as ready.
  `http` restricts requests only: at the level of ports the rule matches without it.
- A policy in a tier that is not declared is opaque (`unsettled`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from ringfence.connectivity.calico.named import named
from ringfence.connectivity.calico.tiers import tiers
from ringfence.connectivity.cluster import ClusterState
from ringfence.connectivity.dialects import Condition
from ringfence.manifests import Opaque, PodsPeer, PolicyPort
from ringfence.manifests.calico import (
    CalicoObject,
    CalicoPolicy,
    HostEndpoint,
    NetworkSet,
    StagedKubernetesPolicy,
    Tier,
)
from ringfence.manifests.calico.selector import Compare, Has, atoms
from ringfence.manifests.calico.types import TIER_ORDERS, WITH_PORTS, Rule
from ringfence.values.addresses import EVERYWHERE, AddressSet

__all__ = ["blocks", "conditions", "named", "ports", "service_ports", "tiers", "unsettled", "without_tier"]


def blocks(objects: Iterable[CalicoObject]) -> Iterator[AddressSet]:
    """All networks, and the two families, since a rule is read for each by itself."""
    yield AddressSet(EVERYWHERE.v4, ())
    for item in objects:
        if isinstance(item, NetworkSet | HostEndpoint):
            yield item.nets
    for rule in _rules(objects):
        for entity in (rule.source, rule.destination):
            yield from (nets for nets in (entity.nets, entity.not_nets) if nets is not None)


def ports(objects: Iterable[CalicoObject]) -> Iterator[PolicyPort]:
    """The entries of destination ports."""
    for rule in _rules(objects):
        protocol = WITH_PORTS.get(rule.protocol or 0)
        for port in (*rule.destination.ports, *rule.destination.not_ports) if protocol else ():
            yield PolicyPort(protocol or "", port.first, port.last, port.name)


def service_ports(cluster: ClusterState) -> Iterator[PolicyPort]:
    """The ports of the Services that rules mean as destinations."""
    for rule in _rules(cluster.calico):
        meant = rule.destination.service
        service = cluster.services.get((meant.namespace, meant.name)) if meant else None
        for port in service.ports if service else ():
            yield PolicyPort(port.protocol, port.number, port.number, port.name)


def conditions(objects: Iterable[CalicoObject]) -> Iterator[Condition]:
    """The conditions of all selectors, on whichever label."""
    found: set[Compare | Has] = set()
    for item in objects:
        if isinstance(item, CalicoPolicy):
            found |= atoms(item.selector)
        elif isinstance(item, StagedKubernetesPolicy):
            yield from item.policy.selector.requirements
            for plain in (*(item.policy.ingress or ()), *(item.policy.egress or ())):
                for peer in plain.peers:
                    yield from peer.pods.requirements if isinstance(peer, PodsPeer) else ()
    for rule in _rules(objects):
        for entity in (rule.source, rule.destination):
            for selector in (entity.selector, entity.not_selector):
                found |= atoms(selector) if selector else frozenset()
    yield from found


def unsettled(objects: Iterable[CalicoObject]) -> Iterator[Opaque]:
    """The policies whose tier nobody declared: where they stand among the others is not known."""
    for item in without_tier(objects):
        why = f"its tier {item.tier!r} is not among the manifests, so its place among the policies is not known"
        digest = hashlib.sha256(repr(item).encode()).hexdigest()
        yield Opaque(f"{item.kind} {item.id}", why, item.namespace, True, digest, item.where, "calico")


def without_tier(objects: Iterable[CalicoObject]) -> list[CalicoPolicy]:
    """The policies in force whose tier is neither declared nor one of Calico's own."""
    objects = tuple(objects)
    known = {*TIER_ORDERS, *(item.name for item in objects if isinstance(item, Tier))}
    found = [item for item in objects if isinstance(item, CalicoPolicy) and not item.staged]
    return [item for item in found if item.tier not in known]


def _rules(objects: Iterable[CalicoObject]) -> Iterator[Rule]:
    for item in objects:
        if isinstance(item, CalicoPolicy):
            yield from (*(item.ingress or ()), *(item.egress or ()))
