"""What was seen beside what is declared, for a terminal and as JSON (`docs/reference/json.md`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ringfence.model.types import Flow, Grant
from ringfence.observe import Observations
from ringfence.observe.mapping import Mapped
from ringfence.observe.results import Comparison, Talk, Use
from ringfence.observe.usage import Usage
from ringfence.report import observed_words as words
from ringfence.report.json import location, time, usage
from ringfence.report.text import one_line, paint, plural, table

ROWS = 40
"""How many rows of a part are printed."""


def text(comparison: Comparison, colour: bool, *, all_rows: bool = False) -> str:
    """The whole comparison; parts without rows are left out."""
    most = 10**9 if all_rows else ROWS
    lines = [paint(f"{comparison.cluster.name}: {words.window(comparison.observed)}", "1", colour), ""]
    since = words.moment(comparison.observed.first)
    parts: list[tuple[str, str, list[Sequence[str]]]] = [
        ("Would break on enforce: seen, not declared", "31", _talks(comparison.breaking)),
        ("Denied today: seen, not declared, and enforced already", "31", _talks(comparison.denied_today)),
        ("Denied in the log though declared", "31", _denied(comparison.uses)),
        (f"Declared, never seen since {since} UTC: candidates to remove", "33", _uses(comparison.never, seen=False)),
        ("Allowed by an adopted policy only: a flow is to say it", "33", _talks(comparison.adopted)),
        ("Undecided: declared, or would break; the log says only that an end is outside", "33", _unclear(comparison)),
        ("Declared and seen", "32", _uses(comparison.seen, seen=True)),
        ("Not placed", "33", [(one_line(row.label), f"{row.count:,}", row.why) for row in comparison.unplaced]),
    ]
    for title, code, rows in parts:
        if rows:
            lines.append(paint(title, code, colour))
            lines += _rows(rows, most)
            lines.append("")
    lines += _others(comparison)
    if limits := words.limits(comparison):
        lines += [paint("What these logs cannot show", "1", colour), *(f"  {item}" for item in limits), ""]
    lines += troubles(comparison.observed, colour)
    return "\n".join(lines) + "\n"


def summary(comparison: Comparison) -> str:
    """The counts that end a run."""
    flows = [use for use in comparison.uses if isinstance(use.cause, Flow)]
    seen = [use for use in flows if use.usage.count]
    today = f"{len(_pairs(comparison.denied_today))} denied today; " if comparison.denied_today else ""
    return (
        f"{len(seen)} of {plural(len(flows), 'declared connection')} seen, {len(comparison.never)} never; "
        f"{len(_pairs(comparison.breaking))} would break; {today}"
        f"{len(_pairs(comparison.denied))} denied though declared"
    )


def troubles(observed: Observations, colour: bool) -> list[str]:
    """The lines on what could not be read; none where everything could."""
    if not observed.troubles:
        return []
    shown = [f"  {words.trouble(item)}" for item in observed.troubles[:ROWS]]
    rest = len(observed.troubles) - len(shown)
    more = [f"  and {rest:,} more: --format json has all"] if rest > 0 else []
    return [paint("What could not be read", "33", colour), *shown, *more, ""]


def _rows(rows: Sequence[Sequence[str]], most: int) -> list[str]:
    shown = ["  " + line for line in table(rows[0], rows[1:most]).splitlines()]
    rest = len(rows) - most
    return [*shown, f"  and {rest:,} more: --all prints them"] if rest > 0 else shown


def _talks(talks: Sequence[Talk]) -> list[Sequence[str]]:
    """One row for a pair of ends; addresses that are alike are one end."""
    return [
        (
            f"{_shown(alike, 'source')} → {_shown(alike, 'destination')}",
            ", ".join(dict.fromkeys(talk.port_text for talk in alike)),
            words.used(_sum(alike)),
        )
        for alike in _pairs(talks).values()
    ]


def _unclear(comparison: Comparison) -> list[Sequence[str]]:
    """One row for a pair of ends, and one for each declaration that it may be."""
    return [
        *((*row, "") for row in _talks(comparison.unclear)),
        *(
            (words.ends(use), words.ports(use), f"perhaps {words.used(use.perhaps)}", words.cause(use))
            for use in comparison.uses
            if use.perhaps.count
        ),
    ]


def _shown(talks: Sequence[Talk], side: str) -> str:
    """What an end is called, with some of its addresses."""
    labels = list(dict.fromkeys(getattr(talk, side).label for talk in talks))
    return one_line(labels[0]) + (f" and {len(labels) - 1:,} more" if len(labels) > 1 else "")


def _denied(uses: Sequence[Use]) -> list[Sequence[str]]:
    return [
        (words.ends(use), words.ports(use), words.used(use.denied), words.cause(use), str(use.cause.where))
        for use in uses
        if use.denied.count
    ]


def _uses(uses: Sequence[Use], *, seen: bool) -> list[Sequence[str]]:
    return [
        (
            words.ends(use),
            words.ports(use),
            *([words.used(use.usage)] if seen else []),
            words.cause(use),
            str(use.cause.where),
        )
        for use in uses
    ]


def _others(comparison: Comparison) -> list[str]:
    """One line for each kind of talk that is no finding."""
    kinds = (
        (comparison.refused, "denied, and not declared either"),
        (comparison.nodes, "from nodes: a node reaches the pods that it runs, whatever policies say"),
        (comparison.probes, "on ports that nobody declares, from many tries or from outside: searches"),
        (comparison.replies, "answers that the log shows as calls"),
        (comparison.unjudged, "of protocols that no policy names"),
        (comparison.foreign, "of no workload of a team"),
    )
    lines = [f"  {plural(words.total(talks), 'connection')} {why}" for talks, why in kinds if talks]
    return ["Not judged", *lines, ""] if lines else []


def _pairs(talks: Sequence[Talk]) -> dict[tuple[str, str], list[Talk]]:
    """The talks by their ends, where addresses outside that the log has no names for are one end."""
    found: dict[tuple[str, str], list[Talk]] = defaultdict(list)
    for talk in talks:
        found[_group(talk.source), _group(talk.destination)].append(talk)
    return found


def _group(mapped: Mapped) -> str:
    return f"outside {mapped.end}" if mapped.kind == "outside" and not mapped.named else mapped.label


def _sum(talks: Sequence[Talk]) -> Usage:
    usage = Usage()
    for talk in talks:
        usage = usage.plus(talk.usage)
    return usage


def data(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain data."""
    return {
        "cluster": comparison.cluster.name,
        "logs": logs(comparison.observed),
        "breaking": [talk(item) for item in comparison.breaking],
        "deniedToday": [talk(item) for item in comparison.denied_today],
        "adopted": [talk(item) for item in comparison.adopted],
        "unclear": [talk(item) for item in comparison.unclear],
        "denied": [use(item) for item in comparison.uses if item.denied.count],
        "neverSeen": [use(item) for item in comparison.never],
        "seen": [use(item) for item in comparison.seen],
        "notJudged": {
            name: words.total(getattr(comparison, name))
            for name in ("refused", "nodes", "probes", "replies", "unjudged", "foreign")
        },
        "notPlaced": [
            {"kind": row.kind, "end": row.label, "why": row.why, "count": row.count} for row in comparison.unplaced
        ],
        "idle": list(comparison.idle),
        "limits": words.limits(comparison),
    }


