"""What the bundles of all clusters of one model stand on, found once: legs by namespace, origins, peers and rules."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from ringfence.compile import peers
from ringfence.compile.bundle import Origin, Rule, RulePeer
from ringfence.compile.table import Table
from ringfence.model.types import Cluster, End, Flow, Grant, Leg, Model, Workload
from ringfence.values.ports import PROTOCOLS, PortRange

PLATFORM = "platform"
"""The owner of what the platform grants."""

Ports = tuple[PortRange, ...]
Drafted = dict[tuple[int, int], list[Origin]]
"""Rules that are still made: origins by the number of the peers and the number of the ports."""

_PROTOCOL_ORDER = {protocol: index for index, protocol in enumerate(PROTOCOLS)}


def canonical_ports(ranges: Iterable[PortRange]) -> Ports:
    """Ports without repetition: TCP, UDP, SCTP, each ascending. Neighbours stay apart, as they were declared."""
    return tuple(sorted(set(ranges), key=_port_order))


class Names:
    """The peers and rules of clusters that call everything alike: equal rules of theirs are one object."""

    def __init__(self, ground: Ground, cluster: Cluster) -> None:
        self._ground = ground
        self._cluster = cluster
        self._peers: Table[str, RulePeer] = Table(peers.sort_key)
        self._rules: dict[tuple[int, ...], tuple[Rule, list[Origin]]] = {}

    def add(self, rules: Drafted, other: End, ranges: Ports, origin: Origin, *, outward: bool = False) -> None:
        """Draft a rule; none where it would have no peer or no port."""
        key = f"{other.id}?" if outward else other.id  # no id holds a question mark
        ends = self._peers.known.get(key)
        if ends is None:
            ends = self._peers.add(key, peers.of(other, self._cluster, outward=outward))
        ports = self._ground.ports(ranges)
        if ends and ports:
            origins = rules.setdefault((ends, ports), [])
            if origin not in origins:
                origins.append(origin)

    def rules(self, drafted: Drafted) -> tuple[Rule, ...]:
        """Drafted rules in canonical order, each with its origins in theirs."""
        if not drafted:
            return ()
        peer_keys, port_keys = self._peers.keys, self._ground.port_table.keys
        ordered = sorted(drafted, key=lambda pair: (peer_keys[pair[0]], port_keys[pair[1]]))
        return tuple(self._rule(pair, drafted[pair]) for pair in ordered)

    def _rule(self, pair: tuple[int, int], origins: list[Origin]) -> Rule:
        # origins are objects of the ground, of which each is there once; they are kept, so that no identity comes again
        key = (*pair, *map(id, origins))
        known = self._rules.get(key)
        if known is None:
            ends, ports = self._peers.values[pair[0]], self._ground.port_table.values[pair[1]]
            known = self._rules[key] = (Rule(ends, ports, tuple(sorted(origins))), origins)
        return known[0]


class Ground:
    """Made of a model for one run."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.port_table: Table[Ports, PortRange] = Table(_port_order)
        self._names: dict[tuple[str, bool], Names] = {}
        self._ports: dict[int, tuple[int, Ports]] = {}
        self._origins: dict[int, tuple[Origin, Flow]] = {}
        self._grants: dict[str, Origin] = {}

    def prepare(self) -> None:
        """Work out now what all bundles need."""
        _ = self._legs, self._workloads

    def names(self, cluster: Cluster) -> Names:
        """The peers and rules of a cluster."""
        key = (
            cluster.namespace_pattern.replace("{environment}", cluster.environment),
            cluster.dialect in cluster.cni.names,
        )
        if key not in self._names:
            self._names[key] = Names(self, cluster)
        return self._names[key]

    def ports(self, ranges: Ports) -> int:
        """The number of ports; legs share their tuples."""
        known = self._ports.get(id(ranges))
        if known is None:
            number = self.port_table.known.get(ranges)
            if number is None:
                number = self.port_table.add(ranges, canonical_ports(ranges))
            known = self._ports[id(ranges)] = (number, ranges)
        return known[0]

    def origin(self, flow: Flow) -> Origin:
        """A flow as the origin of rules."""
        known = self._origins.get(id(flow))
        if known is None:
            expires = flow.expires.isoformat() if flow.expires else ""
            origin = Origin("flow", flow.id, flow.where.path, flow.team, flow.reason, expires, flow.ticket)
            known = self._origins[id(flow)] = (origin, flow)
        return known[0]

    def origin_of_grant(self, grant: Grant) -> Origin:
        """A grant as the origin of rules."""
        if grant.name not in self._grants:
            self._grants[grant.name] = Origin("baseline", grant.name, grant.where.path, PLATFORM, grant.reason)
        return self._grants[grant.name]

    def legs(self, cluster: Cluster, namespace: str) -> list[tuple[Flow, Leg]]:
        """The legs that hold in a cluster and have an end in a namespace."""
        here = cluster.environment
        return [
            (flow, leg)
            for flow, leg in self._legs.get(namespace, ())
            if here in flow.environments
            and (not isinstance(leg.source, Workload) or here in leg.source.environments)
            and (not isinstance(leg.destination, Workload) or here in leg.destination.environments)
        ]

    def workloads(self, cluster: Cluster, namespace: str) -> list[Workload]:
        """The workloads of a namespace in a cluster, by name."""
        return [item for item in self._workloads.get(namespace, ()) if cluster.environment in item.environments]

    @functools.cached_property
    def _legs(self) -> dict[str, list[tuple[Flow, Leg]]]:
        found: dict[str, list[tuple[Flow, Leg]]] = {}
        for flow in self.model.flows:
            for leg in flow.legs:
                spaces = [end.namespace for end in (leg.source, leg.destination) if isinstance(end, Workload)]
                for space in dict.fromkeys(spaces):
                    found.setdefault(space, []).append((flow, leg))
        return found

    @functools.cached_property
    def _workloads(self) -> dict[str, list[Workload]]:
        found: dict[str, list[Workload]] = {}
        for workload in sorted(self.model.workloads.values(), key=lambda item: item.name):
            found.setdefault(workload.namespace, []).append(workload)
        return found


def _port_order(item: PortRange) -> tuple[int, int, int]:
    return (_PROTOCOL_ORDER[item.protocol], item.first, item.last)
