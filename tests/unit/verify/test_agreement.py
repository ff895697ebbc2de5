"""Rows agree with what is declared where each of their destinations does, in whatever form the rows are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping

import pytest

from ringfence.connectivity import bits, scattered
from ringfence.verify import rows
from ringfence.verify.agreement import Agreement
from ringfence.verify.rows import AnyRow, Scattered, at, having, parted, touches

SIZE, PORTS = 12, 0b111


def row(chance: random.Random, density: float) -> AnyRow:
    """Some row, scattered or not."""
    masks = (PORTS, PORTS, *range(1, PORTS + 1))
    wide: dict[int, int] = {}
    for place in range(SIZE):
        if chance.random() < density:
            bits.paint(wide, chance.choice(masks), 1 << place)
    ends = {chance.randrange(SIZE): chance.randint(1, PORTS) for _ in range(chance.randrange(4))}
    return chance.choice((wide, Scattered(wide, ends), Scattered({}, ends), {}))


def like(chance: random.Random, found: AnyRow, less: int = 0) -> AnyRow:
    """The same row in another form, perhaps with other ports somewhere."""
    ends = {place: mask & ~less for place in range(SIZE) if (mask := at(found, place)) & ~less}
    if chance.random() < 0.3:
        ends[chance.randrange(SIZE)] = chance.randint(1, PORTS)
    drawn = dict(Scattered({}, ends).items())
    some = {place: mask for place, mask in ends.items() if chance.random() < 0.5}
    return chance.choice((Scattered({}, ends), drawn, Scattered(drawn, some)))


def is_right(ports: list[int], opened: int, where: int, settled: int, loose: int) -> bool:
    """What is to hold at one destination; the sets are whether it is in them."""
    sure, maybe, certain, perhaps = ports
    if opened:
        return sure == PORTS
    if not where:
        return True
    return sure == certain and not (settled and maybe != sure) and not (loose and maybe & ~perhaps)


@pytest.mark.parametrize("few", [0, 3, 100])
def test_whole_rows_agree_where_every_destination_does(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(few)  # noqa: S311 - no secret
    monkeypatch.setattr(rows, "FEW", few)
    seen: Counter[bool] = Counter()
    for _ in range(40):
        sets = [chance.getrandbits(SIZE) & chance.choice((-1, -1, chance.getrandbits(SIZE))) for _ in range(4)]
        sets[0] &= chance.choice((0, 0, chance.getrandbits(SIZE) & chance.getrandbits(SIZE)))
        agreement = Agreement(SIZE, PORTS, *sets)
        for _ in range(100):
            sure = row(chance, chance.choice((0.1, 0.9)))
            maybe = chance.choice((sure, like(chance, sure)))
            four = sure, maybe, like(chance, sure), like(chance, maybe, chance.choice((0, 0, 1)))
            here = [([at(item, place) for item in four], [item >> place & 1 for item in sets]) for place in range(SIZE)]
            right = all(is_right(ports, *kinds) for ports, kinds in here)
            assert agreement.holds(*four) is right
            seen[right] += 1
    assert min(seen[True], seen[False]) > 500


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("few", [0, 3, 100])
def test_both_parts_of_a_row_are_the_row(seed: int, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    monkeypatch.setattr(rows, "FEW", few)
    found = row(chance, chance.random())
    ports = {place: at(found, place) for place in range(SIZE)}
    wide, ends = parted(found)
    assert len(ends) <= few
    assert {place: _at(wide, place) | ends.get(place, 0) for place in range(SIZE)} == ports
    for mask in range(1, PORTS + 1):
        assert having(found, mask) == bits.of(place for place, own in ports.items() if not mask & ~own)
    for _ in range(10):
        where = chance.getrandbits(SIZE) & chance.getrandbits(SIZE) & chance.getrandbits(SIZE)
        assert touches(found, where) is any(where >> place & 1 and own for place, own in ports.items())
        there = {place: own for place, own in ports.items() if own and where >> place & 1}
        assert scattered.ports(found, where) == there
    assert scattered.ports(found) == {place: own for place, own in ports.items() if own}


def _at(row: Mapping[int, int], place: int) -> int:
    return next((mask for mask, where in row.items() if where >> place & 1), 0)
