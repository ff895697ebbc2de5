"""RF753: a selector that matches no declared pod."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.lint.evidence import Evidence
from ringfence.lint.scope import unmatched

CHECK = Check(
    "RF753",
    "selector-matches-nothing",
    Severity.INFO,
    """
A selector that matches no declared pod.

## What it finds

Where workloads are declared beside the policies: a policy that selects none of the declared pods of its namespace, and
a peer that is none of those of the namespaces that it names. Namespaces without a declared workload are left alone,
since their pods come from elsewhere. Where a label is nearly met, it is RF760.

## Why it matters

A policy that selects nothing protects nothing, and a peer that matches nothing is not let in. It can be right: an
operator or a Job may make the pods later.

## Fails

```yaml
# web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web-frontend}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: shop-ui}}, policyTypes: [Ingress]}
```

## Passes

```yaml
# web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app: web-frontend}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web-frontend}}, policyTypes: [Ingress]}
```
""",
)


def find(seen: Evidence) -> Iterator[Finding]:
    """The selectors for which no declared label is near."""
    for item in unmatched(seen):
        if not item.nothing.near:
            yield CHECK.at(item.where, item.message, hint=item.nothing.hint, subject=item.subject)
