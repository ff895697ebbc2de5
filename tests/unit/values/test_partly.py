from __future__ import annotations

from msgspec.structs import replace

from ringfence.values.partly import Partly


class Thing(Partly, frozen=True):
    ASIDE = ("line",)

    name: str
    size: int = 1
    line: int = 0


class Other(Partly, frozen=True):
    ASIDE = ("line",)

    name: str
    size: int = 1
    line: int = 0


def test_what_is_aside_does_not_count():
    one = Thing("a", line=3)
    same = replace(one, line=4)
    assert one == same
    assert not one != same  # noqa: SIM202 - a struct has one of its own
    assert {one, same} == {one}


def test_all_else_counts():
    one = Thing("a")
    for other in (Thing("b"), Thing("a", 2), Other("a"), ("a", 1), None):
        assert one != other
        assert not one == other  # noqa: SIM201 - likewise
