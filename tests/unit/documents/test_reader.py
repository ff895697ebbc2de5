from __future__ import annotations

import pytest

from ringfence import documents
from ringfence.findings import Location


def refused(raw: bytes | str) -> list[tuple[str, int, int]]:
    data = raw.encode() if isinstance(raw, str) else raw
    document, findings = documents.read("f.yaml", data)
    assert document is None
    assert all(finding.where.path == "f.yaml" and finding.message and finding.hint for finding in findings)
    return [(finding.check.code, finding.where.line, finding.where.column) for finding in findings]


def data(text: str) -> object:
    document, findings = documents.read("f.yaml", text.encode())
    assert findings == []
    assert document is not None
    return document.data


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a: caf\xe9\n", [("RF001", 1, 7)]),
        (b"a: \xc3\xa9\nb: \xc3\xa9\xff\n", [("RF001", 2, 5)]),
        ("a: 1".encode("utf-16"), [("RF001", 1, 1)]),
        ("a: 1".encode("utf-16-le"), [("RF001", 1, 1)]),
        ("a: 1".encode("utf-16-be"), [("RF001", 1, 1)]),
        ("a: 1".encode("utf-32"), [("RF001", 1, 1)]),
        ("a: 1".encode("utf-8-sig"), [("RF002", 1, 1)]),
        ("a: 1\nb: x\x00y\n", [("RF003", 2, 5)]),
        ("a: x\x07\n", [("RF003", 1, 5)]),
        ("a: x\x7f\n", [("RF003", 1, 5)]),
        ("a: x\x85y\n", [("RF003", 1, 5)]),
        ("a: x\u2028y\n", [("RF003", 1, 5)]),
        ("a: x\u202ey\n", [("RF003", 1, 5)]),
        ("a: x\u2067y\n", [("RF003", 1, 5)]),
        ("a: 1\rb: 2\n", [("RF003", 1, 5), ("RF007", 1, 7)]),
        ("a: x\ufeffy\n", [("RF003", 1, 5)]),
        ('a: "x\\u202ey"\n', [("RF003", 1, 4)]),
        ('a: "x\\ty"\n', [("RF003", 1, 4)]),
        ('a: "x\\0y"\n', [("RF003", 1, 4)]),
        ("a:\t1\n", [("RF004", 1, 3)]),
        ("a:\n\tb: 1\n", [("RF004", 2, 1)]),
        ("# a\tb\na: 1\n", [("RF004", 1, 4)]),
        ("", [("RF006", 1, 1)]),
        ("# only a comment\n", [("RF006", 1, 1)]),
        ("---\n", [("RF006", 1, 1)]),
        ("null\n", [("RF006", 1, 1)]),
        ("a: b: c\n", [("RF007", 1, 5)]),
        ("a: [1, 2\n", [("RF007", 2, 1)]),
        ("a: [1, 2", [("RF007", 1, 9)]),
        ('a: "x\n', [("RF007", 2, 1)]),
        ("a: @x\n", [("RF007", 1, 4)]),
        ('a: "\\q"\n', [("RF007", 1, 5)]),
        ('a: "\\ud800"\n', [("RF007", 1, 7)]),
        ("a: 1\n b: 2\n", [("RF007", 2, 3)]),
        ("- a\nb: 1\n", [("RF007", 2, 1)]),
        ("}\n", [("RF007", 1, 1)]),
        ("a: 1\na: 2\n", [("RF008", 2, 1)]),
        ("x:\n  - {a: 1, b: 2, a: 3}\n", [("RF008", 2, 18)]),
        ("a: 1\n'a': 2\n\"a\": 3\n", [("RF008", 2, 1), ("RF008", 3, 1)]),
        ("a: &x 1\nb: *x\n", [("RF009", 1, 4), ("RF009", 2, 4)]),
        ("a: &x [1]\n", [("RF009", 1, 4)]),
        ("&x a: 1\n", [("RF009", 1, 1)]),
        ("a: *nowhere\n", [("RF009", 1, 4)]),
        ("a: !!str 1\n", [("RF010", 1, 4)]),
        ("a: ! 1\n", [("RF010", 1, 4)]),
        ("a: !!python/object/apply:os.system [id]\n", [("RF010", 1, 4)]),
        ("--- !x\na: 1\n", [("RF010", 1, 5)]),
        ("<<: {a: 1}\nb: 2\n", [("RF011", 1, 1)]),
        ("a: 1\n---\nb: 2\n", [("RF012", 2, 1)]),
        ("---\n---\na: 1\n", [("RF012", 2, 1)]),
        ("a: 1\n...\n---\n", [("RF012", 3, 1)]),
        ("%YAML 1.1\n---\na: 1\n", [("RF013", 1, 1)]),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", [("RF013", 1, 1)]),
        ("[" * 65 + "]" * 65, [("RF014", 1, 65)]),
        ("1: x\n", [("RF015", 1, 1)]),
        ("true: x\n", [("RF015", 1, 1)]),
        ("? [a]\n: x\n", [("RF015", 1, 3)]),
        ("? {a: b}\n: x\n", [("RF015", 1, 3)]),
        (": x\n", [("RF007", 1, 1)]),
        ("?\n: x\n", [("RF015", 1, 2)]),
        ("~: x\n", [("RF015", 1, 1)]),
        ("a: 010\n", [("RF016", 1, 4)]),
        ("a: 0o17\n", [("RF016", 1, 4)]),
        ("a: 8443.0\n", [("RF016", 1, 4)]),
        ("a: 1e3\n", [("RF016", 1, 4)]),
        ("a: [.inf, -.INF, .nan]\n", [("RF017", 1, 5), ("RF017", 1, 11), ("RF017", 1, 18)]),
        ("a: 9223372036854775808\n", [("RF017", 1, 4)]),
        ("a: -9223372036854775809\n", [("RF017", 1, 4)]),
        ("a: " + "9" * 100_000 + "\n", [("RF017", 1, 4)]),
        ("a: 0x" + "f" * 100_000 + "\n", [("RF017", 1, 4)]),
        ("a: 1e999\n", [("RF017", 1, 4)]),
    ],
)
def test_refused_at_its_place(raw: bytes | str, expected: list[tuple[str, int, int]]) -> None:
    assert refused(raw) == expected


