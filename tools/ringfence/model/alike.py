"""Models of two revisions, which are nearly the same: what is equal in both is one object, and so held once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import is_
from typing import TypeVar

from msgspec.structs import replace

from ringfence.model.types import Flow, Model

Key = TypeVar("Key")
Item = TypeVar("Item")


def alike(model: Model, other: Model) -> Model:
    """The model, with the objects of another one in the place of those that are equal, to their places in files.

    A mapping or list all of which is equal is the other's too: what was found out of it holds for both models.
    """
    # stages and network plugins are equal wherever they stand
    clusters = {name: item for name, item in other.clusters.items() if repr(model.clusters.get(name)) == repr(item)}
    flows = _mapping(_by_name(model.flows), _by_name(other.flows))
    return replace(
        model,
        clusters=_whole(_mapping(model.clusters, clusters), other.clusters),
        peers=_whole(_mapping(model.peers, other.peers), other.peers),
        namespaces=_whole(_mapping(model.namespaces, other.namespaces), other.namespaces),
        workloads=_whole(_mapping(model.workloads, other.workloads), other.workloads),
        flows=other.flows if _is_all(flows.values(), other.flows) else tuple(flows.values()),
        grants=other.grants if model.grants == other.grants else model.grants,
    )


def _mapping(items: Mapping[Key, Item], others: Mapping[Key, Item]) -> dict[Key, Item]:
    """The items, or those of others that are equal."""
    return {key: had if (had := others.get(key)) == item and had is not None else item for key, item in items.items()}


def _whole(items: Mapping[Key, Item], others: Mapping[Key, Item]) -> Mapping[Key, Item]:
    """The other mapping where it has the same objects. Both are in the order of their keys."""
    return others if _is_all(items.values(), others.values()) else items


def _is_all(items: Iterable[object], others: Iterable[object]) -> bool:
    """Whether two collections hold the same objects, in the same order."""
    items, others = list(items), list(others)
    return len(items) == len(others) and all(map(is_, items, others))


def _by_name(flows: Iterable[Flow]) -> dict[tuple[str, str], Flow]:
    return {(flow.namespace, flow.name): flow for flow in flows}
