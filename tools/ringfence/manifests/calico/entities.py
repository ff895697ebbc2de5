"""`source` and `destination` of a rule: selectors, networks, ports, service accounts and services."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests import names
from ringfence.manifests.calico.checks import UNUSUAL
from ringfence.manifests.calico.reader import CalicoReader
from ringfence.manifests.calico.types import Entity, Port, Service, ServiceAccounts
from ringfence.manifests.reader import kind_of
from ringfence.values.addresses import AddressSet, Network
from ringfence.values.ports import FIRST, LAST

ENTITY = (
    "namespaceSelector",
    "nets",
    "notNets",
    "notPorts",
    "notSelector",
    "ports",
    "selector",
    "serviceAccounts",
    "services",
)
_CIDR = re.compile(r"[0-9A-Fa-f:.]+(/[0-9]{1,3})?")
_PORTS = re.compile(r"([0-9]+)(?::([0-9]+))?")


def read_entity(reader: CalicoReader, value: Any, route: Route, namespace: str) -> Entity:
    """The entity; one that is absent matches everything."""
    data = reader.mapping(value, route, ENTITY) or {}
    return Entity(
        reader.selector(data.get("selector"), (*route, "selector")),
        reader.selector(data.get("notSelector"), (*route, "notSelector")),
        reader.selector(data.get("namespaceSelector"), (*route, "namespaceSelector"), lone_global=True),
        _accounts(reader, data.get("serviceAccounts"), (*route, "serviceAccounts")),
        _service(reader, data.get("services"), (*route, "services"), namespace),
        read_nets(reader, data.get("nets"), (*route, "nets"), unique=True),
        read_nets(reader, data.get("notNets"), (*route, "notNets"), unique=False),
        _ports(reader, data.get("ports"), (*route, "ports")),
        _ports(reader, data.get("notPorts"), (*route, "notPorts")),
    )


def families(entity: Entity) -> set[int]:
    """The IP versions of its networks."""
    sets = [nets for nets in (entity.nets, entity.not_nets) if nets]
    return {version for nets in sets for version, spans in ((4, nets.v4), (6, nets.v6)) if spans}


def read_nets(reader: CalicoReader, value: Any, route: Route, *, unique: bool) -> AddressSet | None:
    """The addresses of a list of networks; None where the list is absent or empty, which is no condition."""
    found = []
    for index, text in enumerate(reader.texts(value, route, unique=unique)):
        here = (*route, index)
        network = _network(text)
        if network is None:
            message = f"{text[:60]!r} is neither a network nor an address; Calico drops the object or the condition"
            reader.unenforced(here, message, "write a network such as 10.0.0.0/8")
            continue
        if "/" not in text or names.cidr(text):
            what = "is not written as a network" if "/" in text else "has no prefix length"
            reader.warn(UNUSUAL, here, f"{text!r} {what}; it is read as {network}", f"write {network}")
        found.append(str(network))
    return AddressSet.of(found) if found else None


def _network(text: str) -> Network | None:
    """The network as Calico's agent reads it: host bits masked, an address alone as itself (cnet.ParseCIDROrIP)."""
    if not _CIDR.fullmatch(text) or text.lower().startswith("::ffff:"):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _ports(reader: CalicoReader, value: Any, route: Route) -> tuple[Port, ...]:
    ports = [_port(reader, item, (*route, index)) for index, item in enumerate(reader.items(value, route))]
    return tuple(port for port in ports if port)


def _port(reader: CalicoReader, value: Any, route: Route) -> Port | None:
    if type(value) not in (int, str):
        reader.refuse(route, f"a port is {kind_of(value)} where a number or a text belongs")
        return None
    text = str(value)
    if found := _PORTS.fullmatch(text):
        first = int(found[1][:9])
        last = int(found[2][:9]) if found[2] else first
        if FIRST <= first <= LAST and FIRST <= last <= LAST and first <= last:
            return Port(first, last)
        hint = "swap them" if FIRST <= last < first <= LAST else "ports go from 1 to 65535"
        reader.unenforced(route, f"the port {text[:40]!r} is no port or range: the policy is not enforced", hint)
    elif why := names.port_name(text):
        hint = "a range is written '8000:8100'" if "-" in text and text[:1].isdigit() else ""
        reader.unenforced(route, f"the port {text[:40]!r} {why}: the policy is not enforced", hint)
    else:
        return Port(0, 0, text)
    return None


def _accounts(reader: CalicoReader, value: Any, route: Route) -> ServiceAccounts | None:
    data = reader.mapping(value, route, ("names", "selector"))
    if data is None:
        return None
    found = reader.texts(data.get("names"), (*route, "names"), unique=True)
    selector = reader.selector(data.get("selector"), (*route, "selector"))
    return ServiceAccounts(tuple(sorted(found)), selector) if found or selector else None


def _service(reader: CalicoReader, value: Any, route: Route, namespace: str) -> Service | None:
    data = reader.mapping(value, route, ("name", "namespace"))
    if data is None:
        return None
    name = reader.typed(data.get("name"), str, (*route, "name"))
    if not name:
        reader.unenforced(route, "`services` without the name of a service: Calico turns the policy down", "add `name`")
    return Service(reader.typed(data.get("namespace"), str, (*route, "namespace")) or namespace, name or "")
