"""Records of flow logs, as the published fields have them, to be varied by tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ringfence import observe
from ringfence.observe import Observations, Seen

NOW = datetime(2026, 9, 1, tzinfo=UTC)
TIME = "2026-08-21T12:12:18.510175415Z"
AT = datetime(2026, 8, 21, 12, 12, 18, 510175, tzinfo=UTC)


def endpoint(name: str, namespace: str = "shop", *, workload: bool = True, **more: Any) -> dict[str, Any]:
    """An endpoint of Hubble: a pod of a Deployment, `workload` only at its own node."""
    owner = {"workloads": [{"name": name, "kind": "Deployment"}]} if workload else {}
    return {
        "identity": 4711,
        "namespace": namespace,
        "labels": [f"k8s:app={name}", f"k8s:io.kubernetes.pod.namespace={namespace}"],
        "pod_name": f"{name}-7848d6c4d5-th9v2",
        **owner,
        **more,
    }


def hubble(**changes: Any) -> dict[str, Any]:
    """A bare flow: a request from web to api, on port 8080, seen where it leaves."""
    flow = {
        "time": TIME,
        "verdict": "FORWARDED",
        "IP": {"source": "10.244.1.60", "destination": "10.244.1.5", "ipVersion": "IPv4"},
        "l4": {"TCP": {"source_port": 44916, "destination_port": 8080, "flags": {"SYN": True}}},
        "source": endpoint("web"),
        "destination": endpoint("api", workload=False),
        "Type": "L3_L4",
        "node_name": "kind/worker",
        "event_type": {"type": 4, "sub_type": 3},
        "traffic_direction": "EGRESS",
        "trace_observation_point": "TO_STACK",
        "is_reply": False,
        **changes,
    }
    return {name: value for name, value in flow.items() if value is not None}


ARRIVING = {
    "traffic_direction": "INGRESS",
    "trace_observation_point": "TO_ENDPOINT",
    "source": endpoint("web", workload=False),
    "destination": endpoint("api"),
}
"""The changes that make of a flow the one that is seen at the other end."""


def calico(**changes: Any) -> dict[str, Any]:
    """A record of a flow log file: 37 connections from web to api on port 8080, as the destination's node tells."""
    return {
        "start_time": 1787314000,
        "end_time": 1787314300,
        "source_ip": None,
        "source_name": "-",
        "source_name_aggr": "web-5bdcdd9c97-*",
        "source_namespace": "shop",
        "source_port": None,
        "source_type": "wep",
        "source_labels": {"labels": ["pod-template-hash=5bdcdd9c97", "app=web"]},
        "dest_ip": None,
        "dest_name": "-",
        "dest_name_aggr": "api-576cbf47c7-*",
        "dest_namespace": "shop",
        "dest_port": 8080,
        "dest_type": "wep",
        "dest_labels": {"labels": ["pod-template-hash=576cbf47c7", "app=api"]},
        "proto": "tcp",
        "action": "allow",
        "reporter": "dst",
        "policies": {"all_policies": ["0|__PROFILE__|__PROFILE__.kns.shop|allow|0"]},
        "bytes_in": 4288,
        "num_flows": 41,
        "num_flows_started": 37,
        "num_flows_completed": 39,
        **changes,
    }


def goldmane(key: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A FlowResult of Goldmane: 12 connections from web to api on port 8080, as the destination's node tells."""
    return {
        "id": "7",
        "flow": {
            "Key": {
                "source_name": "web-5bdcdd9c97-*",
                "source_namespace": "shop",
                "source_type": "WorkloadEndpoint",
                "dest_name": "api-576cbf47c7-*",
                "dest_namespace": "shop",
                "dest_type": "WorkloadEndpoint",
                "dest_port": "8080",
                "proto": "tcp",
                "reporter": "Dst",
                "action": "Allow",
                "policies": {"enforced_policies": [{"kind": "NetworkPolicy", "name": "api", "action": "Allow"}]},
                **(key or {}),
            },
            "start_time": "1787314000",
            "end_time": "1787314015",
            "source_labels": ["app=web", "pod-template-hash=5bdcdd9c97"],
            "dest_labels": ["app=api", "pod-template-hash=576cbf47c7"],
            "num_connections_started": "12",
            **changes,
        },
    }


def write(path: Path, *records: dict[str, Any] | str) -> Path:
    """A file of JSON lines; what is text already is a line as it is."""
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("".join(line + "\n" for line in lines))
    return path


def read(path: Path, *records: dict[str, Any] | str, **options: Any) -> Observations:
    """What a log of these records says."""
    return observe.read([write(path / "flows.json", *records)], now=NOW, **options)


def brief(found: Observations) -> list[str]:
    """What was seen, on one line each: ends, port, verdict and count."""
    return [
        f"{_end(item, 'source')} > {_end(item, 'destination')} {item.port}/{item.protocol} {item.verdict} {item.count}"
        for item in found.seen
    ]


def _end(item: Seen, name: str) -> str:
    side = getattr(item, name)
    end = side.workload or side.pod or ",".join(side.names) or side.address
    where = f"{side.namespace}/{end}" if side.namespace else end
    entity = f"{side.entity}:" if side.entity and where else side.entity
    return entity + where


def kinds(found: Observations) -> dict[str, int]:
    """How many of each kind of trouble there were."""
    return {item.kind: item.count for item in found.troubles}
