"""A cluster cannot audit: its dialect has nothing that reports and lets pass.

## What it finds

A `stage` or an entry of `stages` that is `audit`, on a cluster whose network plugin cannot watch policies of the
cluster's dialect before they are enforced. Calico has staged policies, Cilium policies that do not close; NetworkPolicy
of Kubernetes has neither.

## Why it matters

What would be rendered is either enforced, and cuts what nobody has watched, or is as open as `permissive`, and teaches
nothing.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
dialect: kubernetes
stage: audit
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
dialect: calico
stage: audit
cni: {name: calico}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Location, Severity
from ringfence.model.types import Model

CHECK = Check("RF339", "audit-unsupported", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each place that says `audit`."""
    for cluster in model.clusters.values():
        if cluster.dialect in cluster.cni.audit:
            continue
        places: dict[Location, None] = {}
        for stage in (cluster.default_stage, *(stage for _, stage in cluster.stages)):
            if stage.ingress == "audit":
                places[stage.where_ingress] = None
            if stage.egress == "audit":
                places[stage.where_egress] = None
        able = " or ".join(f"`dialect: {name}`" for name in cluster.cni.audit if name in cluster.cni.dialects)
        for place in places:
            yield CHECK.at(
                place,
                f"cluster {cluster.name} has the dialect `{cluster.dialect}` on {cluster.cni.id}, where no policy can "
                f"be watched before it is enforced{cluster.cni.note('audit')}",
                hint=f"use {able}, or `permissive` until you enforce" if able else "use `permissive` until you enforce",
                subject=cluster.name,
            )
