from __future__ import annotations

import datetime
import enum
import json
from typing import NamedTuple

import pytest
from msgspec import Struct

from ringfence.values.plain import pack, unpack
from ringfence.values.ports import PortRange, PortSet


class Colour(enum.StrEnum):
    RED = "red"


class Place(NamedTuple):
    path: str
    line: int = 0


class Thing(Struct, frozen=True):
    colour: Colour
    places: tuple[Place, ...]
    pair: tuple[str, bool]
    ports: PortSet
    seen: datetime.datetime | None = None
    inner: Thing | None = None


THING = Thing(
    Colour.RED,
    (Place("a", 1), Place("ü")),
    ("x", True),
    PortSet.of([PortRange("TCP", 80, 90), PortRange("UDP", 53, 53)]),
    inner=Thing(Colour.RED, (), ("", False), PortSet(), datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)),
)


def test_a_value_comes_back():
    assert unpack(Thing, json.loads(json.dumps(pack(THING)))) == THING
    assert unpack(tuple[Thing, ...], json.loads(json.dumps(pack((THING, THING))))) == (THING, THING)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (int, "1"),
        (int, True),
        (str, None),
        (Colour, "blue"),
        (Place, ["a"]),
        (Place, "ab"),
        (tuple[str, bool], ["x", True, 1]),
        (tuple[str, ...], "xy"),
        (Thing, {}),
        (datetime.datetime, "today"),
        (datetime.datetime, 5),
    ],
)
def test_other_data_is_refused(kind: object, data: object):
    with pytest.raises(ValueError, match=r"."):
        unpack(kind, data)
