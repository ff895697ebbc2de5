"""One connection at a time, straight from the text of the semantics: slow, plain, and sharing no code with the engine.

It works on Kubernetes objects as plain data. `match_pods` says whether an `ipBlock` matches pod addresses.
"""

from __future__ import annotations

import ipaddress
from typing import Any

Object = dict[str, Any]


def is_allowed(
    objects: list[Object], source: str, destination: str, protocol: str, port: int, match_pods: bool
) -> bool:
    """Whether a packet from one pod (`namespace/name`) or address may open a connection to another."""
    if source == destination:
        return True
    return _permits(objects, "Egress", source, destination, destination, protocol, port, match_pods) and _permits(
        objects, "Ingress", destination, source, destination, protocol, port, match_pods
    )


def _pods(objects: list[Object]) -> dict[str, Object]:
    return {
        f"{item['metadata'].get('namespace', 'default')}/{item['metadata']['name']}": item
        for item in objects
        if item["kind"] == "Pod"
    }


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
    pod = _pods(objects).get(subject)
    if pod is None:
        return True
    selecting = [
        item for item in objects if item["kind"] == "NetworkPolicy" and _selects(item, pod) and kind in _types(item)
    ]
    if not selecting:
        return True
    section, peers_key = ("ingress", "from") if kind == "Ingress" else ("egress", "to")
    for policy in selecting:
        for rule in policy["spec"].get(section) or []:
            peers, ports = rule.get(peers_key) or [], rule.get("ports") or []
            if peers and not any(_is_peer(objects, policy, one, peer, match_pods) for one in peers):
                continue
            if not ports or any(_is_port(objects, one, destination, protocol, port) for one in ports):
                return True
    return False


def _types(policy: Object) -> list[str]:
    written = policy["spec"].get("policyTypes")
    if written:
        return list(written)
    return ["Ingress", "Egress"] if policy["spec"].get("egress") else ["Ingress"]


def _selects(policy: Object, pod: Object) -> bool:
    same = policy["metadata"].get("namespace", "default") == pod["metadata"].get("namespace", "default")
    return same and _matches(policy["spec"].get("podSelector"), pod["metadata"].get("labels") or {})


def _matches(selector: Object | None, labels: dict[str, str]) -> bool:
    selector = selector or {}
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for term in selector.get("matchExpressions") or []:
        present, value = term["key"] in labels, labels.get(term["key"])
        values = term.get("values") or []
        holds = {
            "In": present and value in values,
            "NotIn": not present or value not in values,
            "Exists": present,
            "DoesNotExist": not present,
        }[term["operator"]]
        if not holds:
            return False
    return True


def _namespace_labels(objects: list[Object], name: str) -> dict[str, str]:
    for item in objects:
        if item["kind"] == "Namespace" and item["metadata"]["name"] == name:
            return {**(item["metadata"].get("labels") or {}), "kubernetes.io/metadata.name": name}
    return {"kubernetes.io/metadata.name": name}


def _is_peer(objects: list[Object], policy: Object, one: Object, peer: str, match_pods: bool) -> bool:
    pod = _pods(objects).get(peer)
    if "ipBlock" in one:
        if pod is not None:
            addresses = [item["ip"] for item in pod.get("status", {}).get("podIPs", [])]
            return match_pods and any(_in_block(one["ipBlock"], address) for address in addresses)
        return _in_block(one["ipBlock"], peer)
    if pod is None:
        return False
    namespace = pod["metadata"].get("namespace", "default")
    if "namespaceSelector" in one:
        if not _matches(one["namespaceSelector"], _namespace_labels(objects, namespace)):
            return False
    elif namespace != policy["metadata"].get("namespace", "default"):
        return False
    return _matches(one.get("podSelector"), pod["metadata"].get("labels") or {})


def _in_block(block: Object, address: str) -> bool:
    value = ipaddress.ip_address(address)
    if value not in ipaddress.ip_network(block["cidr"]):
        return False
    return not any(value in ipaddress.ip_network(part) for part in block.get("except") or [])


def _is_port(objects: list[Object], one: Object, destination: str, protocol: str, port: int) -> bool:
    if one.get("protocol", "TCP") != protocol:
        return False
    wanted = one.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return wanted <= port <= one.get("endPort", wanted)
    pod = _pods(objects).get(destination)
    if pod is None:
        return False
    return any(
        entry.get("name") == wanted and entry.get("protocol", "TCP") == protocol and entry["containerPort"] == port
        for container in pod["spec"]["containers"]
        for entry in container.get("ports") or []
    )
