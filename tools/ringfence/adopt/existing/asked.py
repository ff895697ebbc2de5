"""What adopted policies ask of labels, so that declared workloads say as much as these hang on, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from ringfence.adopt.existing.keeping import DIRECTIONS, Keep
from ringfence.adopt.existing.units import Unit
from ringfence.manifests import Requirement, Selector

_EXPRESSIONS = ("selector", "notSelector", "namespaceSelector", "serviceAccountSelector")
_PREFIXES = ("k8s:", "any:", "k8s.", "any.")
_OF_NAMESPACES = ("io.cilium.k8s.namespace.labels.", "pcns.")


class Asked(Struct, frozen=True):
    """The label keys that any adopted policy asks for, those of other dialects, and the selectors of NetworkPolicies.

    A selector comes with the namespace that it is for, empty for any.
    """

    keys: frozenset[str]
    others: frozenset[str]
    selectors: tuple[tuple[str, Selector], ...]

    def of(self, unit: Unit) -> frozenset[str]:
        """The keys whose values a workload has to say, so that it is known which of the policies are for it."""
        labels = dict(unit.labels)
        found = set(self.others)
        for namespace, selector in self.selectors:
            parts = selector.requirements
            if namespace in ("", unit.namespace) and all(item.matches(labels) for item in parts if item.key in labels):
                found |= {item.key for item in parts}
        return frozenset(found)


def of(keeps: Sequence[Keep]) -> Asked:
    """What some adopted policies ask for."""
    plain = [keep for keep in keeps if str(keep.data["apiVersion"]).startswith("networking.k8s.io/")]
    return Asked(
        frozenset(key for keep in keeps for key in _keys(keep.data)),
        frozenset(key for keep in keeps if keep not in plain for key in _keys(keep.data)),
        tuple(dict.fromkeys(pair for keep in plain for pair in _selectors(keep))),
    )


def _selectors(keep: Keep) -> Iterator[tuple[str, Selector]]:
    spec = keep.data["spec"]
    yield keep.namespace, _selector(spec.get("podSelector"))
    for direction, ends in zip(DIRECTIONS, ("from", "to"), strict=True):
        for rule in spec.get(direction) or ():
            for peer in (rule or {}).get(ends) or ():
                if "ipBlock" not in peer:
                    own = peer.get("namespaceSelector") is None
                    yield keep.namespace if own else "", _selector(peer.get("podSelector"))


def _selector(data: Mapping[str, object] | None) -> Selector:
    """A selector as it is written, which the API server takes."""
    labels, expressions = (data or {}).get("matchLabels"), (data or {}).get("matchExpressions")
    found = [Requirement(key, "In", (value,)) for key, value in (labels if isinstance(labels, dict) else {}).items()]
    found += [
        Requirement(item["key"], item["operator"], tuple(item.get("values") or ()))
        for item in (expressions if isinstance(expressions, list) else ())
    ]
    return Selector(tuple(found))


def _keys(value: object) -> Iterable[str]:
    if isinstance(value, list):
        for item in value:
            yield from _keys(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "matchLabels" and isinstance(item, dict):
                yield from (_bare(str(label)) for label in item)
            elif key == "key" and isinstance(item, str):
                yield _bare(item)
            elif key in _EXPRESSIONS and isinstance(item, str):
                yield from (_bare(word) for word in re.findall(r"[A-Za-z0-9][A-Za-z0-9._/-]*", item))
            else:
                yield from _keys(item)


def _bare(key: str) -> str:
    """A label key without what a dialect puts before it."""
    for prefixes in (_PREFIXES, _OF_NAMESPACES):
        for prefix in prefixes:
            key = key.removeprefix(prefix)
    return key
