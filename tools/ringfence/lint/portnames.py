"""RF761: a rule for a port name that no pod behind it has."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.lint import evidence
from ringfence.lint.destinations import with_ports
from ringfence.lint.evidence import Evidence
from ringfence.values.nearest import nearest

CHECK = Check(
    "RF761",
    "port-name-unknown",
    Severity.WARNING,
    """
A rule for a port name that none of its pods has.

## What it finds

A port name in a rule whose destinations are declared workloads, chosen by their labels, none of which names a container
port so, with this protocol.

## Why it matters

A name stands for the number that the pod gives it. Where no pod has the name, it opens nothing.

## Fails

```yaml
# api.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
  ingress: [{from: [{namespaceSelector: {}}], ports: [{port: https}]}]
```

## Passes

```yaml
# api.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
  ingress: [{from: [{namespaceSelector: {}}], ports: [{port: http}]}]
```
""",
)


def find(seen: Evidence) -> Iterator[Finding]:
    """For each rule, the names that no destination has."""
    for rule, listed, pods in with_ports(seen):
        wanted = {(port.name, port.protocol) for port in listed if port.name}
        had = {own.name for item in pods for own in item.ports if (own.name, own.protocol) in wanted}
        for name in sorted({name for name, _ in wanted} - had):
            yield CHECK.at(
                evidence.place(rule),
                f"{evidence.rule(rule)} is for the port name {name!r}, which none of its pods has "
                f"({evidence.some([str(item) for item in pods])})",
                hint=_nearest(name, {own.name for item in pods for own in item.ports}),
                subject=rule.applied.policy.id,
                related=[(pods[0].where, f"declares {pods[0].declares}")],
            )


def _nearest(name: str, names: set[str]) -> str:
    close = nearest(name, names)
    return f"did you mean {close}?" if close else f"the pods name {', '.join(sorted(names)) or 'no port'}"
