"""JSON output: stable keys in stable order, two-space indent. `docs/reference/json.md` documents it."""

from __future__ import annotations

import datetime
import json as encoder
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ringfence.findings import Finding, Location, Severity

if TYPE_CHECKING:
    from ringfence.observe.usage import Usage


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


def usage(item: Usage) -> dict[str, Any]:
    """Count and times (UTC, ISO 8601; null for never)."""
    return {"count": item.count, "first": time(item.first), "last": time(item.last)}


def time(moment: datetime.datetime | None) -> str | None:
    """A time in UTC, ISO 8601; null for none."""
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z") if moment else None


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
