"""The checks of this stage that find errors, listed one by one."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Protocol

from ringfence.checks import (
    audit_unsupported,
    cni_does_not_enforce,
    consent_missing,
    dialect_not_enforced,
    flow_expired,
    guardrail_idle,
    guardrail_not_sayable,
    guardrails_not_enforced,
    ipv6_not_enforced,
    label_without_identity,
    misplaced_flow,
    names_without_addresses,
    names_without_dns,
    namespace_claimed_twice,
    port_range_not_enforced,
    sctp_not_enforced,
    ticket_missing,
    too_many_ports,
    unclaimed_namespace,
    waiver_expired,
    waiver_of_unknown_check,
)
from ringfence.findings import Check, Finding
from ringfence.model.types import Model


class CheckModule(Protocol):
    """A module with one check that looks at a model on a day."""

    CHECK: Check

    def find(self, model: Model, today: datetime.date) -> Iterator[Finding]:
        """What is wrong."""
        ...


MODULES: tuple[CheckModule, ...] = (
    unclaimed_namespace,
    namespace_claimed_twice,
    misplaced_flow,
    consent_missing,
    guardrail_idle,
    waiver_expired,
    waiver_of_unknown_check,
    flow_expired,
    ticket_missing,
    cni_does_not_enforce,
    dialect_not_enforced,
    names_without_addresses,
    sctp_not_enforced,
    port_range_not_enforced,
    ipv6_not_enforced,
    too_many_ports,
    audit_unsupported,
    names_without_dns,
    label_without_identity,
    guardrails_not_enforced,
    guardrail_not_sayable,
)
