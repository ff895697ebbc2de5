"""RF757: policies for a network plugin that enforces none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ringfence.connectivity import ClusterState
from ringfence.findings import Check, Finding, Location, Severity
from ringfence.lint.evidence import some

CHECK = Check(
    "RF757",
    "policies-not-enforced",
    Severity.ERROR,
    """
Policies for a network plugin that enforces none.

## What it finds

Where the plugin is named (`--cni`, or the cluster's own file) and enforces no policies, as Flannel alone: that there
are some. One finding for each kind, with its first places.

## Why it matters

The API server accepts the object, `kubectl get` lists it, and nothing is denied.

## Fails

With `--cni flannel`:

```yaml
# deny.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
```

## Passes

With `--cni flannel`:

```yaml
# namespace.yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop}
```
""",
)


def find(cluster: ClusterState) -> Iterator[Finding]:
    """One finding for each kind of policy that has no effect in the cluster."""
    if cluster.profile.enforces:
        return
    found: dict[str, list[tuple[Location, str]]] = defaultdict(list)
    for policy in cluster.policies:
        found["NetworkPolicy"].append((policy.where, policy.id))
    for admin in cluster.admin:
        found[admin.kind].append((admin.where, admin.id))
    for kind, items in found.items():
        names = some([name for _, name in items])
        yield CHECK.at(
            items[0][0],
            f"the network plugin {cluster.profile.name} enforces no policy, so nothing is denied: {kind} {names}",
            hint="add a plugin that enforces them",
            subject=items[0][1],
            related=[(where, f"{name} has no effect") for where, name in items[1:4]],
        )
