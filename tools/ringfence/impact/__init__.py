"""What a change really does: connections, objects, guardrails and approvals of a head against a base.

Compares the connectivity of the manifests rendered at both revisions; declarations give the causes. Knows no
output format.
"""

from __future__ import annotations

from ringfence.impact.assemble import Side, assess
from ringfence.impact.mend import mended
from ringfence.impact.pages import BASE_IN_ERROR, CHECKS, STALE
from ringfence.impact.types import Approval, Cause, Change, Effect, ObjectChange, Reason, Report

__all__ = [
    "BASE_IN_ERROR",
    "CHECKS",
    "STALE",
    "Approval",
    "Cause",
    "Change",
    "Effect",
    "ObjectChange",
    "Reason",
    "Report",
    "Side",
    "assess",
    "mended",
]
