"""Flow logs of Calico: the files that Felix writes, and what Whisker's API gives, as JSON.

The fields of a file: https://docs.tigera.io/calico-enterprise/latest/observability/elastic/flow/datatypes. Whisker's:
https://github.com/projectcalico/calico/blob/master/whisker-backend/pkg/apis/v1/flows.go
"""

from __future__ import annotations

from typing import Any

from ringfence.observe.dialect import Dialect
from ringfence.observe.records import epoch
from ringfence.observe.shape import Path

_NAMES = {"source": "source", "dest": "destination"}
FLOW: dict[str, tuple[Path, ...]] = {
    "c_first": (("start_time",),),
    "c_last": (("end_time",),),
    "c_action": (("action",),),
    "c_reporter": (("reporter",),),
    "c_protocol": (("proto",), ("protocol",)),
    "c_port": (("dest_port",),),
    "c_policies": (("policies",),),
    "c_started": (("num_flows_started",), ("num_flows",)),
    "c_destination_domains": (("dest_domains",),),
    **{
        f"c_{ours}_{name}": ((f"{theirs}_{field}",),)
        for theirs, ours in _NAMES.items()
        for name, field in {
            "namespace": "namespace",
            "name": "name",
            "aggregated": "name_aggr",
            "type": "type",
            "labels": "labels",
            "address": "ip",
        }.items()
    },
}


_NO_VERDICT = "^(pass|3|log|actionunspecified|0)$"


def prepared(line: Any, dialect: Dialect) -> dict[str, Any]:
    """What several columns need."""
    name = line.c_source_aggregated.notnull() | line.c_source_name.notnull()
    return {
        "c_is": line.c_action.notnull() & line.c_reporter.notnull() & name,
        "c_word": line.c_action.lower(),
        "c_from": seconds(line.c_first, dialect),
        "c_until": seconds(line.c_last, dialect),
    }


def record(line: Any) -> dict[str, Any]:
    """The columns of a record."""
    import ibis

    columns = {
        "format": ibis.literal("calico"),
        "point": line.c_reporter.lower(),
        "verdict": verdict(line.c_word),
        "policies": line.c_policies,
        "protocol": line.c_protocol,
        "port": line.c_port.fill_null("0"),
        "first": line.c_from,
        "last": ibis.coalesce(line.c_until, line.c_from),
        "weight": ibis.coalesce(line.c_started.try_cast("int64"), ibis.literal(1, "int64")),
        "note": ibis.null("string"),
    }
    for side in ("source", "destination"):
        for name in ("namespace", "type", "labels", "address"):
            columns[f"{side}_{name}"] = line[f"c_{side}_{name}"]
        exact = line[f"c_{side}_name"].nullif("-").nullif("")
        columns[f"{side}_pod"] = ibis.coalesce(exact, line[f"c_{side}_aggregated"])
        pod = line[f"c_{side}_type"].fill_null("wep") == "wep"
        outside = columns[f"{side}_pod"].isin(["pub", "pvt"]).fill_null(False)
        address = columns[f"{side}_address"]
        columns[f"{side}_address"] = ibis.ifelse(pod & ~outside, ibis.null("string"), address)
    columns["destination_names"] = line.c_destination_domains
    columns["trouble"] = trouble(columns, line.c_word)
    return columns


def verdict(action: Any) -> Any:
    """The verdict that an action, in lower case, is; null if it is none."""
    import ibis

    return ibis.cases(
        (action.isin(["allow", "1"]), "allowed"), (action.isin(["deny", "2"]), "denied"), else_=ibis.null("string")
    )


def trouble(columns: dict[str, Any], action: Any) -> Any:
    """What is wrong with a record of Calico's, in the form of a column."""
    import ibis

    return ibis.cases(
        (columns["verdict"].isnull(), ibis.ifelse(action.re_search(_NO_VERDICT), "no-verdict", "unknown-version")),
        (columns["first"].isnull(), "no-time"),
        (columns["protocol"].isnull() | (columns["protocol"] == ""), "no-protocol"),
        else_=ibis.null("string"),
    )


def seconds(text: Any, dialect: Dialect) -> Any:
    """Microseconds of a time since 1970, or, as Elasticsearch and Whisker have it, in the form of RFC 3339."""
    import ibis

    return ibis.coalesce(epoch(text.try_cast("int64")), dialect.micros(text))
