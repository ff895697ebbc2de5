"""What every human form of an impact report says in the same words: the headline, names, ports, causes, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ringfence.impact import Approval, Cause, Change, Effect, Gate, ObjectChange, Origin, Reason, Report, Row, into_rows
from ringfence.report.text import one_line, plural

VERBS = {Effect.OPENED: "opens", Effect.CLOSED: "closes", Effect.CHANGED: "changes"}

SECTIONS = (
    ("Exposure to the world", "One end lies outside the organisation."),
    ("Policy", "Both ends are there before and after; what policies allow differs."),
    ("Workloads that came or went", "A connection comes or goes with its end."),
    ("Pods with the old labels", "Pods that run when this is synced, until they are replaced."),
)
"""The parts of the list of changes, in order."""


def headline(report: Report) -> str:
    """`2 open, 1 closes, 0 collateral — prod-eu, prod-us; staging unchanged`."""
    if not report.changes and not report.left_out:
        return f"No connection opens, closes or changes — {names(report.clusters)}"
    opened, closed, changed = (report.count(effect) for effect in (Effect.OPENED, Effect.CLOSED, Effect.CHANGED))
    parts = [f"{opened:,} {'opens' if opened == 1 else 'open'}", f"{closed:,} {'closes' if closed == 1 else 'close'}"]
    if changed:
        parts.append(f"{changed:,} {'changes' if changed == 1 else 'change'}")
    parts.append(f"{report.collateral:,} collateral")
    if report.left_out:
        number = sum(item.closed + item.narrowed for item in report.left_out)
        parts.append(f"and {number:,} that were open on every port close, not listed")
    touched = [cluster for cluster in report.clusters if cluster not in report.quiet_clusters]
    quiet = f"; {names(report.quiet_clusters)} unchanged" if report.quiet_clusters else ""
    return f"{', '.join(parts)} — {names(touched)}{quiet}"


def left_out(report: Report) -> list[str]:
    """What is not listed, one sentence for each cluster and each two that share one, and how to have it listed."""
    return [
        f"{'Between' if len(item.clusters) > 1 else 'In'} {' and '.join(item.clusters)}, "
        f"{item.closed + item.narrowed:,} connections that were open on every port are not listed: {item.closed:,} "
        f"close, {item.narrowed:,} keep some ports. ringfence impact --all lists them"
        for item in report.left_out
    ]


def sections(report: Report) -> list[tuple[str, str, tuple[Row, ...]]]:
    """Title, meaning and rows of each part of the list of changes that has rows. Exposure to the world is first."""
    parts: list[list[Change]] = [[] for _ in SECTIONS]
    for change in report.changes:
        parts[_section(change)].append(change)
    titled = zip(SECTIONS, parts, strict=True)
    return [(title, meaning, into_rows(part)) for (title, meaning), part in titled if part]


def _section(change: Change) -> int:
    if change.world:
        return 0
    return {Reason.POLICY: 1, Reason.LABELS: 3}.get(change.reason, 2)


def names(items: Sequence[str], most: int = 12) -> str:
    """`a, b and 3 more`; all of them where there is but one more."""
    if len(items) <= most + 1:
        return ", ".join(items)
    return f"{', '.join(items[:most])} and {len(items) - most:,} more"


def ports(change: Change) -> str:
    """The ports of a change: what opens or closes, or both values."""
    if change.effect is Effect.OPENED:
        return str(change.after)
    if change.effect is Effect.CLOSED:
        return str(change.before)
    return f"{change.before} → {change.after}"


def effect(change: Change) -> str:
    """`opens`, `closes`, or what becomes of a changed port set: `changes: widens`."""
    if change.effect is not Effect.CHANGED:
        return VERBS[change.effect]
    return "changes" if change.opened and change.closed else "widens" if change.opened else "narrows"


def notes(change: Change) -> list[str]:
    """What sets a change apart and is not said by its part of the list: why it is there, another environment."""
    found = [change.reason.value] if change.world and change.reason is not Reason.POLICY else []
    if change.crosses:
        found.append(f"from {change.crosses[0]} to {change.crosses[1]}")
    return found


def used(row: Row) -> str:
    """How much traffic used what closes; empty where no log says."""
    if row.used is None:
        return ""
    if row.used.last is None:
        return "not used in the logs"
    if row.used.perhaps == row.used.count:
        return f"perhaps used, {plural(row.used.count, 'time')}, last {row.used.last:%Y-%m-%d %H:%M} UTC"
    part = f", {row.used.perhaps:,} of them perhaps" if row.used.perhaps else ""
    return f"used {plural(row.used.count, 'time')}{part}, last {row.used.last:%Y-%m-%d %H:%M} UTC"


def causes(row: Row) -> list[Cause]:
    """The causes of a row for a reader: declarations first, rules last; what is the same on both sides is said once."""
    same = {(cause.kind, cause.name) for cause in row.causes if cause.side == "head" and not cause.edit}
    found = [
        cause
        for cause in row.causes
        if not (cause.is_declaration and cause.side == "base" and (cause.kind, cause.name) in same)
    ]
    return sorted(found, key=lambda cause: (not cause.is_declaration, cause.kind == "rule", cause))


def verb(cause: Cause) -> str:
    """How a cause is introduced: `because of flow`, `was allowed by flow`, `because`, `let through by`."""
    if cause.is_declaration:
        return f"because of {cause.kind}" if cause.side == "head" else f"was allowed by {cause.kind}"
    return "let through by" if cause.kind == "rule" else "because"


def title(cause: Cause) -> str:
    """The name of a declaration with what became of it, or the sentence of another cause."""
    if cause.is_declaration:
        return f"{cause.name} ({cause.edit})" if cause.edit in ("edited", "removed") else cause.name
    return f"{cause.name} ({cause.reason})" if cause.kind == "rule" else cause.reason


def details(cause: Cause) -> list[str]:
    """Owner, ticket and expiry, as far as there are any."""
    return [
        cause.owner,
        *([cause.ticket] if cause.ticket else []),
        *([f"until {cause.expires}"] if cause.expires else []),
    ]


def reason(cause: Cause) -> str:
    """The reason that a declaration gives; a cause of another kind is its own."""
    return cause.reason if cause.is_declaration else ""


def owner_state(item: Approval, known: bool) -> str:
    """Whether an approval is there: `approved by X`, `missing`, or `asked` where nobody said who has approved."""
    return f"approved by {item.given}" if item.given else "missing" if known else "asked"


def some_given(items: Iterable[Approval]) -> bool:
    """Whether it is known who has approved."""
    return any(item.given for item in items)


def gate_line(gate: Gate) -> str:
    """`collateral: passed — nothing opens`."""
    return one_line(f"{gate.name}: {gate.verdict} — {gate.reason}")


def waves(objects: Sequence[ObjectChange]) -> list[str]:
    """What a sync does, step by step: one sentence a wave, then what is pruned and what stays."""
    found = []
    for wave in sorted({item.wave for item in objects if item.action in ("create", "update")}):
        here = [item for item in objects if item.wave == wave]
        counts = [(sum(1 for item in here if item.action == action), action) for action in ("create", "update")]
        done = " and ".join(f"{action}s {plural(number, 'object')}" for number, action in counts if number)
        found.append(f"wave {wave} {done}")
    pruned, left = (sum(1 for item in objects if item.action == action) for action in ("prune", "leave"))
    if pruned:
        found.append(f"then {plural(pruned, 'object')} {'is' if pruned == 1 else 'are'} pruned")
    if left:
        stays = "stays in the cluster and is" if left == 1 else "stay in the cluster and are"
        found.append(f"{plural(left, 'object')} {stays} synced no longer")
    return found


def origin_line(origin: Origin) -> str:
    """Why rendered files differ, in one sentence."""
    because = {
        "declarations": "since declarations differ",
        "template": f"since templates differ: {', '.join(origin.because)}",
        "tool": "since another version of Ringfence wrote the base's, or they were edited by hand",
        "hand": "since the head's were edited by hand, or not rendered again",
    }[origin.kind]
    return f"{plural(len(origin.paths), 'rendered file')} differ{'s' if len(origin.paths) == 1 else ''} {because}"


def verdict_line(report: Report) -> str:
    """`gates failed: collateral; warned: world-exposure`, or that all pass."""
    parts = []
    for verdict in ("failed", "warned"):
        found = [gate.name for gate in report.gates if gate.verdict == verdict]
        if found:
            parts.append(f"{verdict}: {', '.join(found)}")
    ignored = sum(1 for gate in report.gates if gate.verdict == "ignored")
    rest = f" ({ignored} ignored)" if ignored else ""
    return f"gates {'; '.join(parts)}{rest}" if parts else f"no gate fails{rest}"


def automatic_line(report: Report) -> str:
    """`auto-approvable: every effect lies inside shop…`, or why not."""
    word = "auto-approvable" if report.automatic.approvable else "not auto-approvable"
    return one_line(f"{word}: {report.automatic.reason}")


def whole_command(report: Report) -> str:
    """The command that makes the whole report."""
    return f"{report.command} --output html=impact.html"
