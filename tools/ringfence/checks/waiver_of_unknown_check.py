"""A waiver names a check that cannot be waived.

## What it finds

A `check` of a waiver that does not exist, or that no waiver can excuse. `egress-to-world` and `ticket-missing` can be
waived, by code or by name; a guardrail is waived by `guardrail`.

## Why it matters

The waiver excuses nothing, though somebody approved it.

## Fails

```yaml
# policies/waivers/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Waivers
waivers:
  - check: egress-to-word
    subject: shop/place-order
    reason: A slip of the finger
    approver: security@example.com
    expires: 2030-06-30
```

## Passes

```yaml
# policies/waivers/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Waivers
waivers:
  - check: egress-to-world
    subject: shop/call-out
    reason: Until the provider has fixed addresses
    approver: security@example.com
    expires: 2030-06-30
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: call-out, from: checkout, to: internet, ports: [https], reason: Calls the provider}]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.checks import egress_to_world, guardrail_broken, guardrail_unmet, ticket_missing
from ringfence.findings import Check, Finding, Severity
from ringfence.model.ports import shorten
from ringfence.model.types import Model
from ringfence.values.nearest import nearest

CHECK = Check("RF313", "waiver-of-unknown-check", Severity.ERROR, __doc__)

WAIVABLE = (egress_to_world.CHECK, ticket_missing.CHECK)
_BY_GUARDRAIL = (guardrail_broken.CHECK, guardrail_unmet.CHECK)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such waiver."""
    known = {word for check in WAIVABLE for word in (check.code, check.name)}
    guarded = {word for check in _BY_GUARDRAIL for word in (check.code, check.name)}
    for waiver in model.waivers:
        if not waiver.check or waiver.check in known:
            continue
        near = nearest(waiver.check, (check.name for check in WAIVABLE))
        if waiver.check in guarded:
            hint = "waive the guardrail itself: `guardrail: <name>`"
        elif near:
            hint = f"did you mean `{near}`?"
        else:
            hint = "these can be waived: " + ", ".join(f"`{check.name}`" for check in WAIVABLE)
        yield CHECK.at(
            waiver.where,
            f"no check that can be waived is called `{shorten(waiver.check)}`, so this waiver excuses nothing",
            hint=hint,
            subject=waiver.subject,
        )
