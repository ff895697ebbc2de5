"""Where the overlays are that Argo CD and Flux sync, and the labels of what points at them."""

from __future__ import annotations

from ringfence.compile.bundle import Bundle
from ringfence.render.files import OF_CLUSTER, RENDERED

ROOT = f"{RENDERED}/gitops"
OVERLAYS = f"{RENDERED}/overlays"


def overlay(cluster: str, bundle: Bundle) -> str:
    """The folder that `kustomize build` turns into one namespace's policies in one cluster."""
    return f"{OVERLAYS}/{cluster}/{bundle.team}/{bundle.namespace}"


def of_cluster(cluster: str) -> str:
    """The folder of what belongs to a cluster as a whole."""
    return f"{OVERLAYS}/{cluster}/{OF_CLUSTER}"


def labels(cluster: str, team: str = "") -> dict[str, str]:
    """The labels by which a person finds what Ringfence wrote for a cluster and team."""
    found = {"app.kubernetes.io/managed-by": "ringfence", "ringfence.dev/cluster": cluster}
    return {**found, "ringfence.dev/team": team} if team else found
