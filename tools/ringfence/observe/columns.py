"""Plain tables, CSV or Parquet, whose columns are named by a map."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ringfence.errors import UsageError
from ringfence.observe.dialect import Dialect
from ringfence.observe.records import SIDES, epoch, grouped, missing
from ringfence.observe.steps import Steps

_OF_SIDE = ("namespace", "workload", "kind", "pod", "labels", "address", "names", "entity")
COLUMNS = (
    *(f"{side}_{name}" for side in SIDES for name in _OF_SIDE),
    "protocol",
    "port",
    "verdict",
    "time",
    "first",
    "last",
    "count",
    "reporter",
    "reply",
)
"""What a column may be. `time` stands for both `first` and `last`."""
CONSTANT = "="
"""How a name in the map begins that is no column of the table, but the value of all records: `=allowed`."""

_ALLOWED = ("allow", "allowed", "forwarded", "redirected", "accept", "accepted", "permit", "permitted")
_DENIED = ("deny", "denied", "drop", "dropped", "reject", "rejected", "block", "blocked")
_AUDITED = ("audit", "audited")
_TRUE = ("true", "1", "t", "yes")


def checked(columns: Mapping[str, str] | None) -> Mapping[str, str]:
    """The map, as it is. Raises UsageError if it names something that a column cannot be."""
    for name in columns or {}:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, 1)
            hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(COLUMNS)}"
            raise UsageError(f"the column map names {name!r}, which no column can be", hint)
    return columns or {}


def places(names: list[str], columns: Mapping[str, str]) -> dict[str, str]:
    """For each thing that the table says: the column's name, or a constant. Columns with our names need no map."""
    found = {name: name for name in COLUMNS if name in names}
    found |= {name: place for name, place in columns.items() if place.startswith(CONSTANT) or place in names}
    return found


def lacking(found: Mapping[str, str]) -> list[str]:
    """What a table does not say, and has to: both ends, the port, the protocol, the verdict and the time."""
    need = [
        *(f"{side}_{name}" for side in SIDES for name in ("workload",) if not _end(found, side)),
        *(name for name in ("protocol", "port", "verdict") if name not in found),
    ]
    return need if "time" in found or "first" in found else [*need, "time"]


def _end(found: Mapping[str, str], side: str) -> bool:
    return any(f"{side}_{name}" in found for name in _OF_SIDE if name not in ("kind", "namespace"))


def query(schema: Any, found: Mapping[str, str], dialect: Dialect, now: datetime) -> Steps:
    """The steps that count records, from a table `records` with an Ibis schema."""
    import ibis

    table = ibis.table(schema, name="records")

    def value(name: str) -> Any:
        place = found.get(name)
        if place is None:
            return ibis.null("string")
        return ibis.literal(place.removeprefix(CONSTANT)) if place.startswith(CONSTANT) else table[place]

    def text(name: str) -> Any:
        column = value(name)
        kind = column.type()
        if kind.is_array() and kind.value_type.is_string():
            return column.join("|")
        if kind.is_nested():
            return ibis.null("string")
        return column if kind.is_string() else column.cast("string")

    word = text("verdict").lower()
    first = _micros(value("first" if "first" in found else "time"), dialect)
    last = ibis.coalesce(_micros(value("last" if "last" in found else "time"), dialect), first)
    count = value("count").try_cast("int64") if "count" in found else ibis.literal(1, "int64")
    record = {
        "format": ibis.literal("columns"),
        "point": text("reporter").lower() if "reporter" in found else ibis.null("string"),
        "protocol": text("protocol"),
        "port": text("port").nullif("").fill_null("0"),
        **{f"{side}_{name}": text(f"{side}_{name}") for side in SIDES for name in _OF_SIDE if name != "entity"},
        **{f"{side}_type": text(f"{side}_entity").lower() for side in SIDES},
        "first": first,
        "last": last,
        "weight": count,
        "note": ibis.null("string"),
        "line": ibis.literal(0, "int64"),
        "text": ibis.literal(""),
    }
    steps = Steps()
    more = {"word": word, "reply": text("reply").lower()}
    named = steps.table("named", table.select(**record, **more, **missing(dict.fromkeys(record))))
    verdict = ibis.cases(
        (named.word.isin(_ALLOWED), "allowed"),
        (named.word.isin(_DENIED), "denied"),
        (named.word.isin(_AUDITED), "audited"),
        else_=ibis.null("string"),
    )
    judged = steps.table("verdicts", named.mutate(verdict=verdict))
    trouble = ibis.cases(
        (judged.reply.isin(_TRUE).fill_null(False), "-reply"),
        (judged.word.isnull(), "no-verdict"),
        (judged.verdict.isnull(), "unknown-version"),
        (judged["first"].isnull(), "no-time"),
        (judged.protocol.isnull() | (judged.protocol == ""), "no-protocol"),
        (_nothing(judged, "source") | _nothing(judged, "destination"), "no-ends"),
        (judged.weight.isnull(), "bad-count"),
        else_=ibis.null("string"),
    )
    grouped(steps, judged.mutate(trouble=trouble), now)
    return steps


def _nothing(record: Any, side: str) -> Any:
    import ibis

    names = ("workload", "pod", "labels", "address", "names", "type")
    return ibis.coalesce(*(record[f"{side}_{name}"].nullif("") for name in names)).isnull()


def _micros(value: Any, dialect: Dialect) -> Any:
    import ibis

    kind = value.type()
    if kind.is_timestamp() or kind.is_date():
        return dialect.micros(value)
    if kind.is_numeric():
        return epoch(value.cast("int64"))
    return ibis.coalesce(epoch(value.try_cast("int64")), dialect.micros(value))