def test_a_file_over_the_limit_is_not_read() -> None:
    document, findings = documents.read("f.yaml", b"#" + b" " * (1 << 20))
    assert document is None
    assert [(finding.check.code, finding.where) for finding in findings] == [("RF005", Location("f.yaml"))]


def test_the_greatest_file_is_read() -> None:
    raw = b"a: 1\n#"
    raw += b" " * ((1 << 20) - len(raw))
    assert documents.read("f.yaml", raw)[1] == []


def test_one_run_names_every_problem() -> None:
    text = "a: 1\na: 2\nb:\t&x 3\nc: 010\n5: !!str x\nd: [.nan\n"
    assert refused(text) == [
        ("RF004", 3, 3),
        ("RF008", 2, 1),
        ("RF009", 3, 4),
        ("RF016", 4, 4),
        ("RF015", 5, 1),
        ("RF010", 5, 4),
        ("RF017", 6, 5),
        ("RF007", 7, 1),
    ]


def test_a_duplicate_names_the_first_place_too() -> None:
    _, findings = documents.read("f.yaml", b"x:\n  a: 1\n  1: 0\n  b: 2\n  b: 3\n")
    duplicate = findings[-1]
    assert [(where.line, where.column) for where, _ in duplicate.related] == [(4, 3)]


def test_many_problems_end_with_a_word_on_the_rest() -> None:
    _, findings = documents.read("f.yaml", b"".join(b"a: %d\n" % number for number in range(1000)))
    assert len(findings) == 101
    assert "the rest of the file was not read" in findings[-1].message


