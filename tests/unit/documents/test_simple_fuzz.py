"""The short way against the long way: every kind of line, random layouts, and damaged text. The same texts each run."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random
from typing import Any

import pytest

from ringfence.documents import Document, reader, simple, text


def each(table: str) -> list[str]:
    """The parts of a table in one text."""
    return table.split("¦")


DASHES = ("", "- ", "-   ", "-", "- - ")
KEYS = [
    *each(
        "¦a:¦a.b/c-d:¦\"a\":¦'a b':¦\"\":¦'#: ':¦1:¦0x1:¦1e3:¦null:¦~:¦true:¦on:¦<<:¦é:¦/a:¦_:¦a :"
        "¦a::¦a b:¦-a:¦? a:¦&a a:"
        "¦!a a:¦'a''b':¦\"\\n\":¦[a]:¦{}:¦a:b:¦a:#¦a.:¦.a:"
    ),
    *("x" * 970 + ":", "x" * 1030 + ":", "'" + "x" * 1030 + "':"),
]
VALUES = [
    *each(
        "¦1¦v¦\"q\"¦'q'¦''¦a b¦a  b¦a:b¦a::b¦a:#b¦a #b¦a  # b¦a#b¦a# b¦# b¦#¦a: b¦a:¦a: ¦:a¦a :b"
        "¦a : b¦a - b¦a, b¦a]¦a [b"
        '¦it\'s¦a "b"¦a ? b¦a *b¦a&b¦"a"#b¦"a" # b¦\'a\'b¦"a" "b"¦\'a\'\'b\'¦"a\\nb"¦"a\\u202eb"¦"a¦\'a¦"a: #b"'
        "¦'é\u00a0\u3000'¦[]¦{}¦{ }¦[a, b]¦[a,b]¦[a,  'b', \"c, d\"]¦[a ]¦[ a]¦[a, ]¦[,]¦[a b]"
        "¦[a: b]¦[a:b]¦[a#b]¦[a #b]¦[a"
        "¦[[a]]¦[{}]¦[a]b¦[a] # b¦[a]#b¦[1, 0x1F, 1.5, ~, true]¦[1, 010]¦[no]¦[<<]¦[a/b.c-d_e]¦[-a]"
        "¦[.a]¦{a: b}¦{}b¦~¦null"
        "¦Null¦true¦True¦yes¦on¦N¦<<¦0¦-0¦+1¦-1¦.5¦010¦08¦0o17¦0x1F¦0b1¦1e3¦1.0¦1.5¦1.¦1_000¦12:30"
        "¦20:21¦2020-01-01¦.inf"
        "¦-.INF¦1e400¦1e¦0x¦_1¦/¦a/¦-¦- a¦-a¦?¦? a¦?a¦|¦>-¦*a¦&a¦&a b¦!a¦!!str 1¦%a¦@a¦`a¦--- a¦...¦\\a¦=¦é¦aé¦a\u00a0"
        "¦a\u3000# b¦\U0001f600¦a\U0001f600 b¦a\tb¦a\t# b¦\ta"
    ),
    *("9" * 18, "9" * 19, "9" * 40, "0x" + "F" * 16, "x" * 1100),
]
TAILS = ("", " ", "  ", " # c", "#c", " #", "  # a: b", "\t", "\r")
WHOLE = each(
    "¦---¦---¦--- ¦--- a¦--- # c¦---a¦- --¦...¦... ¦# c¦  # c¦      # c: d¦   ¦#¦%YAML 1.2¦%a¦\t¦\r¦ \t# c¦---\r¦---\t"
    "¦----¦-- -¦a¦'a'¦{}¦[a, b]¦? a¦: a¦-"
)
DAMAGE = [
    "x" * 990,
    *each(
        "\n¦\n¦\n¦ ¦ ¦  ¦    ¦\t¦\r¦\r\n¦\n---\n¦\n...\n¦---¦- ¦-¦\n- ¦\n  - ¦:¦: ¦ :¦:\n¦#¦ #¦# ¦'"
        '¦"¦\'\'¦""¦\\¦[¦]¦{¦}'
        "¦[]¦{}¦,¦, ¦?¦? ¦!¦&a ¦*a¦|¦>¦%¦@¦~¦<<: ¦a¦a: ¦a:\n¦b: c\n¦\n  b: c\n¦- a\n¦- a: b\n¦1¦0¦_¦.¦/¦é¦\u00a0¦\ue000"
        "¦\U0001f600¦null¦no¦a: |\n  b\n¦- a:\n  - b\n"
    ),
]
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
    ports: [80, http, "8080", 0x1F]   # some
    none: {}
-   name: a b:c #d
    args:
      - a-b
      - 'it is'
      - key: 12:30
        value: /a/b

    last: ~
---
a:
  b: # nothing
  c:
  - 1
  - {}
  d: 1.5
"""


