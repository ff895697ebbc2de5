"""The network plugin of a cluster does not enforce the cluster's dialect.

## What it finds

A `dialect` that is not among those of the cluster's network plugin, where the plugin enforces others.

## Why it matters

The objects would lie in the cluster, or be refused for want of their kind, and isolate nothing.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: ours}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# policies/profiles/ours.yaml
apiVersion: ringfence.dev/v1alpha1
kind: CniProfile
title: Cilium without NetworkPolicy
extends: cilium@1.20
facts:
  dialects: {value: [cilium], source: https://docs.cilium.io/en/v1.20/cmdref/cilium-agent/}
```

## Passes

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: cilium}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model

CHECK = Check("RF333", "dialect-not-enforced", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such cluster."""
    for cluster in model.clusters.values():
        cni = cluster.cni
        if cni.dialects and cluster.dialect not in cni.dialects:
            yield CHECK.at(
                cluster.where,
                f"cluster {cluster.name} has the dialect `{cluster.dialect}` and runs {cni.id}, which does not enforce "
                f"it{cni.note('dialects')}",
                hint=f"use {' or '.join(f'`dialect: {name}`' for name in cni.dialects)}",
                subject=cluster.name,
            )
