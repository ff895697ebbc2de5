"""`toPorts` and `icmps` of a rule: numbers, names, protocols, and what restricts the connection above an open port."""

from __future__ import annotations

import json
from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests.cilium import forms
from ringfence.manifests.cilium.checks import MATCHES_NOTHING, NEEDS_OPTION, READ_OTHERWISE
from ringfence.manifests.cilium.judge import Judge, listed, mapped
from ringfence.manifests.cilium.types import Icmp, NamePeer, PortRule
from ringfence.manifests.types import PolicyPort
from ringfence.values.ports import FIRST, LAST, PROTOCOLS

_LIMIT = 40
_WITHOUT_PORTS = ("VRRP", "IGMP")
_L7 = ("http", "kafka", "dns", "l7")


def port_rules(judge: Judge, rule: dict[str, Any], route: Route, *, ingress: bool, nodes: bool) -> tuple[PortRule, ...]:
    """The items of `toPorts`."""
    return tuple(
        _port_rule(judge, item or {}, (*route, "toPorts", index), ingress=ingress, nodes=nodes)
        for index, item in enumerate(listed(rule, "toPorts"))
    )


def icmps(judge: Judge, rule: dict[str, Any], route: Route) -> tuple[Icmp, ...]:
    """The types of ICMP that a rule names."""
    found = []
    for index, item in enumerate(listed(rule, "icmps")):
        fields = listed(item or {}, "fields")
        if len(fields) > _LIMIT:
            judge.agent(
                (*route, "icmps", index, "fields"), f"{len(fields)} types of ICMP; at most {_LIMIT} are allowed"
            )
        found += [Icmp(field.get("family") or "IPv4", str(field.get("type"))) for field in fields if field]
    return tuple(found)


def _port_rule(judge: Judge, item: dict[str, Any], route: Route, *, ingress: bool, nodes: bool) -> PortRule:
    rules = mapped(item, "rules")
    filled = [key for key in _L7 if rules.get(key)]
    if filled or rules.get("l7proto"):
        _layer7(judge, item, rules, filled, route, ingress=ingress, nodes=nodes)
    if item.get("listener") and ingress:
        judge.agent((*route, "listener"), "`listener` stands in an ingress rule", "it works at egress only")
    if item.get("listener") and filled:
        judge.agent((*route, "listener"), "`listener` stands beside `rules`", "write two rules")
    if "" in listed(item, "serverNames"):
        judge.agent((*route, "serverNames"), "a server name is empty")
    entries = listed(item, "ports")
    if len(entries) > _LIMIT:
        judge.agent((*route, "ports"), f"{len(entries)} ports; at most {_LIMIT} are allowed", "write two rules")
    if not entries:
        message = "an item of `toPorts` without ports matches no port"
        judge.warn(MATCHES_NOTHING, route, message, 'name the ports; `port: "0"` is any')
    ports: list[PolicyPort] = []
    others = []
    for index, entry in enumerate(entries):
        here = (*route, "ports", index)
        protocol = (entry.get("protocol") or "ANY").upper()
        ports += _ports(judge, entry, protocol, here, dns="dns" in filled)
        if protocol in _WITHOUT_PORTS:
            others.append(protocol)
            message = f"{protocol} needs the agent's option `enable-extended-ip-protocols`, which is off by default"
            judge.warn(NEEDS_OPTION, here, message)
        if filled and "dns" not in filled and protocol != "TCP":
            judge.agent(here, f"{filled[0]} rules apply to TCP only, not to {protocol}", "write `protocol: TCP`")
        if filled and forms.port_value(entry.get("port") or "") == 0:
            judge.agent(here, f"{filled[0]} rules cannot stand with port 0", "name the port")
    above = filled[0] if filled and filled[0] != "l7" else rules.get("l7proto") or ""
    if not above:
        above = next((name for key, name in (("serverNames", "tls"), ("listener", "listener")) if item.get(key)), "")
    asked = (NamePeer(name.get("matchName") or "", name.get("matchPattern") or "") for name in listed(rules, "dns"))
    parts = _parts(item, rules, filled) if above else frozenset()
    return PortRule(tuple(dict.fromkeys(ports)), tuple(others), above, tuple(asked), parts)


