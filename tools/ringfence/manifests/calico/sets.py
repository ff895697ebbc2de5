"""Tiers and network sets of Calico v3."""

from __future__ import annotations

from typing import Any

from ringfence.manifests import names
from ringfence.manifests.calico.entities import read_nets
from ringfence.manifests.calico.reader import CalicoReader
from ringfence.manifests.calico.types import DEFAULT_TIER, TIER_ACTIONS, TIER_ORDERS, NetworkSet, Tier
from ringfence.manifests.types import sorted_labels
from ringfence.values.addresses import AddressSet

# Only these have their default action in the schema; Calico's own validation has no word on the others.
_CHECKED_ACTIONS = ("kube-admin", "kube-baseline", DEFAULT_TIER)


def read_tier(reader: CalicoReader, data: dict[str, Any]) -> Tier | None:
    """The tier of one object, or None after findings."""
    name, _, _ = reader.metadata(data, strict=True)
    reader.subject = name
    spec = reader.mapping(data.get("spec"), ("spec",), ("defaultAction", "order"), required=True) or {}
    action = reader.chosen(spec.get("defaultAction"), ("spec", "defaultAction"), ("Deny", "Pass"), "Deny")
    order = reader.number(spec.get("order"), ("spec", "order"))
    if name in _CHECKED_ACTIONS and action != TIER_ACTIONS[name]:
        message = f"the tier {name!r} must have default action {TIER_ACTIONS[name]}; the server refuses it"
        reader.refuse(("spec",), message, f"write `defaultAction: {TIER_ACTIONS[name]}`")
    if name in TIER_ORDERS and order != TIER_ORDERS[name]:
        wanted = f"{TIER_ORDERS[name]:.0f}"
        message = f"the tier {name!r} is Calico's own, of order {wanted}; its validation takes no other"
        reader.unenforced(("spec", "order"), message, "leave the tier to Calico, and name your own")
    if name and not names.subdomain(name) and (why := names.dns_label(name)):
        message = f"the name {name[:80]!r} of a tier {why}: it would be a part of policy names"
        reader.unenforced(("metadata", "name"), message, name.replace(".", "-")[:63])
    return None if reader.refused else Tier(name, order, action, reader.at())


def read_set(reader: CalicoReader, data: dict[str, Any], kind: str) -> NetworkSet | None:
    """The NetworkSet or GlobalNetworkSet of one object, or None after findings."""
    name, namespace, labels = reader.metadata(data, strict=True)
    namespace = "" if kind == "GlobalNetworkSet" else namespace
    reader.subject = f"{namespace}/{name}" if namespace else name
    spec = reader.mapping(data.get("spec"), ("spec",), ("nets",), required=True) or {}
    nets = read_nets(reader, spec.get("nets"), ("spec", "nets"), unique=True)
    if reader.refused:
        return None
    return NetworkSet(namespace, name, sorted_labels(labels), nets or AddressSet(), reader.at())
