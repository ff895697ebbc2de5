"""Output formats, one module each. A report prints what it is given; it decides nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TextIO

from ringfence.findings import Finding

FINDING_FORMATS = ("text", "json", "sarif", "codequality", "junit", "github")
"""The formats of commands whose result is findings."""

IMPACT_FORMATS = (
    "text",
    "json",
    "markdown",
    "html",
    "sarif",
    "codequality",
    "junit",
    "github",
    "github-comment",
    "github-summary",
)
"""The formats of `ringfence impact`. Markdown is for a note of GitLab; GitHub takes less, or another amount."""


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream: only a terminal, and never against `NO_COLOR` (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def findings(items: Sequence[Finding], format_: str, *, summary: str = "", colour: bool = False) -> str:
    """Findings in a format of `FINDING_FORMATS`, or as Markdown or HTML where a report cannot be made.

    They end in their counts, as far as the format has room for them; `summary` says what was looked at. Raises
    `KeyError` for another format.
    """
    if format_ == "text":  # the one that people wait for
        from ringfence.report import text

        return text.findings(items, summary, colour)
    from ringfence.report import codequality, github, html, json, junit, markdown, sarif

    makers = {
        "json": lambda: json.findings(items, summary),
        "sarif": lambda: sarif.findings(items, summary),
        "codequality": lambda: codequality.findings(items),
        "junit": lambda: junit.findings(items, summary),
        "github": lambda: github.findings(items, summary),
        "html": lambda: html.findings(items, summary),
        **dict.fromkeys(("markdown", "github-comment", "github-summary"), lambda: markdown.findings(items, summary)),
    }
    return makers[format_]()
