"""Guardrails as AdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha2) of policy.networking.k8s.io.

All have one priority: two policies of one priority are in no defined order, which says nothing among denies. Limits are
those of the CRDs. Pods on a node's network are neither subject nor peer; that is the API's rule.
"""

from __future__ import annotations

from typing import Any

from ringfence.checks.denials import Denial
from ringfence.checks.podsets import Box
from ringfence.compile.guardrails.parts import chunks, label_selector, namespace_selector
from ringfence.values.ports import ALL_PORTS, PortRange

GROUP = "policy.networking.k8s.io"
PRIORITY = 100
"""Of every policy. Those of administrators that must come before have a lower one."""
MOST_NETWORKS = 25
_Object = tuple[str, str, dict[str, Any]]


def admin_network_policies(denial: Denial) -> list[_Object]:
    """The AdminNetworkPolicy objects of one denial."""
    ports = [_port(item) for item in _ranges(denial)]
    return [
        (f"{GROUP}/v1alpha1", "AdminNetworkPolicy", {"priority": PRIORITY, **spec})
        for spec in _specs(denial, "ports", ports, 100)
    ]


def cluster_network_policies(denial: Denial) -> list[_Object]:
    """The ClusterNetworkPolicy objects of one denial."""
    ports = [_protocol(item) for item in _ranges(denial)]
    return [
        (f"{GROUP}/v1alpha2", "ClusterNetworkPolicy", {"tier": "Admin", "priority": PRIORITY, **spec})
        for spec in _specs(denial, "protocols", ports, 25)
    ]


def _specs(denial: Denial, key: str, ports: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The parts of `spec` that both kinds have; `most` is the limit of rules, of peers and of ports."""
    peers = [_pods(box) for box in denial.pods]
    if denial.direction == "egress":
        # addresses toward pods are refused before (`checks.denials`)
        peers += [{"networks": part} for part in chunks(denial.addresses.cidrs(), MOST_NETWORKS)]
    side = "to" if denial.direction == "egress" else "from"
    rules = [
        {"action": "Deny", side: some, **({key: listed} if listed else {})}
        for some in chunks(peers, most)
        for listed in (chunks(ports, most) if ports else ([],))
    ]
    return [{"subject": _pods(denial.subject), denial.direction: part} for part in chunks(rules, most)]


def _pods(box: Box) -> dict[str, Any]:
    namespaces = namespace_selector(box)
    if not box.labels:
        return {"namespaces": namespaces}
    return {"pods": {"namespaceSelector": namespaces, "podSelector": label_selector(box.labels)}}


def _ranges(denial: Denial) -> list[PortRange]:
    return [] if denial.ports == ALL_PORTS else denial.ports.ranges()


def _port(item: PortRange) -> dict[str, Any]:
    if item.first == item.last:
        return {"portNumber": {"protocol": item.protocol, "port": item.first}}
    return {"portRange": {"protocol": item.protocol, "start": item.first, "end": item.last}}


def _protocol(item: PortRange) -> dict[str, Any]:
    ends = {"start": item.first, "end": item.last}
    port = {"number": item.first} if item.first == item.last else {"range": ends}
    return {item.protocol.lower(): {"destinationPort": port}}
