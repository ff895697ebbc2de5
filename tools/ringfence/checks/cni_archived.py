"""The network plugin of a cluster is maintained by nobody.

## What it finds

A cluster whose plugin comes from a project that has ended, such as Weave Net.

## Why it matters

A hole in what enforces the policies will not be mended.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: weave}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

## Passes

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: antrea}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model

CHECK = Check("RF338", "cni-archived", Severity.WARNING, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such cluster."""
    for cluster in model.clusters.values():
        if cluster.cni.archived:
            yield CHECK.at(
                cluster.cni.where if cluster.cni.where.path else cluster.where,
                f"cluster {cluster.name} runs {cluster.cni.id}, a project that has ended{cluster.cni.note('archived')}",
                hint="plan the move to a plugin that is maintained, such as Calico or Cilium",
                subject=cluster.name,
            )
