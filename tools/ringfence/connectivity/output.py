"""The stable JSON form of results: see docs/reference/connections.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ringfence.connectivity.diff import Change
from ringfence.connectivity.explain import Explanation, Half
from ringfence.connectivity.result import Connectivity, End, Row
from ringfence.values.addresses import AddressSet


def names(end: End) -> list[str]:
    """How an end is written: `namespace/name[Kind]`, or one `first-last` for each range of addresses."""
    return end.ranges() if isinstance(end, AddressSet) else [str(end)]


def to_json(connectivity: Connectivity, rows: Iterable[Row] | None = None) -> dict[str, Any]:
    """The answer as plain data, whole or with some rows only.

    `connections` (what is allowed), `undefined` (with reasons), `restricted` (what of both is restricted above layer 4,
    and by what), `workload_of`, `skipped` and `counts`.
    """
    connections, undefined, restricted = [], [], []
    for row in connectivity.rows(replicas=False) if rows is None else rows:
        ports = row.allowed.to_json()
        reasons = list(connectivity.reasons(row.source, row.destination)) if row.undefined else []
        for source, destination in _pairs(row.source, row.destination):
            if ports:
                connections.append([source, destination, ports])
            if row.undefined:
                undefined.append([source, destination, row.undefined.to_json(), reasons])
            restricted += [[source, destination, where.to_json(), what] for what, where in row.restricted]
    counts = connectivity.counts
    return {
        "connections": connections,
        "undefined": undefined,
        "restricted": restricted,
        "workload_of": dict(sorted(connectivity.cluster.workload_of.items())),
        "skipped": dict(sorted(connectivity.cluster.skipped.items())),
        "counts": {
            "endpoints": counts.endpoints,
            "namespaces": counts.namespaces,
            "policies": counts.policies,
            "connections": len(connections),
            "undefined": len(undefined),
        },
    }


def diff_to_json(changes: Iterable[Change]) -> dict[str, Any]:
    """`diff` (rows `[type, source, destination, before, after]`) and `undefined` (rows that cannot be settled).

    Replicas of one workload among themselves are left out, as in `to_json`.
    """
    settled, undefined = [], []
    for change in changes:
        if change.source == change.destination:
            continue
        for source, destination in _pairs(change.source, change.destination):
            if change.kind != "undefined":
                settled.append([change.kind, source, destination, change.before.to_json(), change.after.to_json()])
            if change.undefined_before or change.undefined_after:
                before, after = change.undefined_before.to_json(), change.undefined_after.to_json()
                undefined.append([source, destination, before, after])
    return {"diff": settled, "undefined": undefined}


def explanation_to_json(explanation: Explanation) -> dict[str, Any]:
    """An explanation as plain data, with its one line."""
    return {
        "source": explanation.source,
        "destination": explanation.destination,
        "allowed": explanation.allowed.to_json(),
        "undefined": explanation.undefined.to_json(),
        "restricted": {what: ports.to_json() for what, ports in explanation.restricted},
        "reasons": list(explanation.reasons),
        "egress": _half(explanation.egress),
        "ingress": _half(explanation.ingress),
        "line": explanation.line,
    }


def _half(half: Half | None) -> dict[str, Any] | None:
    if half is None:
        return None
    return {
        "subject": half.subject,
        "isolatedBy": [
            {"policy": item.policy, "where": str(item.where), "certain": item.certain} for item in half.isolated_by
        ],
        "matches": [
            {
                "policy": item.policy,
                "rule": item.index,
                "where": str(item.where),
                "ports": item.ports.to_json(),
                "certain": item.certain,
            }
            for item in half.matches
        ],
        "allowed": half.allowed.to_json(),
        "undefined": half.undefined.to_json(),
    }


def _pairs(source: End, destination: End) -> Iterator[tuple[str, str]]:
    return ((start, end) for start in names(source) for end in names(destination))