def test_many_bad_characters_are_counted() -> None:
    _, findings = documents.read("f.yaml", b"a: x" + b"\t" * 50)
    assert [finding.check.code for finding in findings] == ["RF004"] * 5
    assert findings[-1].message.endswith("(45 more in this file)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: no\nb: yes\nc: on\nd: Off\ne: y\n", {"a": "no", "b": "yes", "c": "on", "d": "Off", "e": "y"}),
        ("a: true\nb: False\n", {"a": True, "b": False}),
        ("a: tRue\n", {"a": "tRue"}),
        ("a:\nb: ~\nc: null\nd: Null\n", {"a": None, "b": None, "c": None, "d": None}),
        ("a: ''\nb: 'null'\nc: \"true\"\nd: '1'\n", {"a": "", "b": "null", "c": "true", "d": "1"}),
        ("a: 12:30\nb: 20:21:22\n", {"a": "12:30", "b": "20:21:22"}),
        ("a: 2027-03-31\nb: 2027-03-31 10:00:00\n", {"a": "2027-03-31", "b": "2027-03-31 10:00:00"}),
        ("a: 1_000\nb: 0b11\n", {"a": "1_000", "b": "0b11"}),
        ("a: 0\nb: -7\nc: +7\nd: 0x1F\ne: 65535\n", {"a": 0, "b": -7, "c": 7, "d": 31, "e": 65535}),
        ("a: 9223372036854775807\nb: -9223372036854775808\n", {"a": 2**63 - 1, "b": -(2**63)}),
        ("a: 1.5\nb: .5\nc: -1.5e-3\n", {"a": 1.5, "b": 0.5, "c": -0.0015}),
        (
            "a: 53/UDP\nb: 10.0.0.0/8\nc: ::1\nd: 1.2.3\ne: -x\n",
            {"a": "53/UDP", "b": "10.0.0.0/8", "c": "::1", "d": "1.2.3", "e": "-x"},
        ),
        ("a: R&D\nb: what!\nc: 3*4\n", {"a": "R&D", "b": "what!", "c": "3*4"}),
        ("a: '&x'\nb: '*x'\nc: '!x'\n'<<': d\n", {"a": "&x", "b": "*x", "c": "!x", "<<": "d"}),
        ("a: café 😀\n", {"a": "café 😀"}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("a: |\n  x\n  y\nb: >\n  x\n  y\n", {"a": "x\ny\n", "b": "x y\n"}),
        ("---\na: []\nb: {}\n...\n", {"a": [], "b": {}}),
        ("- 1\n- - 2\n  - 3\n", [1, [2, 3]]),
        ("text\n", "text"),
        ("{a: [1, {b: c}]}", {"a": [1, {"b": "c"}]}),
        ("[" * 64 + "]" * 64, None),
    ],
)
def test_values(text: str, expected: object) -> None:
    if expected is None:
        expected = []
        for _ in range(63):
            expected = [expected]
    assert repr(data(text)) == repr(expected)


def test_equal_keys_in_different_mappings_are_no_duplicates() -> None:
    assert data("a: {x: 1}\nb: {x: 2}\n") == {"a": {"x": 1}, "b": {"x": 2}}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        "{" * 500_000,
        "- " * 400_000,
        "? " * 400_000,
        "a: " * 300_000,
        "[a," * 250_000,
        '"' + "x" * 900_000,
        "x" * 900_000 + ": 1",
        "&a " * 300_000,
        "!a " * 300_000,
        "*a " * 300_000,
        "a:\n" * 300_000,
        "#" * 1_000_000,
        "\n" * 1_000_000,
        "---\n" * 250_000,
        "%" * 1_000_000,
        "\x00" * 1_000_000,
        "".join(f"k{number}: 1\n" for number in range(80_000)) + "k0: 2\n",
    ],
    ids=lambda text: repr(text[:6]),
)
def test_hostile_files_end_quickly_and_with_a_finding(text: str) -> None:
    assert refused(text)
