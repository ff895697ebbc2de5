"""Sets of integers as sorted disjoint closed intervals."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

Interval = tuple[int, int]
Intervals = tuple[Interval, ...]
"""Sorted, disjoint, not adjacent: `((1, 5), (8, 8))`. Equal sets are equal tuples."""


def normal(spans: Iterable[Interval]) -> Intervals:
    """The canonical intervals of any spans; a span with its ends reversed is empty."""
    result: list[Interval] = []
    for low, high in sorted(span for span in spans if span[0] <= span[1]):
        if result and low <= result[-1][1] + 1:
            if high > result[-1][1]:
                result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return tuple(result)


def union(a: Intervals, b: Intervals) -> Intervals:
    """The integers in either set."""
    if not a or a == b:
        return b
    return normal((*a, *b)) if b else a


def insert(firsts: list[int], lasts: list[int], low: int, high: int) -> bool:
    """Put a span into a set that is kept as the first and the last integers of its intervals; whether it adds any."""
    start, end = bisect_left(lasts, low - 1), bisect_right(firsts, high + 1)
    if start < end:
        if firsts[start] <= low and high <= lasts[start]:
            return False
        low, high = min(low, firsts[start]), max(high, lasts[end - 1])
    firsts[start:end], lasts[start:end] = [low], [high]
    return True


def intersection(a: Intervals, b: Intervals) -> Intervals:
    """The integers in both sets."""
    result: list[Interval] = []
    i = j = 0
    while i < len(a) and j < len(b):
        low, high = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if low <= high:
            result.append((low, high))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return tuple(result)


def difference(a: Intervals, b: Intervals) -> Intervals:
    """The integers of `a` that are not in `b`."""
    result: list[Interval] = []
    j = 0
    for low, high in a:
        while j < len(b) and b[j][1] < low:
            j += 1
        k = j
        while k < len(b) and b[k][0] <= high:
            if b[k][0] > low:
                result.append((low, b[k][0] - 1))
            low = b[k][1] + 1
            k += 1
        if low <= high:
            result.append((low, high))
    return tuple(result)


def contains(a: Intervals, value: int) -> bool:
    """Whether the integer is in the set."""
    return any(low <= value <= high for low, high in a)


def size(a: Intervals) -> int:
    """How many integers the set holds."""
    return sum(high - low + 1 for low, high in a)
