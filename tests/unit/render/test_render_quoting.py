from __future__ import annotations

import model_kit as kit
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from ringfence import documents
from ringfence.render import quoting

# what a reader of YAML 1.1 or 1.2 takes for something else than text, or for the end of it
TRAPS = (
    *("y", "Y", "n", "N", "yes", "No", "on", "OFF", "true", "False", "null", "Null", "~", ""),
    *("1", "-1", "+1", "0", "007", "0x1F", "0o17", "0b1", "1_000", "1.0", "1.", ".5", "1e3", ".inf", "-.INF", ".nan"),
    *("1:30", "12:30:45", "190:20:30.15", "2027-03-31", "2027-03-31T10:00:00Z"),
    *(
        "-",
        "- a",
        "?",
        "? a",
        ":",
        "a: b",
        "a:",
        ": a",
        "#",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
    ),
    *("{}", "[]", "{{ 7*7 }}", "{% raw %}", "'", '"', "\\", "\\n", "=", "<<", "---", "...", "--- a", " a", "a ", ","),
    *("${HOME}", "$x", "é", "日本", "😀", "10.0.0.0/8", "::/0", "a/b.c-d_e", "-a", ".a", "_a", "../x"),
)
printable = st.text(kit.PRINTABLE, max_size=40)


@pytest.mark.parametrize("value", TRAPS)
def test_traps_are_text_to_readers_of_both_versions(value: str) -> None:
    line = f"{quoting.text(value)}: {quoting.text(value)}\n"
    assert yaml.safe_load(line) == {value: value}
    assert list(yaml.compose(line).value[0][1].value) == list(value)
    document, findings = documents.read("x.yaml", line.encode())
    assert findings == []
    assert document is not None
    assert document.data == {value: value}


@settings(deadline=None)
@given(printable)
@example("\\x41")
def test_any_printable_text_comes_back_from_both_versions(value: str) -> None:
    line = f"a:\n  - {quoting.text(value)}\n"
    assert yaml.safe_load(line) == {"a": [value]}


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_at_all_comes_back_on_one_printable_line(value: str) -> None:
    written = quoting.text(value)
    assert written.isprintable()
    assert yaml.safe_load(f"a: {written}\n") == {"a": value}


def test_printable_text_is_not_escaped() -> None:
    assert quoting.text("Straße 日本 😀") == '"Straße 日本 😀"'
    assert quoting.text("plain/text.of-letters_1") == "plain/text.of-letters_1"


@settings(deadline=None)
@given(st.text(max_size=40))
def test_a_comment_is_one_line_and_holds_no_value(value: str) -> None:
    written = quoting.comment(value)
    assert written.startswith("#")
    assert len(written.splitlines()) == 1
    assert yaml.safe_load(f"a: 1\n{written}\nb: 2\n") == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\nb: c", "# a\\x0ab: c"),
        ("a\r\x85\x7f\t", "# a\\x0d\\x85\\x7f\\x09"),
        ("a\u2028b\u2029c", "# a\\u2028b\\u2029c"),
        ("left\u202eright", "# left\\u202eright"),
        ("bom\ufeff \U000e0001", "# bom\\ufeff \\U000e0001"),
        ("lone \ud800", "# lone \\ud800"),
        ("espace\u00a0fine", "# espace\u00a0fine"),
        ("", "#"),
    ],
)
def test_what_does_not_print_is_escaped_in_a_comment(value: str, expected: str) -> None:
    assert quoting.comment(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(5, "5"), (0, "0"), (True, "true"), (False, "false"), ("y", '"y"')])
def test_scalars(value: object, expected: str) -> None:
    assert quoting.scalar(value) == expected
    assert type(quoting.scalar(value)) is quoting.Yaml


@pytest.mark.parametrize("value", [None, 1.5, [], (), {}, b"a", object()])
def test_nothing_else_is_a_scalar(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be printed"):
        quoting.scalar(value)


def test_marked_text_of_jinja_is_quoted_all_the_same() -> None:
    assert quoting.scalar(Markup("a: b")) == '"a: b"'


def test_a_block_is_indented_after_its_first_line() -> None:
    assert quoting.block(quoting.Yaml("a:\n  - b"), 4) == "a:\n      - b"


def test_a_value_is_no_block() -> None:
    with pytest.raises(TypeError, match="not a value"):
        quoting.block("a\nb", 4)  # type: ignore[arg-type]
