"""Flows that have expired. The page is RF320."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks import flow_expired
from ringfence.findings import Finding
from ringfence.impact.gates.facts import Facts, Rule
from ringfence.impact.types import Level


def find(facts: Facts) -> Iterator[Finding]:
    """The findings of the check; a waiver in force has taken its flow out."""
    yield from (item for item in facts.checked if item.check.code == flow_expired.CHECK.code)


GATE = Rule("expired-flows", flow_expired.CHECK, Level.ERROR, find, lambda _: "no flow has expired")
