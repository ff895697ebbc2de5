"""Findings as SARIF 2.1.0 (OASIS), which GitHub's code scanning, GitLab and editors read."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

import ringfence
from ringfence.findings import Check, Finding, Location, Severity
from ringfence.report import fingerprints
from ringfence.report.json import dump

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
MOST = 25_000
"""Results that GitHub takes of one run."""


def findings(items: Sequence[Finding], summary: str, properties: Mapping[str, Any] | None = None) -> str:
    """One run with a rule for each check that found something. `properties` are those of the run."""
    shown = items[:MOST]
    rules = sorted({item.check.code: item.check for item in shown}.values(), key=lambda check: check.code)
    index = {check.code: number for number, check in enumerate(rules)}
    notes = [_notification("note", summary)] if summary else []
    if len(items) > MOST:
        text = (
            f"{len(items) - MOST:,} of {len(items):,} findings are left out: a run may hold {MOST:,}; see --format json"
        )
        notes.append(_notification("warning", text))
    results = zip(shown, fingerprints.unique(shown), strict=True)
    run = {
        "tool": {
            "driver": {
                "name": "Ringfence",
                "semanticVersion": ringfence.__version__,
                "rules": [_rule(check) for check in rules],
            }
        },
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, index[item.check.code], mark) for item, mark in results],
        **({"properties": dict(properties)} if properties else {}),
    }
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}


def _rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.code,
        "name": "".join(word.capitalize() for word in check.name.split("-")),
        "shortDescription": {"text": check.title},
        "help": {"text": check.doc.strip(), "markdown": check.doc.strip()},
        "defaultConfiguration": {"level": LEVELS[check.severity]},
    }


def _result(item: Finding, rule: int, mark: str) -> dict[str, Any]:
    fix = f" Fix: {item.hint}." if item.hint else ""
    related = [
        {"id": number, **_location(where), "message": {"text": note or str(where)}}
        for number, (where, note) in enumerate(item.related, 1)
    ]
    return {
        "ruleId": item.check.code,
        "ruleIndex": rule,
        "level": LEVELS[item.severity],
        "message": {"text": f"{item.message}.{fix}"},
        "locations": [_location(item.where)],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {"ringfence/v1": mark},
        "properties": {"subject": item.subject},
    }


def _location(where: Location) -> dict[str, Any]:
    """The place; a finding about a whole file is at its first line, since GitHub shows none without."""
    region = {"startLine": max(where.line, 1), "startColumn": max(where.column, 1)}
    uri = urllib.parse.quote(where.path or ".", safe="/")
    return {"physicalLocation": {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}, "region": region}}
