"""JSON output: stable keys in stable order, two-space indent. `docs/reference/json.md` documents it."""

from __future__ import annotations

import json as encoder
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ringfence.findings import Finding, Location, Severity


def dump(data: Any) -> str:
    """The data as JSON text with a final newline; text stays readable."""
    return encoder.dumps(data, indent=2, ensure_ascii=False) + "\n"


def location(where: Location) -> dict[str, Any]:
    """`{"path", "line", "column"}`; line 0 is the whole file."""
    return {"path": where.path, "line": where.line, "column": where.column}


def finding(item: Finding) -> dict[str, Any]:
    """One finding as an object."""
    return {
        "code": item.check.code,
        "check": item.check.name,
        "severity": item.severity.value,
        **location(item.where),
        "message": item.message,
        "hint": item.hint,
        "subject": item.subject,
        "related": [{**location(where), "message": note} for where, note in item.related],
        "fingerprint": item.fingerprint,
    }


def findings(items: Sequence[Finding], summary: str) -> str:
    """The findings of a run with their counts."""
    number = Counter(item.severity for item in items)
    return dump(
        {
            "findings": [finding(item) for item in items],
            "counts": {severity.value: number[severity] for severity in Severity},
            "summary": summary,
        }
    )