def of(document: Document) -> tuple[Any, ...]:
    """All of a document: its data with the types and order, and the place of each part."""
    parts: list[list[int]] = []

    def collect(node: Any) -> None:
        if isinstance(node, dict | list):
            parts.append(list(document.places[id(node)]))
            for part in node.values() if isinstance(node, dict) else node:
                collect(part)

    collect(document.data)
    return (
        document.path,
        document.root,
        repr(document.data),
        parts,
        len(document.places),
    )


def known(content: str) -> int:
    """How many of the two readings the short way knows; each is that of the long way."""
    count = 0
    for many in (False, True):
        found = simple.build("f.yaml", content, many=many)
        if found is not None:
            count += 1
            documents, problems = reader.build("f.yaml", content, many=many)
            assert not problems, (many, content)
            assert [of(item) for item in found] == [of(item) for item in documents], (
                many,
                content,
            )
            assert many or documents[0].data is not None, content
    return count


@pytest.mark.parametrize("before", ["", "k:\n  j: 1\n", "- j\n"])
def test_every_kind_of_line(before: str) -> None:
    tails = Random(before)  # noqa: S311
    count = 0
    for dash, key, value in product(DASHES, KEYS, VALUES):
        indent = "  " if before.startswith("k") else ""
        blank = tails.choice(("", " ", " ", " ", "  "))
        count += known(f"{before}{indent}{dash}{key}{blank}{value}{tails.choice(TAILS)}\n")
    assert count > 500


def layout(chance: Random) -> str:
    """Lines at columns that fit, mostly."""
    lines: list[str] = []
    columns = [0]
    for number in range(chance.randint(2, 9)):
        if chance.random() < 0.08:
            lines.append(chance.choice(WHOLE))
            continue
        column = chance.choice(columns) + chance.choice((0, 0, 0, 0, 0, 1, 2, -1))
        line = " " * column
        if chance.random() < 0.4:
            line += chance.choice(("- ", "- ", "- ", "-  "))
        if chance.random() < 0.7:
            columns = [*columns[-3:], column, len(line), len(line), len(line) + 2]
            line += f"{chance.choice('abcdefgh')}{number if chance.random() < 0.8 else ''}:"
            line += chance.choice(("", "", "", " 1", " x y", " [a]", " {}", " # c", " 'q' "))
        else:
            line += chance.choice(("1", "x", "x", "'q'", "{}", "[b]", "# c", ""))
        lines.append(line)
    return "\n".join(lines) + chance.choice(("\n", "", "\n\n"))


def damaged(chance: Random) -> str:
    """Some lines of the sample with some of them moved, and some characters replaced."""
    lines = SAMPLE.split("\n")
    start = chance.choice((0, 0, chance.randrange(len(lines))))
    lines = lines[start : start + chance.randint(3, 30)]
    for _ in range(chance.choice((0, 0, 1, 2))):
        one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        blanks = chance.choice((0, 0, 1, 2, 4))
        lines.insert(other, " " * blanks + lines[one][chance.choice((0, 0, 1, 2)) :])
    content = "\n".join(lines)
    for _ in range(chance.choice((0, 1, 1, 1, 2))):
        place = chance.randint(0, len(content))
        end = place + chance.choice((0, 0, 0, 0, 1, 2, 4))
        content = content[:place] + chance.choice(DAMAGE) + content[end:]
    return content


@pytest.mark.parametrize("make", [layout, damaged])
def test_texts_by_chance(make: Callable[[Random], str]) -> None:
    chance = Random(20)  # noqa: S311
    assert sum(known(make(chance)) for _ in range(15_000)) > 1500


@pytest.mark.parametrize("line", ["a:", "- a:", "-   a:"])
def test_every_depth(line: str) -> None:
    def nested(depth: int) -> str:
        """So many containers, each in the one before."""
        return "".join(f"{' ' * (column * len(line))}{line}\n" for column in range(depth))

    assert [known(nested(depth)) for depth in (1, 10, 16)] == [2, 2, 2]
    assert sum(known(nested(depth)) for depth in range(80)) < 2 * 40


def test_lines_are_forgotten_when_they_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = Random(30)  # noqa: S311
    monkeypatch.setattr(simple, "_MANY_KNOWN", 5)
    assert sum(known(damaged(chance)) for _ in range(1000)) > 150


def test_line_breaks_of_yaml_alone_never_reach_it() -> None:
    for character in "\x00\x0b\x0c\x1b\x7f\x85\u2028\u2029\ufeff\ufffe":
        assert text.decode("f.yaml", f"a: b{character}c\n".encode(), 100, many=True)[1], repr(character)
