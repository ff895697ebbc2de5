"""Calico's staged policies: what a cluster would be if they were promoted. Without that they have no effect."""

from __future__ import annotations

from msgspec.structs import replace

from ringfence.connectivity import checks
from ringfence.connectivity.cluster import ClusterState


def promoted(cluster: ClusterState) -> ClusterState:
    """The cluster in which every staged policy has become what it stages.

    With `stagedAction` Set it takes the place of the policy with its kind, namespace and name, or is added; with Delete
    that policy is gone. Learn and Ignore do nothing. What a staged policy that is refused would be is undefined.
    """
    opaque = tuple(replace(item, dialect="calico") if item.dialect == "staged" else item for item in cluster.opaque)
    if not cluster.calico:
        return replace(cluster, opaque=opaque)
    from ringfence.manifests.calico import CalicoPolicy, StagedKubernetesPolicy

    plain = {item.id: item for item in cluster.policies}
    calico = {}
    staged = []
    for item in cluster.calico:
        if isinstance(item, StagedKubernetesPolicy):
            if item.staged in ("Set", "Delete"):
                plain.pop(item.id, None)
            if item.staged == "Set":
                plain[item.id] = item.policy
        elif isinstance(item, CalicoPolicy) and item.staged:
            staged.append(item)
        else:
            calico[type(item), getattr(item, "kind", ""), item.id] = item
    for policy in staged:
        kind = policy.kind.removeprefix("Staged")
        if policy.staged in ("Set", "Delete"):
            calico.pop((CalicoPolicy, kind, policy.id), None)
        if policy.staged == "Set":
            calico[CalicoPolicy, kind, policy.id] = replace(policy, kind=kind, staged="")
    found = replace(cluster, policies=tuple(plain.values()), calico=tuple(calico.values()), opaque=opaque)
    return replace(found, findings=tuple(dict.fromkeys((*cluster.findings, *checks.findings(found)))))
