"""What stays as adopted policies: objects with the rules that are no flows, and what keeps pods open that were open.

A bundle isolates every pod of its namespace in both directions. Pods that no policy isolated before stay open by a
policy that allows them everything, for exactly the pods that no selector of the original matches.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ringfence.adopt.existing.source import Object
from ringfence.manifests import NetworkPolicy, Requirement, Selector
from ringfence.model.adopted import OWN

NOISE = ("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName")
NOISE_OF_SERVER = ("generation", "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid")
TIES = ("ownerReferences", "finalizers")
"""What ties an object to what made it, or to what waits for its end; only in the cluster does it mean something."""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MOST = 32
"""How many policies may be needed to say which pods no selector matches."""

DIRECTIONS = ("ingress", "egress")


class Keep(Struct, frozen=True):
    """An adopted policy to be written. `namespace` is empty for one of the whole cluster; `comments` go above it.

    `opens` is the direction that it keeps open for pods that nothing isolated, empty for a policy of the original.
    `origin` is the key of that one, `dropped` what tied it to other objects and is not kept.
    """

    namespace: str
    data: Mapping[str, Any]
    comments: tuple[str, ...]
    opens: str = ""
    origin: tuple[str, str, str, str] | None = None
    dropped: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The kind with `namespace/name`, or with the name alone."""
        name = self.data["metadata"]["name"]
        return f"{self.data['kind']} {self.namespace}/{name}" if self.namespace else f"{self.data['kind']} {name}"


def whole(item: Object, why: Iterable[str]) -> Keep:
    """An object as it is, without what a server wrote into it."""
    data = copy.deepcopy({key: value for key, value in item.document.data.items() if key != "status"})
    meta = data["metadata"]
    dropped = tuple(key for key in TIES if meta.get(key))
    for key in (*NOISE, *NOISE_OF_SERVER):
        meta.pop(key, None)
    annotations = meta.get("annotations")
    if isinstance(annotations, dict):
        annotations.pop(LAST_APPLIED, None)
    for key in ("annotations", "labels"):
        if not meta.get(key):
            meta.pop(key, None)
    if meta["name"].startswith(OWN):
        meta["name"] = f"adopted-{meta['name']}"
    more = (f"Without its {' and '.join(dropped)}: what made it may write or delete it still.",) if dropped else ()
    return Keep(item.namespace, data, (*why, *more), origin=item.key, dropped=dropped)


def rest(item: Object, policy: NetworkPolicy, kept: Mapping[str, Collection[int]], why: Iterable[str]) -> Keep:
    """A NetworkPolicy with some of its rules only, by direction; a direction without any is left to the bundle."""
    result = whole(item, why)
    spec = dict(result.data["spec"])
    types = []
    for direction in DIRECTIONS:
        rules = spec.pop(direction, None)
        if numbers := kept.get(direction):
            types.append(direction.capitalize())
            spec[direction] = [rules[index] for index in sorted(numbers)] if isinstance(rules, list) else []
    ordered = {"podSelector": spec.pop("podSelector", None) or {}, "policyTypes": types, **spec}
    assert {direction.capitalize() for direction in kept if kept[direction]} == set(types), policy.id  # noqa: S101
    return replace(result, data={**result.data, "spec": ordered})


def opening(namespace: str, direction: str, selectors: Sequence[Selector], name: str) -> list[Keep]:
    """The policies that allow everything to the pods of a namespace that some selectors match."""
    several = len(selectors) > 1
    return [
        Keep(
            namespace,
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": f"{name}-{number}" if several else name, "namespace": namespace},
                "spec": {
                    "podSelector": _written(selector),
                    "policyTypes": [direction.capitalize()],
                    direction: [{}],
                },
            },
            (f"No policy isolated these pods for {direction}, so they stay open until this file goes.",),
            direction,
        )
        for number, selector in enumerate(selectors, 1)
    ]


def others(selectors: Iterable[Selector]) -> list[Selector] | None:
    """Selectors that together match exactly the pods that none of some selectors does; None where it takes too many."""
    found: list[frozenset[Requirement]] = [frozenset()]
    for selector in dict.fromkeys(selectors):
        negated = [_negated(item) for item in selector.requirements]
        found = [whole for one in found for item in negated if (whole := _with(one, item)) is not None]
        found = [one for one in dict.fromkeys(found) if not any(other < one for other in found)]
        if len(found) > MOST:
            return None
    return [Selector(tuple(sorted(one))) for one in sorted(found, key=sorted)]


_OPPOSITE = {"In": "NotIn", "NotIn": "In", "Exists": "DoesNotExist", "DoesNotExist": "Exists"}


def _negated(item: Requirement) -> Requirement:
    return Requirement(item.key, _OPPOSITE[item.operator], item.values)


def _with(known: frozenset[Requirement], item: Requirement) -> frozenset[Requirement] | None:
    """Conditions with one more, those on one key joined where they can be; None where nothing meets them all."""
    here = {one.operator: one for one in known if one.key == item.key}
    apart = frozenset(one for one in known if one.key != item.key)
    values = {operator: set(one.values) for operator, one in here.items()}
    if item.operator in values and item.operator == "In":
        values["In"] &= set(item.values)
    else:
        values.setdefault(item.operator, set()).update(item.values)
    if "DoesNotExist" in values and ("In" in values or "Exists" in values):
        return None
    if "In" in values:
        values["In"] -= values.pop("NotIn", set())
        values.pop("Exists", None)
        if not values["In"]:
            return None
    if "DoesNotExist" in values:
        values.pop("NotIn", None)
    joined = (Requirement(item.key, operator, tuple(sorted(texts))) for operator, texts in values.items())
    return apart | frozenset(joined)


def _written(selector: Selector) -> dict[str, Any]:
    single = {one.key: one.values[0] for one in selector.requirements if one.operator == "In" and len(one.values) == 1}
    expressions = [
        {"key": one.key, "operator": one.operator, **({"values": list(one.values)} if one.values else {})}
        for one in selector.requirements
        if one.key not in single or one.operator != "In"
    ]
    found: dict[str, Any] = {}
    if single:
        found["matchLabels"] = single
    if expressions:
        found["matchExpressions"] = expressions
    return found
