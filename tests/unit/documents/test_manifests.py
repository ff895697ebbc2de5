from __future__ import annotations

import json
from pathlib import Path

import pytest

from ringfence import documents

SHARED = Path(__file__).parents[3] / "../shared"


def codes(text: str | bytes) -> list[tuple[str, int, int]]:
    _, findings = documents.read_many("m.yaml", text.encode() if isinstance(text, str) else text)
    return [(finding.check.code, finding.where.line, finding.where.column) for finding in findings]


def values(text: str | bytes) -> list[object]:
    found, findings = documents.read_many("m.yaml", text.encode() if isinstance(text, str) else text)
    assert findings == []
    return [document.data for document in found]


def test_several_documents_without_the_empty_ones() -> None:
    assert values("---\n# nothing\n---\na: 1\n---\nb: 2\n---\n...\n---\nnull\n") == [{"a": 1}, {"b": 2}]


def test_no_document_at_all_is_no_finding() -> None:
    assert values("") == []
    assert values("# nothing\n") == []


def test_each_document_has_its_own_places() -> None:
    found, _ = documents.read_many("m.yaml", b"a: 1\n---\nx: 0\na: 2\n")
    assert [(d.at("a").line, d.at("a").column) for d in found] == [(1, 4), (4, 4)]


def test_json_is_read_too() -> None:
    data = {"kind": "List", "items": [{"port": 80, "name": "a\tb\n", "é": None, "x": [True, 1.5, "1"]}]}
    for indent in (None, 2, "\t"):
        assert values(json.dumps(data, indent=indent)) == [data]


def test_anchors_are_followed_as_a_cluster_does() -> None:
    assert values("a: &x {p: [1, 2]}\nb: *x\nc: &y text\nd: [*y, *y]\n") == [
        {"a": {"p": [1, 2]}, "b": {"p": [1, 2]}, "c": "text", "d": ["text", "text"]}
    ]


def test_an_anchor_of_one_document_is_unknown_in_the_next() -> None:
    assert codes("a: &x 1\n---\nb: *x\n") == [("RF007", 3, 4)]


def test_an_anchor_can_be_defined_again() -> None:
    assert values("a: &x 1\nb: &x 2\nc: *x\n") == [{"a": 1, "b": 2, "c": 2}]


def test_an_alias_inside_its_own_value_is_refused() -> None:
    assert codes("a: &x [*x]\n") == [("RF018", 1, 8)]
    assert codes("a: &x {b: {c: *x}}\n") == [("RF018", 1, 15)]


def test_aliases_that_grow_beyond_measure_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 30)]
    (code, line, _), *others = codes("\n".join(lines))
    assert (code, line, others) == ("RF018", 6, [])


def test_aliases_that_nest_too_deep_are_refused() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, 100)]
    (code, _, _), *others = codes("\n".join(lines))
    assert (code, others) == ("RF014", [])


@pytest.mark.parametrize(
    "word",
    [
        "y",
        "Y",
        "yes",
        "Yes",
        "YES",
        "n",
        "N",
        "no",
        "No",
        "NO",
        "on",
        "On",
        "ON",
        "off",
        "Off",
        "OFF",
        "20:21",
        "1:2:3",
        "1_000",
        "0b11",
        "+0b1",
        "0x_f",
        "0X1F",
        "0B1",
        "0O17",
        "0b-1",
        "0_x1",
        "1e1_0",
        "1e_5",
        "-_1",
        ".5_0",
        "-._5",
        "089",
    ],
)
def test_words_that_a_cluster_may_read_otherwise(word: str) -> None:
    found, findings = documents.read_many("m.yaml", f"a: {word}\n".encode())
    assert [(finding.check.code, finding.where.column) for finding in findings] == [("RF016", 4)]
    assert [document.data for document in found] == [{"a": word}]
    assert codes(f"{word}: a\n") == [("RF016", 1, 1)]
    assert values(f"a: '{word}'\nb: \"{word}\"\n") == [{"a": word, "b": word}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0440", 0o440),
        ("0o17", 15),
        ("-017", -15),
        ("0x1F", 31),
        ("8080.0", 8080),
        ("1e3", 1000),
        ("1.5", 1.5),
        ("1337495556942031415926535", 1337495556942031415926535.0),
        ("2027-03-31", "2027-03-31"),
        ("True", True),
        ("~", None),
        ("yesterday", "yesterday"),
        ("1.2.3", "1.2.3"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("fd00::1", "fd00::1"),
        ("10m", "10m"),
        ("1Gi", "1Gi"),
    ],
)
def test_values_as_a_cluster_reads_them(text: str, value: object) -> None:
    assert repr(values(f"a: {text}\n")) == repr([{"a": value}])


def test_number_and_boolean_keys_become_text() -> None:
    assert values("8080: a\ntrue: b\n0x10: c\n") == [{"8080": "a", "true": "b", "16": "c"}]
    assert codes("8080: a\n'8080': b\n") == [("RF008", 2, 1)]
    assert codes("1.5: a\n") == [("RF015", 1, 1)]
    assert codes("? [a]\n: b\n") == [("RF015", 1, 3)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 1\na: 2\n", "RF008"),
        ("a: !!binary x\n", "RF010"),
        ("<<: {a: 1}\n", "RF011"),
        ("%YAML 1.1\n---\na: 1\n", "RF013"),
        ("[" * 65 + "]" * 65, "RF014"),
        ("a: .nan\n", "RF017"),
        ("a: " + "9" * 400 + "\n", "RF017"),
        ("a: 0x" + "f" * 400 + "\n", "RF017"),
        ("a: x\x00y\n", "RF003"),
        ("a: x\u202ey\n", "RF003"),
        (b"a: \xff\n", "RF001"),
        ("a: [1\n", "RF007"),
    ],
)
def test_as_strict_as_a_declaration(text: str | bytes, code: str) -> None:
    assert [found for found, _, _ in codes(text)] == [code]


def test_a_byte_order_mark_and_tabs_are_allowed() -> None:
    assert values("a: 1\t# x\n".encode("utf-8-sig")) == [{"a": 1}]
    assert codes("a:\n\tb: 1\n") == [("RF007", 2, 1)]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the corpus of real manifests (../shared) is not here")
def test_real_manifests_are_read() -> None:
    files = [path for folder in ("apps", "crds") for path in sorted((SHARED / folder).rglob("*.yaml"))]
    assert len(files) > 40
    for path in files:
        found, findings = documents.read_many(path.name, path.read_bytes())
        assert findings == []
        assert found
