"""A namespace declares no workload.

## What it finds

A `Namespace` document whose `workloads` are empty.

## Why it matters

Its pods are isolated and get nothing but what the platform grants. That can be meant for a namespace to come; more
often the workloads were forgotten, and the first rollout cuts them off.

## Fails

```yaml
# teams/checkout/team.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
description: Basket and checkout
contact: "#team-checkout"
owners: ["@example/checkout"]
namespaces: [shop, basket]
```

```yaml
# teams/checkout/basket/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads: {}
```

## Passes

```yaml
# teams/checkout/team.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
description: Basket and checkout
contact: "#team-checkout"
owners: ["@example/checkout"]
namespaces: [shop, basket]
```

```yaml
# teams/checkout/basket/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads: {store: {labels: {app: store}}}
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model

CHECK = Check("RF206", "namespace-without-workloads", Severity.WARNING, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such namespace."""
    inhabited = {workload.namespace for workload in model.workloads.values()}
    for space in model.namespaces.values():
        if space.name not in inhabited:
            yield CHECK.at(
                space.where,
                f"namespace {space.name} declares no workload, so its pods get nothing but what the platform grants",
                hint="add its workloads",
                subject=space.name,
            )
