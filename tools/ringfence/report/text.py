"""Findings and tables for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ringfence.findings import Finding, Severity

COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


def paint(text: str, code: str, colour: bool) -> str:
    """The text in an ANSI colour (SGR code), or as it is."""
    return f"\033[{code}m{text}\033[0m" if colour else text


def one_line(text: str) -> str:
    """The text with whatever would break a line or move a cursor made visible."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def counts(items: Sequence[Finding]) -> str:
    """`2 errors, 1 warning`, or `no findings`."""
    number = Counter(item.severity for item in items)
    parts = [plural(number[severity], severity.value) for severity in Severity if number[severity]]
    return ", ".join(parts) or "no findings"


def plural(number: int, noun: str) -> str:
    """`1 flow`, `2 flows`, `2 policies`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1] + 'ies' if noun.endswith('y') and not noun.endswith('ey') else noun + 's'}"


def findings(items: Sequence[Finding], summary: str, colour: bool, shown: Sequence[Finding] = ()) -> str:
    """One block a finding: place, severity and check, message, then related places and the fix.

    The last line counts those that were `shown` elsewhere too.
    """
    lines: list[str] = []
    for item in items:
        label = paint(item.severity.value, COLOURS[item.severity], colour)
        place = paint(one_line(str(item.where)), "1", colour)
        lines.append(f"{place}: {label} {item.check.code} {item.check.name}: {one_line(item.message)}")
        lines.extend(f"    {one_line(str(where))}: {one_line(note)}" for where, note in item.related)
        if item.hint:
            lines.append(f"    {paint('fix:', '32', colour)} {one_line(item.hint)}")
    if items:
        lines.append("")
    lines.append("; ".join(filter(None, (summary, counts([*shown, *items])))))
    return "\n".join(lines) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, two spaces apart, without trailing blanks."""
    cells = [[one_line(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in cells
    )
