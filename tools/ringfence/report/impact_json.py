"""The impact of a change as JSON (`docs/reference/impact.md`)."""

from __future__ import annotations

from typing import Any

from ringfence.impact import Cause, Change, Effect, Report
from ringfence.report.impact_words import headline
from ringfence.report.json import dump, finding, location, usage


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "kind": cause.kind,
        "name": cause.name,
        **location(cause.where),
        "owner": cause.owner,
        "reason": cause.reason,
        "expires": cause.expires,
        "ticket": cause.ticket,
        "side": cause.side,
        "edit": cause.edit,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "effect": change.effect.value,
        "reason": change.reason.value,
        "source": change.source,
        "destination": change.destination,
        "teams": list(change.teams),
        "before": change.before.to_json(),
        "after": change.after.to_json(),
        "collateral": change.collateral.to_json(),
        "undefined": change.undefined,
        "world": change.world,
        "crosses": list(change.crosses),
        "used": {**usage(change.used), "perhaps": change.used.perhaps} if change.used is not None else None,
        "clusters": list(change.clusters),
        "causes": [_cause(cause) for cause in change.causes],
    }


def render(report: Report) -> str:
    """The whole report."""
    return dump(data(report))


def data(report: Report) -> dict[str, Any]:
    """The whole report, as plain data."""
    return {
        "headline": headline(report),
        "base": report.base,
        "head": report.head,
        "command": report.command,
        "clusters": list(report.clusters),
        "logs": list(report.logs),
        "scope": None if report.scope is None else list(report.scope),
        "counts": {
            **{effect.value: report.count(effect) for effect in Effect},
            "collateral": report.collateral,
        },
        "leftOut": [
            {"clusters": list(item.clusters), "closed": item.closed, "narrowed": item.narrowed}
            for item in report.left_out
        ],
        "changes": [_change(item) for item in report.changes],
        "gates": gates(report),
        "autoApprovable": {"value": report.automatic.approvable, "reason": report.automatic.reason},
        "shares": [
            {"name": m.name, "before": list(m.before), "after": list(m.after), "fell": m.fell} for m in report.measures
        ],
        "objects": [
            {
                "action": o.action,
                "kind": o.kind,
                "namespace": o.namespace,
                "name": o.name,
                "wave": o.wave,
                "clusters": list(o.clusters),
            }
            for o in report.objects
        ],
        "rendered": [{"because": o.kind, "paths": list(o.paths), "of": list(o.because)} for o in report.origins],
        "approvals": [
            {"for": a.party, "owners": list(a.owners), "paths": list(a.paths), "given": a.given}
            for a in report.approvals
        ],
        "guardrails": report.guardrails_checked,
        "findings": [finding(item) for item in report.findings],
    }


def gates(report: Report) -> list[dict[str, Any]]:
    """The verdict and reason of each gate, as plain data."""
    return [
        {
            "name": gate.name,
            "code": gate.code,
            "level": gate.level.value,
            "verdict": gate.verdict,
            "reason": gate.reason,
        }
        for gate in report.gates
    ]
