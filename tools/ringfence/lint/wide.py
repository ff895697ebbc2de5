"""RF759: an allow for everyone on every port, to pods that declare a few."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.connectivity import Direction, bits
from ringfence.connectivity.resolve import Action
from ringfence.findings import Check, Finding, Severity
from ringfence.lint import evidence
from ringfence.lint.evidence import Evidence
from ringfence.lint.judgement import Effect
from ringfence.lint.views import Rule
from ringfence.values.ports import NO_PORTS

CHECK = Check(
    "RF759",
    "allow-wider-than-declared",
    Severity.INFO,
    """
An ingress rule that opens every port to everyone, where its pods declare a few.

## What it finds

A rule that takes effect and allows all pods of the cluster, or all addresses outside it, on every port, to declared
workloads all of which declare their container ports.

## Why it matters

Nothing that is declared needs the other ports. Debug and metrics ports that a later version opens are reachable for
everyone at once.

## Fails

```yaml
# web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{}]}
```

## Passes

```yaml
# web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{ports: [{port: 8080}]}]}
```
""",
)


def find(seen: Evidence) -> Iterator[Finding]:
    """The rules of ingress that are open to everyone on every port."""
    every = seen.result.atoms.everything
    for item in seen.judgements:
        rule = item.rule
        allows = item.effect is Effect.DECIDES and rule.action is Action.ALLOW
        if not allows or rule.applied.direction is not Direction.INGRESS:
            continue
        if any(gate.sure == -1 and gate.mask == every for gate in rule.rule.gates) and (who := _everyone(seen, rule)):
            pods = [
                seen.result.endpoints[position]
                for position in bits.positions(rule.applied.subjects_of(rule.rule)[0] & seen.declared)
            ]
            if pods and all(pod.declares for pod in pods):
                declared = NO_PORTS
                for pod in pods:
                    declared |= pod.declares
                yield CHECK.at(
                    evidence.place(rule),
                    f"{evidence.rule(rule)} allows {who} on every port; its pods declare {declared} only",
                    hint="name the ports",
                    subject=rule.applied.policy.id,
                    related=[(pods[0].where, f"declares {pods[0].declares}")],
                )


def _everyone(seen: Evidence, rule: Rule) -> str:
    """What makes a rule wide, in words; empty where it is not."""
    space, sure = seen.result.space, rule.rule.peers[0]
    pods = space.all_pods & ~space.host
    if space.outside and sure & space.outside == space.outside:
        return "everyone" if sure & pods == pods else "every address outside the cluster"
    return "every pod of the cluster" if sure & pods == pods else ""
