"""A cluster asks for a dialect that cannot be rendered.

## What it finds

A cluster whose `dialect` is not `kubernetes` (NetworkPolicy `networking.k8s.io/v1`).

## Why it matters

Nothing would be rendered for the cluster, or something in a dialect that its network plugin does not read.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
dialect: calico
cni: {name: calico}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

## Passes

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
dialect: kubernetes
cni: {name: calico}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model

CHECK = Check("RF331", "dialect-unsupported", Severity.ERROR, __doc__)

SUPPORTED = ("kubernetes",)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such cluster."""
    for cluster in model.clusters.values():
        if cluster.dialect not in SUPPORTED:
            yield CHECK.at(
                cluster.where,
                f"cluster {cluster.name} asks for the dialect `{cluster.dialect}`, which cannot be rendered",
                hint=f"use `dialect: {SUPPORTED[0]}`, which {cluster.cni.name} reads too",
                subject=cluster.name,
            )
