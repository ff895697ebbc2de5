"""A waiver excuses nothing.

## What it finds

A waiver, not expired, for which there is no finding.

## Why it matters

What it excused is mended, and the exception stays approved: whoever breaks the rule again is not noticed.

## Fails

```yaml
# policies/waivers/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Waivers
waivers:
  - guardrail: card-data
    subject: shop/authorise-card
    reason: The guardrail has nothing against this flow
    approver: security@example.com
    expires: 2030-06-30
```

## Passes

```yaml
# policies/waivers/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Waivers
waivers:
  - guardrail: card-data
    subject: shop/read-cards
    reason: Until the report has moved
    approver: security@example.com
    expires: 2030-06-30
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: read-cards, from: frontend, to: payments/api, ports: [https], reason: The old report}]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model, Waiver

CHECK = Check("RF312", "waiver-unused", Severity.WARNING, __doc__)


def find(model: Model, today: datetime.date, idle: Collection[Waiver]) -> Iterator[Finding]:
    """One finding for each waiver of `idle`, those that met no finding; an expired one is another check's business."""
    for waiver in model.waivers:
        if waiver in idle and waiver.expires >= today:
            yield CHECK.at(
                waiver.where,
                f"the waiver of {waiver.guardrail or waiver.check} for {waiver.subject} excuses nothing, and would "
                "hide the next time that the rule is broken",
                hint="remove it",
                subject=waiver.subject,
            )
