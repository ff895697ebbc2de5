"""Findings as GitLab's Code Quality report: an array in the form of CodeClimate, as GitLab documents it."""

from __future__ import annotations

from collections.abc import Sequence

from ringfence.findings import Finding, Severity
from ringfence.report import fingerprints
from ringfence.report.json import dump

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


def findings(items: Sequence[Finding]) -> str:
    """One issue a finding. The form has no room for counts, nor for what passed."""
    return dump(
        [
            {
                "description": f"{item.message} (fix: {item.hint})" if item.hint else item.message,
                "check_name": f"{item.check.code} {item.check.name}",
                "fingerprint": mark,
                "severity": SEVERITIES[item.severity],
                "location": {"path": item.where.path or ".", "lines": {"begin": max(item.where.line, 1)}},
            }
            for item, mark in zip(items, fingerprints.unique(items), strict=True)
        ]
    )
