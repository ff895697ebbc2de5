from __future__ import annotations

from ringfence import documents
from ringfence.documents import Document
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
