"""NetworkPolicy v1: plain data to a typed policy, agreeing with what kube-apiserver 1.36 accepts and refuses.

Source of the rules: kubernetes/kubernetes pkg/apis/networking/validation, and recorded answers of a real server.
"""

from __future__ import annotations

from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests import names, plain
from ringfence.manifests.checks import EMPTY_MEANS_ALL, NO_SELECTOR, REPEATED_TYPE, RULES_IGNORED
from ringfence.manifests.reader import Reader
from ringfence.manifests.types import BlockPeer, NetworkPolicy, Peer, PodsPeer, PolicyPort, Requirement, Rule, Selector
from ringfence.values.addresses import AddressSet, network
from ringfence.values.ports import FIRST, LAST, PROTOCOLS

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_TYPES = ("Ingress", "Egress")


def read(reader: Reader, data: dict[str, Any]) -> NetworkPolicy | None:
    """The policy of one object, or None after findings where the server would refuse it."""
    reader.mapping(data, (), ("apiVersion", "kind", "metadata", "spec", "status"))
    name, namespace, _ = reader.metadata(data, strict=True)
    reader.subject = f"{namespace}/{name}"
    fields = ("podSelector", "policyTypes", "ingress", "egress")
    spec = reader.mapping(data.get("spec"), ("spec",), fields) or {}
    if spec.get("podSelector") is None:
        message = "no `podSelector`: the policy applies to every pod of its namespace"
        reader.warn(NO_SELECTOR, ("spec",), message, "write `podSelector: {}` if that is meant")
    selector = _selector(reader, spec.get("podSelector"), ("spec", "podSelector"))
    types = _types(reader, spec)
    ingress = _rules(reader, spec.get("ingress"), ("spec", "ingress"), "from")
    egress = _rules(reader, spec.get("egress"), ("spec", "egress"), "to")
    if reader.refused:
        return None
    return NetworkPolicy(
        namespace,
        name,
        selector,
        ingress if "Ingress" in types else None,
        egress if "Egress" in types else None,
        reader.at(),
        () if "Ingress" in types else ingress,
        () if "Egress" in types else egress,
    )


def extended(reader: Reader, policy: NetworkPolicy, data: dict[str, Any]) -> NetworkPolicy | None:
    """A policy of which nothing was to be said, with the rules that were appended to its data since it was read.

    None where the whole is to be read: where it does not say which directions it isolates, or a rule is in error.
    """
    reader.subject = policy.id
    spec = data["spec"]
    if not spec.get("policyTypes"):
        return None
    found = []
    for kind, key, rules in (("ingress", "from", policy.ingress), ("egress", "to", policy.egress)):
        listed = spec.get(kind) or ()
        if len(listed) > len(rules or ()):
            if rules is None:
                return None
            rules = (*rules, *_rules(reader, listed, ("spec", kind), key, len(rules)))
        found.append(rules)
    if reader.findings:
        return None
    return NetworkPolicy(policy.namespace, policy.name, policy.selector, found[0], found[1], policy.where)


def _types(reader: Reader, spec: dict[str, Any]) -> set[str]:
    """The directions that the policy isolates: as written, or as the server defaults them."""
    route: Route = ("spec", "policyTypes")
    listed = reader.items(spec.get("policyTypes"), route)
    if len(listed) > 2:
        reader.refuse(route, f"{len(listed)} policy types; at most two are allowed", "write [Ingress, Egress]")
    for index, item in enumerate(listed):
        if item not in _TYPES:
            near = next((name for name in _TYPES if str(item).lower() == name.lower()), "")
            hint = f"did you mean `{near}`?" if near else "write Ingress or Egress"
            reader.refuse((*route, index), f"{item!r} is no policy type", hint)
    types = {item for item in listed if isinstance(item, str)}
    if len(listed) == 2 and len(types) == 1:
        other = "Egress" if "Ingress" in types else "Ingress"
        message = f"`{listed[0]}` stands twice, and {other.lower()} stays open"
        reader.warn(REPEATED_TYPE, route, message, f"did you mean [{listed[0]}, {other}]?")
    if not listed:
        if spec.get("egress") == []:
            message = "`egress: []` has no effect without `policyTypes`: egress stays open"
            reader.warn(RULES_IGNORED, ("spec", "egress"), message, "write `policyTypes: [Ingress, Egress]`")
        return {"Ingress", "Egress"} if spec.get("egress") else {"Ingress"}
    for kind in _TYPES:
        section = kind.lower()
        if kind not in types and spec.get(section) is not None:
            message = f"`{section}` has no effect but under Cilium: `policyTypes` leaves {kind} out"
            reader.warn(RULES_IGNORED, ("spec", section), message, f"add {kind} to `policyTypes`, or drop the section")
    return types


