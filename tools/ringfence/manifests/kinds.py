"""Which objects are what, by API group and kind: four groups have a ClusterNetworkPolicy, three a NetworkPolicy."""

from __future__ import annotations

from functools import lru_cache

POD_TEMPLATES = {
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("", "ReplicationController"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("extensions", "Deployment"): ("spec", "template"),
    ("extensions", "DaemonSet"): ("spec", "template"),
    ("extensions", "ReplicaSet"): ("spec", "template"),
}
"""Where each workload keeps the template of its pods. `extensions` is no longer served and still found in files."""

_CALICO = "projectcalico.org"
_ANTREA = "crd.antrea.io"

ADMIN = {
    ("policy.networking.k8s.io", "v1alpha1", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "v1alpha1", "BaselineAdminNetworkPolicy"),
    ("policy.networking.k8s.io", "v1alpha2", "ClusterNetworkPolicy"),
}
"""The policies with tiers that are read (`adminpolicy`), by API group, version and kind."""

OTHER_POLICIES = {
    ("policy.networking.k8s.io", "AdminNetworkPolicy"): False,
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"): False,
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"): False,
    (_CALICO, "NetworkPolicy"): True,
    (_CALICO, "GlobalNetworkPolicy"): False,
    ("crd." + _CALICO, "NetworkPolicy"): True,
    ("crd." + _CALICO, "GlobalNetworkPolicy"): False,
    ("cilium.io", "CiliumNetworkPolicy"): True,
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): False,
    (_ANTREA, "NetworkPolicy"): True,
    (_ANTREA, "ClusterNetworkPolicy"): False,
    ("networking.k8s.aws", "ClusterNetworkPolicy"): False,
    ("networking.k8s.aws", "ApplicationNetworkPolicy"): True,
    ("networking.gke.io", "FQDNNetworkPolicy"): True,
    ("k8s.ovn.org", "EgressFirewall"): True,
    ("k8s.cni.cncf.io", "MultiNetworkPolicy"): True,
}
"""Policies that are known and not modelled: whether they are confined to their namespace."""

LOWERED = frozenset({"calico", "cilium"})
"""The dialects (`calico`, `cilium`) whose policies are evaluated; those of the others are opaque."""

NOT_ENFORCED = {
    (group, kind)
    for group in (_CALICO, "crd." + _CALICO)
    for kind in ("StagedNetworkPolicy", "StagedGlobalNetworkPolicy", "StagedKubernetesNetworkPolicy")
}
"""Policies without effect (Calico: staged kinds are only observed)."""

_OWN = ("networking.k8s.io", "NetworkPolicy")
_NAMED = ("networkpolicy", "networkpolicies", "egressfirewall")


_BESIDE = {
    "cilium.io": {"CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig"},
    "consul.hashicorp.com": {"ServiceIntentions"},
    "kuma.io": {"MeshTrafficPermission", "TrafficPermission"},
    "networking.istio.io": {"Sidecar"},
    "policy.linkerd.io": {"Server", "ServerAuthorization"},
    "security.istio.io": {"PeerAuthentication", "RequestAuthentication"},
}
"""Kinds that can stop or redirect connections and whose names do not say so, by API group."""

_OF_OBJECTS = ("k8s.io", "kyverno.io", "kubewarden.io", "gatekeeper.sh", "fluxcd.io", "crossplane.io")
"""The ends of API groups whose policies are about objects, not about connections."""


def is_beside(group: str, kind: str) -> bool:
    """Whether a kind that is not evaluated may stop or redirect what network policies allow: a mesh's, a vendor's."""
    named = kind.endswith("Policy") and "." in group and not group.endswith(_OF_OBJECTS)
    return named or kind in _BESIDE.get(group, ())


def split(api_version: str) -> tuple[str, str]:
    """Group ("" for the core group) and version of an `apiVersion`."""
    group, slash, version = api_version.rpartition("/")
    return (group, version) if slash else ("", api_version)


@lru_cache(maxsize=1 << 10)
def confined(group: str, kind: str) -> bool | None:
    """For a policy that is not modelled: whether it is confined to its namespace. None for what is no policy.

    Unknown kinds whose name says that they are network policies count as policies of the whole cluster, and so do slips
    (`networkPolicy`, `NetworkPolcy`) in the name of a policy.
    """
    if (group, kind) in NOT_ENFORCED:
        return None
    known = OTHER_POLICIES.get((group, kind))
    if known is None and (kind.lower().endswith(_NAMED) or nearest(group, kind)):
        return False
    return known


def nearest(group: str, kind: str) -> str:
    """The kind of policy of an API group that is meant, where a kind is not one but for a slip; or empty."""
    of_group = [name for other, name in (*OTHER_POLICIES, *NOT_ENFORCED, _OWN) if other == group]
    if not of_group or kind in of_group or kind.endswith("List"):
        return ""
    import difflib

    near = difflib.get_close_matches(
        kind.lower().replace("policies", "policy"), [name.lower() for name in of_group], 1, 0.88
    )
    return next((name for name in of_group if name.lower() == near[0]), "") if near else ""
