"""The impact of a change as JSON (`docs/reference/json.md`)."""

from __future__ import annotations

from typing import Any

from ringfence.impact.types import Change, Effect, Report
from ringfence.report.impact_text import headline
from ringfence.report.json import dump, finding, location


def _change(change: Change) -> dict[str, Any]:
    return {
        "effect": change.effect.value,
        "reason": change.reason.value,
        "source": change.source,
        "destination": change.destination,
        "before": change.before.to_json(),
        "after": change.after.to_json(),
        "collateral": change.collateral.to_json(),
        "undefined": change.undefined,
        "world": change.world,
        "clusters": list(change.clusters),
        "causes": [
            {
                "kind": cause.kind,
                "name": cause.name,
                **location(cause.where),
                "owner": cause.owner,
                "reason": cause.reason,
                "expires": cause.expires,
                "ticket": cause.ticket,
                "side": cause.side,
            }
            for cause in change.causes
        ],
    }


def render(report: Report) -> str:
    """The whole report."""
    return dump(
        {
            "headline": headline(report),
            "base": report.base,
            "head": report.head,
            "clusters": list(report.clusters),
            "counts": {effect.value: report.count(effect) for effect in Effect},
            "changes": [_change(item) for item in sorted(report.changes, key=lambda item: item.sort_key)],
            "objects": [
                {
                    "action": o.action,
                    "kind": o.kind,
                    "namespace": o.namespace,
                    "name": o.name,
                    "clusters": list(o.clusters),
                }
                for o in report.objects
            ],
            "approvals": [{"for": a.party, "owners": list(a.owners), "paths": list(a.paths)} for a in report.approvals],
            "guardrails": report.guardrails_checked,
            "findings": [finding(item) for item in report.findings],
        }
    )
