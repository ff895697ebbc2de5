"""A flow has expired.

## What it finds

A flow whose `expires` is before today. On the day itself it still holds.

## Why it matters

The flow was approved until that day. It stays rendered, and open, until somebody removes it: time never changes what is
rendered.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: For the migration, expires: 2020-03-31}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: For the migration, expires: 2199-03-31}]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model

CHECK = Check("RF320", "flow-expired", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:
    """One finding for each such flow."""
    for flow in model.flows:
        if flow.expires and flow.expires < today:
            yield CHECK.at(
                flow.where,
                f"flow {flow.id} expired on {flow.expires}, and what it allows is still open",
                hint="remove the flow, or set a later `expires` and have it approved again",
                subject=flow.id,
            )
