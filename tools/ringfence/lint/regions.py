"""Regions: port mask to positions. Parts may overlap unless said otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.connectivity import bits
from ringfence.connectivity.engine import Row
from ringfence.connectivity.scattered import AnyRow
from ringfence.connectivity.tiers import without


def of(parts: Iterable[tuple[int, int]]) -> Row:
    """The union of ports at positions, as disjoint parts."""
    result: Row = {}
    for mask, where in parts:
        bits.paint(result, mask, where)
    return result


def minus(region: Row, taken: Row) -> Row:
    """A disjoint region less another."""
    for mask, where in taken.items() if region else ():
        region = without(region, mask, where)
    return region


def common(one: Row, other: Row) -> list[tuple[int, int]]:
    """The parts that two regions have in common."""
    return [
        (mask & ports, where & there)
        for mask, where in one.items()
        for ports, there in other.items()
        if mask & ports and where & there
    ]


def meet(one: AnyRow, other: AnyRow) -> bool:
    """Whether two regions have anything in common."""
    return any(mask & ports and where & there for mask, where in one.items() for ports, there in other.items())
