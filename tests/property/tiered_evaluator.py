"""One connection at a time through the tiers, straight from the text: slow, plain, and nothing of the engine in it.

Policies of equal priority go in the order of the objects. `match_pods` says whether networks match pod addresses.
"""

from __future__ import annotations

import ipaddress
from typing import Any

import point_evaluator as points

Object = dict[str, Any]
KINDS = ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy")


def is_allowed(
    objects: list[Object], source: str, destination: str, protocol: str, port: int, match_pods: bool
) -> bool:
    """Whether a packet from one pod (`namespace/name`) or address may open a connection to another."""
    if source == destination:
        return True
    return all(
        _permits(objects, kind, subject, peer, destination, protocol, port, match_pods)
        for kind, subject, peer in (("Egress", source, destination), ("Ingress", destination, source))
    )


def _permits(
    objects: list[Object],
    kind: str,
    subject: str,
    peer: str,
    destination: str,
    protocol: str,
    port: int,
    match_pods: bool,
) -> bool:
    pod = points._pods(objects).get(subject)
    if pod is None:
        return True
    asked = (objects, kind, subject, peer, destination, protocol, port, match_pods)
    first = _first(*asked, tier="Admin")
    if first in ("Allow", "Deny"):
        return first == "Allow"
    isolated = any(
        item["kind"] == "NetworkPolicy" and points._selects(item, pod) and kind in points._types(item)
        for item in objects
    )
    if isolated:
        return points._permits(objects, kind, subject, peer, destination, protocol, port, match_pods)
    return _first(*asked, tier="Baseline") != "Deny"


def _first(
    objects: list[Object],
    kind: str,
    subject: str,
    peer: str,
    destination: str,
    protocol: str,
    port: int,
    match_pods: bool,
    tier: str,
) -> str:
    """The action of the first rule of a tier that matches; empty for none."""
    here = [item for item in objects if item["kind"] in KINDS and _tier(item) == tier]
    section, side = ("ingress", "from") if kind == "Ingress" else ("egress", "to")
    for policy in sorted(here, key=lambda item: item["spec"].get("priority", 0)):
        if not _is_pod(objects, policy["spec"]["subject"], subject):
            continue
        for rule in policy["spec"].get(section, []):
            entries = rule.get("ports") or rule.get("protocols") or []
            if any(_is_peer(objects, one, peer, match_pods) for one in rule[side]) and (
                not entries or any(_is_port(objects, one, destination, protocol, port) for one in entries)
            ):
                return "Allow" if rule["action"] == "Accept" else str(rule["action"])
    return ""


def _tier(policy: Object) -> str:
    return str(policy["spec"].get("tier") or ("Admin" if policy["kind"] == "AdminNetworkPolicy" else "Baseline"))


def _is_pod(objects: list[Object], one: Object, name: str) -> bool:
    pod = points._pods(objects).get(name)
    if pod is None:
        return False
    namespace = points._namespace_labels(objects, pod["metadata"]["namespace"])
    if "namespaces" in one:
        return points._matches(one["namespaces"], namespace)
    chosen = one["pods"]
    return points._matches(chosen["namespaceSelector"], namespace) and points._matches(
        chosen["podSelector"], pod["metadata"]["labels"]
    )


def _is_peer(objects: list[Object], one: Object, peer: str, match_pods: bool) -> bool:
    if "networks" not in one:
        return _is_pod(objects, one, peer)
    pod = points._pods(objects).get(peer)
    if pod is not None and not match_pods:
        return False
    addresses = [peer] if pod is None else [item["ip"] for item in pod["status"]["podIPs"]]
    return any(ipaddress.ip_address(ip) in ipaddress.ip_network(net) for ip in addresses for net in one["networks"])


def _is_port(objects: list[Object], one: Object, destination: str, protocol: str, port: int) -> bool:
    name = one.get("namedPort") or one.get("destinationNamedPort")
    if name:
        return points._is_port(objects, {"port": name, "protocol": protocol}, destination, protocol, port)
    if "portNumber" in one:
        return bool(one["portNumber"] == {"protocol": protocol, "port": port})
    if "portRange" in one:
        span = one["portRange"]
        return span["protocol"] == protocol and span["start"] <= port <= span["end"]
    entry = one.get(protocol.lower(), {}).get("destinationPort", {})
    span = entry.get("range")
    return span["start"] <= port <= span["end"] if span else entry.get("number") == port
