"""Why a rule of another dialect is no flow, by what it says: it denies, has an order or a tier, is for an entity."""

from __future__ import annotations

from typing import Any

from ringfence.adopt.existing.source import Object

_ENTITIES = ("fromEntities", "toEntities")
_BEYOND = {
    "icmps": "ICMP",
    "toFQDNs": "names of DNS",
    "toServices": "Services",
    "toGroups": "groups of a cloud",
    "fromGroups": "groups of a cloud",
    "fromNodes": "nodes",
    "toNodes": "nodes",
    "authentication": "authentication",
    "fromRequires": "conditions on all other rules",
    "toRequires": "conditions on all other rules",
    "icmp": "ICMP",
    "notICMP": "ICMP",
    "http": "requests",
    "notProtocol": "all protocols but one",
}
"""Fields of rules that no flow has, and what they are about."""


def why(item: Object, spec: dict[str, Any], key: str, rule: object) -> str:
    """The reason, as precise as the rule's fields tell; `key` is the list that it stands in."""
    said = rule if isinstance(rule, dict) else {}
    found = []
    action = said.get("action")
    if isinstance(action, str) and action not in ("Allow", "Accept"):
        found.append(f"its action is {action}")
    if key.endswith("Deny"):
        found.append("it denies")
    tier, order = spec.get("tier"), spec.get("order", spec.get("priority"))
    if isinstance(tier, str) and tier != "default":
        found.append(f"it is in tier {tier}")
    if isinstance(order, int | float):
        found.append(f"its policy has the {'order' if 'order' in spec else 'priority'} {order} among others")
    if item.kind.startswith("Staged"):
        found.append("its policy is only staged")
    if not item.namespace:
        found.append("its policy is one of the whole cluster")
    entities = [str(one) for name in _ENTITIES for one in (said.get(name) or ()) if isinstance(said.get(name), list)]
    if entities:
        found.append(f"it is for {'the entity' if len(entities) == 1 else 'the entities'} {', '.join(entities)}")
    about = list(dict.fromkeys(text for name, text in _BEYOND.items() if name in said))
    if str(said.get("protocol", "")).upper().startswith("ICMP"):
        about.append("ICMP")
    if any(isinstance(ports, dict) and ports.get("rules") for ports in _listed(said.get("toPorts"))):
        about.append("requests")
    if about:
        found.append(f"it is about {', '.join(dict.fromkeys(about))}")
    return "; ".join(found) or f"a NetworkPolicy could not say it as {item.kind} of {item.group} does"


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
