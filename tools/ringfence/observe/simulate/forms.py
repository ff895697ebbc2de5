"""How logs write records down: Hubble's JSON, Calico's flow log, Goldmane's flows, and CSV.

Fields and values are those of the published definitions: cilium/cilium api/v1/flow/flow.proto with the exporter's
envelope (api/v1/observer/observer.proto); Calico's flow log data types; projectcalico/calico goldmane/proto/api.proto.
"""

from __future__ import annotations

import csv
import datetime
import io
import ipaddress
import json
from collections.abc import Iterable, Iterator
from typing import Any

from ringfence.observe.simulate.traffic import Instance, Record

INTERVAL = datetime.timedelta(seconds=15)
"""How often Calico and Goldmane write down what they counted."""

_COLUMNS = (
    "time",
    *(
        f"{side}_{item}"
        for side in ("source", "destination")
        for item in ("namespace", "workload", "pod", "labels", "address", "names", "entity")
    ),
    "protocol",
    "port",
    "verdict",
    "reply",
    "reporter",
)


def lines(found: Iterable[Record], form: str) -> Iterator[str]:
    """The lines of a log, each with its end. Raises `KeyError` for a form that is none of `FORMS`."""
    yield from FORMS[form](found)


def _hubble(found: Iterable[Record]) -> Iterator[str]:
    for record in found:
        egress = record.point == "source"
        ports: dict[str, Any] = {"source_port": record.source_port, "destination_port": record.port}
        if record.protocol == "TCP":
            ports = {**ports, "flags": {"SYN": True, **({"ACK": True} if record.reply else {})}}
        node = (record.source if egress else record.destination).node
        flow: dict[str, Any] = {
            "time": _zulu(record.time),
            "verdict": "DROPPED" if record.denied else "FORWARDED",
            **({"drop_reason": 133, "drop_reason_desc": "POLICY_DENIED"} if record.denied else {}),
            "IP": {
                "source": record.source.address,
                "destination": record.destination.address,
                "ipVersion": f"IPv{ipaddress.ip_address(record.source.address).version}",
            },
            "l4": {record.protocol: ports},
            "source": _endpoint(record.source),
            "destination": _endpoint(record.destination),
            "Type": "L3_L4",
            "node_name": node,
            **({"source_names": list(names)} if (names := record.source.actor.names) else {}),
            **({"destination_names": list(names)} if (names := record.destination.actor.names) else {}),
            "event_type": {"type": 1, "sub_type": 133} if record.denied else {"type": 4},
            "traffic_direction": "EGRESS" if egress else "INGRESS",
            **({} if record.denied else {"trace_observation_point": "TO_NETWORK" if egress else "TO_ENDPOINT"}),
            "is_reply": record.reply,
        }
        yield _json({"flow": flow, "node_name": node, "time": _zulu(record.time)})


def _endpoint(side: Instance) -> dict[str, Any]:
    if not side.pod:
        return {"identity": {"host": 1, "world": 2}[side.entity], "labels": [f"reserved:{side.entity}"]}
    actor = side.actor
    labels = [f"k8s:{key}={value}" for key, value in actor.labels]
    return {
        "identity": 1000 + sum(map(ord, actor.namespace + actor.workload)),
        "namespace": actor.namespace,
        "labels": [*labels, f"k8s:io.kubernetes.pod.namespace={actor.namespace}"],
        "pod_name": side.pod,
        "workloads": [{"name": actor.workload, "kind": "Deployment"}],
    }


def _calico(found: Iterable[Record]) -> Iterator[str]:
    for record in _calls(found):
        source, destination = record.source, record.destination
        reporter = "src" if record.point == "source" else "dst"
        line: dict[str, Any] = {
            "start_time": int(record.time.timestamp()),
            "end_time": int((record.time + INTERVAL).timestamp()),
            **_calico_side("source", source),
            "source_port": record.source_port,
            **_calico_side("dest", destination),
            "dest_port": record.port,
            **({"dest_domains": list(destination.actor.names)} if destination.actor.names else {}),
            "proto": record.protocol.lower(),
            "action": "deny" if record.denied else "allow",
            "reporter": reporter,
            "host": (source if reporter == "src" else destination).node,
            "num_flows": 1,
            "num_flows_started": 1,
            "num_flows_completed": 1,
        }
        yield _json(line)


def _calico_side(prefix: str, side: Instance) -> dict[str, Any]:
    actor = side.actor
    kind = "wep" if side.pod else "hep" if side.entity == "host" else "net"
    private = ipaddress.ip_address(side.address).is_private
    whole = f"{side.pod.rpartition('-')[0]}-*" if side.pod else side.node or ("pvt" if private else "pub")
    return {
        f"{prefix}_ip": side.address,
        f"{prefix}_name": side.pod or side.node or "-",
        f"{prefix}_name_aggr": whole,
        f"{prefix}_namespace": actor.namespace or "-",
        f"{prefix}_type": kind,
        f"{prefix}_labels": {"labels": [f"{key}={value}" for key, value in actor.labels]} if side.pod else None,
    }


def _goldmane(found: Iterable[Record]) -> Iterator[str]:
    for record in _calls(found):
        key: dict[str, Any] = {}
        for prefix, side in (("source", record.source), ("dest", record.destination)):
            shown = _calico_side(prefix, side)
            kind = {"wep": "WorkloadEndpoint", "hep": "HostEndpoint", "net": "Network"}[shown[f"{prefix}_type"]]
            key |= {
                f"{prefix}Name": shown[f"{prefix}_name_aggr"],
                f"{prefix}Namespace": shown[f"{prefix}_namespace"],
                f"{prefix}Type": kind,
            }
        key |= {
            "destPort": str(record.port),
            "proto": record.protocol.lower(),
            "reporter": "Src" if record.point == "source" else "Dst",
            "action": "Deny" if record.denied else "Allow",
        }
        flow = {
            "Key": key,
            "startTime": str(int(record.time.timestamp())),
            "endTime": str(int((record.time + INTERVAL).timestamp())),
            "sourceLabels": [f"{name}={value}" for name, value in record.source.actor.labels],
            "destLabels": [f"{name}={value}" for name, value in record.destination.actor.labels],
            "numConnectionsStarted": "1",
        }
        yield _json({"id": "0", "flow": flow})


def _csv(found: Iterable[Record]) -> Iterator[str]:
    yield _row(_COLUMNS)
    for record in found:
        row: list[Any] = [_zulu(record.time)]
        for side in (record.source, record.destination):
            actor = side.actor
            labels = ",".join(f"{key}={value}" for key, value in actor.labels)
            names = ",".join(actor.names)
            row += [actor.namespace, actor.workload, side.pod, labels, side.address, names, side.entity]
        verdict = "denied" if record.denied else "allowed"
        yield _row([*row, record.protocol, record.port, verdict, str(record.reply).lower(), record.point])


def _calls(found: Iterable[Record]) -> Iterator[Record]:
    """Calico logs connections by who began them, so that a reply is no line of its own."""
    return (record for record in found if not record.reply)


def _zulu(time: datetime.datetime) -> str:
    return time.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


def _row(values: Iterable[Any]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(values)
    return stream.getvalue()


FORMS = {"hubble": _hubble, "calico": _calico, "goldmane": _goldmane, "csv": _csv}
"""What writes each form."""
