"""Sets of small numbers as Python integers: bit i is set where i is in the set.

A *fuzzy* set is a pair (sure, possible): what is certainly in it, and what could be; the first is part of the second.
Mostly both are one object: large clusters have many sets, so nothing here makes two of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

Fuzzy = tuple[int, int]

EMPTY: Fuzzy = (0, 0)


def of(positions: Iterable[int]) -> int:
    """The set of the positions."""
    items = list(positions)
    if len(items) < 16:
        result = 0
        for item in items:
            result |= 1 << item
        return result
    raw = bytearray(max(items) // 8 + 1)
    for item in items:
        raw[item >> 3] |= 1 << (item & 7)
    return int.from_bytes(raw, "little")


def positions(bits: int) -> Iterator[int]:
    """The members in ascending order."""
    if bits.bit_count() < 8:
        while bits:
            low = bits & -bits
            yield low.bit_length() - 1
            bits ^= low
        return
    text = bin(bits)[:1:-1]
    index = text.find("1")
    while index >= 0:
        yield index
        index = text.find("1", index + 1)


def members(bits: int) -> tuple[int, ...]:
    """The members of a set in ascending order, faster for one of a single member."""
    return (bits.bit_length() - 1,) if bits.bit_count() == 1 else tuple(positions(bits))


@lru_cache(maxsize=64)
def flags(members: int) -> str:
    """A set as text. Of a long set, `flags(members)[i : i + 1] == "1"` costs a tenth of `members >> i & 1`."""
    return bin(members)[:1:-1]


def span(first: int, end: int) -> int:
    """The positions from `first` up to but not including `end`."""
    return (1 << end) - (1 << first)


def both(a: Fuzzy, b: Fuzzy) -> Fuzzy:
    """The intersection of fuzzy sets."""
    sure = a[0] & b[0]
    return sure, sure if a[0] is a[1] and b[0] is b[1] else a[1] & b[1]


def either(a: Fuzzy, b: Fuzzy) -> Fuzzy:
    """The union of fuzzy sets."""
    sure = a[0] | b[0]
    return sure, sure if a[0] is a[1] and b[0] is b[1] else a[1] | b[1]


def sure_less(a: Fuzzy, doubtful: int) -> Fuzzy:
    """A fuzzy set of which some members are no longer sure."""
    return (a[0] & ~doubtful, a[1]) if a[0] & doubtful else a


def neither(a: Fuzzy, everything: int) -> Fuzzy:
    """The complement of a fuzzy set in `everything`."""
    return everything & ~a[1], everything & ~a[0]


def paint(parts: dict[int, int], mask: int, where: int) -> None:
    """Add the ports `mask` at the positions `where` to a map of port mask to disjoint positions."""
    if not where or not mask:
        return
    for have in list(parts):
        common = parts[have] & where
        if not common:
            continue
        where ^= common
        if have | mask != have:
            parts[have] ^= common
            if not parts[have]:
                del parts[have]
            parts[have | mask] = parts.get(have | mask, 0) | common
        if not where:
            return
    parts[mask] = parts.get(mask, 0) | where


def overlay(a: Mapping[int, int], b: Mapping[int, int]) -> dict[int, int]:
    """The ports that both maps have, position by position."""
    result: dict[int, int] = {}
    for one, here in a.items():
        for two, there in b.items():
            if (mask := one & two) and (common := here & there):
                result[mask] = result.get(mask, 0) | common
    return result