def logs(observed: Observations) -> dict[str, Any]:
    """What was read."""
    return {
        "files": observed.files,
        "records": observed.records,
        "first": time(observed.first),
        "last": time(observed.last),
        "troubles": [
            {"file": item.where, "line": item.line, "kind": item.kind, "count": item.count, "example": item.example}
            for item in observed.troubles
        ],
    }


def talk(item: Talk) -> dict[str, Any]:
    """One pair of ends on one port, as seen."""
    return {
        **{
            side: {"end": mapped.end, "kind": mapped.kind, "label": mapped.label, "why": mapped.why}
            for side, mapped in (("source", item.source), ("destination", item.destination))
        },
        "protocol": item.protocol,
        "port": item.port,
        "verdict": item.verdict,
        **usage(item.usage),
    }


def use(item: Use) -> dict[str, Any]:
    """One pair of ends as declared, with how often it was used and denied."""
    kind, name = ("flow", item.cause.id) if isinstance(item.cause, Flow) else ("baseline", item.cause.name)
    return {
        "kind": kind,
        "name": name,
        "source": item.source,
        "destination": item.destination,
        "ports": item.ports.to_json(),
        "portNames": list(item.cause.port_names) if isinstance(item.cause, Grant) else [],
        **location(item.cause.where),
        "used": usage(item.usage),
        "denied": usage(item.denied),
        "perhaps": usage(item.perhaps),
    }
