"""The adopted policies: manifests from before, kept as they are. Judges who and where they are, not what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ringfence.findings import Location
from ringfence.model.layout import OF_CLUSTER, Place
from ringfence.model.names import Names
from ringfence.model.node import Node
from ringfence.model.ports import shorten
from ringfence.model.problems import adopted as problems
from ringfence.model.types import Adopted, Cluster
from ringfence.values.nearest import nearest

_CALICO = ("projectcalico.org", "crd.projectcalico.org")
_ADMIN = "policy.networking.k8s.io"

KINDS: Mapping[tuple[str, str], bool] = {
    ("networking.k8s.io", "NetworkPolicy"): True,
    **{(group, kind): True for group in _CALICO for kind in ("NetworkPolicy", "NetworkSet", "StagedNetworkPolicy")},
    **{(group, "StagedKubernetesNetworkPolicy"): True for group in _CALICO},
    **{(group, kind): False for group in _CALICO for kind in ("GlobalNetworkPolicy", "GlobalNetworkSet", "Tier")},
    **{(group, "StagedGlobalNetworkPolicy"): False for group in _CALICO},
    ("cilium.io", "CiliumNetworkPolicy"): True,
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): False,
    ("cilium.io", "CiliumCIDRGroup"): False,
    (_ADMIN, "AdminNetworkPolicy"): False,
    (_ADMIN, "BaselineAdminNetworkPolicy"): False,
    (_ADMIN, "ClusterNetworkPolicy"): False,
    ("crd.antrea.io", "NetworkPolicy"): True,
    ("crd.antrea.io", "ClusterNetworkPolicy"): False,
    ("networking.k8s.aws", "ApplicationNetworkPolicy"): True,
    ("networking.k8s.aws", "ClusterNetworkPolicy"): False,
    ("networking.gke.io", "FQDNNetworkPolicy"): True,
    ("k8s.ovn.org", "EgressFirewall"): True,
    ("k8s.cni.cncf.io", "MultiNetworkPolicy"): True,
}
"""What may be adopted, by API group and kind: whether it lies in a namespace."""

_NAME = r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*"

OWN = "ringfence"
"""What the names of rendered objects begin with."""


def build(found: Iterable[tuple[Place, Node]], clusters: Mapping[str, Cluster], names: Names) -> tuple[Adopted, ...]:
    """The adopted policies by cluster, namespace, group, kind and name; what cannot be one is reported and left out."""
    result: dict[tuple[str, ...], Adopted] = {}
    for place, node in found:
        item = _one(place, node, clusters, names)
        if item is None:
            continue
        key = (item.cluster, item.namespace, item.group, item.kind, item.name)
        if other := result.get(key):
            message = f"{item.id} of {item.group} is adopted already; the cluster would keep one of the two"
            related = [(other.where, "the other")]
            hint = "remove one of them"
            names.report(problems.NAME_TAKEN.at(item.where, message, hint=hint, subject=item.id, related=related))
        else:
            result[key] = item
    return tuple(result[key] for key in sorted(result))


def is_name(text: str) -> bool:
    """Whether a text is a DNS subdomain (RFC 1123), as the API server asks of names; files are called after them."""
    return re.fullmatch(_NAME, text) is not None


def _one(place: Place, node: Node, clusters: Mapping[str, Cluster], names: Names) -> Adopted | None:
    api, kind = node.string("apiVersion"), node.string("kind")
    meta = node.get("metadata")
    name, namespace = meta.string("name"), meta.string("namespace")
    group = api.rpartition("/")[0]
    confined = KINDS.get((group, kind))
    if confined is None or not name:
        what = f"{kind} of {api}" if kind and api else "this"
        message = f"{shorten(what)} is no network policy with a name, and only those are adopted"
        near = nearest(kind, {known for _, known in KINDS})
        hint = f"did you mean `kind: {near}`?" if near and near != kind else "move it out of `policies/adopted/`"
        names.report(problems.NOT_A_POLICY.at(node.where, message, hint=hint))
        return None
    subject = f"{namespace}/{name}" if namespace else name
    if not is_name(name):
        message = f"{kind} has the name `{shorten(name)}`, which the API server refuses: it is no DNS subdomain"
        hint = "lower-case letters, digits, `-` and `.`, at most 253"
        names.report(problems.NOT_A_POLICY.at(meta.get("name").where, message, hint=hint))
        return None
    if name.startswith(OWN):
        message = f"{kind} {shorten(subject)} has the name of an object that Ringfence renders"
        hint = f"a name that does not begin with `{OWN}`"
        names.report(problems.NAME_TAKEN.at(meta.get("name").where, message, hint=hint, subject=subject))
        return None
    cluster = clusters.get(place.name)
    if cluster is None:
        if "policies/clusters" not in names.lost:
            near = nearest(place.name, clusters)
            message = f"the folder is for a cluster `{place.name}`, and no cluster of this name is declared"
            hint = f"did you mean `policies/adopted/{near}/`?" if near else f"the clusters are {', '.join(clusters)}"
            names.report(problems.MISPLACED.at(Location(node.where.path), message, hint=hint, subject=subject))
        return None
    expected = _expected(place.namespace, cluster, names) if confined else ""
    folder = place.namespace or OF_CLUSTER
    if bool(place.namespace) is not confined or namespace != expected:
        says = f"is for {f'namespace {shorten(namespace)}' if namespace else 'no namespace'}"
        belongs = f"namespace {place.namespace}, called `{expected}` there" if place.namespace else "no namespace"
        message = f"{kind} {shorten(name)} {says}, and the folder `{folder}` of {place.name} is for {belongs}"
        if not confined and namespace:
            hint = f"leave `metadata.namespace` out: a {kind} has none"
        elif confined and not namespace:
            hint = "write `metadata.namespace`: what is rendered says it"
        else:
            hint = f"move it to `policies/adopted/{place.name}/{namespace or OF_CLUSTER}/`"
        names.report(problems.MISPLACED.at(meta.where, message, hint=hint, subject=subject))
        return None
    data: Mapping[str, Any] = node.value
    return Adopted(place.name, place.namespace, group, kind, name, data, node.document, node.where)


def _expected(namespace: str, cluster: Cluster, names: Names) -> str:
    """The name in the cluster of the namespace of a folder: a team's by its declared name, any other by its own."""
    space = names.namespaces.get(namespace)
    declared = space is not None and cluster.environment in space.environments
    return cluster.namespace_name(namespace) if declared else namespace
