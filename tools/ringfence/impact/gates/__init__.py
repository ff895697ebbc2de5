"""The gates on a change, one module each: what they find, at the level that the settings give them.

The stricter of both sides' levels counts, so that a change does not loosen the gates that judge it.
"""

from __future__ import annotations

from ringfence.checks import consent_missing, flow_expired
from ringfence.findings import Check, Finding, Severity
from ringfence.impact.gates import (
    collateral,
    consent,
    cross_environment,
    default_deny,
    expired_flows,
    guardrail,
    mass_change,
    ratchets,
    used_connections,
    world_exposure,
)
from ringfence.impact.gates.facts import Facts, Rule
from ringfence.impact.types import Gate, Level
from ringfence.model.types import Model

RULES: tuple[Rule, ...] = (
    collateral.GATE,
    world_exposure.GATE,
    cross_environment.GATE,
    guardrail.GATE,
    consent.GATE,
    mass_change.GATE,
    default_deny.GATE,
    *ratchets.GATES,
    expired_flows.GATE,
)

WITH_LOGS: tuple[Rule, ...] = (used_connections.GATE,)
"""Gates that are judged where flow logs are given."""

CHECKS: tuple[Check, ...] = (
    collateral.CHECK,
    world_exposure.CHECK,
    cross_environment.CHECK,
    consent.CHECK,
    mass_change.CHECK,
    default_deny.CHECK,
    ratchets.ISOLATION,
    ratchets.JUSTIFICATION,
)

JUDGED = frozenset({*guardrail.CODES, *(check.code for check in (consent_missing.CHECK, flow_expired.CHECK))})
"""Codes of the checks of declarations that a gate judges, so that they do not keep the impact from being told."""

_ORDER = (Level.IGNORE, Level.WARN, Level.ERROR)
_SEVERITY = {Level.ERROR: Severity.ERROR, Level.WARN: Severity.WARNING}


def judge(facts: Facts) -> tuple[tuple[Gate, ...], list[Finding]]:
    """The verdict of every gate in the order of `RULES`, and their findings with the severity of their levels."""
    gates, findings = [], []
    for rule in (*RULES, *(WITH_LOGS if facts.logs else ())):
        level = level_of(rule, facts.base, facts.head)
        if level is Level.IGNORE:
            gates.append(Gate(rule.name, rule.check.code, level, True, "ignored by policies/ringfence.yaml"))
            continue
        found = list(rule.find(facts))
        findings += [item._replace(check=item.check._replace(severity=_SEVERITY[level])) for item in found]
        gates.append(Gate(rule.name, rule.check.code, level, not found, _reason(found) or rule.passes(facts)))
    return tuple(gates), findings


def level_of(rule: Rule, base: Model | None, head: Model) -> Level:
    """The level of a gate: the stricter of both sides' settings."""
    sides = [model.settings.gates for model in (base, head) if model is not None]
    return max((Level(dict(side).get(rule.name, rule.level)) for side in sides), key=_ORDER.index)


def _reason(found: list[Finding]) -> str:
    if not found:
        return ""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{found[0].message}{more}"


__all__ = ["CHECKS", "JUDGED", "RULES", "WITH_LOGS", "Facts", "Rule", "judge", "level_of"]
