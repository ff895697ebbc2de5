"""A flow names no ticket.

## What it finds

With `tickets: required` in the settings: a flow without `ticket`. It can be waived.

## Why it matters

The organisation asks for a ticket behind every flow, so that an audit can follow why it was opened.

## Fails

```yaml
# policies/ringfence.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Settings
organisation: Example Commerce
repository: {url: https://gitlab.example.com/platform/network-policies.git, defaultBranch: main}
owners: ["@example/platform"]
tickets: required
```

## Passes

```yaml
# policies/ringfence.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Settings
organisation: Example Commerce
repository: {url: https://gitlab.example.com/platform/network-policies.git, defaultBranch: main}
owners: ["@example/platform"]
tickets: optional
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model

CHECK = Check("RF322", "ticket-missing", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such flow."""
    if not model.settings.require_ticket:
        return
    for flow in model.flows:
        if not flow.ticket:
            yield CHECK.at(
                flow.where,
                f"flow {flow.id} names no ticket, and the settings ask for one behind every flow",
                hint="add `ticket: …`",
                subject=flow.id,
            )
