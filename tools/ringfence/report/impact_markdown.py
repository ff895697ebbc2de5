"""The impact of a change as Markdown, for a merge request's note. All text from files is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ringfence.findings import Finding
from ringfence.impact.types import Change, Effect, Report
from ringfence.report.impact_text import headline, ports
from ringfence.report.text import counts, one_line, plural

SIGNS = {Effect.OPENED: "🟢 opens", Effect.CLOSED: "🔴 closes", Effect.CHANGED: "🟡 changes"}


def escape(text: str) -> str:
    """Text that Markdown shows as it is: no markup, mention, link or HTML of it takes effect."""
    text = re.sub(r"([\\`*_{}\[\]()#+!|~$%^&:])", r"\\\1", one_line(text)).replace("<", "&lt;").replace(">", "&gt;")
    text = text.replace("@", "@\u200b").replace("//", "/\u200b/")
    return re.sub(r"\b(www)\.", "\\1\u200b.", text, flags=re.IGNORECASE)


def code(text: str) -> str:
    """Text as inline code, whatever it holds; safe in a table cell."""
    text = one_line(text).replace("|", "\u2502")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def render(report: Report) -> str:
    """The whole note."""
    lines = [f"### Ringfence: {headline(report)}", ""]
    world = [change for change in report.changes if change.world]
    inside = [change for change in report.changes if not change.world]
    if world:
        lines += ["**Exposure to the world**", "", *_table(world), ""]
    if inside:
        lines += ["**Connections**", "", *_table(inside), ""]
    lines += _findings(report.findings, report.guardrails_checked)
    if report.approvals:
        lines += ["**Who must approve**", "", "| For | Owners | Changed files |", "|---|---|---|"]
        lines += [
            f"| {escape(item.party)} | {' '.join(code(owner) for owner in item.owners)} | {len(item.paths)} |"
            for item in report.approvals
        ]
        lines.append("")
    if report.objects:
        lines += [f"<details><summary>{plural(len(report.objects), 'object')} that a sync touches</summary>", ""]
        lines += ["| Action | Object | Clusters |", "|---|---|---|"]
        lines += [
            f"| {item.action} | {code(f'{item.kind} {item.namespace}/{item.name}')} "
            f"| {escape(', '.join(item.clusters))} |"
            for item in report.objects
        ]
        lines += ["", "</details>", ""]
    lines.append(f"<sub>base {code(report.base)} · head {code(report.head)} · reproduce: {code(report.command)}</sub>")
    return "\n".join(lines) + "\n"


def _table(changes: Sequence[Change]) -> list[str]:
    rows = ["| | From | To | Ports | Clusters | Because of |", "|---|---|---|---|---|---|"]
    for change in sorted(changes, key=lambda item: item.sort_key):
        because = [
            f"{code(cause.name)} ({code(str(cause.where))}, {escape(cause.owner)}): {escape(cause.reason)}"
            + (f" — until {cause.expires}" if cause.expires else "")
            + (f" — {escape(cause.ticket)}" if cause.ticket else "")
            for cause in change.causes
        ]
        if change.collateral:
            because.append(f"⚠️ **collateral**: no declaration allows {code(str(change.collateral))}")
        if change.undefined:
            because.append(f"⚠️ **undefined**: {escape(change.undefined)}")
        if change.reason.value != "policy":
            because.append(change.reason.value)
        rows.append(
            f"| {SIGNS[change.effect]} | {code(change.source)} | {code(change.destination)} | {code(ports(change))} "
            f"| {escape(', '.join(change.clusters))} | {'<br>'.join(because)} |"
        )
    return rows


def _findings(items: Sequence[Finding], guardrails: int) -> list[str]:
    lines = [f"**Guardrails and gates**: {plural(guardrails, 'guardrail')} checked; {counts(items)}", ""]
    for item in items:
        hint = f" — {escape(item.hint)}" if item.hint else ""
        lines.append(
            f"- **{item.severity.value}** {code(item.check.code)} {code(str(item.where))}: {escape(item.message)}{hint}"
        )
    return [*lines, ""] if items else lines
