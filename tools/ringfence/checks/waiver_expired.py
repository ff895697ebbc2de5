"""A waiver has expired.

## What it finds

A waiver whose `expires` is before today. On the day itself it still holds.

## Why it matters

The exception was approved until that day. From then on it excuses nothing, and what it excused is a finding again.

## Fails

```yaml
# policies/waivers/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Waivers
waivers:
  - check: egress-to-world
    subject: shop/call-out
    reason: Until the provider has fixed addresses
    approver: security@example.com
    expires: 2020-06-30
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: call-out, from: checkout, to: internet, ports: [https], reason: Calls the provider}]
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
    expires: 2199-06-30
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

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model

CHECK = Check("RF310", "waiver-expired", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:
    """One finding for each such waiver."""
    for waiver in model.waivers:
        if waiver.expires < today:
            yield CHECK.at(
                waiver.where,
                f"the waiver of {waiver.guardrail or waiver.check} for {waiver.subject} expired on {waiver.expires} "
                "and excuses nothing any more",
                hint="remove it, or have it approved again with a later `expires`",
                subject=waiver.subject,
            )
