"""The short way from text to data: block style in which every line says by itself what it is.

It judges nothing and knows a part of YAML only: one key, one item or one comment a line, with a plain value, a quoted
one without escapes, or a list `[a, b]` of such. It gives None for whatever is not that, or could be an error, and the
long way (`reader`) then says what it is. Where it gives documents, the long way gives the same ones, with the same
places. Most lines of a file stand in it before, or in another one: each is taken apart once.
"""

from __future__ import annotations

import re
from sys import intern
from typing import Any

from ringfence.documents.document import Document, Lines
from ringfence.documents.scalars import Refused, meaning

_WORD = r"[A-Za-z0-9_/][A-Za-z0-9_./-]*"
_QUOTED = r""""[^"\\\t\r]*"|'[^'\t\r]*'"""
# A plain value ends where `: ` or ` #` stands, and cannot start with a sign that means something.
_PLAIN = r"[A-Za-z0-9_/][^\t\r :]*(?:(?::(?=[^\t\r ])| +(?=[^\t\r #]))[^\t\r :]*)*"
_ITEM = re.compile(rf"{_WORD}|{_QUOTED}")
_LINE = re.compile(
    rf"( *+)(- ++)?(?:({_WORD}|{_QUOTED}):(?= |$) *+)?"
    rf"({_PLAIN}|{_QUOTED}|\{{\}}|\[(?:(?:{_ITEM.pattern})(?:, *(?:{_ITEM.pattern}))*)?\])?"
    r" *+(?:(?:^|(?<= ))#[^\t\r]*)?"
)
"""The groups: blanks, a dash with blanks, a key, and a value."""

_LONG = 1000
"""Characters of a line; YAML does not take a key of more than 1,024."""

_DEEP = 32


_Line = tuple[bool, int, int, bool, "str | None", int, Any, int, "tuple[int, ...] | None"]
"""A line by itself: its length with the end, and the column where it starts, or what it is instead of an entry.

Of an entry: whether it starts with a dash, the key (None for an item alone) and its column, the value and its column.
A list or mapping is to be copied, and comes with the columns of its parts. `_OPEN`: the value is in the lines below,
or none. First of all, whether it is just a key and a value that is no list or mapping, as most are.
"""

_NOTHING, _MARK, _OTHER = -1, -2, -3
"""A line that says nothing, one that starts a document, and one for the long way."""

_OPEN = object()

_START: _Line = False, 4, _MARK, False, None, 0, None, 0, None
_KNOWN: tuple[dict[str, _Line], dict[str, _Line]] = {"---": _START}, {"---": _START}
"""The lines of declarations and of manifests that were met."""
_MANY_KNOWN = 1 << 16

_NAME = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
"""A plain value that cannot be a number, and is text where it is no word that means something."""
_HEADS: tuple[dict[str, tuple[int, bool, str, int]], ...] = {}, {}
"""The keys that were met, by all that stands before `: `: where the line starts, a dash, the key and its column."""


