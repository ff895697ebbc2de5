"""The destination does not accept the source.

## What it finds

With `consent: declared` in the settings: a flow between two teams whose destination does not name the source in
`accepts`, as a workload or as `namespace/*`.

## Why it matters

A flow needs both owners. In this mode the destination says in its own folder who may call it, and a flow without that
is not rendered.

## Fails

```yaml
# policies/ringfence.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Settings
organisation: Example Commerce
repository: {url: https://gitlab.example.com/platform/network-policies.git, defaultBranch: main}
owners: ["@example/platform"]
consent: declared
```

```yaml
# teams/payments/payments/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: notify, from: api, to: shop/frontend, ports: [http], reason: The shop was not asked}]
```

## Passes

```yaml
# policies/ringfence.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Settings
organisation: Example Commerce
repository: {url: https://gitlab.example.com/platform/network-policies.git, defaultBranch: main}
owners: ["@example/platform"]
consent: declared
```

```yaml
# teams/checkout/shop/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  frontend: {labels: {app: frontend}, ports: {http: 8080, metrics: 9090}, accepts: [payments/api]}
  checkout: {labels: {app: checkout}, ports: {grpc: 5050}}
```

```yaml
# teams/payments/payments/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: notify, from: api, to: shop/frontend, ports: [http], reason: The shop agreed}]
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model, Workload

CHECK = Check("RF204", "consent-missing", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each flow and destination that was not asked."""
    if model.settings.consent != "declared":
        return
    for flow in model.flows:
        refused: dict[str, tuple[Workload, list[str]]] = {}
        for leg in flow.legs:
            source, destination = leg.source, leg.destination
            if not (isinstance(source, Workload) and isinstance(destination, Workload)):
                continue
            if source.team != destination.team and not {source.id, f"{source.namespace}/*"} & set(destination.accepts):
                refused.setdefault(destination.id, (destination, []))[1].append(source.id)
        for destination, sources in refused.values():
            listed = ", ".join(sources)
            yield CHECK.at(
                flow.where,
                f"{destination.id} does not accept {listed}, so flow {flow.id} lacks the consent of team "
                f"{destination.team}",
                hint=f"ask team {destination.team} to add `accepts: [{listed}]` in `{destination.where.path}`",
                subject=flow.id,
                related=[(destination.where, destination.id)],
            )
