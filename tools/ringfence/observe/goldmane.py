"""Flows of Calico's Goldmane: `goldmane.Flow`, bare or in a `FlowResult`, in the JSON form of protobuf.

The fields: https://github.com/projectcalico/calico/blob/master/goldmane/proto/api.proto. Names may be those of the file
(`start_time`) or of protobuf's JSON (`startTime`), and enums may be names or numbers, as clients differ.
"""

from __future__ import annotations

from typing import Any

from ringfence.observe import calico
from ringfence.observe.dialect import Dialect
from ringfence.observe.shape import Path


def _places(*path: str) -> tuple[Path, ...]:
    first, *rest = path[-1].split("_")
    camel = (*path[:-1], first + "".join(word.capitalize() for word in rest))
    both = (path, camel) if camel != path else (path,)
    return tuple(("flow", *item) for item in both) + both


_SIDES = {"source": "source", "destination": "dest"}
FLOW: dict[str, tuple[Path, ...]] = {
    "g_action": _places("Key", "action"),
    "g_reporter": _places("Key", "reporter"),
    "g_protocol": _places("Key", "proto"),
    "g_port": _places("Key", "dest_port"),
    "g_policies": _places("Key", "policies"),
    "g_first": _places("start_time"),
    "g_last": _places("end_time"),
    "g_started": _places("num_connections_started"),
    **{
        f"g_{ours}_{name}": _places("Key", f"{theirs}_{name}")
        for ours, theirs in _SIDES.items()
        for name in ("name", "namespace", "type")
    },
    **{f"g_{ours}_labels": _places(f"{theirs}_labels") for ours, theirs in _SIDES.items()},
}


def prepared(line: Any, dialect: Dialect) -> dict[str, Any]:
    """What several columns need."""
    return {
        "g_is": line.g_action.notnull() | line.g_source_name.notnull() | line.g_destination_name.notnull(),
        "g_word": line.g_action.lower(),
        "g_from": calico.seconds(line.g_first, dialect),
        "g_until": calico.seconds(line.g_last, dialect),
    }


def record(line: Any) -> dict[str, Any]:
    """The columns of a record."""
    import ibis

    columns = {
        "format": ibis.literal("goldmane"),
        "point": line.g_reporter.lower(),
        "verdict": calico.verdict(line.g_word),
        "policies": line.g_policies,
        "protocol": line.g_protocol,
        "port": line.g_port.fill_null("0"),
        "first": line.g_from,
        "last": ibis.coalesce(line.g_until, line.g_from),
        # Protobuf's JSON leaves zero out.
        "weight": ibis.coalesce(line.g_started.try_cast("int64"), ibis.literal(0, "int64")),
        "note": ibis.null("string"),
    }
    for side in ("source", "destination"):
        columns[f"{side}_pod"] = line[f"g_{side}_name"]
        for name in ("namespace", "type", "labels"):
            columns[f"{side}_{name}"] = line[f"g_{side}_{name}"]
    columns["trouble"] = calico.trouble(columns, line.g_word)
    return columns