def build(path: str, text: str, *, many: bool) -> list[Document] | None:
    """The documents of a text, as `reader.build` gives them without a finding; None where it is to be asked.

    The text is one of which `text.decode` has no finding: without the other ends of a line that YAML knows.
    """
    known = _KNOWN[many]
    if len(known) >= _MANY_KNOWN:
        known.clear()
        known["---"] = _START
    lines = Lines(text)
    documents: list[Document] = []
    started = False
    # The open container is `node`, with its `marks`; `waiting` is its key that has no value yet, which ends at `end`.
    node: Any = None
    inner, mapping, marks = -1, False, []
    waiting: str | None = None
    end = place = root_place = 0
    root: Any = None
    places: dict[int, list[int]] = {}
    stack: list[tuple[Any, int, bool, list[int]]] = []
    new: Any
    for line in text.split("\n"):
        found = known.get(line)
        if found is None:
            found = _taken_apart(line, many=many)
            if len(known) < _MANY_KNOWN:
                known[line] = found
        short, size, start, item, key, column, value, at, items = found
        if short and start == inner and mapping and waiting is None:
            if key in node:
                return None
            marks.append(place + column)
            marks.append(place + at)
            node[key] = value
            place += size
            continue
        if waiting is not None and start != _NOTHING:
            if start > inner or (item and start == inner):
                marks.append(place + start)
                stack.append((node, inner, mapping, marks))
                new = [] if item else {}
                node[waiting] = new
                node, inner, mapping, marks = new, start, not item, []
                places[id(new)] = marks
                if len(stack) > _DEEP:
                    return None
            else:
                node[waiting] = None
                marks.append(end)
            waiting = None
        if start < 0:
            if start == _OTHER:
                return None
            if start == _MARK:
                if root is not None:
                    documents.append(Document(path, root, root_place, places, lines))
                if not many and (started or documents):
                    return None
                started, node, root, inner, mapping, places = True, None, None, -1, False, {}
                stack.clear()
            place += size
            continue
        if root is None:
            root = node = [] if item else {}
            root_place = place + start
            inner, mapping, marks = start, not item, []
            places[id(node)] = marks
        while inner > start and stack:
            node, inner, mapping, marks = stack.pop()
        if mapping is item:
            if item or not stack:
                return None
            node, inner, mapping, marks = stack.pop()  # a list ends that stands below its key, not indented
            if not mapping:
                return None
        if inner != start:
            return None
        if items is not None:
            value = value.copy()
            places[id(value)] = [place + part for part in items]
        if item:
            marks.append(place + column)
            if key is None:
                node.append(value)
                place += size
                continue
            stack.append((node, inner, mapping, marks))
            new = {}
            node.append(new)
            node, inner, mapping, marks = new, column, True, []
            places[id(node)] = marks
        if key in node:
            return None
        marks.append(place + column)
        if value is _OPEN:
            waiting, end = key, place + at
        else:
            node[key] = value
            marks.append(place + at)
        place += size
    if waiting is not None:
        node[waiting] = None
        marks.append(end)
    if root is not None:
        documents.append(Document(path, root, root_place, places, lines))
    return documents if many or root is not None else None


def _taken_apart(line: str, *, many: bool) -> _Line:
    """What a line that was not met lately says."""
    size = len(line) + 1
    heads = _HEADS[many]
    head, _, rest = line.partition(": ")
    known = heads.get(head)
    if known is not None and _NAME.fullmatch(rest) and size <= _LONG:
        start, item, word, column = known
        value = meaning(rest, many=many)
        if type(value) is str:
            return not item, size, start, item, word, column, value, len(head) + 2, None
    other = False, size, _OTHER, False, None, 0, None, 0, None
    found = _LINE.fullmatch(line) if size <= _LONG else None
    if found is None:
        return other
    blanks, dash, name, text = found.groups()
    start, item = len(blanks), dash is not None
    if name is None and (text is None or not item):
        nothing = False, size, _NOTHING, False, None, 0, None, 0, None
        return other if text is not None or item else nothing
    column = start if dash is None else start + len(dash)
    key = None if name is None else _scalar(name, many=many)
    if name is not None and type(key) is not str:
        return other
    if text is None:
        return False, size, start, item, key, column, _OPEN, found.end(3) + 1, None
    at = found.start(4)
    items: tuple[int, ...] | None = None
    if text == "{}":
        value, items = {}, ()
    elif text[0] == "[":
        parts = list(_ITEM.finditer(text, 1))
        value = [_scalar(part[0], many=many) for part in parts]
        items = tuple(at + part.start() for part in parts)
        if Refused in map(type, value):
            return other
    else:
        value = _scalar(text, many=many)
        if type(value) is Refused:
            return other
    if key is not None and at == len(head) + 2 and len(heads) < _MANY_KNOWN:
        heads[head] = start, item, key, column
    return not item and key is not None and items is None, size, start, item, key, column, value, at, items


def _scalar(text: str, *, many: bool) -> Any:
    return intern(text[1:-1]) if text[0] in "\"'" else meaning(text, many=many)
