"""Lines of JSON, of any of the formats and mixed, as an Ibis expression over a table of lines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ringfence.observe import calico, goldmane, hubble, shape
from ringfence.observe.dialect import Dialect
from ringfence.observe.records import grouped, missing

FIELDS = {**hubble.WRAPPED, **hubble.EVENTS, **goldmane.FLOW, **calico.FLOW}
SHAPE = shape.of(path for places in FIELDS.values() for path in places)

# What the kubelet writes before each line of a container (the format of containerd and CRI-O).
_CRI = r"^[0-9TZ:.+-]+ std(out|err) F "


def query(dialect: Dialect, now: datetime) -> Any:
    """Records counted, from a table `lines` with the columns `line` (from 1) and `text`."""
    import ibis

    lines = ibis.table({"line": "int64", "text": "string"}, name="lines")
    bare = ibis.ifelse(lines.text.startswith("{"), lines.text, lines.text.re_replace(_CRI, ""))
    parsed = lines.select("line", text=bare).mutate(value=lambda t: dialect.parsed(t.text, SHAPE))
    flat = parsed.select("line", "text", **shape.leaves(parsed.value, FIELDS))
    formats = [(reader.known(flat), _whole(reader.record(flat, dialect))) for reader in (hubble, goldmane, calico)]
    other = {
        **_whole({}),
        "trouble": _other(flat, dialect),
        "weight": flat.e_lost.try_cast("int64").fill_null(1),
        "first": ibis.null("int64"),
        "last": ibis.null("int64"),
        "note": ibis.null("string"),
    }
    chosen = {
        name: ibis.cases(*((known, record[name]) for known, record in formats), else_=other[name]) for name in other
    }
    return grouped(flat.select("line", "text", **chosen), now)


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
