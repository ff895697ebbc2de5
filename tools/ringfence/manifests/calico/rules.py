"""Rules of Calico policies: plain data to typed rules, agreeing with Calico's schema and with its own validation.

Sources: the resource definitions of 3.32, libcalico-go lib/validator/v3 (validateRule, validateEntityRule).
"""

from __future__ import annotations

from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests.calico.checks import BEYOND_PORTS, UNUSUAL
from ringfence.manifests.calico.entities import ENTITY, families, read_entity
from ringfence.manifests.calico.reader import CalicoReader
from ringfence.manifests.calico.types import PROTOCOLS, WITH_PORTS, Entity, Icmp, Rule

ACTIONS = ("Allow", "Deny", "Log", "Pass")
_ICMP = (1, 58)
_RULE = (
    "action",
    "destination",
    "http",
    "icmp",
    "ipVersion",
    "metadata",
    "notICMP",
    "notProtocol",
    "protocol",
    "source",
)


def read_rules(reader: CalicoReader, value: Any, route: Route, namespace: str) -> tuple[Rule, ...]:
    """The rules of one direction; the last step of the route says which (`ingress` or `egress`)."""
    rules = []
    for index, item in enumerate(reader.items(value, route)):
        here = (*route, index)
        data = reader.mapping({} if item is None else item, here, _RULE)
        if data is not None:
            rules.append(_rule(reader, data, here, namespace))
    return tuple(rules)


def _rule(reader: CalicoReader, data: dict[str, Any], route: Route, namespace: str) -> Rule:
    action = reader.chosen(data.get("action"), (*route, "action"), ACTIONS)
    if data.get("action") is None:
        reader.refuse(route, "the rule has no `action`; the server refuses it", "write Allow, Deny, Log or Pass")
    protocol = _protocol(reader, data.get("protocol"), (*route, "protocol"))
    not_protocol = _protocol(reader, data.get("notProtocol"), (*route, "notProtocol"))
    version = reader.whole(data.get("ipVersion"), (*route, "ipVersion"), 4, 6)
    if version == 5:
        reader.refuse((*route, "ipVersion"), "there is no IP version 5; the server refuses it")
    icmp, not_icmp = (_icmp(reader, data.get(key), (*route, key)) for key in ("icmp", "notICMP"))
    http = _http(reader, data, route, action, protocol)
    source, destination = (
        read_entity(reader, data.get(key), (*route, key), namespace) for key in ("source", "destination")
    )
    meta = reader.mapping(data.get("metadata"), (*route, "metadata"), ("annotations",)) or {}
    reader.typed(meta.get("annotations"), dict, (*route, "metadata", "annotations"))
    rule = Rule(
        action,
        protocol,
        not_protocol,
        version,
        source,
        destination,
        icmp,
        not_icmp,
        http,
        int(route[-1]),
        reader.at(*route),
    )
    _consistent(reader, data, route, rule)
    return rule


def _protocol(reader: CalicoReader, value: Any, route: Route) -> int | None:
    if value is None:
        return None
    if type(value) is int:
        if not 1 <= value <= 255:
            reader.unenforced(route, f"the protocol number {value} is not from 1 to 255")
        return value
    text = reader.typed(value, str, route)
    if text is None:
        return None
    if text in PROTOCOLS:
        return PROTOCOLS[text]
    if text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 255:
        return int(text)
    for name, number in PROTOCOLS.items():
        if name.lower() == text.lower():
            reader.warn(UNUSUAL, route, f"the protocol {text!r} is read as {name}, and refused by some releases", name)
            return number
    message = f"{text[:40]!r} is no protocol that Calico knows: the policy is not enforced"
    reader.unenforced(route, message, f"one of {', '.join(PROTOCOLS)}, or a number from 1 to 255")
    return None


def _icmp(reader: CalicoReader, value: Any, route: Route) -> Icmp | None:
    data = reader.mapping(value, route, ("type", "code"))
    if data is None:
        return None
    kind = reader.whole(data.get("type"), (*route, "type"), 0, 254)
    code = reader.whole(data.get("code"), (*route, "code"), 0, 255)
    if data.get("code") is not None and data.get("type") is None:
        reader.refuse(route, "an ICMP `code` without a `type`; the server refuses it", "add `type`")
    return Icmp(kind, code)


