"""Port sets as bit masks: the ports that no rule tells apart are one bit."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import pairwise

from ringfence.values.ports import FIRST, LAST, PROTOCOLS, PortRange, PortSet


class Atoms:
    """The partition of all ports induced by some ranges. Only unions of these ranges have a mask."""

    def __init__(self, ranges: Iterable[PortRange]) -> None:
        cuts: dict[str, set[int]] = {protocol: {FIRST, LAST + 1} for protocol in PROTOCOLS}
        for item in ranges:
            cuts[item.protocol] |= {item.first, item.last + 1}
        self._starts: dict[str, list[int]] = {protocol: sorted(cuts[protocol]) for protocol in PROTOCOLS}
        self._offsets: dict[str, int] = {}
        self._atoms: list[PortRange] = []
        for protocol, starts in self._starts.items():
            self._offsets[protocol] = len(self._atoms)
            self._atoms.extend(PortRange(protocol, low, high - 1) for low, high in pairwise(starts))
        self.everything = (1 << len(self._atoms)) - 1
        self._sets: dict[int, PortSet] = {}

    def has(self, protocol: str, first: int, last: int) -> bool:
        """Whether a range is a union of atoms."""
        starts = self._starts[protocol]
        return first in starts and last + 1 in starts

    def mask(self, protocol: str, first: int, last: int) -> int:
        """The mask of a range."""
        starts, offset = self._starts[protocol], self._offsets[protocol]
        low, high = bisect_left(starts, first), bisect_left(starts, last + 1)
        return (1 << (offset + high)) - (1 << (offset + low))

    def within(self, ports: PortSet) -> tuple[int, bool]:
        """The mask of all atoms that lie in some ports, and whether they are all of these."""
        found, whole = 0, True
        for protocol, spans in ports:
            starts, offset = self._starts[protocol], self._offsets[protocol]
            for first, last in spans:
                low, high = bisect_left(starts, first), bisect_right(starts, last + 1) - 1
                found |= (1 << (offset + max(low, high))) - (1 << (offset + low))
                whole = whole and low < high and (starts[low], starts[high]) == (first, last + 1)
        return found, whole

    def ports(self, mask: int) -> PortSet:
        """The ports of a mask."""
        if (known := self._sets.get(mask)) is None:
            members = (item for index, item in enumerate(self._atoms) if mask >> index & 1)
            known = self._sets[mask] = PortSet.of(members)
        return known
