"""The page of every check as one Markdown file, `docs/reference/checks.md`.

`python -m ringfence.commands.reference` writes it below the current directory; with `--check` it only says whether it
is current (exit 1 otherwise).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from ringfence.commands.catalogue import all_checks
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS
from ringfence.findings import Check

PATH = Path("docs/reference/checks.md")

INTRODUCTION = """\
# Checks

Every finding has the code and the name of a check, and this page says what each check finds, why it matters, and what
fails and passes. `ringfence checks CODE` prints the same. An error makes the run fail (exit code 1); a warning does
not.

Many examples are files of a small valid repository (`tests/cases/small`): the first line names the file.

The page is generated: `python -m ringfence.commands.reference`.
"""


def text(known: Iterable[Check]) -> str:
    """The whole page: an index, then each check by code."""
    ordered = sorted(known, key=lambda check: check.code)
    rows = [
        f"| [{check.code}](#{check.code.lower()}-{check.name}) | `{check.name}` | {check.severity} | {check.title} |"
        for check in ordered
    ]
    index = "\n".join(["| Code | Name | Severity | |", "|---|---|---|---|", *rows])
    return "\n\n".join([INTRODUCTION.strip(), index, *map(_section, ordered)]) + "\n"


def _section(check: Check) -> str:
    _, _, body = check.doc.strip().partition("\n")
    lowered = re.sub(r"^## ", "### ", body.strip(), flags=re.MULTILINE)
    return f"## {check.code} {check.name}\n\n{check.title}. Severity: {check.severity}.\n\n{lowered}"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or compare it (`--check`)."""
    wanted = text(all_checks())
    if "--check" in arguments:
        current = PATH.exists() and PATH.read_text(encoding="utf-8") == wanted
        if not current:
            sys.stderr.write(f"{PATH} is not current; run python -m ringfence.commands.reference\n")
        return EXIT_CLEAN if current else EXIT_FINDINGS
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(wanted, encoding="utf-8")
    return EXIT_CLEAN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
