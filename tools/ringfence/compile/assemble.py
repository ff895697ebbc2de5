"""Assembling bundles: one policy a workload with both directions in it, and a baseline policy a namespace.

The first policy that selects a pod isolates it, so everything that a workload may do stands in a single object.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from ringfence.compile import peers
from ringfence.compile.bundle import Bundle, Origin, Policy, Rule, RulePeer
from ringfence.compile.table import Table
from ringfence.model.types import Cluster, End, Flow, Grant, Labels, Model, Workload
from ringfence.values.ports import PROTOCOLS, PortRange

BASELINE = "baseline"
DNS_PORT = 53
PLATFORM = "platform"
"""The owner of what the platform grants."""

_Ports = tuple[PortRange, ...]
_Rules = dict[tuple[int, int], set[Origin]]
"""Origins by the number of the peers and the number of the ports."""

_PROTOCOL_ORDER = {protocol: index for index, protocol in enumerate(PROTOCOLS)}


def bundles(model: Model, cluster: Cluster) -> list[Bundle]:
    """The bundles of a cluster, sorted by team and namespace; one for each team namespace that exists there.

    Rules of one direction with the same peers and ports are one rule with all their origins. A rule that would have no
    peer or no port (an address peer with nothing left of it) is absent: to the API, an empty list means *everything*.
    """
    return _Assembly(model, cluster).bundles()


def canonical_ports(ranges: Iterable[PortRange]) -> _Ports:
    """Ports without repetition: TCP, UDP, SCTP, each ascending. Neighbours stay apart, as they were declared."""
    return tuple(sorted(set(ranges), key=_port_order))


class _Draft:
    """A policy that still takes rules."""

    __slots__ = ("by_name", "egress", "ingress", "labels")

    def __init__(self, labels: Labels = ()) -> None:
        self.labels = labels
        self.ingress: _Rules = {}
        self.egress: _Rules = {}
        self.by_name = False


class _Assembly:
    """The drafts of one cluster. Peers and ports stand in them by number until all are known."""

    def __init__(self, model: Model, cluster: Cluster) -> None:
        self.model = model
        self.cluster = cluster
        self.namespaces = sorted(model.namespaces_in(cluster), key=lambda item: (item.team, item.name))
        self.baselines = {namespace.name: _Draft() for namespace in self.namespaces}
        self.workloads: dict[str, dict[str, _Draft]] = {namespace.name: {} for namespace in self.namespaces}
        self.peers: Table[str, RulePeer] = Table()
        self.ports: Table[_Ports, PortRange] = Table()

    def bundles(self) -> list[Bundle]:
        self.fill()
        dns = self.dns()
        peer_ranks, port_ranks = self.peers.ranks(peers.sort_key), self.ports.ranks(_port_order)

        def rules(drafted: _Rules) -> tuple[Rule, ...]:
            ordered = sorted((peer_ranks[ends], port_ranks[ports], ends, ports) for ends, ports in drafted)
            return tuple(
                Rule(self.peers.values[ends], self.ports.values[ports], tuple(sorted(drafted[ends, ports])))
                for _, _, ends, ports in ordered
            )

        def egress(draft: _Draft) -> tuple[Rule, ...]:
            if not draft.by_name:
                return rules(draft.egress)
            queries = (dataclasses.replace(rule, dns=True) for rule in rules(dns))
            return (*queries, *rules(draft.egress))

        def policies(namespace: str) -> Iterator[Policy]:
            named = [(BASELINE, self.baselines[namespace]), *sorted(self.workloads[namespace].items(), key=_name)]
            return (Policy(name, draft.labels, rules(draft.ingress), egress(draft)) for name, draft in named)

        return [
            Bundle(
                item.team,
                item.name,
                self.cluster.namespace_name(item.name),
                tuple(policies(item.name)),
                self.cluster.stage(item.name),
            )
            for item in self.namespaces
        ]

    def fill(self) -> None:
        declared = [item for item in self.model.workloads_in(self.cluster) if item.namespace in self.workloads]
        for workload in declared:
            self.workloads[workload.namespace][workload.name] = _Draft(workload.labels)
        for grant in self.model.grants_in(self.cluster):
            self.grant(grant, declared)
        origins: dict[str, Origin] = {}
        for flow, leg in self.model.legs_in(self.cluster):
            origin = origins.get(flow.id) or origins.setdefault(flow.id, _of_flow(flow))
            if isinstance(leg.source, Workload):
                self.allow_to(self.draft(leg.source), leg.destination, leg.ports, origin)
            if isinstance(leg.destination, Workload):
                self.allow(self.draft(leg.destination).ingress, leg.source, leg.ports, origin)

    def grant(self, grant: Grant, workloads: list[Workload]) -> None:
        origin = _of_grant(grant)
        for draft in self.baselines.values():
            if grant.to_peer:
                self.allow_to(draft, grant.peer, grant.ranges, origin)
            else:
                self.allow(draft.ingress, grant.peer, grant.ranges, origin)
        if grant.to_peer or not grant.port_names:
            return
        for workload in workloads:
            ranges = [item for port in workload.ports if port.name in grant.port_names for item in port.ranges]
            self.allow(self.draft(workload).ingress, grant.peer, tuple(ranges), origin)

    def draft(self, workload: Workload) -> _Draft:
        return self.workloads[workload.namespace][workload.name]

    def dns(self) -> _Rules:
        """The rules by which names are resolved: the baseline's grants of port 53 to pods."""
        rules: _Rules = {}
        for grant in self.model.grants_in(self.cluster):
            asked = tuple(item for item in grant.ranges if item.first == item.last == DNS_PORT)
            if grant.to_peer and grant.peer.is_pods and asked:
                self.allow(rules, grant.peer, asked, _of_grant(grant))
        return rules

    def allow_to(self, draft: _Draft, other: End, ranges: _Ports, origin: Origin) -> None:
        if not peers.by_name(other, self.cluster, outward=True):
            self.allow(draft.egress, other, ranges, origin)
            return
        draft.by_name = True
        self.allow(draft.egress, other, ranges, origin, outward=True)

    def allow(self, rules: _Rules, other: End, ranges: _Ports, origin: Origin, *, outward: bool = False) -> None:
        key = f"{other.id}?" if outward else other.id  # no id holds a question mark
        ends = self.peers.known.get(key)
        if ends is None:
            ends = self.peers.add(key, peers.of(other, self.cluster, outward=outward))
        ports = self.ports.known.get(ranges)
        if ports is None:
            ports = self.ports.add(ranges, canonical_ports(ranges))
        if ends and ports:
            rules.setdefault((ends, ports), set()).add(origin)


def _name(item: tuple[str, _Draft]) -> str:
    return item[0]


def _port_order(item: PortRange) -> tuple[int, int, int]:
    return (_PROTOCOL_ORDER[item.protocol], item.first, item.last)


def _of_grant(grant: Grant) -> Origin:
    return Origin("baseline", grant.name, grant.where.path, PLATFORM, grant.reason)


def _of_flow(flow: Flow) -> Origin:
    expires = flow.expires.isoformat() if flow.expires else ""
    return Origin("flow", flow.id, flow.where.path, flow.team, flow.reason, expires, flow.ticket)
