"""Guardrails: what `verify` and the checks found of them. The pages are RF504, RF301 and RF302."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks import guardrail_broken, guardrail_unmet
from ringfence.findings import Finding
from ringfence.impact.gates.facts import Facts, Rule
from ringfence.impact.types import Level
from ringfence.verify.pages import GUARDRAIL

CODES = frozenset({guardrail_broken.CHECK.code, guardrail_unmet.CHECK.code})


def find(facts: Facts) -> Iterator[Finding]:
    """The findings, of the rendered policies and of the declarations."""
    for cluster in facts.clusters:
        yield from cluster.broken
    yield from (item for item in facts.checked if item.check.code in CODES)


def passes(facts: Facts) -> str:
    """The sentence of a head that keeps them all."""
    number = len(facts.head.guardrails)
    if facts.unheld:
        return f"{number - facts.unheld} of {number} hold, {facts.unheld} not yet: a stage leaves pods open"
    return f"{number} of {number} hold" if number else "there is none"


GATE = Rule("guardrail", GUARDRAIL, Level.ERROR, find, passes)
