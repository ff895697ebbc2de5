"""Flows of Cilium's Hubble, as its exporter and `hubble observe -o jsonpb` (in a wrapper) or `-o json` (bare) write.

The fields are those of `flow.Flow` (https://github.com/cilium/cilium/blob/main/api/v1/flow/flow.proto) in the JSON form
of protobuf with the names of the file; the wrapper is `observer.ExportEvent` or `GetFlowsResponse`
(https://docs.cilium.io/en/stable/_api/v1/observer/README/). What is known of replies at which point:
https://github.com/cilium/cilium/blob/main/pkg/hubble/parser/threefour/parser.go
"""

from __future__ import annotations

from typing import Any

from ringfence.observe.dialect import Dialect
from ringfence.observe.shape import Path

FLOW: dict[str, Path] = {
    "h_time": ("time",),
    "h_verdict": ("verdict",),
    "h_reason": ("drop_reason_desc",),
    "h_type": ("Type",),
    "h_l7_type": ("l7", "type"),
    "h_reply": ("is_reply",),
    "h_old_reply": ("reply",),
    "h_event": ("event_type", "type"),
    "h_point": ("trace_observation_point",),
    "h_direction": ("traffic_direction",),
    "h_service": ("destination_service", "name"),
    "h_source_address": ("IP", "source"),
    "h_destination_address": ("IP", "destination"),
    "h_tcp": ("l4", "TCP", "destination_port"),
    "h_tcp_from": ("l4", "TCP", "source_port"),
    "h_syn": ("l4", "TCP", "flags", "SYN"),
    "h_ack": ("l4", "TCP", "flags", "ACK"),
    "h_udp": ("l4", "UDP", "destination_port"),
    "h_udp_from": ("l4", "UDP", "source_port"),
    "h_sctp": ("l4", "SCTP", "destination_port"),
    "h_sctp_from": ("l4", "SCTP", "source_port"),
    "h_icmp": ("l4", "ICMPv4"),
    "h_icmpv6": ("l4", "ICMPv6"),
    "h_source_names": ("source_names",),
    "h_destination_names": ("destination_names",),
    **{
        f"h_{side}_{name}": (side, field)
        for side in ("source", "destination")
        for name, field in {
            "identity": "identity",
            "namespace": "namespace",
            "labels": "labels",
            "pod": "pod_name",
            "workloads": "workloads",
        }.items()
    },
}
WRAPPED: dict[str, tuple[Path, ...]] = {name: (("flow", *path), path) for name, path in FLOW.items()}
"""Each field, where the wrapper has it and where a bare flow has it."""

EVENTS: dict[str, tuple[Path, ...]] = {
    "e_lost": (("lost_events", "num_events_lost"),),
    "e_node": (("node_status",),),
    "e_agent": (("agent_event",),),
    "e_debug": (("debug_event",),),
}
"""What else the wrapper may hold."""

_FORWARDED = ("FORWARDED", "REDIRECTED")
_NO_VERDICT_YET = ("TRACED", "TRANSLATED")
_BY_POLICY = ("POLICY_DENIED", "POLICY_DENY", "AUTH_REQUIRED", "DROP_REASON_UNKNOWN")
_TRACE = "4"
_FIRST_EPHEMERAL = 32768


def prepared(line: Any, dialect: Dialect) -> dict[str, Any]:
    """What several columns need."""
    import ibis

    denied = (line.h_verdict == "DROPPED") & (line.h_reason.isnull() | line.h_reason.isin(_BY_POLICY))
    note, unclear, reply = _direction(line)
    return {
        "h_is": line.h_verdict.notnull() | line.h_source_address.notnull() | line.h_type.notnull(),
        "h_micros": dialect.micros(line.h_time),
        "h_given": ibis.cases(
            (line.h_verdict.isin(_FORWARDED), "allowed"),
            (line.h_verdict == "AUDIT", "audited"),
            (denied, "denied"),
            else_=ibis.null("string"),
        ),
        "h_protocol": ibis.cases(
            (line.h_tcp.notnull(), "TCP"),
            (line.h_udp.notnull(), "UDP"),
            (line.h_sctp.notnull(), "SCTP"),
            (line.h_icmp.notnull(), "ICMP"),
            (line.h_icmpv6.notnull(), "ICMPv6"),
            else_=ibis.null("string"),
        ),
        "h_note": note,
        "h_unclear": unclear,
        "h_answer": reply.fill_null(False),
    }