def _parts(item: dict[str, Any], rules: dict[str, Any], filled: list[str]) -> frozenset[str]:
    """What passes above the open ports, each part with what holds for all of them."""
    key = filled[0] if filled else "serverNames"
    listed_ = listed(rules, key) if filled else listed(item, key)
    rest = {name: value for name, value in item.items() if name not in ("ports", "rules", key)}
    rest |= {name: value for name, value in rules.items() if name != key}
    return frozenset(json.dumps([part, rest], sort_keys=True, default=str) for part in listed_ or [None])


def _layer7(
    judge: Judge,
    item: dict[str, Any],
    rules: dict[str, Any],
    filled: list[str],
    route: Route,
    *,
    ingress: bool,
    nodes: bool,
) -> None:
    here = (*route, "rules")
    if len({*filled, *(["l7"] if rules.get("l7proto") else [])}) > 1:
        judge.agent(here, "rules of several protocols above TCP in one item", "write one item of `toPorts` for each")
    if "l7" in filled and not rules.get("l7proto"):
        judge.agent(here, "`l7` stands without `l7proto`", "add `l7proto`")
    if "dns" in filled and ingress:
        judge.agent(here, "DNS rules stand in an ingress rule", "they work at egress only")
    elif "dns" in filled and not listed(item, "ports"):
        judge.agent(here, "DNS rules stand without a port", 'write `ports: [{port: "53", protocol: ANY}]`')
    if nodes and filled and (ingress or filled != ["dns"]):
        judge.agent(here, "rules above TCP in a policy for nodes", "only DNS rules at egress work there")
    if item.get("serverNames") and filled and not item.get("terminatingTLS"):
        judge.agent(here, "`serverNames` stands beside rules without `terminatingTLS`", "terminate TLS, or drop one")
    for index, kafka in enumerate(listed(rules, "kafka")):
        if kafka.get("role") and kafka.get("apiKey"):
            judge.agent((*here, "kafka", index), "`role` and `apiKey` stand together", "keep one")


def _ports(judge: Judge, entry: dict[str, Any], protocol: str, route: Route, *, dns: bool) -> list[PolicyPort]:
    """The port for each protocol with ports that it stands for; none where the agent refuses it."""
    written = entry.get("port")
    end = entry.get("endPort") or 0
    if protocol not in (*PROTOCOLS, *_WITHOUT_PORTS, "ANY"):
        judge.agent(route, f"{protocol[:80]!r} is no protocol that Cilium knows", "TCP, UDP, SCTP or ANY")
    if not written and protocol in _WITHOUT_PORTS:
        return []
    if not written:
        judge.agent(route, "a port entry without `port`", 'write one; "0" is any')
        return []
    value = forms.port_value(written)
    if value is None:
        judge.agent((*route, "port"), f"the port {written[:80]!r} is neither a name nor a number up to 65535")
        return []
    if protocol in _WITHOUT_PORTS:
        if value != 0:
            judge.agent((*route, "port"), f"{protocol} has no ports", 'write `port: "0"`')
        return []
    protocols = PROTOCOLS if protocol == "ANY" else (protocol,)
    if isinstance(value, str):
        if end:
            message = f"Cilium ignores `endPort` beside the named port `{value}`"
            judge.warn(READ_OTHERWISE, (*route, "endPort"), message, "drop it, or write a number as the port")
        return [PolicyPort(name, 0, 0, value) for name in protocols]
    if str(value) != written:
        message = f"Cilium reads the port {written!r} as {value}"
        judge.warn(READ_OTHERWISE, (*route, "port"), message, f'write "{value}"')
    if dns and end > value:
        judge.agent((*route, "endPort"), "DNS rules stand with a range of ports", "name one port")
    if end and end < value:
        message = f"`endPort` {end} is below `port` {value}: Cilium ignores it"
        judge.warn(READ_OTHERWISE, (*route, "endPort"), message, "swap them, or drop `endPort`")
    first, last = (FIRST, LAST) if value == 0 else (value, max(value, end))
    return [PolicyPort(name, first, last) for name in protocols]
