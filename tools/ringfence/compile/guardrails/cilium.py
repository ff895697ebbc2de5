"""Guardrails as CiliumClusterwideNetworkPolicy of cilium.io/v2: rules that deny, and nothing that closes by default.

In Cilium a deny comes before every allow, of whatever policy. Addresses never match pods or nodes, so nodes are named
by entities. Toward pods, the node that a pod runs on is left out: it always reaches its pods.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ringfence.checks.denials import Denial
from ringfence.checks.podsets import Box
from ringfence.compile.cilium import GROUP, MOST_PORTS, NAMESPACE_LABEL, SIDE, VERSION
from ringfence.compile.guardrails.parts import chunks, label_selector, nets
from ringfence.compile.parts import DIRECTIONS
from ringfence.values.ports import ALL_PORTS, PortRange


def policies(denial: Denial) -> list[tuple[str, str, dict[str, Any]]]:
    """The CiliumClusterwideNetworkPolicy of one denial."""
    ports = [_port(item) for item in denial.ports.ranges()]
    listed = [{"ports": part} for part in chunks(ports, MOST_PORTS)] if denial.ports != ALL_PORTS else []
    rules = [{**other, **({"toPorts": listed} if listed else {})} for other in _others(denial)]
    spec = {
        "endpointSelector": _selector(denial.subject),
        "enableDefaultDeny": dict.fromkeys(DIRECTIONS, False),
        f"{denial.direction}Deny": rules,
    }
    return [(f"{GROUP}/{VERSION}", "CiliumClusterwideNetworkPolicy", spec)]


def _others(denial: Denial) -> Iterator[dict[str, Any]]:
    side = SIDE[denial.direction]
    if denial.pods:
        yield {f"{side}Endpoints": [_selector(box) for box in denial.pods]}
    sets = [
        {"cidr": cidr, **({"except": missing} if missing else {})}
        for listed, missing in nets(denial.addresses)
        for cidr in listed
    ]
    if sets:
        yield {f"{side}CIDRSet": sets}
    if denial.nodes:
        yield {f"{side}Entities": ["remote-node"] if denial.direction == "ingress" else ["host", "remote-node"]}


def _selector(box: Box) -> dict[str, Any]:
    labels = [(f"k8s:{key}", values) for key, values in box.labels]
    if box.namespaces.inside:
        return label_selector(sorted([*labels, (NAMESPACE_LABEL, box.namespaces)], key=lambda item: item[0]))
    # what is in no namespace is no pod
    known: list[dict[str, Any]] = [{"key": NAMESPACE_LABEL, "operator": "Exists"}]
    if box.namespaces.texts:
        known += label_selector([(NAMESPACE_LABEL, box.namespaces)])["matchExpressions"]
    found = label_selector(labels)
    return {**found, "matchExpressions": [*known, *found.get("matchExpressions", [])]}


def _port(item: PortRange) -> dict[str, Any]:
    last = {"endPort": item.last} if item.last != item.first else {}
    return {"port": str(item.first), **last, "protocol": item.protocol}
