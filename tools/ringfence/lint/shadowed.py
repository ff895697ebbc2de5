"""RF750: a rule that others always decide before."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.lint import evidence
from ringfence.lint.evidence import Evidence
from ringfence.lint.judgement import Effect

CHECK = Check(
    "RF750",
    "rule-shadowed",
    Severity.WARNING,
    """
A rule that never decides anything, because others always decide first.

## What it finds

A rule of an ordered policy all of whose connections are decided by earlier rules, by policies of a higher order or by
an earlier tier: a Deny behind an Allow of the same connections, an allow under a deny, a Baseline rule for pods that a
NetworkPolicy isolates. It is judged by what the rules match, pod by pod and port by port, not by how they are written.
Where workloads are declared, it can hold for these only; the message says so.

## Why it matters

The rule reads as if it protected or opened something. A Deny that comes too late denies nothing.

## Fails

```yaml
# guard.yaml
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: guard}
spec:
  priority: 10
  subject: {namespaces: {}}
  ingress:
    - action: Allow
      from: [{namespaces: {}}]
    - action: Deny
      from: [{namespaces: {matchLabels: {trust: low}}}]
```

## Passes

```yaml
# guard.yaml
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: guard}
spec:
  priority: 10
  subject: {namespaces: {}}
  ingress:
    - action: Deny
      from: [{namespaces: {matchLabels: {trust: low}}}]
    - action: Allow
      from: [{namespaces: {}}]
```
""",
)


def find(seen: Evidence) -> Iterator[Finding]:
    """The shadowed rules."""
    for item in seen.judgements:
        if item.effect is Effect.SHADOWED:
            names, related = evidence.because(item.because)
            scope = " among the workloads declared here" if item.today else ""
            yield CHECK.at(
                evidence.place(item.rule),
                f"{evidence.rule(item.rule)} ({item.rule.action}) never decides{scope}: "
                f"all that it matches is decided first by {names}",
                hint="put it before them if it is meant, else drop it",
                subject=item.rule.applied.policy.id,
                related=related,
            )
