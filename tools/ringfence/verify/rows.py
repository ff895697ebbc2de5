"""Rows of connectivity as a wide part and single ends beside it, whichever form they have.

What a row has at a destination is the union of both parts. Of a row with few destinations, each is a single end; of one
with many, none is: a set of them is less work as one integer.
"""

from __future__ import annotations

from collections.abc import Mapping

from ringfence.connectivity import bits
from ringfence.connectivity.scattered import AnyRow, Scattered, at, touches

__all__ = ["FEW", "NOTHING", "AnyRow", "Ends", "Scattered", "at", "having", "parted", "touches"]

FEW = 256
"""So many destinations are looked at one by one."""

Ends = Mapping[int, int]
"""Ports by destination."""

NOTHING: Mapping[int, int] = {}
"""A row, or single ends, of a source that reaches nothing."""


def parted(row: AnyRow) -> tuple[AnyRow, Ends]:
    """The wide part of a row, and the single ends."""
    if type(row) is Scattered:  # `isinstance` is slow for a `Mapping` that is none
        return (row.wide, row.ends) if len(row.ends) <= FEW else (row.drawn(), NOTHING)
    if sum(where.bit_count() for where in row.values()) > FEW:
        return row, NOTHING
    return NOTHING, {position: mask for mask, where in row.items() for position in bits.positions(where)}


def having(row: AnyRow, ports: int) -> int:
    """The positions at which a row has all of some ports."""
    wide, ends = parted(row)
    found = bits.of(position for position, mask in ends.items() if not ports & ~(mask | at(wide, position)))
    for mask, where in wide.items():
        if not ports & ~mask:
            found |= where
    return found
