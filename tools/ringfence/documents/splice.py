"""Cutting a YAML text at the places of its nodes. Knows neither files nor what is right: `edit` checks the outcome."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from ringfence.documents import scalars
from ringfence.documents.comments import comments
from ringfence.documents.document import Route
from ringfence.documents.reader import PARSER

_PLAIN = re.compile(r"[A-Za-z0-9_/](?:[A-Za-z0-9 _./@+()'!?;=$%&*|<>~^-]|:(?=\S))*(?<![ :])")


class Splice:
    """One edit of one text; each method gives the new text. Raises `ValueError` where a comment would be lost."""

    def __init__(self, text: str) -> None:
        """Take a declaration that `documents.read` accepts: one document, no alias, no key twice, nothing deep."""
        self._text = text
        self._eol = "\r\n" if "\r\n" in text else "\n"
        self._root = yaml.compose(text, Loader=PARSER)

    def set(self, path: Route, value: Any) -> str:
        """A value at a route, with the keys that are missing on the way."""
        keys: list[Any] = []
        node: Any = self._root
        for index, step in enumerate(path):
            found = _child(node, step)
            if found is None:
                for missing in reversed(path[index + 1 :]):
                    value = {missing: value}
                return self._add(keys, node, step, value)
            key, child = found
            keys.append((node, key, child))
            node = child
        parent, key, _ = keys[-1]
        return self._replace(parent, key, node, value)

    def append(self, path: Route, value: Any) -> str:
        """A value at the end of a list that has items."""
        node: Any = self._root
        for step in path:
            found = _child(node, step)
            if found is None:
                raise ValueError("there is no such list")
            node = found[1]
        if node.flow_style:
            end = _end(node.value[-1])
            return f"{self._text[:end]}, {flow(value)}{self._text[end:]}"
        indent = " " * node.start_mark.column
        return self._lines_after(_end(node.value[-1]), [f"{indent}{line}" for line in _block([value])])

    def remove(self, path: Route) -> str:
        """The text without a key or item."""
        node: Any = self._root
        parent, key, above = node, None, None
        for step in path:
            found = _child(node, step)
            if found is None:
                raise ValueError("there is nothing")
            above = (parent, key)
            parent, (key, node) = node, found
        entries = _entries(parent)
        index = next(i for i, (_, value) in enumerate(entries) if value is node)
        if len(entries) == 1:
            empty: Any = {} if isinstance(parent, yaml.MappingNode) else []
            if parent is self._root or above is None:
                raise ValueError("nothing would be left of the document")
            return self._replace(above[0], above[1], parent, empty)
        start, end = (key or node).start_mark.index, _end(node)
        if parent.flow_style:
            if index:
                start = _end(entries[index - 1][1])
            else:
                end = (entries[1][0] or entries[1][1]).start_mark.index
            return self._cut(start, end)
        start = self._begin(entries[index])
        head = self._text.rfind("\n", 0, start) + 1
        if self._text[head:start].strip():  # a key or an item on the line of the dash of what holds it
            return self._cut(start, self._begin(entries[index + 1]))
        return self._drop_lines(head, end, start - head, first=not index)

    def _begin(self, entry: tuple[Any, Any]) -> int:
        """Where a key, or the dash of an item, stands in block style."""
        key, node = entry
        return int(key.start_mark.index) if key else self._text.rindex("-", 0, node.start_mark.index)

    def _add(self, keys: list[Any], node: Any, step: str | int, value: Any) -> str:
        if not isinstance(node, yaml.MappingNode):
            if keys and isinstance(step, str) and (isinstance(node, yaml.ScalarNode) or not node.value):
                parent, key, _ = keys[-1]
                return self._replace(parent, key, node, {step: value})
            raise ValueError("there is no mapping to add a key to")
        if node.flow_style:
            pair = f"{scalar(step, flow=True)}: {flow(value)}"
            if not node.value:
                at = node.end_mark.index - 1
                return self._text[:at] + pair + self._text[at:]
            at = _end(node.value[-1][1])
            return f"{self._text[:at]}, {pair}{self._text[at:]}"
        indent = " " * node.value[0][0].start_mark.column
        return self._lines_after(_end(node.value[-1][1]), [f"{indent}{line}" for line in _block({step: value})])

    def _replace(self, parent: Any, key: Any, node: Any, value: Any) -> str:
        start, end = node.start_mark.index, _end(node)
        inline = parent.flow_style or not isinstance(value, dict | list) or not value
        was_block = not isinstance(node, yaml.ScalarNode) and not node.flow_style
        if was_block and key is None and not inline:
            raise ValueError("an item that is a block cannot be replaced")
        if was_block:
            if key is None:  # an item of a list starts on the line of its dash
                self._must_hold_no_comment(start, end)
                return self._text[:start] + flow(value) + self._text[end:]
            colon = self._text.index(":", key.end_mark.index) + 1
            line_end = self._line_end(colon)
            self._must_hold_no_comment(line_end, end)
            kept = self._text[colon:line_end]
            first = f" {flow(value)}" if inline else ""
            body = "" if inline else "".join(self._eol + line for line in self._below(key, value))
            return self._text[:colon] + first + kept + body + self._text[end:]
        self._must_hold_no_comment(start, end)
        if inline or key is None:
            space = "" if self._text[start - 1 : start] in (" ", "[", "{") else " "
            return self._text[:start] + space + flow(value) + self._text[end:]
        before, after = self._text[:start].rstrip(" "), self._text[end:]
        rest, cut, more = after.partition("\n")
        body = "".join(line + self._eol for line in self._below(key, value))
        rest = rest.rstrip("\r")
        return before + (f"  {rest.strip()}" if rest.strip() else "") + self._eol + body + (more if cut else "")

    def _below(self, key: Any, value: Any) -> list[str]:
        indent = " " * (key.start_mark.column + 2)
        return [f"{indent}{line}" for line in _block(value)]

    def _lines_after(self, end: int, lines: list[str]) -> str:
        at = self._line_end(end)
        return self._text[:at] + "".join(self._eol + line for line in lines) + (self._text[at:] or self._eol)

    def _line_end(self, index: int) -> int:
        """The end of the line of an index, without its line break."""
        at = self._text.find("\n", index)
        if at < 0:
            return len(self._text)
        return at - 1 if self._text[at - 1] == "\r" else at

    def _drop_lines(self, head: int, end: int, column: int, *, first: bool) -> str:
        """The text without whole lines, the comments right above them, and a blank line that would stay alone."""
        while head:
            above = self._text.rfind("\n", 0, head - 1) + 1
            line = self._text[above:head]
            if not line.lstrip(" ").startswith("#") or len(line) - len(line.lstrip(" ")) != column:
                break
            head = above
        tail = self._text.find("\n", end) + 1 or len(self._text)
        rest = self._text[tail:]
        before = self._text[:head]
        if before.endswith(self._eol * 2) and (not rest.strip() or rest.startswith(self._eol)):
            before = before[: -len(self._eol)]
        return before + (rest.removeprefix(self._eol) if first else rest)

    def _cut(self, start: int, end: int) -> str:
        self._must_hold_no_comment(start, end)
        return self._text[:start] + self._text[end:]

    def _must_hold_no_comment(self, start: int, end: int) -> None:
        starts = [0]
        for line in self._text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        for comment in comments(self._text):
            if start <= starts[comment.line] + comment.column < end:
                raise ValueError(f"the comment in line {comment.line + 1} would be lost")


def scalar(value: Any, *, flow: bool = False) -> str:
    """Text, an integer, a boolean or None as YAML that reads back as itself."""
    if not isinstance(value, str):
        return json.dumps(value)
    plain = _PLAIN.fullmatch(value) and not (flow and set("?:") & set(value))
    words = scalars.WORDS_OF_MANIFESTS
    if plain and value not in words and isinstance(scalars.declared_number(value), str):
        return value
    return json.dumps(value, ensure_ascii=False)


def flow(value: Any) -> str:
    """Plain data on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{scalar(key, flow=True)}: {flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    return scalar(value, flow=True)


def _block(value: Any) -> Iterator[str]:
    """A mapping or list that is not empty, line by line; lists of plain values stand in brackets."""
    if isinstance(value, dict):
        for key, item in value.items():
            nested = isinstance(item, list) and any(isinstance(part, dict | list) for part in item)
            if nested or (isinstance(item, dict) and item):
                yield f"{scalar(key)}:"
                yield from (f"  {line}" for line in _block(item))
            else:
                yield f"{scalar(key)}: {flow(item) if isinstance(item, dict | list) else scalar(item)}"
        return
    for item in value:
        if isinstance(item, dict) and item:
            first, *others = _block(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
        else:
            yield f"- {flow(item) if isinstance(item, dict | list) else scalar(item)}"


def _entries(node: Any) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else [(None, item) for item in node.value]


def _child(node: Any, step: str | int) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and -1 < step < len(node.value):
        return None, node.value[step]
    return None


def _end(node: Any) -> int:
    """The end of what a node holds; the parser ends a block only where the next one starts."""
    if isinstance(node, yaml.ScalarNode):
        end: int = node.end_mark.index
        if node.style in ("|", ">"):
            buffer_end = node.end_mark
            return buffer_end.index - 1 if buffer_end.column == 0 and buffer_end.index > node.start_mark.index else end
        return end
    if node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)