def _rules(reader: Reader, value: Any, route: Route, peers_key: str, start: int = 0) -> tuple[Rule, ...]:
    """The rules of a list, from one of them on."""
    rules = []
    listed = reader.items(value, route)
    for index, item in enumerate(listed[start:], start):
        here = (*route, index)
        data = reader.mapping({} if item is None else item, here, (peers_key, "ports")) or {}
        for key, meaning in ((peers_key, "everyone"), ("ports", "every port")):
            if data.get(key) == []:
                message = f"`{key}: []` means {meaning}, as if it were absent"
                reader.warn(
                    EMPTY_MEANS_ALL,
                    (*here, key),
                    message,
                    f"drop `{key}` if that is meant; to allow nothing, drop the rule",
                )
        peers = [
            plain.peer(peer) or _peer(reader, peer, (*here, peers_key, number))
            for number, peer in enumerate(reader.items(data.get(peers_key), (*here, peers_key)))
        ]
        ports = [
            plain.port(port) or _port(reader, port, (*here, "ports", number))
            for number, port in enumerate(reader.items(data.get("ports"), (*here, "ports")))
        ]
        where = reader.document.item(listed, index, *reader.root, *route)
        rules.append(Rule(tuple(filter(None, peers)), tuple(filter(None, ports)), index, where))
    return tuple(rules)


def _peer(reader: Reader, value: Any, route: Route) -> Peer | None:
    data = reader.mapping({} if value is None else value, route, ("podSelector", "namespaceSelector", "ipBlock"))
    if data is None:
        return None
    pods, namespaces, block = data.get("podSelector"), data.get("namespaceSelector"), data.get("ipBlock")
    if pods is None and namespaces is None and block is None:
        reader.refuse(
            route, "an empty peer selects nothing that the server accepts", "name a peer, or drop the list for everyone"
        )
        return None
    if block is not None:
        if pods is not None or namespaces is not None:
            reader.refuse(route, "`ipBlock` and a selector in one peer", "make two peers of it")
        return _block(reader, block, (*route, "ipBlock"))
    return PodsPeer(
        _selector(reader, pods, (*route, "podSelector")),
        None if namespaces is None else _selector(reader, namespaces, (*route, "namespaceSelector")),
    )


def _block(reader: Reader, value: Any, route: Route) -> BlockPeer | None:
    data = reader.mapping(value, route, ("cidr", "except")) or {}
    cidr = reader.typed(data.get("cidr"), str, (*route, "cidr"), required=True)
    texts = reader.items(data.get("except"), (*route, "except"))
    if cidr is None:
        return None
    if why := names.cidr(cidr):
        reader.refuse((*route, "cidr"), why)
        return None
    for index, text in enumerate(texts):
        here = (*route, "except", index)
        if reader.typed(text, str, here) is None:
            if text is None:
                reader.refuse(here, "an exception is empty", "write a CIDR")
        elif why := names.cidr(text):
            reader.refuse(here, why)
        elif not AddressSet.of([text]) <= AddressSet.of([cidr]) or network(text) == network(cidr):
            reader.refuse(here, f"the exception {text} is not a smaller part of {cidr}; it would take nothing away")
    if reader.refused:
        return None
    return BlockPeer(AddressSet.of([cidr], texts), f"{cidr} except {', '.join(texts)}" if texts else cidr)


