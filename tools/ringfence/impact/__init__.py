"""What a change really does: connections, objects, guardrails and approvals of a head against a base.

Compares the connectivity of the manifests rendered at both revisions; declarations give the causes. Knows no
output format.
"""

from __future__ import annotations

from ringfence.impact import gates, pages
from ringfence.impact.assemble import assess, with_findings
from ringfence.impact.collapse import into_rows
from ringfence.impact.facts import ClusterFacts
from ringfence.impact.mend import mended
from ringfence.impact.pages import BASE_IN_ERROR, STALE
from ringfence.impact.rendered import Side, read
from ringfence.impact.types import (
    Approval,
    Automatic,
    Cause,
    Change,
    Effect,
    Gate,
    LeftOut,
    Level,
    Measure,
    ObjectChange,
    Origin,
    Reason,
    Report,
    Row,
)

CHECKS = (*pages.CHECKS, *gates.CHECKS, *(rule.check for rule in gates.WITH_LOGS))
JUDGED = gates.JUDGED
"""Codes of the checks of declarations that gates judge: they do not keep the impact from being told."""

__all__ = [
    "BASE_IN_ERROR",
    "CHECKS",
    "JUDGED",
    "STALE",
    "Approval",
    "Automatic",
    "Cause",
    "Change",
    "ClusterFacts",
    "Effect",
    "Gate",
    "LeftOut",
    "Level",
    "Measure",
    "ObjectChange",
    "Origin",
    "Reason",
    "Report",
    "Row",
    "Side",
    "assess",
    "into_rows",
    "mended",
    "read",
    "with_findings",
]
