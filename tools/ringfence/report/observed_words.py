"""What every form of a report on logs says in the same words: times, windows, ends, and what logs cannot show."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from ringfence.model.types import Flow, Grant
from ringfence.observe import Observations, Trouble
from ringfence.observe.results import Comparison, Talk, Use
from ringfence.observe.usage import Usage
from ringfence.report.text import one_line, plural

SHORT = datetime.timedelta(days=7)
"""What happens once a week needs a log of more than that."""

JOBS = ("backup", "batch", "cleanup", "cron", "daily", "job", "migrat", "monthly", "nightly", "report", "weekly")
"""Parts of names that workloads have which do not always run."""


def moment(time: datetime.datetime | None) -> str:
    """A time in UTC, to the minute; `never` for none."""
    return time.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M") if time else "never"


def times(usage: Usage) -> str:
    """`1 time`, `1,234 times`."""
    return plural(usage.count, "time")


def used(usage: Usage) -> str:
    """`1,234 times, last 2026-11-07 12:00`."""
    return f"{times(usage)}, last {moment(usage.last)}"


def ends(talk: Talk | Use) -> str:
    """`shop/cart → payments/api`; every pod of the teams is `every pod`."""
    if isinstance(talk, Talk):
        return one_line(f"{talk.source.label} → {talk.destination.label}")
    return " → ".join("every pod" if end == "*" else end for end in (talk.source, talk.destination))


def cause(use: Use) -> str:
    """`flow shop/place-order`, `grant dns`."""
    return f"flow {use.cause.id}" if isinstance(use.cause, Flow) else f"grant {use.cause.name}"


def ports(use: Use) -> str:
    """The ports of a declaration; of a grant by port names, those names."""
    names = use.cause.port_names if isinstance(use.cause, Grant) else ()
    return ", ".join([*names, *([str(use.ports)] if use.ports or not names else [])])


def window(observed: Observations) -> str:
    """`12,345 records of 2 files, 2026-11-01 00:00 to 2026-11-08 00:00 UTC (7 days)`."""
    said = f"{plural(observed.records, 'record')} of {plural(observed.files, 'file')}"
    if observed.first is None or observed.last is None:
        return said
    return f"{said}, {moment(observed.first)} to {moment(observed.last)} UTC ({length(observed)})"


def length(observed: Observations) -> str:
    """How long the logs look back: `7 days`, `3 hours`, `5 minutes`."""
    if observed.first is None or observed.last is None:
        return "no time"
    minutes = int((observed.last - observed.first).total_seconds() // 60)
    if minutes >= 2880:
        return f"{minutes // 1440:,} days"
    return plural(minutes // 60, "hour") if minutes >= 120 else plural(minutes, "minute")


def limits(comparison: Comparison) -> list[str]:
    """What these logs cannot show, in sentences; what is missing from them is no proof of anything."""
    observed = comparison.observed
    found = []
    if observed.first is None or observed.last is None:
        found.append("The records have no times: nothing can be said of since when.")
    elif observed.last - observed.first < SHORT:
        found.append(
            f"The logs span {length(observed)}: what happens weekly or monthly, or only in trouble, is not in them."
        )
    if comparison.idle:
        jobs = [name for name in comparison.idle if any(part in name for part in JOBS)]
        said = f"Nothing was seen of {plural(len(comparison.idle), 'workload')} at all: {some(comparison.idle)}."
        found.append(f"{said} Jobs that did not run and pods without traffic look alike.")
        if jobs:
            found.append(f"By their names these may be jobs: {some(jobs)}.")
    lost = [row for row in comparison.unplaced if row.kind in ("nameless", "elsewhere", "pod", "outside")]
    if lost:
        count = sum(row.count for row in lost)
        found.append(
            f"{plural(len(lost), 'end')} in {plural(count, 'connection')} "
            f"{'is' if len(lost) == 1 else 'are'} of no declared workload or entry: see those that were not placed."
        )
    return found


def trouble(item: Trouble) -> str:
    """One sentence on what could not be read."""
    where = f"{item.where}:{item.line}" if item.line else item.where
    return one_line(f"{where}: {item.kind}, {times(Usage(item.count))}: {item.example}")


def some(names: Sequence[str], most: int = 12) -> str:
    """`a, b and 3 more`."""
    shown = list(names[:most])
    rest = len(names) - len(shown)
    return one_line(", ".join(shown)) + (f" and {rest:,} more" if rest else "")


def total(talks: Iterable[Talk]) -> int:
    """How many connections."""
    return sum(talk.usage.count for talk in talks)
