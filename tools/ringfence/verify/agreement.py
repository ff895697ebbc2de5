"""Whether the rows of a source are what is declared of it: what they have wide as whole sets, single ends one by one.

What holds at a destination hangs on the ports of four rows there, and on nothing else. So where no row has a single
end the wide parts alone decide, and destinations with the same ports are judged once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from ringfence.connectivity import bits
from ringfence.values.known import Known
from ringfence.verify.rows import AnyRow, Ends, Scattered, at, parted


class Agreement:
    """What is to hold at each destination, for sources of one kind.

    At the positions `opened`, every port is to be open. At those of `where` but these, what is sure is to be what is
    certain; of them, at `settled` nothing may be possible beside it, and at `loose` nothing beside what is perhaps.
    """

    def __init__(self, size: int, ports: int, opened: int, where: int, settled: int, loose: int) -> None:
        """Take the sets; `size` is how many positions there are, `ports` the mask of every port."""
        where &= ~opened
        self._sets = opened, where, settled & where, loose & where
        self._ports, self._told = ports, opened | where
        kinds = bytearray(size)
        for number, members in enumerate(self._sets):
            for position in bits.positions(members):
                kinds[position] |= 1 << number
        self._kinds = bytes(kinds)
        self._judged: Known[_Key, bool] = Known(partial(_is_right, ports))
        self._cut: dict[int, tuple[AnyRow, AnyRow]] = {}

    def holds(self, sure: AnyRow, maybe: AnyRow, certain: AnyRow, perhaps: AnyRow) -> bool:
        """Whether the rows of a source, what it surely and possibly reaches, are as declared."""
        parts = [self._parted(row) for row in (sure, maybe, certain, perhaps)]
        wide = [part for part, _ in parts]
        one, two, three, four = (ends for _, ends in parts)
        is_wide = any(wide)
        places = one.keys() | two.keys() | three.keys()
        if is_wide or self._sets[0]:
            places.update(bits.positions(_wrong(self._ports, wide, self._sets)))
        kinds, judged = self._kinds, self._judged
        for place in places:
            key = one.get(place, 0), two.get(place, 0), three.get(place, 0), four.get(place, 0), kinds[place]
            if not judged[_either(key, wide, place) if is_wide else key]:
                return False
        return True

    def _parted(self, row: AnyRow) -> tuple[AnyRow, Ends]:
        """The wide part of a row, where anything is told of it, and the single ends."""
        if type(row) is not Scattered:
            return parted(self._cut_of(row)) if row else (row, row)
        wide, ends = parted(row)
        if not wide:
            return wide, ends
        if wide is not row.wide:
            return self._cut_of(wide), ends
        if id(wide) not in self._cut:
            self._cut[id(wide)] = wide, self._cut_of(wide)
        return self._cut[id(wide)][1], ends

    def _cut_of(self, wide: AnyRow) -> AnyRow:
        return {mask: kept for mask, where in wide.items() if (kept := where & self._told)}


_Key = tuple[int, int, int, int, int]
"""The ports of the four rows at a destination, and the sets that it is in."""


def _either(key: _Key, wide: Sequence[AnyRow], place: int) -> _Key:
    """A key with the ports of the wide parts too."""
    one, two, three, four = (mask | at(row, place) if row else mask for mask, row in zip(key, wide, strict=False))
    return one, two, three, four, key[4]


def _is_right(ports: int, key: _Key) -> bool:
    """Whether a destination is right."""
    rows = [{mask: 1} if mask else {} for mask in key[:4]]
    return not _wrong(ports, rows, [key[4] >> number & 1 for number in range(4)])


def _wrong(ports: int, rows: Sequence[AnyRow], sets: Sequence[int]) -> int:
    """The positions that are not right; `ports` is the mask of every port."""
    (sure, maybe, certain, perhaps), (opened, where, settled, loose) = rows, sets
    wrong = opened & ~sure.get(ports, 0) | _differing(sure, certain) & where
    if settled:
        wrong |= _differing(sure, maybe) & settled
    for mask, there in maybe.items() if loose else ():
        left = there & loose
        for own, covered in perhaps.items():
            if not mask & ~own:
                left &= ~covered
        wrong |= left
    return wrong


def _differing(one: Mapping[int, int], other: Mapping[int, int]) -> int:
    """The positions at which two rows have other ports."""
    found = 0
    for mask in one.keys() | other.keys():
        found |= one.get(mask, 0) ^ other.get(mask, 0)
    return found
