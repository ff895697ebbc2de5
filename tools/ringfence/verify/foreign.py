"""What no declaration can be behind, by its form alone: folders and objects that no bundle holds.

`compare` judges connections of known pods. An object of another kind or in another namespace can mean something for
pods that nobody knows, so it is a finding whatever it does to known ones. So are selectors (`selectors`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ringfence.documents.document import Document
from ringfence.findings import Finding, Location
from ringfence.model.types import Cluster, Model
from ringfence.values.nearest import did_you_mean
from ringfence.verify.pages import FOREIGN_OBJECT

OVERLAYS = "policies/rendered/overlays"
KUSTOMIZATION = "kustomization.yaml"
_OTHER_NAMES = ("kustomization.yml", "Kustomization")
"""What kustomize reads too; Ringfence writes neither."""

OF_CLUSTER = "_cluster"
"""The folder, beside those of teams, of what belongs to a cluster as a whole."""

_CALICO, _CILIUM = "projectcalico.org/v3", "cilium.io/v2"
NAMESPACE_KINDS = {
    "kubernetes": frozenset({("networking.k8s.io/v1", "NetworkPolicy")}),
    "calico": frozenset({(_CALICO, "NetworkPolicy"), (_CALICO, "StagedNetworkPolicy")}),
    "cilium": frozenset({(_CILIUM, "CiliumNetworkPolicy")}),
}
"""What the bundles of a dialect hold, by version and kind."""
CLUSTER_KINDS = {"calico": frozenset({(_CALICO, "Tier")})}
"""What a cluster as a whole may need in a dialect."""
_ADMIN = "policy.networking.k8s.io"
GUARDRAIL_KINDS = {
    "AdminNetworkPolicy": frozenset({(f"{_ADMIN}/v1alpha1", "AdminNetworkPolicy")}),
    "ClusterNetworkPolicy": frozenset({(f"{_ADMIN}/v1alpha2", "ClusterNetworkPolicy")}),
    "calico": frozenset({(_CALICO, "Tier"), (_CALICO, "GlobalNetworkPolicy")}),
    "cilium": frozenset({(_CILIUM, "CiliumClusterwideNetworkPolicy")}),
}
"""What a cluster as a whole may hold for its guardrails."""

_HINT = "run: ringfence render"


def of_no_cluster(files: Iterable[str], model: Model) -> list[Finding]:
    """A finding for each cluster that overlays are rendered for and nobody declares."""
    names = {path.split("/")[3] for path in files if path.startswith(f"{OVERLAYS}/")}
    return [
        FOREIGN_OBJECT.at(
            Location(f"{OVERLAYS}/{name}"),
            f"there are overlays for {name}, and no cluster of this name is declared",
            hint=did_you_mean(name, model.clusters) or _HINT,
            subject=name,
        )
        for name in sorted(names - set(model.clusters))
    ]


def folders(files: Sequence[str], model: Model, cluster: Cluster) -> dict[str, str]:
    """The overlays that a cluster has, by folder, each with the name in the cluster of the namespace it is for.

    That of the cluster as a whole has `OF_CLUSTER` for a name, and one of nothing known an empty text.
    """
    prefix = f"{OVERLAYS}/{cluster.name}/"
    known = {
        f"{prefix}{namespace.team}/{namespace.name}": cluster.namespace_name(namespace.name)
        for namespace in model.namespaces_in(cluster)
    }
    if kinds_of_cluster(cluster) or model.adopted:
        known[f"{prefix}{OF_CLUSTER}"] = OF_CLUSTER
    found = {
        path.rpartition("/")[0] for path in files if path.startswith(prefix) and path.endswith(f"/{KUSTOMIZATION}")
    }
    return {folder: known.get(folder, "") for folder in sorted(found)}


def kinds_of_cluster(cluster: Cluster) -> frozenset[tuple[str, str]]:
    """What the folder of a cluster as a whole may hold, by version and kind."""
    none: frozenset[tuple[str, str]] = frozenset()
    return CLUSTER_KINDS.get(cluster.dialect, none) | GUARDRAIL_KINDS.get(cluster.guardrails, none)


def in_folder(folder: str, namespace: str, cluster: Cluster, documents: Iterable[Document]) -> Iterator[Finding]:
    """What the objects of one overlay are beyond the policies of its namespace in the cluster (see `folders`)."""
    if not namespace:
        yield FOREIGN_OBJECT.at(
            Location(f"{folder}/{KUSTOMIZATION}"), f"no namespace of the cluster has the overlay {folder}", hint=_HINT
        )
        return
    kinds = kinds_of_cluster(cluster) if namespace == OF_CLUSTER else NAMESPACE_KINDS[cluster.dialect]
    for document in documents:
        data = document.data if isinstance(document.data, dict) else {}
        api, kind = data.get("apiVersion"), data.get("kind")
        if not isinstance(api, str) or not isinstance(kind, str):
            yield FOREIGN_OBJECT.at(document.at(), f"in {folder}, this is no Kubernetes object", hint=_HINT)
        elif (api, kind) not in kinds:
            what = f"is no kind of object that Ringfence renders here, where the dialect is {cluster.dialect}"
            yield FOREIGN_OBJECT.at(document.at("kind"), f"in {folder}, {kind} of {api} {what}", hint=_HINT)
        else:
            yield from _misplaced(folder, namespace, document, data.get("metadata"))


def _misplaced(folder: str, namespace: str, document: Document, meta: object) -> Iterator[Finding]:
    """A policy for another namespace than its folder's, or an object of the cluster that is not Ringfence's."""
    found = meta.get("namespace") if isinstance(meta, dict) else None
    if namespace == OF_CLUSTER:
        name = meta.get("name") if isinstance(meta, dict) else None
        if not isinstance(name, str) or not name.startswith("ringfence"):
            message = f"in {folder}, there is an object {name} that Ringfence would not name so"
            yield FOREIGN_OBJECT.at(document.at("metadata", "name"), message, hint=_HINT)
    elif found != namespace:
        yield FOREIGN_OBJECT.at(
            document.at("metadata", "namespace"),
            f"the policy is for {f'namespace {found}' if found else 'no namespace'} in {folder}, "
            f"which is for {namespace}",
            hint=_HINT,
        )


def other_kustomizations(files: Iterable[str]) -> list[Finding]:
    """A finding for each file that kustomize takes as a kustomization and Ringfence does not read."""
    return [
        FOREIGN_OBJECT.at(
            Location(path), f"kustomize reads this file too; only {KUSTOMIZATION} belongs here", hint=_HINT
        )
        for path in sorted(files)
        if path.rpartition("/")[2] in _OTHER_NAMES
    ]
