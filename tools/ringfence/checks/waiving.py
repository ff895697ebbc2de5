"""Waivers applied to findings. It knows no single check."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from ringfence.findings import Check, Finding
from ringfence.model.types import Model, Waiver

Raised = tuple[str, Finding]
"""A finding, and the name of the guardrail that it is about, or an empty text."""


def excusing(
    model: Model, today: datetime.date, subject: str, *, guardrail: str = "", check: Check | None = None
) -> Waiver | None:
    """The waiver in force that excuses a subject from a guardrail or a check."""
    for waiver in model.waivers:
        if waiver.subject != subject or waiver.expires < today:
            continue
        if guardrail and waiver.guardrail == guardrail:
            return waiver
        if check and waiver.check in (check.code, check.name):
            return waiver
    return None


def apply(
    model: Model, today: datetime.date, raised: Iterable[Raised], waivable: Iterable[Check]
) -> tuple[list[Finding], list[Waiver]]:
    """The findings that no waiver excuses, and the waivers that met no finding."""
    can_be = frozenset(waivable)
    left: list[Finding] = []
    used: set[Waiver] = set()
    for guardrail, finding in raised:
        waiver = None
        if guardrail:
            waiver = excusing(model, today, finding.subject, guardrail=guardrail)
        elif finding.check in can_be:
            waiver = excusing(model, today, finding.subject, check=finding.check)
        if waiver is None:
            left.append(finding)
        else:
            used.add(waiver)
    return left, [waiver for waiver in model.waivers if waiver not in used]
