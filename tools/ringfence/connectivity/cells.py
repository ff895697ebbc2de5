"""External addresses, cut into cells: two addresses share a cell where no `ipBlock` tells them apart."""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ringfence.values.addresses import V4_LAST, V6_LAST, AddressSet
from ringfence.values.intervals import Intervals


def partition(sets: Iterable[AddressSet], universe: AddressSet) -> list[AddressSet]:
    """The cells of a universe, in order of their first address, IPv4 before IPv6."""
    unique = list(dict.fromkeys([*sets, universe]))
    inside = 1 << unique.index(universe)
    parts: dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = defaultdict(lambda: ([], []))
    for family, last in ((0, V4_LAST), (1, V6_LAST)):
        toggles: dict[int, int] = defaultdict(int)
        for index, item in enumerate(unique):
            for low, high in item.v6 if family else item.v4:
                toggles[low] ^= 1 << index
                toggles[high + 1] ^= 1 << index
        starts = sorted(toggles)
        state = 0
        for low, end in zip(starts, [*starts[1:], last + 1], strict=True):
            state ^= toggles[low]
            if state & inside:
                parts[state][family].append((low, end - 1))
    cells = [AddressSet(_joined(v4), _joined(v6)) for v4, v6 in parts.values()]
    return sorted(cells, key=lambda cell: (not cell.v4, cell.v4, cell.v6))


def _joined(spans: list[tuple[int, int]]) -> Intervals:
    result: list[tuple[int, int]] = []
    for low, high in spans:
        if result and result[-1][1] + 1 == low:
            result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return tuple(result)


class CellIndex:
    """Finds the cells that meet a set of addresses without looking at the others."""

    def __init__(self, cells: Sequence[AddressSet]) -> None:
        self._spans: tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]] = ([], [])
        for number, cell in enumerate(cells):
            for spans, own in zip(self._spans, (cell.v4, cell.v6), strict=True):
                spans.extend((low, high, number) for low, high in own)
        for spans in self._spans:
            spans.sort()

    def meeting(self, addresses: AddressSet) -> set[int]:
        """The numbers of the cells with an address in the set."""
        found: set[int] = set()
        for spans, wanted in zip(self._spans, (addresses.v4, addresses.v6), strict=True):
            for low, high in wanted:
                first = bisect_right(spans, (low, 1 << 129, 0))
                if first and spans[first - 1][1] >= low:
                    first -= 1
                found.update(number for _, _, number in spans[first : bisect_right(spans, (high, 1 << 129, 0))])
        return found


class AddressIndex:
    """Finds which of some numbered things have an address in a set. A thing may have several addresses."""

    def __init__(self, things: Iterable[tuple[int, Sequence[str]]]) -> None:
        self._sorted: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
        for position, texts in things:
            for text in texts:
                address = ipaddress.ip_address(text)
                self._sorted[address.version == 6].append((int(address), position))
        for entries in self._sorted:
            entries.sort()

    def within(self, addresses: AddressSet) -> set[int]:
        """The things with at least one address in the set."""
        found: set[int] = set()
        for entries, spans in zip(self._sorted, (addresses.v4, addresses.v6), strict=True):
            for low, high in spans if entries else ():
                first, end = bisect_left(entries, (low, -1)), bisect_right(entries, (high, 1 << 62))
                found.update(position for _, position in entries[first:end])
        return found
