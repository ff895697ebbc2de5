"""RF756: a policy that selects pods on the host's network only."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.connectivity.resolve import Applied
from ringfence.findings import Check, Finding, Severity
from ringfence.lint import evidence
from ringfence.lint.evidence import Evidence
from ringfence.manifests import AdminPolicy, NetworkPolicy

CHECK = Check(
    "RF756",
    "policy-on-host-network-only",
    Severity.WARNING,
    """
A policy whose pods all use the host's network.

## What it finds

A policy all of whose declared pods have `hostNetwork: true`.

## Why it matters

Such a pod has the address of its node, and network plugins normally do not apply policies of pods to it: the policy
looks effective and is not. The API leaves it undefined.

## Fails

```yaml
# agent.yaml
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: monitoring}
spec:
  template:
    metadata: {labels: {app: agent}}
    spec: {hostNetwork: true}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: agent, namespace: monitoring}
spec: {podSelector: {matchLabels: {app: agent}}, policyTypes: [Ingress]}
```

## Passes

```yaml
# agent.yaml
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: monitoring}
spec:
  template:
    metadata: {labels: {app: agent}}
    spec: {hostNetwork: false}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: agent, namespace: monitoring}
spec: {podSelector: {matchLabels: {app: agent}}, policyTypes: [Ingress]}
```
""",
)


def find(seen: Evidence) -> Iterator[Finding]:
    """The policies that select declared pods, all of them on the host's network."""
    told: set[str] = set()
    for _, item in seen.views.applied:
        name = evidence.policy(item)
        selected = _selected(seen, item) & seen.declared
        if selected and name not in told and not selected & ~seen.result.space.host:
            told.add(name)
            yield CHECK.at(
                item.policy.where,
                f"{name} selects pods on the host's network only ({seen.names(selected)}); network plugins normally "
                "do not apply it to them",
                hint="protect the nodes themselves, or take the pods off the host's network",
                subject=item.policy.id,
                related=[(seen.result.endpoints[selected.bit_length() - 1].where, "uses the host's network")],
            )


def _selected(seen: Evidence, item: Applied) -> int:
    """The pods that a policy's selector matches; an administrator's policy leaves those on the host's network out."""
    space, policy = seen.result.space, item.policy
    if isinstance(policy, NetworkPolicy):
        return space.select(policy.namespace, policy.selector)[1]
    if isinstance(policy, AdminPolicy):
        return space.peers("", policy.subject)[1]
    return item.subjects[1]
