"""The short way to what nearly all policies hold: peers by labels, and ports by number.

It judges nothing: each function that takes a value of any form gives None for what is not well formed or not plain, and
the long way then says what is wrong. Equal values are one object: they are many in a cluster, and compared often.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ringfence.manifests import names
from ringfence.manifests.types import PodsPeer, PolicyPort, Requirement, Selector
from ringfence.values.ports import FIRST, LAST, PROTOCOLS

Pairs = tuple[tuple[Any, Any], ...]

_PORT = frozenset(("protocol", "port"))
_EVERYTHING = Selector()


def selector(value: Any) -> Selector | None:
    """The selector of `matchLabels` alone."""
    labels = _labels(value)
    if labels is None:
        return None
    try:
        return _selector(labels)
    except TypeError:  # a list or a mapping for a value has no hash
        return None


def peer(value: Any) -> PodsPeer | None:
    """The peer of a `podSelector`, a `namespaceSelector` or both, of `matchLabels` alone."""
    if type(value) is not dict or not value:
        return None
    pods, namespaces = _labels(value.get("podSelector")), _labels(value.get("namespaceSelector"))
    if len(value) != (pods is not None) + (namespaces is not None):
        return None
    try:
        return _peer(pods, namespaces)
    except TypeError:
        return None


def port(value: Any) -> PolicyPort | None:
    """One port by its number."""
    if type(value) is not dict or not _PORT.issuperset(value):
        return None
    protocol, number = value.get("protocol", "TCP"), value.get("port")
    if type(number) is int and type(protocol) is str:
        return _port(protocol, number)
    return None


def _labels(value: Any) -> Pairs | None:
    if type(value) is dict and len(value) == 1 and type(labels := value.get("matchLabels")) is dict:
        return tuple(labels.items())
    return None


@lru_cache(maxsize=1 << 16)
def _selector(labels: Pairs) -> Selector | None:
    return requiring(Selector.of(dict(labels)).requirements) if names.are_labels(labels) else None


@lru_cache(maxsize=1 << 16)
def _peer(pods: Pairs | None, namespaces: Pairs | None) -> PodsPeer | None:
    selectors = [None if labels is None else _selector(labels) for labels in (pods, namespaces)]
    if [found is None for found in selectors] != [pods is None, namespaces is None]:
        return None
    return pods_with(selectors[0] or _EVERYTHING, selectors[1])


@lru_cache(maxsize=1 << 12)
def _port(protocol: str, number: int) -> PolicyPort | None:
    return ports_of(protocol, number, number) if protocol in PROTOCOLS and FIRST <= number <= LAST else None


@lru_cache(maxsize=1 << 16)
def requiring(requirements: tuple[Requirement, ...]) -> Selector:
    """The selector of some conditions."""
    return Selector(requirements)


@lru_cache(maxsize=1 << 16)
def pods_with(pods: Selector, namespaces: Selector | None) -> PodsPeer:
    """The peer of some selectors."""
    return PodsPeer(pods, namespaces)


@lru_cache(maxsize=1 << 12)
def ports_of(protocol: str, first: int, last: int, name: str = "") -> PolicyPort:
    """The entry of some ports."""
    return PolicyPort(protocol, first, last, name)
