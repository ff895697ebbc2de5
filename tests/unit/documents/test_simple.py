"""The short way gives what the long way gives, to the place of each part, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ringfence.documents import Document, reader, simple, text

ROOT = Path(__file__).parents[3]
SAMPLE = """\
# a comment
apiVersion: v1
kind: List
items:
- metadata:
    labels:
      app.kubernetes.io/name: "shop: # 1"
      'on': 'x'
    empty:
  spec:
    ports: [80, http, "8080", 0x1F]
    - none
"""
PIECES = [
    *("a: 1\n", "a:\n", "b: x y\n", "- a\n", "- a: b\n", "- a:\n", "-   b: c\n", "- - a\n", "-\n", "- # c\n"),
    *("  ", " ", "    ", "\n", "# c\n", " # c\n", "#c", ":", "---\n", "--- \n", "--- a\n", "...\n", "\t", "\r\n"),
    *("'q'", '"q"', '"q\\n"', "'q' x", "''", '"": 1\n', "[a, b]\n", "[]", "{}\n", "[a, [b]]"),
    *("{a: b}", "[a,b]", "[a b]"),
    *("&a ", "*a", "!x ", "<<: x\n", "? a\n", "| \n", "yes", "on: 1\n", "12: 1\n", "null: 1\n"),
    *("~", "010", "1e3", ".5"),
    *("a:b", "a :b", "a: :b\n", "a#b", "a #b", "/x", "k: v:\n", "é: é\n", "a: é\n", "\u00a0", "x" * 1100 + ": 1\n"),
    *("a: b\n  c: d\n", "a:\n- x\n", "a:\n - x\n- y\n", "a:\n- b:\n  - c\n- d\n", "b:\n\n\n", "%YAML 1.1\n"),
]


def of(document: Document) -> tuple[Any, ...]:
    """All of a document: its data with the types and order, and the place of each part."""

    def parts(node: Any) -> Iterator[Any]:
        if isinstance(node, dict | list):
            yield list(document.places[id(node)])
            for part in node.values() if isinstance(node, dict) else node:
                yield from parts(part)

    where = document.at()
    return document.root, repr(document.data), list(parts(document.data)), where, document.path


def compare(content: str) -> int:
    """How many of the two readings the short way knows; each is that of the long way."""
    known = 0
    for many in (False, True):
        decoded, findings = text.decode("f.yaml", content.encode(), 1 << 20, many=many)
        if decoded is None or findings:
            continue
        found = simple.build("f.yaml", decoded, many=many)
        if found is not None:
            known += 1
            documents, problems = reader.build("f.yaml", decoded, many=many)
            assert not problems, decoded
            assert documents or many
            assert [of(item) for item in found] == [of(item) for item in documents], decoded
    return known


@st.composite
def mutated(draw: st.DrawFn) -> str:
    content = draw(st.sampled_from(["", SAMPLE, SAMPLE * 2, f"{SAMPLE}---\n{SAMPLE}"]))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        end = min(len(content), place + draw(st.sampled_from([0, 0, 1, 2, 4, 9])))
        content = content[:place] + draw(st.sampled_from(PIECES)) + content[end:]
    return content


@given(mutated())
@example("a:\n- b:\n- c: 1\n")
@example("- a:\n  - b\n -  c\n")
@example("a: 1\n---\n\n---\nb:\n")
@example("- a\nb: 1\n")
@example("a:\n  b: 1\n c: 2\n")
@settings(max_examples=2500, deadline=None)
def test_what_it_reads_is_what_the_long_way_reads(content: str) -> None:
    compare(content)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@settings(max_examples=2500, deadline=None)
def test_lines_of_every_kind_in_any_order(content: str) -> None:
    compare(content)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(("a:", "b: 1", "- a:", "- b: 1", "- c"))), max_size=9))
@settings(max_examples=2500, deadline=None)
def test_every_indentation(entries: list[tuple[int, str]]) -> None:
    compare("".join(f"{' ' * blanks}{entry}\n" for blanks, entry in entries))


def test_the_files_of_this_repository() -> None:
    files = [path for folder in ("teams", "policies") for path in sorted((ROOT / folder).rglob("*.yaml"))]
    assert sum(compare(path.read_text()) == 2 for path in files) > len(files) * 0.9


@pytest.mark.parametrize(
    "content",
    [
        *("a: 1\na: 2\n", "0x10: 1\n", "a: 010\n", "a: yes\n---\n", "<<: 1\n", "a: *b\n", "a: !x 1\n", "1: 2\n"),
        *("~: 1\n", "a: b\n  c\n", "a: |\n  b\n", "a:\tb\n", "a: 'b\n  c'\n", "a: {b: c}\n", "a: [b\n]\n", "a: 1\r\n"),
        *(
            "a: b: c\n",
            "a\n",
            "- - a\n",
            "-\n  a: 1\n",
            "? a\n",
            "--- a\n",
            "a: 1\n...\n",
            "%YAML 1.2\n---\na: 1\n",
            "- a\nb: 1\n",
        ),
        *("a:\n  b: 1\n c: 1\n", " a: 1\nb: 2\n", "a: b\n  c: d\n", "a:\n- 1\nb:\n -1\n", "a: [1, 010, no]\n", ""),
        *(f"{'x' * 1100}: 1\n", "".join(f"{' ' * depth}a:\n" for depth in range(70)), '"\\u202e": 1\n', '"a\n'),
    ],
)
def test_whatever_is_not_plain_goes_the_long_way(content: str) -> None:
    assert simple.build("f.yaml", content, many=False) is None


def test_one_document_is_one_for_a_declaration() -> None:
    assert simple.build("f.yaml", "a: 1\n---\nb: 2\n", many=False) is None
    assert len(simple.build("f.yaml", "---\na: 1\n---\nb: 2\n---\n", many=True) or ()) == 2
    assert simple.build("f.yaml", "# nothing\n", many=False) is None
    assert simple.build("f.yaml", "# nothing\n", many=True) == []


def test_lists_and_mappings_of_equal_lines_are_not_shared() -> None:
    first, second = simple.build("f.yaml", "a: [1]\nb: {}\n---\na: [1]\nb: {}\n", many=True) or []
    first.data["a"].append(2)
    first.data["b"]["c"] = 1
    assert second.data == {"a": [1], "b": {}}
    (again,) = simple.build("f.yaml", "a: [1]\nb: {}\n", many=True) or []
    assert again.data == {"a": [1], "b": {}}
