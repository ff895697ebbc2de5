"""The peers of a rule: which kinds may stand together, and what each becomes."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests.cilium import forms, selectors
from ringfence.manifests.cilium.checks import MATCHES_NOTHING, NEEDS_OPTION, READ_OTHERWISE
from ringfence.manifests.cilium.judge import Judge, listed, mapped
from ringfence.manifests.cilium.types import (
    CidrGroupPeer,
    CidrPeer,
    CloudPeer,
    EndpointPeer,
    Entity,
    NamePeer,
    NodePeer,
    Peer,
    ServicePeer,
)
from ringfence.manifests.types import Selector
from ringfence.values.addresses import NOWHERE, AddressSet
from ringfence.values.nearest import did_you_mean

_CLOSING = ("Endpoints", "Nodes", "Entities", "CIDR", "CIDRSet")
"""Members that select nobody where they are there and empty. The others are then as if absent."""

_OPEN = ("FQDNs", "Services", "Groups")


def peers(
    judge: Judge, rule: dict[str, Any], route: Route, way: str, namespace: str, *, of_init: bool
) -> tuple[Peer, ...] | None:
    """The peers of a rule; `way` is `from` or `to`. None is anyone, `()` nobody."""
    given = {
        f"{way}{kind}": rule[f"{way}{kind}"] for kind in (*_CLOSING, *_OPEN) if rule.get(f"{way}{kind}") is not None
    }
    filled = [member for member, items in given.items() if items]
    if len(filled) > 1:
        first, second = filled[:2]
        judge.agent((*route, second), f"`{first}` and `{second}` stand in one rule", "make two rules of it")
    if listed(rule, f"{way}Requires"):
        judge.by_release = True
        message = f"`{way}Requires` is gone since Cilium 1.20, whose agent refuses the policy"
        judge.agent((*route, f"{way}Requires"), message, f"write the labels into `{way}Endpoints`, or a deny rule")
    found: list[Peer] = []
    for member, items in given.items():
        here = (*route, member)
        kind = member.removeprefix(way)
        if not items and kind in _CLOSING:
            message = f"`{member}: []` selects nobody, so the rule matches nothing"
            judge.warn(MATCHES_NOTHING, here, message, f"drop `{member}` for anyone, or the rule for nobody")
        elif not items and rule.get("toPorts"):
            message = f"`{member}: []` is as if it were absent: the rule is for anyone on its ports"
            judge.warn(READ_OTHERWISE, here, message, "name a peer, or drop the rule")
        if kind == "Nodes" and items:
            message = f"`{member}` needs the agent's option `enable-node-selector-labels`, which is off by default"
            judge.warn(NEEDS_OPTION, here, message)
        for index, item in enumerate(items):
            if one := _peer(judge, kind, item, (*here, index), namespace, of_init):
                found.append(one)
    if any(not items and member.removeprefix(way) in _CLOSING for member, items in given.items()):
        return ()
    return tuple(dict.fromkeys(found)) if filled else None


def _peer(judge: Judge, kind: str, item: Any, route: Route, namespace: str, of_init: bool) -> Peer | None:
    if kind == "Endpoints":
        return EndpointPeer(selectors.peer(judge, item or {}, route, namespace, of_init=of_init))
    if kind == "Nodes":
        return NodePeer(selectors.terms(judge, item or {}, route, of_nodes=True))
    if item is None:
        return None
    if kind == "Entities":
        return _entity(judge, item, route)
    if kind == "CIDR":
        return _cidr(judge, item, [], route)
    if kind == "CIDRSet":
        return _cidr_rule(judge, item, route)
    if kind == "FQDNs":
        return _name(judge, item, route)
    return _service(judge, item, route) if kind == "Services" else CloudPeer(json.dumps(item, sort_keys=True))


def _entity(judge: Judge, text: str, route: Route) -> Entity | None:
    try:
        return Entity(text)
    except ValueError:
        judge.agent(route, f"{text[:80]!r} is no entity that Cilium knows", did_you_mean(text, list(Entity)))
        return None


def _cidr_rule(judge: Judge, item: dict[str, Any], route: Route) -> Peer | None:
    cidr, group = item.get("cidr") or "", item.get("cidrGroupRef") or ""
    by_labels = item.get("cidrGroupSelector") is not None
    excepts = [text for text in listed(item, "except") if text is not None]
    if bool(cidr) + bool(group) + by_labels != 1:
        judge.agent(route, "not exactly one of `cidr`, `cidrGroupRef` and `cidrGroupSelector`")
        return None
    if cidr:
        return _cidr(judge, cidr, excepts, route)
    selector = Selector()
    if by_labels:
        selector = selectors.plain(judge, mapped(item, "cidrGroupSelector"), (*route, "cidrGroupSelector"))
    less = [net for text in excepts if (net := forms.prefix(text))]
    return CidrGroupPeer(group, selector, AddressSet.of(map(str, less)))


def _cidr(judge: Judge, text: str, excepts: list[str], route: Route) -> CidrPeer | None:
    net = forms.prefix(text)
    if net is None:
        judge.agent(route, f"{text[:80]!r} is not a CIDR that the agent can read")
        return None
    less = []
    for index, item in enumerate(excepts):
        part = forms.prefix(item)
        here = (*route, "except", index)
        if part is None:
            judge.agent(here, f"the exception {item[:80]!r} is not a CIDR that the agent can read")
        elif part.version != net.version or part.prefixlen < net.prefixlen or part.network_address not in net:
            judge.agent(here, f"the exception {item} is no part of {text}")
        else:
            less.append(str(part))
    for written, read in ((text, str(net)), *zip(excepts, less, strict=False)):
        if _has_host_bits(written):
            judge.warn(READ_OTHERWISE, route, f"{written} has host bits set; Cilium reads {read}", f"write {read}")
    return CidrPeer(AddressSet.of([str(net)], less), f"{text} except {', '.join(excepts)}" if excepts else text)


def _has_host_bits(text: str) -> bool:
    net = forms.prefix(text)
    return net is not None and ipaddress.ip_address(text.partition("/")[0]) != net.network_address


def _name(judge: Judge, item: dict[str, Any], route: Route) -> NamePeer:
    name, pattern = item.get("matchName") or "", item.get("matchPattern") or ""
    if name and pattern:
        judge.agent(route, "`matchName` and `matchPattern` stand together", "make two items of it")
    for why in ((forms.dns_name(name) if name else ""), (forms.dns_pattern(pattern) if pattern else "")):
        if why:
            judge.agent(route, why)
    return NamePeer(name, pattern)


def _service(judge: Judge, item: dict[str, Any], route: Route) -> ServicePeer:
    by_name, by_labels = mapped(item, "k8sService"), mapped(item, "k8sServiceSelector")
    selector = selectors.plain(judge, mapped(by_labels, "selector"), (*route, "k8sServiceSelector", "selector"))
    namespace = (by_name or by_labels).get("namespace") or ""
    return ServicePeer(namespace, by_name.get("serviceName") or "", selector)


def addresses(judge: Judge, texts: list[str], route: Route) -> AddressSet:
    """The addresses of a CIDRGroup."""
    found = [_cidr(judge, text, [], (*route, index)) for index, text in enumerate(texts) if text is not None]
    result = NOWHERE
    for peer in found:
        result |= peer.addresses if peer else NOWHERE
    return result
