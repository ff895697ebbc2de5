"""Assembling bundles: one policy a workload with both directions in it, and a baseline policy a namespace.

The first policy that selects a pod isolates it, so everything that a workload may do stands in a single object.
"""

from __future__ import annotations

import functools
from collections.abc import Collection

from msgspec.structs import replace

from ringfence.compile import peers
from ringfence.compile.bundle import Bundle, Origin, Policy, Rule
from ringfence.compile.ground import Drafted, Ground, Ports
from ringfence.model.types import Cluster, End, Grant, Labels, Model, Namespace, Workload

BASELINE = "baseline"
DNS_PORT = 53


def bundles(
    model: Model, cluster: Cluster, only: Collection[str] | None = None, ground: Ground | None = None
) -> list[Bundle]:
    """The bundles of a cluster, sorted by team and namespace; one for each team namespace that exists there.

    Rules of one direction with the same peers and ports are one rule with all their origins. A rule that would have no
    peer or no port (an address peer with nothing left of it) is absent: to the API, an empty list means *everything*.
    `only` limits it to some namespaces by their declared names; `ground` is kept for several calls with one model.
    """
    assembly = _Assembly(ground or Ground(model), cluster)
    return [assembly.bundle(item) for item in _spaces(model, cluster) if only is None or item.name in only]


def outlines(model: Model, cluster: Cluster) -> list[Bundle]:
    """The same bundles without their policies."""
    return [_bundle(item, cluster, ()) for item in _spaces(model, cluster)]


def _spaces(model: Model, cluster: Cluster) -> list[Namespace]:
    return sorted(model.namespaces_in(cluster), key=lambda item: (item.team, item.name))


def _bundle(space: Namespace, cluster: Cluster, policies: tuple[Policy, ...]) -> Bundle:
    return Bundle(space.team, space.name, cluster.namespace_name(space.name), policies, cluster.stage(space.name))


class _Draft:
    """A policy that still takes rules."""

    __slots__ = ("by_name", "egress", "ingress", "labels", "name")

    def __init__(self, name: str, labels: Labels = ()) -> None:
        self.name = name
        self.labels = labels
        self.ingress: Drafted = {}
        self.egress: Drafted = {}
        self.by_name = False


class _Assembly:
    """The bundles of one cluster, made one by one."""

    def __init__(self, ground: Ground, cluster: Cluster) -> None:
        self.ground = ground
        self.cluster = cluster
        self.names = ground.names(cluster)
        self.grants = [(grant, ground.origin_of_grant(grant)) for grant in ground.model.grants_in(cluster)]

    def bundle(self, space: Namespace) -> Bundle:
        """The bundle of a namespace."""
        baseline = _Draft(BASELINE)
        drafts = {item.name: _Draft(item.name, item.labels) for item in self.ground.workloads(self.cluster, space.name)}
        for grant, origin in self.grants:
            self.grant(grant, origin, baseline, space, drafts)
        for flow, leg in self.ground.legs(self.cluster, space.name):
            origin = self.ground.origin(flow)
            source, destination = leg.source, leg.destination
            if isinstance(source, Workload) and source.namespace == space.name:
                self.allow_to(drafts[source.name], destination, leg.ports, origin)
            if isinstance(destination, Workload) and destination.namespace == space.name:
                self.names.add(drafts[destination.name].ingress, source, leg.ports, origin)
        policies = tuple(map(self.policy, (baseline, *drafts.values())))
        return _bundle(space, self.cluster, policies)

    def grant(
        self, grant: Grant, origin: Origin, baseline: _Draft, space: Namespace, drafts: dict[str, _Draft]
    ) -> None:
        """What a grant opens in a namespace."""
        if grant.to_peer:
            self.allow_to(baseline, grant.peer, grant.ranges, origin)
            return
        self.names.add(baseline.ingress, grant.peer, grant.ranges, origin)
        for workload in self.ground.workloads(self.cluster, space.name) if grant.port_names else ():
            ranges = [item for port in workload.ports if port.name in grant.port_names for item in port.ranges]
            self.names.add(drafts[workload.name].ingress, grant.peer, tuple(ranges), origin)

    def policy(self, draft: _Draft) -> Policy:
        """The policy of a draft."""
        egress = self.names.rules(draft.egress)
        if draft.by_name:
            egress = (*self.queries, *egress)
        return Policy(draft.name, draft.labels, self.names.rules(draft.ingress), egress)

    @functools.cached_property
    def queries(self) -> list[Rule]:
        """The rules by which names are resolved: the baseline's grants of port 53 to pods."""
        rules: Drafted = {}
        for grant, origin in self.grants:
            asked = tuple(item for item in grant.ranges if item.first == item.last == DNS_PORT)
            if grant.to_peer and grant.peer.is_pods and asked:
                self.names.add(rules, grant.peer, asked, origin)
        return [replace(rule, dns=True) for rule in self.names.rules(rules)]

    def allow_to(self, draft: _Draft, other: End, ranges: Ports, origin: Origin) -> None:
        """Draft a rule of egress."""
        outward = peers.by_name(other, self.cluster, outward=True)
        draft.by_name = draft.by_name or outward
        self.names.add(draft.egress, other, ranges, origin, outward=outward)
