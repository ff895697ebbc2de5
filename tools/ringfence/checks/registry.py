"""The checks of this stage: those of errors, and those of warnings, listed one by one."""

from __future__ import annotations

from ringfence.checks import (
    claim_without_namespace,
    cni_archived,
    egress_to_world,
    errors,
    flow_expires_soon,
    guardrail_broken,
    guardrail_unmet,
    namespace_without_workloads,
    waiver_expires_soon,
    waiver_unused,
)
from ringfence.checks.errors import CheckModule
from ringfence.findings import Check

MODULES: tuple[CheckModule, ...] = (
    *errors.MODULES,
    claim_without_namespace,
    cni_archived,
    egress_to_world,
    flow_expires_soon,
    namespace_without_workloads,
    waiver_expires_soon,
)

CHECKS: tuple[Check, ...] = tuple(
    sorted(
        (
            *(module.CHECK for module in MODULES),
            guardrail_broken.CHECK,
            guardrail_unmet.CHECK,
            waiver_unused.CHECK,
        ),
        key=lambda check: check.code,
    )
)
