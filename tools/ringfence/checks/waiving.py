"""Waivers applied to findings. It knows no single check."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable

from msgspec import Struct

from ringfence.findings import Check, Finding
from ringfence.model.types import Model, Waiver


class Raised(Struct, frozen=True):
    """A finding, the guardrail that it is about (or an empty text), and the subjects any of which a waiver may name."""

    finding: Finding
    guardrail: str
    subjects: Collection[str]

    @classmethod
    def plain(cls, finding: Finding) -> Raised:
        """A finding of a check that knows no guardrail."""
        return cls(finding, "", (finding.subject,))


def excusing(
    model: Model,
    today: datetime.date,
    subjects: Collection[str],
    *,
    guardrail: str = "",
    check: Check | None = None,
) -> Waiver | None:
    """The waiver in force that excuses one of the subjects from a guardrail or a check."""
    for waiver in model.waivers:
        if waiver.subject not in subjects or waiver.expires < today:
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
    for item in raised:
        check = item.finding.check if item.finding.check in can_be else None
        waiver = excusing(model, today, item.subjects, guardrail=item.guardrail, check=check)
        if waiver is None:
            left.append(item.finding)
        else:
            used.add(waiver)
    return left, [waiver for waiver in model.waivers if waiver not in used]
