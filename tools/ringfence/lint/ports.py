"""RF758: a rule for ports that no pod behind it declares."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.lint import evidence
from ringfence.lint.destinations import with_ports
from ringfence.lint.evidence import Evidence
from ringfence.values.ports import NO_PORTS, PortRange, PortSet

CHECK = Check(
    "RF758",
    "port-not-declared",
    Severity.INFO,
    """
A rule for a port that none of its pods declares.

## What it finds

A number or range in a rule whose destinations are declared workloads, chosen by their labels and all with declared
container ports, none of which it holds. Destinations that a selector does not pick by a label, and workloads without a
declared port, are left alone.

## Why it matters

Policies see the port of the pod, after a Service has translated its own: a rule for port 80 of the Service does not
open 8080 of the pod. A number can still be right, since declaring ports is voluntary in Kubernetes; then declare it.

## Fails

```yaml
# api.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
  ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 80}]}]
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
    spec: {containers: [{name: api, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
  ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 8080}]}]
```
""",
)


def find(seen: Evidence) -> Iterator[Finding]:
    """For each rule, the numbers that no destination declares."""
    for rule, listed, pods in with_ports(seen):
        declared = NO_PORTS
        for item in pods:
            declared |= item.declares
        ranges = [PortSet.of([PortRange(port.protocol, port.first, port.last)]) for port in listed if not port.name]
        numbers = NO_PORTS
        for ports in ranges:
            numbers |= NO_PORTS if declared & ports else ports
        if numbers:
            yield CHECK.at(
                evidence.place(rule),
                f"{evidence.rule(rule)} is for {numbers}, which none of its pods declares "
                f"({evidence.some([str(item) for item in pods])})",
                hint=f"the pods declare {declared}; policies see the port of the pod, not that of a Service",
                subject=rule.applied.policy.id,
                related=[(pods[0].where, f"declares {pods[0].declares}")],
            )
