"""What the kinds of guardrail policies have in common: one object, and selectors and addresses as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from ringfence.checks.podsets import Box, Values
from ringfence.model.types import METADATA_NAME, Guardrail, Labels
from ringfence.values.addresses import EVERYWHERE, AddressSet

_Item = TypeVar("_Item")

LABELS: Labels = (("app.kubernetes.io/managed-by", "ringfence"),)


class Guard(Struct, frozen=True):
    """One object: the name of its file without `.yaml`, the guardrail, and what the object holds."""

    file: str
    guardrail: Guardrail
    name: str
    version: str
    kind: str
    spec: dict[str, Any]
    labels: Labels = LABELS

    @property
    def data(self) -> dict[str, Any]:
        """The object as plain data."""
        metadata = {"name": self.name, "labels": dict(self.labels)}
        return {"apiVersion": self.version, "kind": self.kind, "metadata": metadata, "spec": self.spec}


def chunks(items: Sequence[_Item], size: int) -> Iterator[list[_Item]]:
    """Items in lists of at most a size."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def namespace_selector(box: Box, key: str = METADATA_NAME) -> dict[str, Any]:
    """The selector of a box's namespaces by a label that every namespace has."""
    return label_selector(((key, box.namespaces),)) if box.namespaces.texts or box.namespaces.inside else {}


def label_selector(labels: Sequence[tuple[str, Values]]) -> dict[str, Any]:
    """A Kubernetes label selector; equality where it does."""
    equal = {key: next(iter(values.texts)) for key, values in labels if values.inside and len(values.texts) == 1}
    others = [
        {"key": key, "operator": "In" if values.inside else "NotIn", "values": sorted(values.texts)}
        for key, values in labels
        if key not in equal
    ]
    return {**({"matchLabels": equal} if equal else {}), **({"matchExpressions": others} if others else {})}


def nets(addresses: AddressSet) -> Iterator[tuple[list[str], list[str]]]:
    """Addresses as CIDRs and exceptions, family by family: whichever has fewer, a plain list or all but some."""
    for part, family in (
        (AddressSet(addresses.v4), AddressSet(EVERYWHERE.v4)),
        (AddressSet((), addresses.v6), AddressSet((), EVERYWHERE.v6)),
    ):
        if part:
            listed, missing = part.cidrs(), (family - part).cidrs()
            yield (listed, []) if len(listed) <= len(missing) + 1 else (family.cidrs(), missing)
