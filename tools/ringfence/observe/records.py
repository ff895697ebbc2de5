"""What one record becomes, whatever its format: columns of text, and how alike records are counted together.

The engines group by these columns as the log has them. What they mean is worked out afterwards, in Python, on what is
left, which is small (`finish`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ringfence.observe.steps import Steps

SIDE = ("namespace", "workload", "kind", "pod", "labels", "address", "names", "identity", "type")
"""Columns of a side. `type` is Calico's type of an end, or an entity; `identity` is Cilium's number."""
SIDES = ("source", "destination")
KEY = (
    "format",
    "point",
    "verdict",
    "policies",
    "protocol",
    "port",
    *(f"{side}_{name}" for side in SIDES for name in SIDE),
)
"""What alike records have in common. All text, and null where the log says nothing."""

EARLIEST = datetime(2014, 6, 6, tzinfo=UTC)
"""The first commit of Kubernetes: no flow log is older."""
AHEAD = timedelta(days=1)
"""How far ahead of this machine's clock a log may be."""

MOST = 10**12
"""Connections that one record may stand for."""

SKIPPED = "-"
"""How a `trouble` begins that is none: records that are understood, and say nothing about connections."""


def micros(time: datetime) -> int:
    """Microseconds since 1970."""
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def grouped(steps: Steps, records: Any, now: datetime) -> None:
    """Add the steps that count alike records together.

    `records` has the columns of KEY, `trouble` (text), `note` (text), `weight` (connections), `first` and `last`
    (microseconds), `line` (from 1) and `text` (of the record, for an example). A record with trouble counts for its
    trouble alone.
    """
    import ibis

    records = steps.table("ported", records.mutate(number=records.port.try_cast("int64")))
    port = records.number
    trouble = ibis.coalesce(
        records.trouble,
        ibis.cases(
            ((port.isnull() | (port < 0) | (port > 65535)), "bad-port"),
            (((records.weight < 0) | (records.weight > MOST)).fill_null(False), "bad-count"),
            else_=ibis.null("string"),
        ),
    )
    records = steps.table("judged", records.mutate(trouble=trouble))
    trouble, plain = records.trouble, records.trouble.isnull()
    strange = (
        (records["first"] < micros(EARLIEST))
        | (records["last"] > micros(now + AHEAD))
        | (records["last"] < records["first"])
    ).fill_null(False)
    clock = ibis.ifelse(plain & strange, "clock-jump", ibis.null("string"))
    note = ibis.coalesce(
        ibis.ifelse(clock.notnull() & records.note.notnull(), records.note + "," + clock, ibis.null("string")),
        records.note,
        clock,
    )
    believed = plain | ~strange
    records = steps.table("noted", records.mutate(note=note, believed=believed))
    trouble, plain, note = records.trouble, records.trouble.isnull(), records.note
    keys = {name: ibis.ifelse(plain, records[name], ibis.null("string")) for name in KEY}
    met = (~plain & ~trouble.startswith(SKIPPED)) | note.notnull()
    where = records.line.cast("string").lpad(12, "0") + " " + records.text.substr(0, 200)
    counted = records.select(
        **keys,
        trouble=trouble,
        note=note,
        weight=records.weight,
        first=ibis.ifelse(records.believed, ibis.least(records["first"], records["last"]), ibis.null("int64")),
        last=ibis.ifelse(records.believed, ibis.greatest(records["first"], records["last"]), ibis.null("int64")),
        example=ibis.ifelse(met, where, ibis.null("string")),
    )
    staged = steps.table("staged", counted)
    groups = staged.group_by([*KEY, "trouble", "note"]).aggregate(
        weight=staged.weight.sum(),
        records=staged.count(),
        first=staged["first"].min(),
        last=staged["last"].max(),
        example=staged.example.min(),
    )
    steps.table("grouped", groups)


def epoch(number: Any) -> Any:
    """Microseconds of a whole number since 1970: of seconds, milli-, micro- or nanoseconds, as its size tells."""
    import ibis

    size = number.abs()
    return ibis.cases(
        (size < 10**11, number * 1_000_000),
        (size < 10**14, number * 1_000),
        (size < 10**17, number),
        else_=(number / 1_000).floor().cast("int64"),
    )


def missing(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of KEY that a format does not have, as null."""
    import ibis

    return {name: ibis.null("string") for name in KEY if name not in columns}
