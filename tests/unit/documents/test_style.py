from __future__ import annotations

import string

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence import documents
from ringfence.documents import style

UNTIDY = """\
# yaml-language-server: $schema=../flows.schema.json

kind:   Flows      # the kind

flows:
- name: a    # first
  ports: [ https,  53/UDP ]
  # why
  reason: "x"

- name: 'b'
  to:   [a,
     b]
  text: |
    block
      # no comment
  folded: >-
    some
    text
  # the end of b
# the end
expires: 2027-03-31
odd: [no, 12:30, 1_000, 0x1F, +12, True, 1.50, ~, ]
empty:
plain: one
  two
long: aaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccccccccc ddddddddddddddddd eeeeeee
# last
"""

TIDY = """\
# yaml-language-server: $schema=../flows.schema.json

kind: Flows  # the kind

flows:
  - name: a  # first
    ports: [https, 53/UDP]
    # why
    reason: "x"

  - name: 'b'
    to: [a, b]
    text: |
      block
        # no comment
    folded: >-
      some
      text
    # the end of b
# the end
expires: 2027-03-31
odd: [no, 12:30, 1_000, 0x1F, +12, True, 1.50, ~]
empty:
plain: one two
long: aaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccccccccc ddddddddddddddddd eeeeeee
# last
"""


def test_the_style() -> None:
    assert style.format(UNTIDY.encode()).decode() == TIDY


def test_what_is_in_style_stays() -> None:
    assert style.format(TIDY.encode()).decode() == TIDY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
        ("a: 1", "a: 1\n"),
        ("\n\na: 1   \n\n\n", "a: 1\n"),
        ("---\na: 1\n...\n", "a: 1\n"),
        ("a:\n    - 1\n    -   2\n", "a:\n  - 1\n  - 2\n"),
        ("a:\n    b:\n        c: 1\n", "a:\n  b:\n    c: 1\n"),
        ("a: {b: 1,c: 2}\n", None),
        ("a: {b: 1, c: [x,y]}\n", "a: {b: 1, c: [x, y]}\n"),
        ("a: é 😀\n", "a: é 😀\n"),
        ("a: []\nb: {}\n", "a: []\nb: {}\n"),
        ("a: |    # why\n  x\nb: >- # too\n  y\n", "a: |  # why\n  x\nb: >-  # too\n  y\n"),
        ("# only\na: 1 # x\n", "# only\na: 1  # x\n"),
    ],
)
def test_details(text: str, expected: str | None) -> None:
    assert style.format(text.encode()).decode() == (expected or text.replace(",c", ", c"))


def test_long_lists_in_brackets_become_one_item_a_line() -> None:
    items = [f"10.{number}.0.0/16" for number in range(20)]
    expected = "cidrs:\n" + "".join(f"  - {item}\n" for item in items)
    assert style.format(f"cidrs: [{', '.join(items)}]\n".encode()).decode() == expected


@pytest.mark.parametrize("text", ["a: [1, # one\n  2]\n", "a: {b: 1, # one\n  c: 2}\n"])
def test_a_comment_that_would_be_lost_is_refused(text: str) -> None:
    with pytest.raises(style.UnformattableError, match="comment in line 1 would be lost or moved"):
        style.format(text.encode())


@pytest.mark.parametrize("raw", [b"a: 1\na: 2\n", b"a:\t1\n", b"", b"\xff", b"a: [", b"a: &x 1\n"])
def test_what_cannot_be_read_is_refused(raw: bytes) -> None:
    with pytest.raises(style.UnformattableError, match=r"line [12]: "):
        style.format(raw)


WORD = st.text(string.ascii_letters + string.digits + " :#-_/.,'\"{}[]!&*?|>%@é😀\n", max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99999) | WORD,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdef-", min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=15,
)


@st.composite
def declarations(draw: st.DrawFn) -> bytes:
    """Written in any indentation and style, with comments at lines that can bear one."""
    data = {
        "kind": "Flows",
        "flows": [{"name": "a", "ports": [1]}],
        **draw(st.dictionaries(st.text("klmn", min_size=1), VALUES, max_size=4)),
    }
    text = yaml.safe_dump(
        data,
        indent=draw(st.integers(2, 6)),
        width=draw(st.sampled_from([20, 80, 10_000])),
        default_flow_style=draw(st.sampled_from([None, False])),
        default_style=draw(st.sampled_from([None, None, "'", '"'])),
        allow_unicode=True,
    )
    lines = text.split("\n")
    for _ in range(draw(st.integers(0, 3))):
        line = draw(st.integers(0, len(lines) - 1))
        comment = f"{' ' * draw(st.integers(0, 6))}# c{draw(st.integers(0, 9))}"
        changed = [*lines[:line], comment, *lines[line:]] if draw(st.booleans()) else None
        if changed is None:
            changed = [*lines[:line], f"{lines[line]}   {comment}", *lines[line + 1 :]]
        before, after = (documents.read("f.yaml", "\n".join(part).encode())[0] for part in (lines, changed))
        if before is not None and after is not None and before.data == after.data:
            lines = changed
    return "\n".join(lines).encode()


@given(declarations())
@settings(max_examples=60, deadline=None)
def test_the_data_stays_and_a_second_time_changes_nothing(raw: bytes) -> None:
    before, findings = documents.read("f.yaml", raw)
    if before is None:
        assert findings
        return
    try:
        after = style.format(raw)
    except style.UnformattableError:
        return
    document, _ = documents.read("f.yaml", after)
    assert document is not None
    assert repr(document.data) == repr(before.data)
    assert style.format(after) == after
    assert after.endswith(b"\n")
    assert b"\r" not in after


def test_ordinary_declarations_are_never_refused() -> None:
    """The refusals that the property above allows must not hide a formatter that refuses everything."""
    refused = 0
    seen = 0

    @given(declarations())
    @settings(max_examples=120, deadline=None, derandomize=True)
    def run(raw: bytes) -> None:
        nonlocal refused, seen
        if documents.read("f.yaml", raw)[0] is None:
            return
        seen += 1
        try:
            style.format(raw)
        except style.UnformattableError as error:
            refused += 1
            print(raw.decode(), error)

    run()
    assert seen > 30
    assert refused < seen / 10
