"""Administrators' policies of `policy.networking.k8s.io`: AdminNetworkPolicy, its Baseline, and ClusterNetworkPolicy.

Plain data to one typed form. Source of the rules: the CRDs of network-policy-api 0.1.8 (v1alpha1) and 0.2.0 (v1alpha2),
their CEL rules, and recorded answers of a real server with the standard channel. What only the experimental channel has
is an error and still read. An unknown field makes what its rule matches unclear: one server drops it, another knows it.
A peer that has no other member closes its rule instead, as the API asks of implementations.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from msgspec import Struct

from ringfence.documents.document import Route
from ringfence.manifests import names
from ringfence.manifests.adminmembers import Members
from ringfence.manifests.reader import Reader
from ringfence.manifests.types import (
    AdminPeer,
    AdminPolicy,
    AdminRule,
    NamesPeer,
    NetworksPeer,
    NodesPeer,
    PodsPeer,
    PolicyPort,
    Selector,
)
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import FIRST, PROTOCOLS

_DOMAIN = r"(\*\.)?([a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?"
"""The pattern of the CRD, its `A-z` included."""
_CIDR_LENGTH = 43
_NAME_LENGTH = 100
_NAMED_LIMIT = 25


class _Form(Struct, frozen=True):
    """How one kind differs from the others. `limit`: of rules, peers and ports."""

    actions: tuple[str, ...]
    ports: str
    limit: int
    both_selectors: bool
    tier: str = ""


_FORMS = {
    "AdminNetworkPolicy": _Form(("Allow", "Deny", "Pass"), "ports", 100, True, "Admin"),
    "BaselineAdminNetworkPolicy": _Form(("Allow", "Deny"), "ports", 100, True, "Baseline"),
    "ClusterNetworkPolicy": _Form(("Accept", "Deny", "Pass"), "protocols", 25, False),
}


def read(reader: Reader, data: dict[str, Any]) -> AdminPolicy | None:
    """The policy of one object; None where the server would refuse it, or nobody can say whom it selects."""
    return _Policy(reader, data["kind"]).read(data)


class _Policy(Members):
    def __init__(self, reader: Reader, kind: str) -> None:
        self._form = _FORMS[kind]
        super().__init__(reader, kind, self._form.limit)

    def read(self, data: dict[str, Any]) -> AdminPolicy | None:
        reader, form = self.reader, self._form
        reader.mapping(data, (), ("apiVersion", "kind", "metadata", "spec", "status"))
        name, _, _ = reader.metadata(data, strict=True)
        reader.subject = name
        fields = ["subject", "ingress", "egress"]
        fields += [] if form.tier == "Baseline" else ["priority"]
        fields += [] if form.tier else ["tier"]
        spec = reader.mapping(data.get("spec"), ("spec",), fields, required=True)
        if spec is None:
            return None
        if self.kind == "BaselineAdminNetworkPolicy" and name != "default":
            message = f"the object is named {name!r}; there is one BaselineAdminNetworkPolicy, named `default`"
            reader.refuse(("metadata", "name"), message, "name it `default`", readable=True)
        tier = form.tier or self.one_of(spec.get("tier"), ("Admin", "Baseline"), ("spec", "tier"))
        priority = self.number(spec.get("priority"), ("spec", "priority"), 0) if "priority" in fields else 0
        subject = self._subject(spec.get("subject"), ("spec", "subject"))
        unreadable = self.closed or self.unclear
        ingress = self._rules(spec.get("ingress"), ("spec", "ingress"), "from")
        egress = self._rules(spec.get("egress"), ("spec", "egress"), "to")
        if reader.refused or unreadable or subject is None:
            return None
        return AdminPolicy(self.kind, name, tier, priority, subject, ingress, egress, reader.at())

    def _rules(self, value: Any, route: Route, side: str) -> tuple[AdminRule, ...]:
        listed = self.reader.items(value, route)
        self.at_most(listed, self._form.limit, route)
        return tuple(self._rule(item, index, (*route, index), side) for index, item in enumerate(listed))

    def _rule(self, value: Any, index: int, route: Route, side: str) -> AdminRule:
        reader, form = self.reader, self._form
        self.closed = self.unclear = ""
        data = self.known(value, route, ("name", "action", side, form.ports))
        action = self.one_of(data.get("action"), form.actions, (*route, "action"))
        name = reader.typed(data.get("name"), str, (*route, "name")) or ""
        if len(name.encode()) > _NAME_LENGTH:
            reader.refuse((*route, "name"), f"the rule's name has {len(name.encode())} bytes, more than 100")
        peers: list[AdminPeer] = []
        for number, item in enumerate(self.filled(data.get(side), (*route, side), required=True)):
            peers += self._peer(item, (*route, side, number), side)
        ports: list[PolicyPort] = []
        listed = self.filled(data.get(form.ports), (*route, form.ports), required=False)
        for number, item in enumerate(listed):
            here = (*route, form.ports, number)
            ports += self._port(item, here) if form.ports == "ports" else self._protocol(item, here)
        if any(isinstance(port, PolicyPort) and port.name for port in ports) and self.kind != "ClusterNetworkPolicy":
            self._named_with_addresses(peers, (*route, form.ports))
        action = "Allow" if action == "Accept" else action
        return AdminRule(action, name, tuple(peers), tuple(ports), index, reader.at(*route), self.closed, self.unclear)

    def _subject(self, value: Any, route: Route) -> PodsPeer | None:
        data = self.known(value, route, ("namespaces", "pods"), required=True)
        return self._pods(data, route) if self.exactly_one(data, route) else None

    def _peer(self, value: Any, route: Route, side: str) -> list[AdminPeer]:
        outside: tuple[str, ...] = ("networks", "nodes", "domainNames") if side == "to" else ()
        if self._form.tier == "Baseline":
            outside = tuple(name for name in outside if name != "domainNames")
        data = self.known(value, route, ("namespaces", "pods", *outside))
        if not data and value:
            self.closed = "a peer of it has only a field that the API does not know"
        if not self.exactly_one(data, route):
            return []
        if "networks" in data:
            return [peer for peer in self._networks(data["networks"], (*route, "networks")) if peer]
        if "nodes" in data:
            self.experimental("nodes", route)
            return [NodesPeer(self.selector(data["nodes"], (*route, "nodes")))]
        if "domainNames" in data:
            self.experimental("domainNames", route)
            return [self._domains(data["domainNames"], (*route, "domainNames"))]
        found = self._pods(data, route)
        return [found] if found else []

    def _pods(self, data: dict[str, Any], route: Route) -> PodsPeer | None:
        if "namespaces" in data:
            return PodsPeer(Selector(), self.selector(data["namespaces"], (*route, "namespaces")))
        here = (*route, "pods")
        both = self.known(data.get("pods"), here, ("namespaceSelector", "podSelector"))
        needed = ("namespaceSelector", "podSelector") if self._form.both_selectors else ("podSelector",)
        for key in needed:
            if both.get(key) is None:
                message = f"`pods` without `{key}`; the API server refuses the object (it is read as everything)"
                self.reader.refuse(here, message, f"write `{key}: {{}}` if everything is meant", readable=True)
        return PodsPeer(
            self.selector(both.get("podSelector"), (*here, "podSelector")),
            self.selector(both.get("namespaceSelector"), (*here, "namespaceSelector")),
        )

    def _networks(self, value: Any, route: Route) -> list[NetworksPeer | None]:
        listed = self.filled(value, route, required=True, limit=_NAMED_LIMIT)
        self.distinct(listed, route)
        return [self._network(text, (*route, index)) for index, text in enumerate(listed)]

    def _network(self, text: Any, route: Route) -> NetworksPeer | None:
        if self.reader.typed(text, str, route, required=True) is None:
            return None
        net = _masked(text)
        if not net or len(text) > _CIDR_LENGTH or names.cidr(net):
            self.reader.refuse(route, f"{text!r} is no CIDR", "write one, such as 10.0.0.0/8")
            return None
        if names.cidr(text):
            self.doubt(route, f"the CIDR {text} has host bits set; it is read as {net}", f"write {net}")
        return NetworksPeer(AddressSet.of([net]), text)

    def _domains(self, value: Any, route: Route) -> NamesPeer:
        listed = self.filled(value, route, required=True, limit=_NAMED_LIMIT)
        self.distinct(listed, route)
        for index, text in enumerate(listed):
            here = (*route, index)
            if self.reader.typed(text, str, here, required=True) is not None and not re.fullmatch(_DOMAIN, text):
                self.reader.refuse(here, f"{text!r} is no domain name", "write a.example.com or *.example.com")
        return NamesPeer(tuple(text for text in listed if isinstance(text, str)))

    def _port(self, value: Any, route: Route) -> list[PolicyPort]:
        """One entry of `ports` (v1alpha1)."""
        data = self.known(value, route, ("portNumber", "portRange", "namedPort"))
        if not self.exactly_one(data, route):
            return []
        if "namedPort" in data:
            self.experimental("namedPort", route)
            return self._named(data["namedPort"], (*route, "namedPort"))
        key = "portNumber" if "portNumber" in data else "portRange"
        here = (*route, key)
        ends: tuple[str, ...] = ("port",) if key == "portNumber" else ("start", "end")
        inner = self.known(data[key], here, ("protocol", *ends))
        numbers = [self.number(inner.get(end), (*here, end), FIRST) for end in ends]
        protocol = self.reader.typed(inner.get("protocol"), str, (*here, "protocol")) or "TCP"
        if protocol not in PROTOCOLS:
            message = f"{protocol!r} is none of TCP, UDP and SCTP; what it matches is left to the network plugin"
            hint = f"write {protocol.upper()}" if protocol.upper() in PROTOCOLS else ""
            self.doubt((*here, "protocol"), message, hint)
            self.unclear = message
            return []
        if numbers[0] > numbers[-1]:
            message = f"the port range ends at {numbers[-1]}, below its start {numbers[0]}"
            self.doubt(here, message, "swap them")
            self.unclear = message
            return []
        return [PolicyPort(protocol, numbers[0], numbers[-1])]

    def _protocol(self, value: Any, route: Route) -> list[PolicyPort]:
        """One entry of `protocols` (v1alpha2)."""
        kinds = {name.lower(): name for name in PROTOCOLS}
        data = self.known(value, route, (*kinds, "destinationNamedPort"))
        if not self.exactly_one(data, route):
            return []
        if "destinationNamedPort" in data:
            return self._named(data["destinationNamedPort"], (*route, "destinationNamedPort"))
        ((key, inner),) = data.items()
        here: Route = (*route, key)
        wanted = self.known(inner, here, ("destinationPort",))
        if not self.exactly_one(wanted, here):
            return []
        here = (*here, "destinationPort")
        port = self.known(wanted["destinationPort"], here, ("number", "range"))
        if not self.exactly_one(port, here):
            return []
        if "number" in port:
            number = self.number(port["number"], (*here, "number"), FIRST)
            return [PolicyPort(kinds[key], number, number)]
        ends = self.known(port["range"], (*here, "range"), ("start", "end"))
        start, end = (self.number(ends.get(name), (*here, "range", name), FIRST) for name in ("start", "end"))
        if start >= end and not self.reader.refused:
            self.reader.refuse((*here, "range"), f"the range starts at {start}, which is not below its end {end}")
        return [PolicyPort(kinds[key], start, end)]

    def _named(self, value: Any, route: Route) -> list[PolicyPort]:
        name = self.reader.typed(value, str, route, required=True)
        return [PolicyPort(protocol, 0, 0, name) for protocol in PROTOCOLS] if name else []

    def _named_with_addresses(self, peers: list[AdminPeer], route: Route) -> None:
        if any(not isinstance(peer, PodsPeer) for peer in peers):
            message = "a named port beside `networks`, `nodes` or `domainNames`, which have none"
            self.reader.refuse(route, message, "write numbers, or make two rules of it")


def _masked(text: str) -> str:
    """A CIDR without its host bits; empty for what is none."""
    try:
        return str(ipaddress.ip_network(text, strict=False)) if "/" in text else ""
    except ValueError:
        return ""
