"""The impact of a change, for a terminal."""

from __future__ import annotations

from ringfence.impact import Cause, Effect, Gate, Report, Row
from ringfence.report import impact_words as words
from ringfence.report.text import findings, one_line, paint, plural, table

SIGNS = {Effect.OPENED: ("+", "32"), Effect.CLOSED: ("-", "31"), Effect.CHANGED: ("~", "33")}
VERDICTS = {"passed": "32", "failed": "31", "warned": "33", "ignored": "2"}
CAUSES = 5
"""How many causes of a row are shown."""


def render(report: Report, colour: bool) -> str:
    """The whole report."""
    lines = [paint(one_line(words.headline(report)), "1", colour)]
    lines += [f"  base {one_line(report.base)}", f"  head {one_line(report.head)}"]
    lines += [f"  {words.verdict_line(report)}", f"  {words.automatic_line(report)}"]
    lines += [*(f"  {one_line(line)}" for line in words.left_out(report)), ""]
    for title, _, rows in words.sections(report):
        lines.append(paint(title, "1", colour))
        for row in rows:
            lines += _row(row, colour)
        lines.append("")
    lines.append(paint("Gates", "1", colour))
    lines += [_gate(gate, colour) for gate in report.gates]
    lines.append("")
    if report.objects or report.origins:
        lines.append(paint("Objects that a sync touches", "1", colour))
        lines += [f"  {line}" for line in _objects(report)]
        lines.append("")
    if report.approvals:
        lines.append(paint("Who must approve", "1", colour))
        known = words.some_given(report.approvals)
        rows4 = [
            (a.party, " ".join(a.owners), plural(len(a.paths), "changed file"), words.owner_state(a, known))
            for a in report.approvals
        ]
        lines += ["  " + line for line in table(("FOR", "OWNERS", "BECAUSE OF", "STATE"), rows4).splitlines()]
        lines.append("")
    lines += [f"To see this again: {one_line(report.command)}", ""]
    body = "\n".join(lines) + "\n"
    summary = f"{plural(report.guardrails_checked, 'guardrail')} checked on {plural(len(report.clusters), 'cluster')}"
    return body + findings(report.findings, summary, colour)


def _objects(report: Report) -> list[str]:
    rows = [(o.action, str(o.wave), o.kind, f"{o.namespace}/{o.name}", ", ".join(o.clusters)) for o in report.objects]
    shown = table(("ACTION", "WAVE", "KIND", "OBJECT", "CLUSTERS"), rows).splitlines() if rows else ["none"]
    origins = (one_line(words.origin_line(origin)) for origin in report.origins)
    return [*shown, *words.waves(report.objects), *origins]


def _gate(gate: Gate, colour: bool) -> str:
    return f"  {paint(gate.verdict.ljust(7), VERDICTS[gate.verdict], colour)}  {gate.name}: {one_line(gate.reason)}"


def _row(row: Row, colour: bool) -> list[str]:
    change = row.change
    sign, code = SIGNS[change.effect]
    ends = f"{words.names(row.sources, 4)} → {words.names(row.destinations, 4)}"
    notes = "".join(f" ({one_line(note)})" for note in words.notes(change))
    world = " WORLD" if change.world else ""
    head = paint(f"{sign} {one_line(ends)}  {words.ports(change)}", code, colour)
    lines = [f"{head}{world}  in {one_line(', '.join(change.clusters))}{notes}"]
    causes = words.causes(row)
    for cause in causes[:CAUSES]:
        lines += _cause(cause)
    if len(causes) > CAUSES:
        lines.append(f"    and {plural(len(causes) - CAUSES, 'more cause')}: --format json has all")
    if used := words.used(row):
        lines.append(f"    {used.replace('used', 'USED', 1) if row.used and row.used.count else used}")
    if change.collateral:
        lines.append(f"    COLLATERAL: no declaration allows {change.collateral}")
    if change.undefined:
        lines.append(f"    UNDEFINED: {one_line(change.undefined)}")
    return lines


def _cause(cause: Cause) -> list[str]:
    about = one_line(", ".join(words.details(cause)))
    lines = [f"    {words.verb(cause)} {one_line(words.title(cause))} ({one_line(str(cause.where))}), {about}"]
    if said := words.reason(cause):
        lines.append(f"      “{one_line(said)}”")
    return lines
