"""Argo CD: for each team and cluster an AppProject (what may be touched) and an ApplicationSet (which applications).

The project is written into each ApplicationSet and never templated, so that no generator can choose another. Field
names and meanings: Argo CD 3.5, `operator-manual/project-specification` and `operator-manual/applicationset`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from ringfence.compile.bundle import Bundle
from ringfence.gitops import emit, paths
from ringfence.gitops.wide import Wide
from ringfence.model.types import Cluster, Model, Settings
from ringfence.render import adopted, dialects

FOLDER = f"{paths.ROOT}/argocd"

_SYNC_OPTIONS = [
    "CreateNamespace=false",
    "ServerSideApply=true",
    # Argo CD prunes first within a wave, which would isolate or open pods for the time in between.
    "PruneLast=true",
    "FailOnSharedResource=true",
    "ApplyOutOfSyncOnly=true",
]


def files(model: Model, bundles: Mapping[str, Sequence[Bundle]], wide: Wide) -> dict[str, bytes]:
    """The files for one Argo CD that serves every cluster; a cluster without bundles has none."""
    written: dict[str, bytes] = {}
    for name, in_cluster in bundles.items():
        cluster = model.clusters[name]
        resources = []
        if objects := wide.objects[name]:
            for file, data in (
                ("appprojects/_cluster.yaml", _cluster_project(model.settings, cluster, objects)),
                ("applications/_cluster.yaml", _cluster_application(model.settings, cluster)),
            ):
                resources.append(file)
                written[f"{FOLDER}/{name}/{file}"] = emit.document(data)
        for team, group in itertools.groupby(in_cluster, key=lambda bundle: bundle.team):
            of_team = list(group)
            for folder, data in (
                ("appprojects", _project(model, cluster, team, of_team)),
                ("applicationsets", _application_set(model, cluster, team, of_team, wide)),
            ):
                resources.append(f"{folder}/{team}.yaml")
                written[f"{FOLDER}/{name}/{folder}/{team}.yaml"] = emit.document(data)
        if resources:
            written[f"{FOLDER}/{name}/kustomization.yaml"] = emit.kustomization(sorted(resources))
    if written:
        names = [name for name in bundles if f"{FOLDER}/{name}/kustomization.yaml" in written]
        written[f"{FOLDER}/kustomization.yaml"] = emit.kustomization(names)
    return written


def object_name(cluster: str, other: str) -> str:
    """The name of what belongs to a cluster and a team or namespace, stable and never shared by two pairs.

    Neither part holds a dot, so the dots cannot be read in two ways; a hyphen could (`prod-eu` and `web`, `prod` and
    `eu-web`).
    """
    return f"ringfence.{cluster}.{other}"


def cluster_name(cluster: str) -> str:
    """The name of the project and application of what belongs to a cluster as a whole."""
    return f"ringfence.{cluster}"


def _project(model: Model, cluster: Cluster, team: str, bundles: Sequence[Bundle]) -> dict[str, Any]:
    settings = model.settings
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {
            "name": object_name(cluster.name, team),
            "namespace": settings.argocd_namespace,
            "labels": paths.labels(cluster.name, team),
            # Before the applications, which are refused while their project is missing.
            "annotations": {"argocd.argoproj.io/sync-wave": "-1"},
        },
        "spec": {
            "description": f"Network policies of team {team} in {cluster.name}",
            "sourceRepos": [settings.repository_url],
            "destinations": [{"server": cluster.server, "namespace": bundle.namespace_name} for bundle in bundles],
            "clusterResourceWhitelist": [],
            "namespaceResourceWhitelist": [
                {"group": group, "kind": kind} for group, kind in _kinds(model, cluster, bundles)
            ],
        },
    }


def _kinds(model: Model, cluster: Cluster, bundles: Sequence[Bundle]) -> list[tuple[str, str]]:
    """What the applications of teams may hold; NetworkPolicy always, so that a change of dialect can take it away."""
    beside = adopted.in_namespaces(model, cluster)
    kept = [(item.group, item.kind) for bundle in bundles for item in beside.get(bundle.namespace, ())]
    return list(dict.fromkeys((*dialects.kinds("kubernetes"), *dialects.kinds(cluster.dialect), *sorted(kept))))


def _cluster_project(settings: Settings, cluster: Cluster, objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    inside, kinds = (
        sorted(
            {
                (item["apiVersion"].rpartition("/")[0], item["kind"])
                for item in objects
                if ("namespace" in item["metadata"]) is confined
            }
        )
        for confined in (True, False)
    )
    of_namespaces: dict[str, Any] = {"namespaceResourceBlacklist": [{"group": "*", "kind": "*"}]}
    if inside:
        of_namespaces = {"namespaceResourceWhitelist": [{"group": group, "kind": kind} for group, kind in inside]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {
            "name": cluster_name(cluster.name),
            "namespace": settings.argocd_namespace,
            "labels": paths.labels(cluster.name),
            "annotations": {"argocd.argoproj.io/sync-wave": "-3"},
        },
        "spec": {
            "description": f"What the network policies of {cluster.name} stand in",
            "sourceRepos": [settings.repository_url],
            "destinations": [{"server": cluster.server, "namespace": "*"}],
            "clusterResourceWhitelist": [{"group": group, "kind": kind} for group, kind in kinds],
            **of_namespaces,
        },
    }


def _cluster_application(settings: Settings, cluster: Cluster) -> dict[str, Any]:
    name = cluster_name(cluster.name)
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": settings.argocd_namespace,
            "labels": paths.labels(cluster.name),
            # Before the namespaces, whose policies are refused while their tier is missing.
            "annotations": {"argocd.argoproj.io/sync-wave": "-2"},
        },
        "spec": {
            "project": name,
            "source": {
                "repoURL": settings.repository_url,
                "targetRevision": settings.default_branch,
                "path": paths.of_cluster(cluster.name),
            },
            "destination": {"server": cluster.server},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True, "allowEmpty": False},
                "syncOptions": list(_SYNC_OPTIONS),
            },
        },
    }


def _retry(cluster: Cluster, wide: Wide) -> dict[str, Any]:
    """Of an application whose policies need a tier: waves do not order two applications, so the first sync may fail."""
    if not wide.objects[wide.homes[cluster.name]]:
        return {}
    return {"retry": {"limit": 10, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"}}}


def _application_set(
    model: Model, cluster: Cluster, team: str, bundles: Sequence[Bundle], wide: Wide
) -> dict[str, Any]:
    settings = model.settings
    name = object_name(cluster.name, team)
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {
            "name": name,
            "namespace": settings.argocd_namespace,
            "labels": paths.labels(cluster.name, team),
        },
        "spec": {
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [
                {
                    "list": {
                        "elements": [
                            {
                                "application": object_name(cluster.name, bundle.namespace),
                                "namespace": bundle.namespace_name,
                                "path": paths.overlay(cluster.name, bundle),
                            }
                            for bundle in bundles
                        ]
                    }
                }
            ],
            "syncPolicy": {"applicationsSync": "create-update", "preserveResourcesOnDeletion": True},
            "template": {
                "metadata": {"name": "{{ .application }}", "labels": paths.labels(cluster.name, team)},
                "spec": {
                    "project": name,
                    "source": {
                        "repoURL": settings.repository_url,
                        "targetRevision": settings.default_branch,
                        "path": "{{ .path }}",
                    },
                    "destination": {"server": cluster.server, "namespace": "{{ .namespace }}"},
                    "syncPolicy": {
                        "automated": {"prune": True, "selfHeal": True, "allowEmpty": False},
                        "syncOptions": list(_SYNC_OPTIONS),
                        **_retry(cluster, wide),
                    },
                },
            },
        },
    }
