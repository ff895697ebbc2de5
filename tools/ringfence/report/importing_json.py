"""What an import did, as one JSON object (`docs/reference/json.md`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ringfence.adopt.existing.declaring import adopted_path
from ringfence.connectivity.listing import end_name
from ringfence.report.importing_text import MERGED
from ringfence.report.json import dump, finding, location

if TYPE_CHECKING:
    from ringfence.adopt.existing import Result


def as_json(result: Result, *, dry_run: bool) -> str:
    """Everything as one object."""
    plan, proof = result.plan, result.proof
    rules = len(plan.fates)
    data: dict[str, Any] = {
        "cluster": plan.options.cluster,
        "environment": plan.options.environment,
        "written": not dry_run and not result.findings,
        "files": sorted(result.files),
        "edited": sorted(result.edited),
        "limited": [{"id": flow.id, **location(flow.where)} for flow in plan.shared.limited],
        "teams": {team: list(names) for team, names in plan.teams.items()},
        "workloads": [
            {"id": unit.id, "labels": dict(unit.labels), "pods": [str(item) for item in unit.members]}
            for units in plan.units.values()
            for unit in units
        ],
        "peers": [peer.name for peer in plan.peers],
        "flows": [
            {"id": flow.id, "rules": [{"policy": p, "direction": d, "index": i} for p, d, i in flow.rules]}
            for flow in plan.flows
        ],
        "adopted": [
            {
                "id": keep.id,
                "file": adopted_path(plan.options.cluster, keep),
                "keepsOpen": keep.opens or None,
                "why": list(keep.comments),
            }
            for keep in plan.keeps
        ],
        "permissive": {name: list(directions) for name, directions in sorted(plan.stages.items())},
        "rules": {
            "total": rules,
            "flows": plan.converted,
            "declared": plan.declared,
            "dropped": sum(1 for item in plan.fates if item.dropped),
            "share": round(plan.share, 4),
            "kept": [
                {
                    "policy": item.policy,
                    "dialect": item.dialect,
                    "direction": item.direction,
                    "index": item.index,
                    **location(item.where),
                    "kind": item.kept.kind,
                    "why": item.kept.why,
                }
                for item in plan.fates
                if item.kept is not None
            ],
        },
        "leftOut": [{"what": item.what, "why": item.why, **location(item.where)} for item in plan.source.left_out],
        "undeclared": [{"workload": str(end), "why": why} for end, why in plan.strays],
        "passedOver": [
            {"kind": item.kind, "count": len(item.places), "why": item.why, "places": list(map(str, item.places))}
            for item in plan.source.passed
        ],
        "merged": [
            {"workload": unit.id, "count": len(unit.members), "why": MERGED, "pods": list(map(str, unit.members))}
            for units in plan.units.values()
            for unit in units
            if len(unit.members) > 1
        ],
        "restated": [
            {
                "what": item.what,
                "workloads": [{"id": unit.id, "labels": dict(unit.labels)} for unit in item.workloads],
                "namespaces": list(item.namespaces),
                "rules": [{"policy": p, "direction": d, "index": i} for p, d, i in item.rules],
            }
            for item in plan.restated
        ],
        "proof": None,
        "findings": [finding(item) for item in result.findings],
    }
    if proof is not None:
        data["proof"] = {
            "equal": proof.holds,
            "compared": proof.compared,
            "differences": [
                {
                    "source": end_name(item.source),
                    "destination": end_name(item.destination),
                    "allowed": [ports.to_json() for ports in item.sides],
                    "undefined": [ports.to_json() for ports in item.undefined],
                }
                for item in (*proof.differences, *proof.undefined)
            ],
            "above": [
                {
                    "source": end_name(item.source),
                    "destination": end_name(item.destination),
                    "free": [ports.to_json() for ports in item.sides],
                }
                for item in proof.above
            ],
            "unknownPods": [
                {
                    "source": end_name(item.source),
                    "destination": end_name(item.destination),
                    "allowed": [item.before.to_json(), item.after.to_json()],
                    "undefined": [item.undefined_before.to_json(), item.undefined_after.to_json()],
                }
                for item in proof.unknown
            ],
        }
    return dump(data)
