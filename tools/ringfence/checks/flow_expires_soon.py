"""A flow expires soon.

## What it finds

A flow whose `expires` is today or at most `expiry.warnDays` days away (30, unless the settings say otherwise).

## Why it matters

From that day on every merge request would fail until the flow is gone. There is still time to remove it, or to have it
approved for longer.

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
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: For the migration, expires: 2030-03-31}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: For the migration, expires: 2030-03-31}]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model

CHECK = Check("RF321", "flow-expires-soon", Severity.WARNING, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:
    """One finding for each such flow."""
    for flow in model.flows:
        if flow.expires and today <= flow.expires and (flow.expires - today).days <= model.settings.warn_days:
            yield CHECK.at(
                flow.where,
                f"flow {flow.id} expires on {flow.expires}; after that day every check of the repository fails",
                hint="remove the flow, or set a later `expires` and have it approved again",
                subject=flow.id,
            )
