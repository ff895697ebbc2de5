"""Several JSON values in one text, one after the other (JSON lines): no YAML, and what many tools write and read."""

from __future__ import annotations

import json
from collections.abc import Callable

from ringfence.documents.document import Document
from ringfence.findings import Finding, Location

Read = tuple[list[Document], list[Finding]]


def read(text: str, build: Callable[[str], Read]) -> Read | None:
    """The documents of a text of two or more JSON objects, each read by `build`, with their places in the whole text.

    None for any other text.
    """
    decoder = json.JSONDecoder()
    documents: list[Document] = []
    findings: list[Finding] = []
    parts: list[tuple[int, int]] = []
    end = _blanks(text, 0)
    while end < len(text):
        start = end
        if text[start] != "{":
            return None
        try:
            _, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return None
        parts.append((start, end))
        end = _blanks(text, end)
    if len(parts) < 2:
        return None
    line = 0
    before = 0
    for start, end in parts:
        line += text.count("\n", before, start)
        before = start
        column = start - text.rfind("\n", 0, start) - 1
        found, problems = build(text[start:end])
        documents += [item.moved(line, column) for item in found]
        findings += [_moved(item, line, column) for item in problems]
    return documents, findings


def _blanks(text: str, start: int) -> int:
    """Where the blanks from `start` on end."""
    while start < len(text) and text[start] in " \t\r\n":
        start += 1
    return start


def _moved(item: Finding, line: int, column: int) -> Finding:
    def place(where: Location) -> Location:
        return where._replace(line=where.line + line, column=where.column + (column if where.line == 1 else 0))

    return item._replace(where=place(item.where), related=tuple((place(at), note) for at, note in item.related))
