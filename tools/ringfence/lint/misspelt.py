"""RF760: a selector that matches nothing declared, and nearly matches something."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.lint.evidence import Evidence
from ringfence.lint.scope import unmatched

CHECK = Check(
    "RF760",
    "selector-misspelt",
    Severity.WARNING,
    """
A selector that matches no declared pod or namespace, and nearly matches one.

## What it finds

The same as RF753 where a declared label is close: another value of the same key, or the same value below another key,
that differs by a slip. For namespaces, only such a near miss is reported, as others lie elsewhere, and a namespace that
is named by a label which it does not have.

## Why it matters

A policy that selects nothing protects nothing, and a peer that matches nothing is not let in. Both look right until
somebody compares the labels.

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
spec: {podSelector: {matchLabels: {app: web-fronted}}, policyTypes: [Ingress]}
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
    """The selectors for which a declared label is near."""
    for item in unmatched(seen):
        if item.nothing.near:
            yield CHECK.at(item.where, item.message, hint=f"did you mean {item.nothing.near}?", subject=item.subject)
