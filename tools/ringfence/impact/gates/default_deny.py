"""Pods lose their default deny.

## What it finds

A workload, or the other pods of a namespace, that some policy isolated in a direction in the base, and that no policy
isolates in the head, while it lives on. What a stage leaves open is declared: the gate `isolation-ratchet` judges it.

## Why it matters

A pod that no policy isolates talks to everybody. What opens is then not one connection but all of them, those of pods
that do not exist yet included.

## Fails

```yaml
# policies/rendered/base/shop/shop/kustomization.yaml no longer lists it
resources:
  - frontend.yaml
```

## Passes

```yaml
resources:
  - baseline.yaml
  - frontend.yaml
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.connectivity import Direction
from ringfence.findings import Check, Finding, Location, Severity
from ringfence.impact.gates.facts import Facts, Rule
from ringfence.impact.gates.stages import stepped_back
from ringfence.impact.types import Level
from ringfence.verify.ends import name
from ringfence.verify.state import State

CHECK = Check("RF614", "default-deny-lost", Severity.ERROR, __doc__)


def losses(before: State, after: State) -> Iterator[tuple[str, str, str]]:
    """The ends of a Kubernetes cluster that are isolated no longer, with the direction and the cluster."""
    for id_, pod in before.declared.pods.items():
        if pod.namespace is None or id_ not in after.declared.pods or after.declared.pods[id_].namespace is None:
            continue
        for direction in Direction:
            declared = (id_, direction.value) in after.declared.opened
            if not declared and before.is_closed(id_, direction) and not after.is_closed(id_, direction):
                yield name(id_), direction.value, pod.cluster.name if pod.cluster else before.name


def find(facts: Facts) -> Iterator[Finding]:
    """One finding for each such end and direction, over all clusters."""
    lost: dict[tuple[str, str], list[str]] = {}
    for item in facts.clusters:
        for subject, way, cluster in item.lost:
            lost.setdefault((subject, way), []).append(cluster)
    for (subject, way), clusters in sorted(lost.items()):
        yield CHECK.at(
            Location("policies/rendered"),
            f"no policy certainly isolates {subject} for {way} in {', '.join(sorted(clusters))} any more: what no "
            "policy isolates is open to everything",
            hint="run: ringfence render; keep the baseline policy of the namespace",
            subject=subject,
        )


def _passes(facts: Facts) -> str:
    found = stepped_back(facts, *Direction)
    names = ", ".join(f"{item.id} {item.stage}" for item in found)
    return f"what was isolated still is, but for what stages open: {names}" if found else _HELD


_HELD = "everything that was isolated still is"
GATE = Rule("default-deny", CHECK, Level.ERROR, find, _passes)
