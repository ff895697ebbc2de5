from __future__ import annotations

from typing import Any

import pytest
import yaml
from yaml.events import MappingStartEvent, ScalarEvent, SequenceStartEvent

from ringfence import documents
from ringfence.documents import Document, reader
from ringfence.findings import Location

TEXT = """\
# a comment
kind: Flows
flows:
  - name: é😀
    ports: [https, 53/UDP]
    deep: {a: {b: c}, 'd': "e"}
  - name: second
empty:
block: |
  text
"""


def read() -> Document:
    document, findings = documents.read("f.yaml", TEXT.encode())
    assert findings == []
    assert document is not None
    return document


def place(line: int, column: int) -> Location:
    return Location("f.yaml", line, column)


def test_values() -> None:
    document = read()
    assert document.at() == place(2, 1)
    assert document.at("kind") == place(2, 7)
    assert document.at("flows") == place(4, 3)
    assert document.at("flows", 0) == place(4, 5)
    assert document.at("flows", 0, "name") == place(4, 11)
    assert document.at("flows", 0, "ports", 1) == place(5, 20)
    assert document.at("flows", 0, "deep", "a", "b") == place(6, 19)
    assert document.at("flows", 0, "deep", "d") == place(6, 28)
    assert document.at("flows", 1, "name") == place(7, 11)
    assert document.at("empty") == place(8, 7)
    assert document.at("block") == place(9, 8)


def test_keys() -> None:
    document = read()
    assert document.at_key("flows") == place(3, 1)
    assert document.at_key("flows", 0, "deep", "d") == place(6, 23)
    assert document.at_key("flows", 1, "name") == place(7, 5)
    assert document.at_key("block") == place(9, 1)
    assert document.at_key("flows", 1) == place(7, 5)


def test_what_is_not_there_is_at_its_nearest_ancestor() -> None:
    document = read()
    assert document.at("flows", 0, "reason") == place(4, 5)
    assert document.at_key("flows", 0, "reason") == place(4, 5)
    assert document.at("flows", 7, "name") == place(4, 3)
    assert document.at("flows", -1) == place(4, 3)
    assert document.at("flows", "name") == place(4, 3)
    assert document.at("kind", "x", 0) == place(2, 7)
    assert document.at("nothing", "x") == place(2, 1)
    assert document.at(0) == place(2, 1)


def test_a_document_made_of_data_alone_has_its_first_line() -> None:
    assert Document("f.yaml", {"a": 1}).at("a") == place(1, 1)


def test_far_columns_and_lines() -> None:
    raw = ("# x\n" * 70_000 + "{" + " " * 200_000 + "a: 1}").encode()
    document, _ = documents.read("f.yaml", raw)
    assert document is not None
    assert document.at_key("a") == place(70_001, 200_002)


@pytest.mark.parametrize("parser", [yaml.SafeLoader, reader.PARSER])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_places_are_those_of_the_parser(parser: Any, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines and columns are worked out from indexes of characters, whatever ends the lines and whoever parses."""
    monkeypatch.setattr(reader, "PARSER", parser)
    text = end.join(["# é", "a: |", "  x😀", "", "  y", "b: [é, 😀, 'z", "", "  z', {c: 1}]", "---", "é😀: [1]", ""])
    found, findings = documents.read_many("f.yaml", text.encode())
    assert not findings
    marks = [
        (event.start_mark.line + 1, event.start_mark.column + 1)
        for event in yaml.parse(text, parser)
        if isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent) and event.start_mark
    ]
    first, second = found
    places = [
        *(first.at(), first.at_key("a"), first.at("a"), first.at_key("b"), first.at("b")),
        *(first.at("b", 0), first.at("b", 1), first.at("b", 2), first.at("b", 3)),
        *(first.at_key("b", 3, "c"), first.at("b", 3, "c")),
        *(second.at(), second.at_key("é😀"), second.at("é😀"), second.at("é😀", 0)),
    ]
    assert [(where.line, where.column) for where in places] == marks


def test_a_document_moves_with_its_text() -> None:
    document = read().moved(10, 4)
    assert document.at() == place(12, 1)
    assert document.of("g.yaml", 2).at("kind") == Location("g.yaml", 14, 7)
    found, _ = documents.read_many("f.yaml", b'{"a": [1]} {"b": 2,\n "c": 3}')
    assert found[1].at("b") == place(1, 18)
    assert found[1].moved(3, 5).at("b") == place(4, 23)
    assert found[1].moved(3, 5).at("c") == place(5, 7)
    data = found[0].data["a"]
    assert found[0].item(data, 0, "a") == place(1, 8) == found[0].at("a", 0)
    assert found[0].item([1], 0, "a") == place(1, 8)
    assert found[0].standing_at(Location("p.yaml", 7, 9)).at("a", 0) == Location("p.yaml", 7, 9)


@pytest.mark.parametrize(("lines", "columns"), [(0, 0), (3, 0), (0, 4), (2, 5)])
def test_several_places_at_once_are_those_asked_for_one_by_one(lines: int, columns: int) -> None:
    moved = read().moved(lines, columns)
    places = [place for found in moved.places.values() for place in found]
    one_by_one = [moved.lines.location("f.yaml", place) for place in places]
    assert [Location("f.yaml", *position) for position in moved.lines.positions(places)] == one_by_one
    assert len(set(one_by_one)) > 10
