"""Assembling bundles: one policy a workload with both directions in it, and a baseline policy a namespace.

The first policy that selects a pod isolates it, so everything that a workload may do stands in a single object.
"""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.compile import peers
from ringfence.compile.bundle import Bundle, Origin, Policy, Rule, RulePeer
from ringfence.model.types import Cluster, End, Flow, Grant, Labels, Model, Workload
from ringfence.values.ports import PROTOCOLS, PortRange

BASELINE = "baseline"
PLATFORM = "platform"
"""The owner of what the platform grants."""

_Peers = tuple[RulePeer, ...]
_Ports = tuple[PortRange, ...]
_Rules = dict[tuple[_Peers, _Ports], dict[Origin, None]]

_PROTOCOL_ORDER = {protocol: index for index, protocol in enumerate(PROTOCOLS)}


def bundles(model: Model, cluster: Cluster) -> list[Bundle]:
    """The bundles of a cluster, sorted by team and namespace; one for each team namespace that exists there.

    Rules of one direction with the same peers and ports are one rule with all their origins. A rule that would have no
    peer or no port (an address peer with nothing left of it) is absent: to the API, an empty list means *everything*.
    """
    return _Assembly(model, cluster).bundles()


def canonical_ports(ranges: Iterable[PortRange]) -> _Ports:
    """Ports without repetition: TCP, UDP, SCTP, each ascending. Neighbours stay apart, as they were declared."""
    return tuple(sorted(set(ranges), key=lambda item: (_PROTOCOL_ORDER[item.protocol], item.first, item.last)))


class _Draft:
    """A policy that still takes rules."""

    __slots__ = ("egress", "ingress", "labels")

    def __init__(self, labels: Labels = ()) -> None:
        self.labels = labels
        self.ingress: _Rules = {}
        self.egress: _Rules = {}


class _Assembly:
    """The drafts of one cluster."""

    def __init__(self, model: Model, cluster: Cluster) -> None:
        self.model = model
        self.cluster = cluster
        self.namespaces = model.namespaces_in(cluster)
        self.baselines = {namespace.name: _Draft() for namespace in self.namespaces}
        self.workloads: dict[str, dict[str, _Draft]] = {namespace.name: {} for namespace in self.namespaces}
        self.peers_of: dict[str, _Peers] = {}
        self.ports_of: dict[_Ports, _Ports] = {}
        self.peer_order: dict[_Peers, list[peers.SortKey]] = {}

    def bundles(self) -> list[Bundle]:
        declared = [item for item in self.model.workloads_in(self.cluster) if item.namespace in self.workloads]
        for workload in declared:
            self.workloads[workload.namespace][workload.name] = _Draft(workload.labels)
        for grant in self.model.grants_in(self.cluster):
            self.grant(grant, declared)
        origins: dict[str, Origin] = {}
        for flow, leg in self.model.legs_in(self.cluster):
            origin = origins.get(flow.id) or origins.setdefault(flow.id, _of_flow(flow))
            if isinstance(leg.source, Workload):
                self.allow(self.draft(leg.source).egress, leg.destination, leg.ports, origin)
            if isinstance(leg.destination, Workload):
                self.allow(self.draft(leg.destination).ingress, leg.source, leg.ports, origin)
        return [
            Bundle(
                team=namespace.team,
                namespace=namespace.name,
                namespace_name=self.cluster.namespace_name(namespace.name),
                policies=(
                    self.policy(BASELINE, self.baselines[namespace.name]),
                    *(self.policy(name, draft) for name, draft in sorted(self.workloads[namespace.name].items())),
                ),
            )
            for namespace in sorted(self.namespaces, key=lambda item: (item.team, item.name))
        ]

    def grant(self, grant: Grant, workloads: list[Workload]) -> None:
        origin = Origin("baseline", grant.name, grant.where.path, PLATFORM, grant.reason)
        for draft in self.baselines.values():
            self.allow(draft.egress if grant.to_peer else draft.ingress, grant.peer, grant.ranges, origin)
        if grant.to_peer or not grant.port_names:
            return
        for workload in workloads:
            ranges = [item for port in workload.ports if port.name in grant.port_names for item in port.ranges]
            self.allow(self.draft(workload).ingress, grant.peer, tuple(ranges), origin)

    def draft(self, workload: Workload) -> _Draft:
        return self.workloads[workload.namespace][workload.name]

    def allow(self, rules: _Rules, other: End, ranges: _Ports, origin: Origin) -> None:
        ends = self.peers_of.get(other.id)
        if ends is None:
            ends = self.peers_of[other.id] = peers.of(other, self.cluster)
        ports = self.ports_of.get(ranges)
        if ports is None:
            ports = self.ports_of[ranges] = canonical_ports(ranges)
        if ends and ports:
            rules.setdefault((ends, ports), {})[origin] = None

    def policy(self, name: str, draft: _Draft) -> Policy:
        return Policy(name, draft.labels, self.rules(draft.ingress), self.rules(draft.egress))

    def rules(self, rules: _Rules) -> tuple[Rule, ...]:
        return tuple(Rule(*key, tuple(sorted(rules[key]))) for key in sorted(rules, key=self.order))

    def order(self, key: tuple[_Peers, _Ports]) -> tuple[object, ...]:
        ends, ports = key
        known = self.peer_order.get(ends)
        if known is None:
            known = self.peer_order[ends] = [peers.sort_key(peer) for peer in ends]
        return (known, [(_PROTOCOL_ORDER[item.protocol], item.first, item.last) for item in ports])


def _of_flow(flow: Flow) -> Origin:
    expires = flow.expires.isoformat() if flow.expires else ""
    return Origin("flow", flow.id, flow.where.path, flow.team, flow.reason, expires, flow.ticket)
