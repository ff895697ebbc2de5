"""Flux: for each cluster a source, a root that keeps Flux's own objects current, and one Kustomization a namespace.

Field names and meanings: Flux's kustomize-controller v1 and source-controller v1 APIs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ringfence.compile.bundle import Bundle
from ringfence.gitops import emit, paths
from ringfence.gitops.wide import Wide
from ringfence.model.types import Cluster, Model, Settings

FOLDER = f"{paths.ROOT}/flux"
LABEL_LENGTH = 63
"""Flux labels what it applies with the name of the Kustomization, and a label's value holds no more."""


def files(model: Model, bundles: Mapping[str, Sequence[Bundle]], wide: Wide) -> dict[str, bytes]:
    """The files that each cluster's Flux applies, in a folder of the cluster; a cluster without bundles has none."""
    written: dict[str, bytes] = {}
    for name, in_cluster in bundles.items():
        cluster = model.clusters[name]
        if not in_cluster and not wide.objects[name]:
            continue
        here = {
            "gitrepository.yaml": _source(model.settings, cluster),
            "root.yaml": _root(model.settings, cluster),
        }
        if wide.objects[name]:
            here["cluster.yaml"] = _of_cluster(model.settings, cluster)
        for bundle in in_cluster:
            here[f"namespaces/{bundle.namespace}.yaml"] = _namespace(model, cluster, bundle, wide)
        written[f"{FOLDER}/{name}/kustomization.yaml"] = emit.kustomization(sorted(here))
        written |= {f"{FOLDER}/{name}/{path}": emit.document(data) for path, data in here.items()}
    return written


def root_name(cluster: str) -> str:
    """The name of a cluster's source and root Kustomization: two clusters of one Kubernetes cluster share neither."""
    return _short(f"ringfence-{cluster}")


def namespace_name(namespace: str) -> str:
    """The name of a namespace's Kustomization, from its name in the cluster; never that of a root."""
    return _short(f"policies-{namespace}")


def cluster_name(cluster: str) -> str:
    """The name of the Kustomization of what belongs to a cluster as a whole; no other name has a dot."""
    return _short(f"ringfence-{cluster}.cluster")


def _short(name: str) -> str:
    if len(name) <= LABEL_LENGTH:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"{name[: LABEL_LENGTH - len(digest) - 1].rstrip('-')}-{digest}"


def _source(settings: Settings, cluster: Cluster) -> dict[str, Any]:
    metadata = _metadata(settings, root_name(cluster.name), paths.labels(cluster.name))
    # Lets a platform engineer add `secretRef`, which is no business of this repository, without Flux taking it away.
    metadata["annotations"] = {"kustomize.toolkit.fluxcd.io/ssa": "Merge"}
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": metadata,
        "spec": {
            "interval": "1m",
            "timeout": "1m",
            "url": _address(settings.repository_url),
            "ref": {"branch": settings.default_branch},
        },
    }


def _address(url: str) -> str:
    """An address as Flux takes it: not in the short form of scp, `git@host:path`, which the CRD refuses."""
    if "://" in url:
        return url
    host, _, path = url.partition(":")
    return f"ssh://{host}/{path.lstrip('/')}"


def _root(settings: Settings, cluster: Cluster) -> dict[str, Any]:
    data = _kustomization(settings, cluster, root_name(cluster.name), f"{FOLDER}/{cluster.name}")
    # The namespaces wait for the root; a root that waited for them would never be ready.
    data["spec"]["wait"] = False
    return data


def _namespace(model: Model, cluster: Cluster, bundle: Bundle, wide: Wide) -> dict[str, Any]:
    settings, first = model.settings, wide.homes[cluster.name]
    name = namespace_name(bundle.namespace_name)
    data = _kustomization(settings, cluster, name, paths.overlay(cluster.name, bundle), bundle.team)
    # Flux applies a NetworkPolicy before a Tier, so what belongs to the cluster has a Kustomization of its own.
    before = [root_name(cluster.name), *([cluster_name(first)] if wide.objects[first] else ())]
    data["spec"] |= {"wait": True, "dependsOn": [{"name": item} for item in before]}
    return data


def _of_cluster(settings: Settings, cluster: Cluster) -> dict[str, Any]:
    data = _kustomization(settings, cluster, cluster_name(cluster.name), paths.of_cluster(cluster.name))
    data["spec"] |= {"wait": True, "dependsOn": [{"name": root_name(cluster.name)}]}
    return data


def _kustomization(settings: Settings, cluster: Cluster, name: str, path: str, team: str = "") -> dict[str, Any]:
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": _metadata(settings, name, paths.labels(cluster.name, team)),
        "spec": {
            "interval": "10m",
            "retryInterval": "1m",
            "timeout": "3m",
            "path": f"./{path}",
            "sourceRef": {"kind": "GitRepository", "name": root_name(cluster.name)},
            "prune": True,
            # A namespace that leaves the repository keeps its policies: without them its pods would be open.
            "deletionPolicy": "Orphan",
        },
    }


def _metadata(settings: Settings, name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "namespace": settings.flux_namespace, "labels": labels}
