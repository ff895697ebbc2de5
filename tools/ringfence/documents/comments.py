"""Where the comments of a YAML text are. The parser throws them away, so they are sought between its tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from ringfence.documents.reader import PARSER

_COMMENT = re.compile(r"(?:^|(?<=[\s]))#[^\n]*")


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment: line and column from 0, and its text from the `#` on without blanks at its end.

    `alone` says that nothing stands before it on its line.
    """

    line: int
    column: int
    text: str
    alone: bool


def comments(text: str) -> list[Comment]:
    """The comments of a readable YAML text with LF line ends, in order."""
    found = []
    end = 0
    for token in yaml.scan(text, Loader=PARSER):
        found += _between(text, end, token.start_mark.index)
        end = max(end, token.end_mark.index)
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            # The token of a block scalar holds its first line whole.
            start: int = token.start_mark.index
            found += _between(text, start, (text + "\n").index("\n", start))
    return found + _between(text, end, len(text))


def continued(text: str) -> set[int]:
    """The lines, from 0, that a scalar begun on an earlier line goes on in."""
    lines: set[int] = set()
    for token in yaml.scan(text, Loader=PARSER):
        if isinstance(token, yaml.ScalarToken):
            end = token.end_mark.line + (1 if token.end_mark.column else 0)
            lines.update(range(token.start_mark.line + 1, end))
    return lines


def _between(text: str, start: int, end: int) -> list[Comment]:
    found = []
    for match in _COMMENT.finditer(text, start, end):
        line_start = text.rfind("\n", 0, match.start()) + 1
        alone = not text[line_start : match.start()].strip()
        line = text.count("\n", 0, match.start())
        found.append(Comment(line, match.start() - line_start, match[0].rstrip(), alone))
    return found