def _http(reader: CalicoReader, data: dict[str, Any], route: Route, action: str, protocol: int | None) -> bool:
    here = (*route, "http")
    http = reader.mapping(data.get("http"), here, ("methods", "paths"))
    if http is None:
        return False
    for key in ("methods", "paths"):
        if len(reader.items(http.get(key), (*here, key))) > 20:
            reader.refuse((*here, key), f"more than 20 `{key}`; the server refuses the object")
    reader.texts(http.get("methods"), (*here, "methods"))
    for index, item in enumerate(reader.items(http.get("paths"), (*here, "paths"))):
        place = (*here, "paths", index)
        path = reader.mapping({} if item is None else item, place, ("exact", "prefix")) or {}
        found = [reader.typed(path.get(key), str, (*place, key)) for key in ("exact", "prefix")]
        if len(list(filter(None, found))) != 1:
            reader.unenforced(place, "a path needs either `exact` or `prefix`")
    if action and action != "Allow":
        reader.refuse(here, f"`http` belongs to Allow, not to {action}; the server refuses it")
    if data.get("protocol") is not None and protocol not in (None, 6):
        reader.refuse(here, "`http` needs protocol TCP or none; the server refuses it", "write `protocol: TCP`")
    if "egress" in route:
        reader.unenforced(here, "`http` in an egress rule: Calico's validation turns it down", "move it to ingress")
    reader.warn(BEYOND_PORTS, here, "the rule restricts requests: at the level of ports it allows what it matches")
    return True


def _consistent(reader: CalicoReader, data: dict[str, Any], route: Route, rule: Rule) -> None:
    """What Calico asks of the parts of a rule together."""
    for key, entity in (("source", rule.source), ("destination", rule.destination)):
        for name, ports in (("ports", entity.ports), ("notPorts", entity.not_ports)):
            if ports and rule.protocol not in WITH_PORTS and not (data.get("protocol") and rule.protocol is None):
                message = f"`{name}` without a protocol that has ports: the policy is not enforced"
                reader.unenforced((*route, key, name), message, "add `protocol: TCP` (or UDP, SCTP) to the rule")
        _service(reader, data, route, key, entity)
    if rule.icmp and rule.protocol not in _ICMP:
        message = "`icmp` without protocol ICMP or ICMPv6: the policy is not enforced"
        reader.unenforced((*route, "icmp"), message, "add `protocol: ICMP`")
    for name, number in (("protocol", rule.protocol), ("notProtocol", rule.not_protocol)):
        if number in _ICMP and rule.ip_version not in (None, 4 if number == 1 else 6):
            message = f"`{name}` and `ipVersion` speak of different families"
            reader.unenforced((*route, "ipVersion"), message, f"write {4 if number == 1 else 6}")
    found = families(rule.source) | families(rule.destination)
    if len(found) > 1:
        message = "IPv4 and IPv6 networks in one rule: read for each family by itself, and refused by some releases"
        reader.warn(UNUSUAL, route, message, "make one rule for each family")
    if found and rule.ip_version is not None and found != {rule.ip_version}:
        message = f"`ipVersion` is {rule.ip_version} beside networks of the other: Calico's validation turns it down"
        reader.unenforced((*route, "ipVersion"), message, "make them agree")


def _service(reader: CalicoReader, data: dict[str, Any], route: Route, key: str, entity: Entity) -> None:
    if entity.service is None:
        return
    here = (*route, key, "services")
    sides = {"ingress": "source", "egress": "destination"}
    direction = next((str(step) for step in route if step in sides), "")
    if sides.get(direction, key) != key:
        message = f"`services` stands in the {key} of an {direction} rule: Calico turns the policy down"
        reader.unenforced(here, message, f"an {direction} rule has services in its {sides[direction]}")
    beside = [name for name in ENTITY if name not in ("services", "ports", "notPorts") and data[key].get(name)]
    if beside:
        message = f"`services` beside `{'`, `'.join(beside)}`: Calico turns the policy down"
        reader.unenforced(here, message, "make two rules of it")
    for name in ("ports", "notPorts") if key == "destination" else ():
        if data[key].get(name):
            message = f"`{name}` beside `services`; the server refuses it: a service brings its own ports"
            reader.refuse((*route, key, name), message, f"drop `{name}`")
