"""Several JSON values in one file, with the places of each."""

from __future__ import annotations

import json

import pytest

from ringfence import documents


def test_each_value_is_a_document_with_its_places():
    read, findings = documents.read_many("a.json", b'{"a": 1}\n\n  {"b": {"c": [2,\n 3]}} {"d": "x"}\n')
    assert findings == []
    assert [item.data for item in read] == [{"a": 1}, {"b": {"c": [2, 3]}}, {"d": "x"}]
    places = [
        read[0].at("a"),
        read[1].at_key("b"),
        read[1].at("b", "c", 0),
        read[1].at("b", "c", 1),
        read[2].at(),
        read[2].at("d"),
    ]
    assert [(where.line, where.column) for where in places] == [(1, 7), (3, 4), (3, 16), (4, 2), (4, 7), (4, 13)]


def test_findings_stand_where_they_are():
    _, findings = documents.read_many("a.json", b'{"a": 1}\n {"b": 1, "b": 2}')
    assert [(item.check.code, item.where.line, item.where.column) for item in findings] == [("RF008", 2, 11)]
    assert [(where.line, where.column) for where, _ in findings[0].related] == [(2, 3)]


@pytest.mark.parametrize("text", ['{"a": 1}\n{"b":', '{"a": 1}\n[1]', '{"a": 1}\nb: 2', '{"a": 1} x', '{"a": 1}}'])
def test_what_is_not_all_json_is_still_refused(text: str):
    _, findings = documents.read_many("a.json", text.encode())
    assert [item.check.code for item in findings] == ["RF007"]


def test_one_value_and_yaml_are_as_before():
    assert [item.data for item in documents.read_many("a.json", json.dumps({"a": [1]}, indent=4).encode())[0]] == [
        {"a": [1]}
    ]
    assert [item.data for item in documents.read_many("a.yaml", b"{a: 1}\n---\n{b: 2}\n")[0]] == [{"a": 1}, {"b": 2}]
