"""Output formats, one module each. A report prints what it is given; it decides nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TextIO

from ringfence.findings import Finding


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream: only a terminal, and never against `NO_COLOR` (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def findings(items: Sequence[Finding], format_: str, *, summary: str = "", colour: bool = False) -> str:
    """Findings in a format (`text`, `json`), ending in their counts; `summary` says what was looked at."""
    if format_ == "json":
        from ringfence.report import json

        return json.findings(items, summary)
    from ringfence.report import text

    return text.findings(items, summary, colour)
