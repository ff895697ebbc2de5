"""A guardrail that the policies of a cluster's guardrails cannot say.

## What it finds

A `never` guardrail that holds in a cluster with `guardrails`, and that policies of this kind cannot deny exactly: the
way from addresses to pods in AdminNetworkPolicy and ClusterNetworkPolicy, an exception by DNS name in Cilium.

## Why it matters

Guardrail policies deny all that guardrails forbid, or they are not rendered: a promise that only seems to be enforced
is worse than none.

## Fails

```yaml
# policies/guardrails/more.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails: [{name: nobody, never: {from: {}, to: {workloads: [payments/api]}, ports: [9]}, reason: Nothing listens}]
```

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
guardrails: ClusterNetworkPolicy
cni: {name: calico, version: "3.32"}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

## Passes

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
guardrails: calico
cni: {name: calico, version: "3.32"}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ringfence.checks import denials
from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Model

CHECK = Check("RF344", "guardrail-not-sayable", Severity.ERROR, __doc__)


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each guardrail and reason, at the Kubernetes cluster's first file."""
    seen = set()
    for cluster in model.clusters.values():
        if cluster.kubernetes_cluster in seen:
            continue
        seen.add(cluster.kubernetes_cluster)
        for item in denials.unsaid(model, cluster):
            yield CHECK.at(
                cluster.where_guardrails,
                f"cluster {cluster.name} has `guardrails: {cluster.guardrails}`, and these cannot say the guardrail "
                f"{item.guardrail.name}: {item.why}",
                hint=item.hint,
                subject=f"{cluster.name}/{item.guardrail.name}",
                related=[(item.guardrail.where, f"the guardrail {item.guardrail.name}")],
            )
