"""What a YAML parser complains of, in plain words with the likely fix."""

from __future__ import annotations

from typing import Any

from ringfence.documents import codes
from ringfence.findings import Finding, Location

_WORDS: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "a `:` starts a value here, where no key can stand",
        "put a text that holds `: ` in quotes, or check the indentation of this line and the one above",
    ),
    (
        "did not find expected key",
        "a key was expected here",
        "indent this line like the keys around it; in `{…}` write `key: value` pairs with commas between them",
    ),
    (
        "did not find expected '-' indicator",
        "an item `- …` of the list was expected here",
        "indent this line like the other items, or like the key that the list belongs to",
    ),
    (
        "could not find expected ':'",
        "the line above is not finished: a `:` was expected",
        "write `key: value`, and put a text of several lines in quotes",
    ),
    (
        "block sequence entries are not allowed",
        "a list item `- …` cannot start here",
        "start the list on a line of its own, or write it as `[a, b]`",
    ),
    (
        "block mapping",
        "a mapping cannot start here",
        "start it on a line of its own, indented further than its key",
    ),
    (
        "did not find expected ',' or ']'",
        "the list that starts with `[` is not closed, or a comma is missing",
        "write `[a, b]`; quote an item that holds one of `,[]{}` or `: `",
    ),
    (
        "did not find expected ',' or '}'",
        "the mapping that starts with `{` is not closed, or a comma is missing",
        "write `{a: 1, b: 2}`; quote a value that holds one of `,[]{}` or `: `",
    ),
    ("expected ',' or ']'", "the list that starts with `[` is not closed, or a comma is missing", "write `[a, b]`"),
    (
        "expected ',' or '}'",
        "the mapping that starts with `{` is not closed, or a comma is missing",
        "write `{a: 1, b: 2}`",
    ),
    ("unexpected end of stream", "the file ends inside a quoted text", "close the quotes that were opened"),
    ("unexpected document separator", "the quoted text is not closed before the document ends", "close the quotes"),
    (
        "cannot start any token",
        "no value can start with this character",
        "put the text in quotes: @, `, %, | and > have a meaning in YAML at its start",
    ),
    (
        "unknown escape character",
        "there is no such escape in a double-quoted text",
        "write '\\\\' for a backslash, or use '…'",
    ),
    ("escape", "this escape in a double-quoted text is not valid", "write '\\\\' for a backslash, or use '…'"),
    (
        "did not find expected <document start>",
        "the document has ended, and this does not belong to it",
        "check the indentation",
    ),
    (
        "did not find expected node content",
        "a value was expected here",
        "write a value, or delete the sign that stands in its place",
    ),
    ("found a tab character", "there is a tab where YAML expects spaces", "write spaces"),
    ("anchor or alias", "a text that starts with `&` or `*` is no plain text in YAML", "put it in quotes"),
    ("anchor", "an anchor or alias is not valid here", "put a text that starts with `&` or `*` in quotes"),
    ("undefined tag handle", "a text that starts with `!` is a tag in YAML", "put it in quotes"),
    ("tag", "a text that starts with `!` is a tag in YAML", "put it in quotes"),
    ("directive", "a line that starts with `%` is a directive in YAML", "delete it, or put the text in quotes"),
    ("indent", "the indentation does not fit the lines above", "indent like the lines at the same level"),
)


def finding(path: str, error: Exception, text: str) -> Finding:
    """The finding of an exception of PyYAML's parser; it names the whole file where the exception has no place."""
    problem = str(getattr(error, "problem", "") or getattr(error, "reason", "") or error).strip()
    context = str(getattr(error, "context", "") or "")
    where = _location(path, getattr(error, "problem_mark", None), text)
    message, hint = _said(problem, context)
    started = getattr(error, "context_mark", None)
    related = []
    if started is not None and (start := _location(path, started, text)) != where:
        related.append((start, "it starts here"))
    return codes.SYNTAX.at(where, message, hint=hint, related=related)


def _said(problem: str, context: str) -> tuple[str, str]:
    for part, message, hint in _WORDS:
        if part in problem:
            return f"this is not YAML: {message}", hint
    detail = f"{context}, {problem}" if context else problem
    return f"this is not YAML: {detail.splitlines()[0]}", "check the quotes and the indentation around this place"


def _location(path: str, mark: Any, text: str) -> Location:
    """The place of a mark; the parser counts one line too many at the end of a file."""
    if mark is None:
        return Location(path)
    lines = text.count("\n") + 1
    if mark.line >= lines:
        return Location(path, lines, len(text) - text.rfind("\n"))
    return Location(path, mark.line + 1, mark.column + 1)
