"""A label that Cilium leaves out of identities is used to select pods.

## What it finds

A workload or a catalogue peer with a label such as `statefulset.kubernetes.io/pod-name`, `pod-template-hash` or
anything below `kubernetes.io` or `k8s.io` (but `app.kubernetes.io`), in an environment with a cluster that runs Cilium.

## Why it matters

Cilium tells pods apart by the labels that are part of their identity, and by default leaves these out. No pod ever
matches a policy that asks for one: its rules hold for nobody, and the pods that it should isolate stay open.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
dialect: cilium
cni: {name: cilium}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# policies/catalog/batch.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  first-broker:
    description: The first pod of the broker
    owner: platform
    namespace: messaging
    labels: {statefulset.kubernetes.io/pod-name: broker-0}
```

## Passes

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
dialect: cilium
cni: {name: cilium}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

```yaml
# policies/catalog/batch.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  first-broker:
    description: The broker
    owner: platform
    namespace: messaging
    labels: {app.kubernetes.io/name: broker}
```
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator

from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Cluster, End, Model, Peer, Workload

CHECK = Check("RF342", "label-without-identity", Severity.ERROR, __doc__)

# The documentation of identity-relevant labels, and Cilium's `pkg/labelsfilter`.
_LEFT_OUT = (
    "io.kubernetes",
    "kubernetes.io",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/controller-uid",
    "k8s.io",
    "pod-template-generation",
    "pod-template-hash",
    "controller-revision-hash",
    "annotation",
    "controller-uid",
    "etcd_node",
)
"""What such keys begin with; and any key of `beta.kubernetes.io`."""


def find(model: Model, today: datetime.date) -> Iterator[Finding]:  # noqa: ARG001
    """One finding for each label of a workload or peer, with the clusters."""
    on_cilium = [cluster for cluster in model.clusters.values() if _is_cilium(cluster)]
    ends: list[End] = [*model.workloads.values(), *model.peers.values()]
    for end in ends if on_cilium else ():
        for key in (key for key, _ in end.labels if _is_left_out(key)):
            clusters = [cluster.name for cluster in on_cilium if isinstance(end, Peer) or _is_in(end, cluster)]
            if clusters:
                yield CHECK.at(
                    end.where,
                    f"{end.id} is told by the label `{key}`, which Cilium leaves out of identities: in "
                    f"{', '.join(clusters)} no pod would match",
                    hint="use a label of the application, such as `app.kubernetes.io/name`",
                    subject=end.id,
                )


@functools.lru_cache(4096)
def _is_left_out(key: str) -> bool:
    return key.startswith(_LEFT_OUT) or "beta.kubernetes.io" in key.partition("/")[0]


def _is_cilium(cluster: Cluster) -> bool:
    return cluster.dialect == "cilium" or "cilium" in cluster.cni.dialects


def _is_in(workload: Workload, cluster: Cluster) -> bool:
    return cluster.environment in workload.environments
