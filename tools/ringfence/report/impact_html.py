"""The impact of a change as one HTML page, whole: nothing is folded, and nothing left out."""

from __future__ import annotations

from collections.abc import Sequence

from ringfence.impact import Cause, Effect, Gate, Report, Row
from ringfence.report import html
from ringfence.report import impact_words as words
from ringfence.report.html import code, escape, items, section, table, word
from ringfence.report.text import plural

EFFECTS = {Effect.OPENED: ("+", "good"), Effect.CLOSED: ("−", "bad"), Effect.CHANGED: ("~", "warn")}
VERDICTS = {"passed": "good", "failed": "bad", "warned": "warn", "ignored": "soft"}


def render(report: Report) -> str:
    """The page."""
    parts: list[tuple[str, str, str]] = []
    for number, (title, meaning, rows) in enumerate(words.sections(report), 1):
        count = plural(sum(row.count for row in rows), "connection")
        body = f'<p class="soft">{escape(meaning)} {count}.</p>\n{_changes(title, rows)}'
        parts.append((f"changes-{number}", title, body))
    parts.append(("gates", "Gates", _gates(report.gates)))
    parts.append(("findings", "Findings", html.finding_rows(report.findings)))
    if report.approvals:
        parts.append(("approvals", "Who must approve", _approvals(report)))
    if report.objects or report.origins:
        parts.append(("objects", "Objects that a sync touches", _objects(report)))
    guardrails = f"{plural(report.guardrails_checked, 'guardrail')} checked on {words.names(report.clusters)}."
    about = (
        f"<p>Base {code(report.base)}, head {code(report.head)}. {escape(guardrails)}</p>\n"
        f"<p>To see this again: {code(report.command)}</p>\n"
    )
    parts.append(("about", "About", about))
    body = "".join(section(*part) for part in parts)
    said = [_sentence(words.verdict_line(report)), _sentence(words.automatic_line(report))]
    said += map(_sentence, words.left_out(report))
    contents = [(anchor, title) for anchor, title, _ in parts]
    return html.page(words.headline(report), contents, body, said)


def _changes(title: str, rows: Sequence[Row]) -> str:
    header = ("Effect", "From", "To", "Ports", "Clusters", "Because of")
    return table(title, header, [_row(row) for row in rows])


def _row(row: Row) -> Sequence[str]:
    change = row.change
    sign, kind = EFFECTS[change.effect]
    because = [_cause(cause) for cause in words.causes(row)]
    if change.collateral:
        because.append(f"{word('Collateral', 'bad')}: no declaration allows {code(str(change.collateral))}")
    if change.undefined:
        because.append(f"{word('Undefined', 'bad')}: {escape(change.undefined)}")
    if used := words.used(row):
        because.append(word(used, "bad") if row.used and row.used.count else escape(used))
    because += [escape(note) for note in words.notes(change)]
    return (
        word(f"{sign} {words.effect(change)}", kind),
        " ".join(code(name) for name in row.sources),
        " ".join(code(name) for name in row.destinations),
        code(words.ports(change)),
        escape(", ".join(change.clusters)),
        items(because),
    )


def _cause(cause: Cause) -> str:
    about = escape(", ".join(words.details(cause)))
    said = f": {escape(words.reason(cause))}" if words.reason(cause) else ""
    name = escape(words.title(cause)) if not cause.is_declaration else code(words.title(cause))
    return f"{escape(words.verb(cause))} {name} ({code(str(cause.where))}, {about}){said}"


def _gates(gates: Sequence[Gate]) -> str:
    rows = [(code(gate.name), word(gate.verdict, VERDICTS[gate.verdict]), escape(gate.reason)) for gate in gates]
    return table("Gates", ("Gate", "Verdict", "Why"), rows)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _approvals(report: Report) -> str:
    known = words.some_given(report.approvals)
    rows = [
        (
            escape(item.party),
            " ".join(code(owner) for owner in item.owners),
            " ".join(code(path) for path in item.paths),
            escape(words.owner_state(item, known)),
        )
        for item in report.approvals
    ]
    return table("Who must approve", ("For", "Owners", "Changed files", "State"), rows)


def _objects(report: Report) -> str:
    said = [escape(step) for step in words.waves(report.objects)]
    said += [escape(words.origin_line(origin)) for origin in report.origins]
    rows = [
        (
            item.action,
            str(item.wave),
            code(f"{item.kind} {item.namespace}/{item.name}"),
            escape(", ".join(item.clusters)),
        )
        for item in report.objects
    ]
    if not rows:
        return items(said)
    return items(said) + table("Objects that a sync touches", ("Action", "Wave", "Object", "Clusters"), rows)