def record(line: Any) -> dict[str, Any]:
    """The columns of a record."""
    import ibis

    port = ibis.coalesce(line.h_tcp, line.h_udp, line.h_sctp)
    columns = {
        "format": ibis.literal("hubble"),
        "point": line.h_event.fill_null("") + "|" + line.h_point.fill_null("") + "|" + line.h_direction.fill_null(""),
        "verdict": line.h_given,
        "protocol": line.h_protocol,
        "port": port.fill_null("0"),
        "first": line.h_micros,
        "last": line.h_micros,
        "note": line.h_note,
        "weight": ibis.literal(1, "int64"),
    }
    for side in ("source", "destination"):
        pod = line[f"h_{side}_pod"]
        for name in ("identity", "namespace", "labels", "pod"):
            columns[f"{side}_{name}"] = line[f"h_{side}_{name}"]
        columns[f"{side}_workload"] = line[f"h_{side}_workloads"]
        for name in ("address", "names"):
            columns[f"{side}_{name}"] = ibis.ifelse(pod.isnull(), line[f"h_{side}_{name}"], ibis.null("string"))
    columns["trouble"] = _trouble(line)
    return columns


def _direction(line: Any) -> tuple[Any, Any, Any]:
    """The note on how the direction is known; whether it is not; whether the record is a reply.

    `is_reply` may be absent: then it is not known whether the packet is a reply. A drop by policy is about the first
    packet of a connection; TCP says by its flags; otherwise a port of the range that clients are given tells, if just
    one has it.
    """
    import ibis

    said = line.h_reply.notnull() | (line.h_old_reply == "true").fill_null(False)
    is_reply = (line.h_reply == "true").fill_null(False) | (
        line.h_reply.isnull() & (line.h_old_reply == "true").fill_null(False)
    )
    syn, ack = (line.h_syn == "true").fill_null(False), (line.h_ack == "true").fill_null(False)
    judged = line.h_verdict.isin(["DROPPED", "AUDIT"]) & ~(syn & ack)
    sent = ibis.coalesce(line.h_tcp_from, line.h_udp_from, line.h_sctp_from).try_cast("int64")
    taken = ibis.coalesce(line.h_tcp, line.h_udp, line.h_sctp).try_cast("int64")
    client_sent = ((sent >= _FIRST_EPHEMERAL) & (taken < _FIRST_EPHEMERAL)).fill_null(False)
    server_sent = ((sent < _FIRST_EPHEMERAL) & (taken >= _FIRST_EPHEMERAL)).fill_null(False)
    open_ = ~said & ~judged & ~syn
    note = ibis.ifelse(open_ & client_sent, "direction-from-ports", ibis.null("string"))
    return note, open_ & ~client_sent & ~server_sent, is_reply | (~said & syn & ack) | (open_ & server_sent)


def _trouble(line: Any) -> Any:
    import ibis

    l7 = (line.h_type == "L7") | (line.h_type.isnull() & line.h_l7_type.notnull())
    # The same packet is seen again after connection tracking, and after the address of a Service was translated.
    before = (line.h_event == _TRACE) & line.h_reply.isnull() & line.h_point.startswith("FROM_")
    nowhere = (line.h_source_address.isnull() & line.h_source_namespace.isnull() & line.h_source_labels.isnull()) | (
        line.h_destination_address.isnull() & line.h_destination_namespace.isnull() & line.h_destination_labels.isnull()
    )
    return ibis.cases(
        ((l7 & (line.h_verdict == "DROPPED")).fill_null(False), "l7-denied"),
        (l7.fill_null(False), "-l7"),
        (line.h_verdict.isin(_NO_VERDICT_YET).fill_null(False), "-trace"),
        ((line.h_verdict.isnull() | (line.h_verdict == "VERDICT_UNKNOWN")), "no-verdict"),
        ((line.h_verdict == "ERROR").fill_null(False), "error-verdict"),
        (~line.h_verdict.isin([*_FORWARDED, "DROPPED", "AUDIT"]), "unknown-version"),
        (line.h_given.isnull(), "dropped-otherwise"),
        (line.h_micros.isnull(), "no-time"),
        (line.h_protocol.isnull(), "no-protocol"),
        (before.fill_null(False), "-before"),
        (line.h_answer, "-reply"),
        (nowhere, "no-ends"),
        (
            line.h_destination_pod.isnull() & line.h_service.notnull() & (line.h_verdict != "DROPPED"),
            "service-address",
        ),
        (line.h_unclear, "unknown-direction"),
        else_=ibis.null("string"),
    )
