"""A waiver expires soon.

## What it finds

A waiver whose `expires` is today or at most `expiry.warnDays` days away (30, unless the settings say otherwise).

## Why it matters

From that day on what it excuses is an error again, in every merge request. There is still time to mend it.

## Fails

```yaml
# policies/ringfence.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Settings
organisation: Example Commerce
repository: {url: https://gitlab.example.com/platform/network-policies.git, defaultBranch: main}
owners: ["@example/platform"]
expiry: {warnDays: 365}
```

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

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model

CHECK = Check("RF311", "waiver-expires-soon", Severity.WARNING, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:
    """One finding for each such waiver."""
    for waiver in model.waivers:
        if today <= waiver.expires and (waiver.expires - today).days <= model.settings.warn_days:
            yield CHECK.at(
                waiver.where,
                f"the waiver of {waiver.guardrail or waiver.check} for {waiver.subject} expires on {waiver.expires}; "
                "after that day what it excuses is an error again",
                hint="mend what it excuses, or have it approved again with a later `expires`",
                subject=waiver.subject,
            )
