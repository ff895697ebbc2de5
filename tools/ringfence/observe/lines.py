"""Lines of JSON, of any of the formats and mixed, as an Ibis expression over a table of lines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ringfence.observe import calico, goldmane, hubble, shape
from ringfence.observe.dialect import Dialect
from ringfence.observe.records import grouped, missing
from ringfence.observe.steps import Steps

FIELDS = {**hubble.WRAPPED, **hubble.EVENTS, **goldmane.FLOW, **calico.FLOW}
SHAPE = shape.of(path for places in FIELDS.values() for path in places)

# What the kubelet writes before each line of a container (the format of containerd and CRI-O).
_CRI = r"^[0-9TZ:.+-]+ std(out|err) F "


def query(dialect: Dialect, now: datetime) -> Steps:
    """The steps that count records, from a table `lines` with the columns `line` (from 1) and `text`."""
    import ibis

    steps = Steps()
    lines = ibis.table({"line": "int64", "text": "string"}, name="lines")
    bare = ibis.ifelse(lines.text.startswith("{"), lines.text, lines.text.re_replace(_CRI, ""))
    plain = steps.table("plain", lines.select("line", text=bare))
    parsed = steps.table("parsed", plain.mutate(value=dialect.parsed(plain.text, SHAPE)))
    flat = steps.table("flat", parsed.select("line", "text", **shape.leaves(parsed.value, FIELDS)))
    for reader in (hubble, goldmane, calico):
        flat = steps.table(f"of_{reader.__name__.rpartition('.')[2]}", flat.mutate(**reader.prepared(flat, dialect)))
    formats = [
        (flat.h_is, _whole(hubble.record(flat))),
        (flat.g_is, _whole(goldmane.record(flat))),
        (flat.c_is, _whole(calico.record(flat))),
    ]
    other = {
        **_whole({}),
        "trouble": _other(flat, dialect),
        "weight": flat.e_lost.try_cast("int64").fill_null(1),
        "first": ibis.null("int64"),
        "last": ibis.null("int64"),
        "note": ibis.null("string"),
    }
    chosen = {
        name: ibis.cases(*((known, record[name]) for known, record in formats), else_=value)
        for name, value in other.items()
    }
    grouped(steps, steps.table("chosen", flat.select("line", "text", **chosen)), now)
    return steps


def _whole(columns: dict[str, Any]) -> dict[str, Any]:
    return {**columns, **missing(columns)}


def _other(line: Any, dialect: Dialect) -> Any:
    """What a line is that is no flow."""
    import ibis

    stripped = line.text.strip()
    return ibis.cases(
        (line.e_lost.notnull(), "lost-events"),
        (line.e_node.notnull() | line.e_agent.notnull() | line.e_debug.notnull(), "-event"),
        (stripped == "", "-blank"),
        (dialect.is_json(line.text).fill_null(False), "unknown-record"),
        (stripped.startswith("{") & ~stripped.endswith("}"), "truncated-line"),
        else_="not-json",
    )
