"""The impact of a change as Markdown, for a merge request's note. All text from files is escaped.

What is too long for the platform is left out by whole rows, those that matter least first, and the note says how many
and where the whole is. Exposure to the world goes last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ringfence.impact import Cause, Effect, Report, Row
from ringfence.impact.types import Approval
from ringfence.report import impact_words as words
from ringfence.report import mermaid
from ringfence.report.markdown import GITLAB_NOTE, Limit, code, escape, finding, folded
from ringfence.report.text import counts, plural

SIGNS = {Effect.OPENED: "🟢", Effect.CLOSED: "🔴", Effect.CHANGED: "🟡"}
VERDICTS = {"passed": "✅ passed", "failed": "❌ **failed**", "warned": "⚠️ **warned**", "ignored": "▫️ ignored"}
EVERYTHING = 10**9
OPEN_ROWS = 50
"""More rows than these of a part are folded, unless they are exposure to the world."""
CAUSES = 5
ENDS = 6


class _Cut(Struct, frozen=True):
    """How many rows of each kind are shown."""

    graphs: int = 20
    objects: int = EVERYTHING
    rows: int = EVERYTHING
    findings: int = EVERYTHING
    world: int = EVERYTHING
    paths: int = 20


def _cuts() -> Iterable[_Cut]:
    """Ever smaller notes, until one must fit."""
    cut = _Cut()
    yield cut
    yield (cut := replace(cut, graphs=0))
    for most in (1000, 100, 0):
        yield (cut := replace(cut, objects=most))
    for most in (3000, 1000, 300, 100, 30, 10, 0):
        yield (cut := replace(cut, rows=most, findings=max(most, 10), paths=5))
    for most in (1000, 300, 100, 30, 10, 3, 1):
        yield (cut := replace(cut, world=most, findings=3))


def render(report: Report, limit: Limit = GITLAB_NOTE) -> str:
    """The note: whole where the platform takes it, else the most that fits.

    What is left when even the least does not fit is the headline with the gates.
    """
    for cut in _cuts():
        text = _note(report, limit, cut)
        if limit.holds(text):
            return text
    least = [f"### Ringfence: {escape(words.headline(report))}"[:2000], ""]
    least += [f"- {gate.name}: {gate.verdict}" for gate in report.gates]
    return "\n".join([*least, "", *_left_out(report, limit, 1, "report")]) + "\n"


def _note(report: Report, limit: Limit, cut: _Cut) -> str:
    lines = [f"### Ringfence: {escape(words.headline(report))}", ""]
    lines += [f"{escape(words.verdict_line(report).capitalize())} · {escape(words.automatic_line(report))}", ""]
    lines += [text for line in words.left_out(report) for text in (f"{escape(line)}.", "")]
    parts = words.sections(report)
    for number, (title, meaning, rows) in enumerate(parts):
        world = title == words.SECTIONS[0][0]
        shown = rows[: cut.world if world else cut.rows]
        table = _table(shown) if shown else []
        rest = _left_out(report, limit, len(rows) - len(shown), "row")
        lines += [f"**{title}** ({plural(sum(row.count for row in rows), 'connection')})", "", f"{meaning}", ""]
        if len(shown) > OPEN_ROWS and not world:
            lines += folded(plural(len(shown), "row"), table)
        else:
            lines += [*table, ""]
        lines += rest
        if number == len(parts) - 1:
            lines += _graphs(parts, cut)
    lines += ["**Gates**", "", "| Gate | Verdict | Why |", "|---|---|---|"]
    lines += [f"| {code(gate.name)} | {VERDICTS[gate.verdict]} | {escape(gate.reason)} |" for gate in report.gates]
    lines += ["", *_findings(report, limit, cut), *approvals(report.approvals), *_objects(report, limit, cut)]
    lines.append(f"<sub>base {code(report.base)} · head {code(report.head)} · reproduce: {code(report.command)}</sub>")
    return "\n".join(lines) + "\n"


def _left_out(report: Report, limit: Limit, number: int, noun: str) -> list[str]:
    """Says what is missing, why, and where the whole is; nothing where nothing is missing."""
    if number <= 0:
        return []
    verb = "is" if number == 1 else "are"
    whole = code(words.whole_command(report))
    return [f"⚠️ **{plural(number, noun)} {verb} left out**, since {limit}. The whole: {whole}", ""]


def _table(rows: Sequence[Row]) -> list[str]:
    lines = ["| | From | To | Ports | Clusters | Because of |", "|---|---|---|---|---|---|"]
    for row in rows:
        change = row.change
        causes = words.causes(row)
        because = [_cause(cause) for cause in causes[:CAUSES]]
        if len(causes) > CAUSES:
            because.append(f"and {plural(len(causes) - CAUSES, 'more cause')}")
        if change.collateral:
            because.append(f"⚠️ **collateral**: no declaration allows {code(str(change.collateral))}")
        if change.undefined:
            because.append(f"⚠️ **undefined**: {escape(change.undefined)}")
        if used := words.used(row):
            because.append(f"⚠️ **{used}**" if row.used and row.used.count else f"_{used}_")
        because += [f"_{escape(note)}_" for note in words.notes(change)]
        most = len(row.sources) + len(row.destinations) if change.world else ENDS
        ends = (code(words.names(names, most)) for names in (row.sources, row.destinations))
        lines.append(
            f"| {SIGNS[change.effect]} {words.effect(change)} | {' | '.join(ends)} | {code(words.ports(change))} "
            f"| {escape(', '.join(change.clusters))} | {'<br>'.join(because)} |"
        )
    return lines


def _cause(cause: Cause) -> str:
    if cause.is_declaration:
        edit = f" _{cause.edit}_" if cause.edit in ("edited", "removed") else ""
        text = f"{code(cause.name)}{edit} ({code(str(cause.where))}, {escape(cause.owner)}): {escape(cause.reason)}"
        text += f" — until {cause.expires}" if cause.expires else ""
        return text + (f" — {escape(cause.ticket)}" if cause.ticket else "")
    said = f"{code(cause.name)} {escape(cause.reason)}" if cause.kind == "rule" else escape(cause.reason)
    return f"{said} ({code(str(cause.where))}, {escape(cause.owner)})"


def _graphs(parts: Sequence[tuple[str, str, Sequence[Row]]], cut: _Cut) -> list[str]:
    if not cut.graphs:
        return []
    found = list(mermaid.graphs(row for _, _, rows in parts for row in rows))
    lines: list[str] = []
    for number, graph in enumerate(found[: cut.graphs], 1):
        title = f"Graph {number} of {len(found)}" if len(found) > 1 else "Graph"
        lines += folded(title, ["```mermaid", graph.rstrip("\n"), "```"])
    if len(found) > cut.graphs:
        rest = len(found) - cut.graphs
        lines += [f"{plural(rest, 'more graph')} left out: a page draws no more. The tables have every row.", ""]
    return lines


def _findings(report: Report, limit: Limit, cut: _Cut) -> list[str]:
    items = report.findings
    lines = [f"**Findings**: {plural(report.guardrails_checked, 'guardrail')} checked; {counts(items)}", ""]
    if items:
        lines += [*map(finding, items[: cut.findings]), ""]
    return lines + _left_out(report, limit, len(items) - cut.findings, "finding")


def approvals(items: Sequence[Approval], unknown: Collection[str] = ()) -> list[str]:
    """The lines of the table of who must approve, and who has; none for nobody.

    Of the `unknown` owners nobody can say whether they have approved.
    """
    if not items:
        return []
    known = words.some_given(items)
    lines = ["**Who must approve**", "", "| For | Owners | Changed files | State |", "|---|---|---|---|"]
    lines += [
        f"| {escape(item.party)} | {' '.join(code(owner) for owner in item.owners)} | {len(item.paths):,} "
        f"| {escape(words.owner_state(item, known and not set(item.owners) & set(unknown)))} |"
        for item in items
    ]
    return [*lines, ""]


def _objects(report: Report, limit: Limit, cut: _Cut) -> list[str]:
    if not report.objects and not report.origins:
        return []
    shown = report.objects[: cut.objects]
    lines = [f"{escape(step)}<br>" for step in words.waves(report.objects)]
    lines += [f"{escape(words.origin_line(origin))}<br>" for origin in report.origins]
    lines += ["", "| Action | Wave | Object | Clusters |", "|---|---|---|---|"] if shown else []
    lines += [
        f"| {item.action} | {item.wave} | {code(f'{item.kind} {item.namespace}/{item.name}')} "
        f"| {escape(', '.join(item.clusters))} |"
        for item in shown
    ]
    rest = _left_out(report, limit, len(report.objects) - len(shown), "object")
    return folded(f"{plural(len(report.objects), 'object')} that a sync touches", [*lines, "", *rest])
