"""One direction of a large cluster: pair by pair what is said of few ends, as rectangles what is said of many."""

from __future__ import annotations

from typing import Self

from ringfence.connectivity import bits
from ringfence.connectivity.brief import Brief
from ringfence.connectivity.engine import Side
from ringfence.connectivity.resolve import Direction, Gate
from ringfence.connectivity.scattered import Few, Packing, Pairs, Way, few
from ringfence.connectivity.space import Space


class LargeSide(Side):
    """A side whose small rectangles are pairs beside it: only `rows` and `differing` tell of them."""

    def __init__(self, direction: Direction, space: Space, everything: int, subjects: int, packing: Packing) -> None:
        super().__init__(direction, space, everything, subjects)
        self._pairs = Pairs(packing)
        self._sure: list[int] = []
        self._possible: list[int] = []

    def _add(self, which: int, sources: int, destinations: int, mask: int) -> None:
        starts, ends = few((sources, sources)), few((destinations, destinations))
        if starts is None or ends is None or not self._pairs.add(((), starts[0]) if which else starts, ends, mask):
            super()._add(which, sources, destinations, mask)

    def add(self, item: Brief) -> None:
        """Add one direction of a policy that is told in brief."""
        certain, perhaps = item.subjects
        self._sure += certain
        self._possible += certain + perhaps
        host = self._space.host
        self.fuzzy = self.fuzzy or bool(perhaps) or (host > 0 and any(host >> at & 1 for at in certain))
        subjects = self._narrowed(item.subjects)
        for peers, gates in item.rules:
            self.fuzzy = self.fuzzy or bool(peers[1])
            for gate in gates:
                starts, ends = (subjects, peers) if self._egress else (peers, subjects)
                if gate.possible != -1:
                    ends = self._through(gate, ends)
                if not self._pairs.add(starts, ends, gate.mask):
                    for which in (0, 1):
                        sources, destinations = (bits.of(sure + unsure * which) for sure, unsure in (starts, ends))
                        self._add(which, sources, destinations, gate.mask)

    def close(self) -> None:
        """Add what needs no rule, after all policies."""
        self.isolated[0] |= bits.of(self._sure) & ~self._space.host
        self.isolated[1] |= bits.of(self._possible)
        super().close()

    def rows(self, wanted: int) -> dict[int, Way]:
        """What the direction permits to each of some sources."""
        found = super().rows(wanted)
        for position, (shared, _) in found.items():
            if ends := self._pairs.of(position):
                found[position] = shared, ends
        return found

    def differing(self, other: Self) -> int:
        """The sources to which two sides permit different things."""
        return super().differing(other) | self._pairs.differing(other._pairs)

    def _narrowed(self, subjects: Few) -> Few:
        if self._subjects == -1:
            return subjects
        told = bits.flags(self._subjects)
        certain, perhaps = (tuple(at for at in part if told[at : at + 1] == "1") for part in subjects)
        return certain, perhaps

    def _through(self, gate: Gate, destinations: Few) -> Few:
        """The destinations at which a gate is, surely and otherwise possibly."""
        self.fuzzy = self.fuzzy or gate.sure != gate.possible
        certain = tuple(at for at in destinations[0] if gate.sure >> at & 1)
        possible = (at for part in destinations for at in part if gate.possible >> at & 1)
        return certain, tuple(at for at in possible if at not in certain)
