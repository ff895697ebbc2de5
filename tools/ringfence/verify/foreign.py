"""What no declaration can be behind, by its form alone: folders, objects and selectors that no bundle holds.

`compare` judges connections of known pods. An object of another kind, in another namespace, or a selector for labels
that nobody declared can mean something for pods that nobody knows, so it is a finding whatever it does to known ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ringfence.documents.document import Document
from ringfence.findings import Finding, Location
from ringfence.manifests import METADATA_NAME, NetworkPolicy, PodsPeer, Selector
from ringfence.manifests.kinds import confined, split
from ringfence.model.types import Cluster, Model
from ringfence.values.nearest import did_you_mean
from ringfence.verify.declared import Declared
from ringfence.verify.pages import FOREIGN_OBJECT, FOREIGN_SELECTOR

OVERLAYS = "policies/rendered/overlays"
KUSTOMIZATION = "kustomization.yaml"
_OTHER_NAMES = ("kustomization.yml", "Kustomization")
"""What kustomize reads too; Ringfence writes neither."""

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
    """The overlays that a cluster has, by folder, each with the name in the cluster of the namespace it is for."""
    prefix = f"{OVERLAYS}/{cluster.name}/"
    known = {
        f"{prefix}{namespace.team}/{namespace.name}": cluster.namespace_name(namespace.name)
        for namespace in model.namespaces_in(cluster)
    }
    found = {
        path.rpartition("/")[0] for path in files if path.startswith(prefix) and path.endswith(f"/{KUSTOMIZATION}")
    }
    return {folder: known.get(folder, "") for folder in sorted(found)}


def in_folder(folder: str, namespace: str, documents: Iterable[Document]) -> Iterator[Finding]:
    """What the objects of one overlay are beyond policies of its namespace (empty for a folder of no namespace)."""
    if not namespace:
        yield FOREIGN_OBJECT.at(
            Location(f"{folder}/{KUSTOMIZATION}"), f"no namespace of the cluster has the overlay {folder}", hint=_HINT
        )
        return
    for document in documents:
        data = document.data if isinstance(document.data, dict) else {}
        api, kind, meta = data.get("apiVersion"), data.get("kind"), data.get("metadata")
        if not isinstance(api, str) or not isinstance(kind, str):
            yield FOREIGN_OBJECT.at(document.at(), f"in {folder}, this is no Kubernetes object", hint=_HINT)
        elif (api, kind) == ("networking.k8s.io/v1", "NetworkPolicy"):
            found = meta.get("namespace") if isinstance(meta, dict) else None
            if found != namespace:
                yield FOREIGN_OBJECT.at(
                    document.at("metadata", "namespace"),
                    f"the policy is for {f'namespace {found}' if found else 'no namespace'} in {folder}, "
                    f"which is for {namespace}",
                    hint=_HINT,
                )
        elif confined(split(api)[0], kind) is None:  # else it is reported as a policy that is not modelled
            yield FOREIGN_OBJECT.at(
                document.at("kind"), f"in {folder}, {kind} is no kind of object that Ringfence renders", hint=_HINT
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


def selectors(policies: Iterable[NetworkPolicy], declared: Declared) -> Iterator[Finding]:
    """The selectors that are not exactly the labels of something declared, or of everything, in a namespace."""
    known: dict[str, set[Selector]] = {}
    for pod in declared.pods.values():
        here = known.setdefault(pod.id.partition("/")[0], {Selector()})
        if pod.declared is not None:
            here.add(Selector.of(dict(pod.declared.labels)))
    for policy in policies:
        if policy.selector not in known.get(policy.namespace, {policy.selector}):
            yield _selector(policy.where, f"{policy.id} selects pods with {policy.selector}", policy.id)
        for direction, rules in (("ingress", policy.ingress), ("egress", policy.egress)):
            for rule in rules or ():
                for peer in rule.peers:
                    if isinstance(peer, PodsPeer) and not _is_known(peer, policy.namespace, known):
                        yield _selector(rule.where, f"{policy.id} {direction}[{rule.index}] is for {peer}", policy.id)


def _is_known(peer: PodsPeer, namespace: str, known: dict[str, set[Selector]]) -> bool:
    names: tuple[str, ...] = (namespace,)
    if peer.namespaces is not None:
        if [(item.key, item.operator) for item in peer.namespaces.requirements] != [(METADATA_NAME, "In")]:
            return False
        names = peer.namespaces.requirements[0].values
    return all(peer.pods in known.get(name, ()) for name in names)


def _selector(where: Location, what: str, subject: str) -> Finding:
    message = f"{what}, which are not the labels of anything declared there, so it is for pods that nobody knows"
    return FOREIGN_SELECTOR.at(where, message, hint=_HINT, subject=subject)
