"""Guardrails as GlobalNetworkPolicy of projectcalico.org/v3, in a tier before that of the teams.

What no rule denies goes on to the next tier, by the tier's default action. A policy selects pods by their namespaces,
so it is never for a host endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ringfence.checks.denials import Denial
from ringfence.checks.podsets import Box, Values
from ringfence.compile.calico import ALL, GROUP, TIER_ANNOTATIONS, VERSION
from ringfence.compile.guardrails.parts import LABELS, nets
from ringfence.model.types import METADATA_NAME
from ringfence.values.ports import ALL_PORTS, FIRST, LAST

TIER = "ringfence-guardrails"
TIER_ORDER = 50_000
"""After the tiers of administrators' own policies (1,000), before `ringfence` (100,000) and `default`."""
ORDER = 1000
"""Of every policy: they only deny, so which of them comes first makes no difference."""


def tier() -> dict[str, Any]:
    """The tier that holds every guardrail policy."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Tier",
        "metadata": {"name": TIER, "labels": dict(LABELS), "annotations": dict(TIER_ANNOTATIONS)},
        "spec": {"order": TIER_ORDER, "defaultAction": "Pass"},
    }


def policies(denial: Denial) -> list[tuple[str, str, dict[str, Any]]]:
    """The GlobalNetworkPolicy of one denial."""
    rules = [
        _rule(denial.direction, other, protocol, ports)
        for other in _others(denial)
        for protocol, ports in _ports(denial)
    ]
    spec = {
        "tier": TIER,
        "order": ORDER,
        "selector": _labels(denial.subject),
        "namespaceSelector": _namespaces(denial.subject),
        "types": [denial.direction.capitalize()],
        denial.direction: rules,
    }
    return [(f"{GROUP}/{VERSION}", "GlobalNetworkPolicy", spec)]


def _others(denial: Denial) -> Iterator[dict[str, Any]]:
    for box in denial.pods:
        yield {"namespaceSelector": _namespaces(box), "selector": _labels(box)}
    for listed, missing in nets(denial.addresses):
        yield {"nets": listed, **({"notNets": missing} if missing else {})}


def _ports(denial: Denial) -> Iterator[tuple[str, list[int | str]]]:
    if denial.ports == ALL_PORTS:
        yield "", []
        return
    for protocol, spans in denial.ports:
        if spans == ((FIRST, LAST),):
            yield protocol, []
        elif spans:
            yield protocol, [low if low == high else f"{low}:{high}" for low, high in spans]


def _rule(direction: str, other: dict[str, Any], protocol: str, ports: list[int | str]) -> dict[str, Any]:
    listed = {"ports": ports} if ports else {}
    ends: dict[str, Any] = {"destination": {**other, **listed}}
    if direction == "ingress":
        ends = {"source": other, **({"destination": listed} if listed else {})}
    return {"action": "Deny", **({"protocol": protocol} if protocol else {}), **ends}


def _namespaces(box: Box) -> str:
    # the first half keeps host endpoints and network sets out, which are in no namespace
    if not box.namespaces.inside:
        known = f"has({METADATA_NAME})"
        return f"{known} && {_values(METADATA_NAME, box.namespaces)}" if box.namespaces.texts else known
    return _values(METADATA_NAME, box.namespaces)


def _labels(box: Box) -> str:
    return " && ".join(_values(key, values) for key, values in box.labels) or ALL


def _values(key: str, values: Values) -> str:
    texts = sorted(values.texts)
    if len(texts) == 1:
        return f"{key} {'==' if values.inside else '!='} '{texts[0]}'"
    listed = ", ".join(f"'{text}'" for text in texts)
    return f"{key} {'in' if values.inside else 'not in'} {{{listed}}}"