def _port(reader: Reader, value: Any, route: Route) -> PolicyPort | None:
    data = reader.mapping({} if value is None else value, route, ("protocol", "port", "endPort")) or {}
    protocol = data.get("protocol")
    if protocol is None:
        protocol = "TCP"
    elif protocol not in PROTOCOLS:
        near = str(protocol).upper()
        hint = f"did you mean `{near}`?" if near in PROTOCOLS else "TCP, UDP and SCTP are the only ones"
        reader.refuse((*route, "protocol"), f"{protocol!r} is no protocol of a NetworkPolicy", hint)
    port, end = data.get("port"), data.get("endPort")
    if type(port) is str:
        if why := names.port_name(port):
            reader.refuse((*route, "port"), f"the port {port!r} {why}")
    elif port is not None and (type(port) is not int or not FIRST <= port <= LAST):
        reader.refuse((*route, "port"), f"the port {port!r} is neither a name nor a number from 1 to 65535")
    if end is not None:
        if type(end) is not int or not FIRST <= end <= LAST:
            reader.refuse((*route, "endPort"), f"the endPort {end!r} is no number from 1 to 65535")
        elif type(port) is not int:
            reader.refuse((*route, "endPort"), "`endPort` needs a numeric `port` beside it")
        elif end < port:
            reader.refuse((*route, "endPort"), f"`endPort` {end} is below `port` {port}", "swap them")
    if reader.refused:
        return None
    if isinstance(port, str):
        return PolicyPort(protocol, 0, 0, port)
    return PolicyPort(protocol, FIRST, LAST) if port is None else PolicyPort(protocol, port, end or port)


def _selector(reader: Reader, value: Any, route: Route) -> Selector:
    if (found := plain.selector(value)) is not None:
        return found
    data = reader.mapping(value, route, ("matchLabels", "matchExpressions")) or {}
    labels = reader.labels(data.get("matchLabels"), (*route, "matchLabels"))
    requirements = [Requirement(key, "In", (text,)) for key, text in labels.items()]
    for index, item in enumerate(reader.items(data.get("matchExpressions"), (*route, "matchExpressions"))):
        if requirement := _requirement(reader, item, (*route, "matchExpressions", index)):
            requirements.append(requirement)
    return Selector(tuple(sorted(set(requirements))))


def _requirement(reader: Reader, value: Any, route: Route) -> Requirement | None:
    data = reader.mapping({} if value is None else value, route, ("key", "operator", "values"))
    if data is None:
        return None
    key = reader.typed(data.get("key"), str, (*route, "key"), required=True)
    if key is not None and (why := names.label_key(key)):
        reader.refuse((*route, "key"), f"label key {key!r} {why}")
    operator = reader.typed(data.get("operator"), str, (*route, "operator"), required=True)
    values = reader.items(data.get("values"), (*route, "values"))
    if operator is not None and operator not in _OPERATORS:
        reader.refuse((*route, "operator"), f"{operator!r} is no operator", f"one of {', '.join(_OPERATORS)}")
    elif operator in ("In", "NotIn") and not values:
        reader.refuse(route, f"`{operator}` needs at least one value", "add `values`")
    elif operator in ("Exists", "DoesNotExist") and values:
        reader.refuse((*route, "values"), f"`{operator}` takes no values", "drop them, or use In or NotIn")
    for index, text in enumerate(values):
        if type(text) is not str:
            reader.refuse((*route, "values", index), f"the value {text!r} is no text", "put it in quotes")
        elif why := names.label_value(text):
            reader.refuse((*route, "values", index), f"label value {text!r} {why}")
    if reader.refused or key is None or operator is None:
        return None
    return Requirement(key, operator, tuple(sorted(set(values))))
