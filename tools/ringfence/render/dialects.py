"""What rendering knows of each dialect: how bundles become parts, and what its templates see of them.

The dialect `kubernetes` has a base that clusters share and a form of its own (`files`, `plain`). Those here are written
whole, cluster by cluster, in one way (`whole`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ringfence.compile import calico, cilium, kubernetes
from ringfence.compile.bundle import Bundle, Rule
from ringfence.compile.parts import DIRECTIONS, Part

_Values = dict[str, Any]


class Dialect(Struct, frozen=True):
    """A dialect that is written whole: its compiler, and its values for templates.

    `values` are those that are its own; `cluster` are the objects of a cluster as a whole, by file, each with the name
    of its template and that template's values.
    """

    name: str
    parts: Callable[[Bundle], list[Part]]
    as_rules: Callable[[Rule, str], list[dict[str, Any]]]
    entries: Callable[[Rule], tuple[tuple[Any, ...], ...]]
    values: Callable[[Mapping[str, Any]], _Values]
    cluster: Callable[[], dict[str, tuple[dict[str, Any], str, _Values]]]


def common(bundle: Bundle, head: Mapping[str, Any]) -> _Values:
    """What the templates of every dialect see of an object: text and tuples only."""
    metadata = head["metadata"]
    return {
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "team": bundle.team,
        "labels": tuple(metadata["labels"].items()),
        "annotations": tuple(metadata.get("annotations", {}).items()),
        "direction": next((direction for direction in DIRECTIONS if direction in head["spec"]), ""),
    }


def kinds(dialect: str) -> tuple[tuple[str, str], ...]:
    """The group and kind of every object that a bundle may hold in a dialect."""
    return {
        "calico": ((calico.GROUP, calico.KIND), (calico.GROUP, calico.STAGED)),
        "cilium": ((cilium.GROUP, cilium.KIND),),
    }.get(dialect, ((kubernetes.GROUP, kubernetes.KIND),))


def objects(dialect: str, bundle: Bundle) -> Sequence[dict[str, Any]]:
    """The objects of a bundle in a dialect, in its order."""
    compilers = {"kubernetes": kubernetes.objects, "calico": calico.objects, "cilium": cilium.objects}
    return compilers[dialect](bundle)


def _of_calico(head: Mapping[str, Any]) -> _Values:
    spec = head["spec"]
    return {
        "kind": head["kind"],
        "tier": spec["tier"],
        "order": spec["order"],
        "selector": spec["selector"],
        "types": tuple(spec["types"]),
        "staged": "stagedAction" in spec,
    }


def _cluster_of_calico() -> dict[str, tuple[dict[str, Any], str, _Values]]:
    tier = calico.tier()
    return {f"tier-{calico.TIER}": (tier, "calico/tier.yaml.j2", of_tier(tier))}


def of_tier(tier: Mapping[str, Any]) -> _Values:
    """What the template of a tier sees of it."""
    metadata, spec = tier["metadata"], tier["spec"]
    return {
        "name": metadata["name"],
        "labels": tuple(metadata["labels"].items()),
        "annotations": tuple(metadata["annotations"].items()),
        "order": spec["order"],
        "action": spec["defaultAction"],
    }


def _of_cilium(head: Mapping[str, Any]) -> _Values:
    spec = head["spec"]
    return {
        "selector": tuple(spec["endpointSelector"].get("matchLabels", {}).items()),
        "deny_ingress": spec["enableDefaultDeny"]["ingress"],
        "deny_egress": spec["enableDefaultDeny"]["egress"],
    }


WHOLE = {
    item.name: item
    for item in (
        Dialect("calico", calico.parts, calico.as_rules, calico.entries, _of_calico, _cluster_of_calico),
        Dialect("cilium", cilium.parts, cilium.as_rules, cilium.entries, _of_cilium, dict),
    )
}
"""By name, those that are written whole."""
