"""Findings as workflow commands of GitHub Actions, which shows them at the lines of a change."""

from __future__ import annotations

from collections.abc import Sequence

from ringfence.findings import Finding, Severity
from ringfence.report.text import counts, one_line

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
MOST = 10
"""Annotations of one kind that GitHub shows of a step."""


def findings(items: Sequence[Finding], summary: str, notices: Sequence[tuple[str, str]] = ()) -> str:
    """One annotation a finding, as many as GitHub shows; the last of a kind says how many are left out.

    `notices` are titles and texts that belong to no file.
    """
    lines = []
    for severity in Severity:
        found = [item for item in items if item.severity is severity]
        shown = found if len(found) <= MOST else found[: MOST - 1]
        lines += [_annotation(item) for item in shown]
        if len(found) > MOST:
            kind, rest = COMMANDS[severity], len(found) - len(shown)
            text = f"{rest} more of {len(found)} are left out: GitHub shows {MOST} of a kind; see the step's log"
            lines.append(command(kind, {"title": "Ringfence"}, text))
            lines += [_log(f"{item.where}: {item.check.code} {item.message}") for item in found[MOST - 1 :]]
    last = "; ".join(filter(None, (summary, counts(items))))
    lines += [command("notice", {"title": title}, text) for title, text in (*notices, ("Ringfence", last))]
    return "\n".join(lines) + "\n"


def _annotation(item: Finding) -> str:
    place = {"file": item.where.path} if item.where.path else {}
    if item.where.line:
        place |= {"line": str(item.where.line), "col": str(item.where.column)}
    fix = f"\nfix: {item.hint}" if item.hint else ""
    title = f"{item.check.code} {item.check.name}"
    return command(COMMANDS[item.severity], {**place, "title": title}, f"{item.message}{fix}")


def command(name: str, properties: dict[str, str], text: str) -> str:
    """One workflow command, escaped as the runner reads it: no text of a file starts a command of its own."""
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {written}::{_data(text)}"


def _log(text: str) -> str:
    """A line of the log that is no command: neither in today's form, nor in the old one, which may stand anywhere."""
    return "- " + one_line(text).replace("##[", "# #[")


def _data(text: str) -> str:
    lines = (one_line(line) for line in text.split("\n"))
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
