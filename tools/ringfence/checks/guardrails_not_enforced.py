"""The network plugin of a cluster does not enforce the kind of its guardrail policies.

## What it finds

A `guardrails` whose kind the cluster's network plugin does not enforce.

## Why it matters

The objects would lie in the cluster, or be refused for want of their kind, and deny nothing.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
guardrails: cilium
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

from ringfence.checks.denials import NONE
from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Cni, Model

CHECK = Check("RF343", "guardrails-not-enforced", Severity.ERROR, __doc__)

ADMIN = ("ClusterNetworkPolicy", "AdminNetworkPolicy")
DIALECTS = ("calico", "cilium")


def enforced(cni: Cni) -> list[str]:
    """The kinds of guardrail policies that a plugin enforces, the first choice first."""
    return [*(kind for kind in DIALECTS if kind in cni.dialects), *(kind for kind in ADMIN if kind in cni.admin_kinds)]


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each such cluster."""
    for cluster in model.clusters.values():
        cni, kind = cluster.cni, cluster.guardrails
        known = enforced(cni)
        if kind not in (NONE, *known):
            use = " or ".join(f"`guardrails: {name}`" for name in known) or "`guardrails: none`"
            note = cni.note("dialects" if kind in DIALECTS else "adminKinds")
            yield CHECK.at(
                cluster.where_guardrails,
                f"cluster {cluster.name} has `guardrails: {kind}` and runs {cni.id}, which is not known to enforce "
                f"them{note}",
                hint=f"use {use}",
                subject=cluster.name,
            )
