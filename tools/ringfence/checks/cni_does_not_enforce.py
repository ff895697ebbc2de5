"""The network plugin of a cluster enforces no policy.

## What it finds

A cluster whose network plugin enforces no policy of any kind, such as flannel by itself.

## Why it matters

The API server accepts every policy there, and nothing obeys it: the cluster looks isolated and is open.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: flannel}
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

CHECK = Check("RF330", "cni-does-not-enforce", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such cluster."""
    for cluster in model.clusters.values():
        if not cluster.cni.dialects:
            yield CHECK.at(
                cluster.cni.where if cluster.cni.where.path else cluster.where,
                f"cluster {cluster.name} runs {cluster.cni.id}, which does not enforce network "
                f"policies{cluster.cni.note('dialects')}: what is rendered for it looks safe and is not",
                hint="use a plugin that enforces them, such as Calico or Cilium, or take the cluster out",
                subject=cluster.name,
            )
