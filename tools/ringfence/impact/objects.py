"""What a sync would do: Kubernetes objects created, updated, pruned, and left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ringfence.impact.types import ObjectChange

Key = tuple[str, str, str, str]
"""API group, kind, namespace, name."""


def key_of(data: Mapping[str, Any]) -> Key:
    """The identity by which Argo CD and Flux track an object; the version is no part of it."""
    group = str(data.get("apiVersion", "")).rpartition("/")[0]
    metadata = data.get("metadata")
    if not isinstance(metadata, Mapping):
        metadata = {}
    return (group, str(data.get("kind", "")), str(metadata.get("namespace", "")), str(metadata.get("name", "")))


def object_changes(
    base: Mapping[str, Sequence[Mapping[str, Any]]], head: Mapping[str, Sequence[Mapping[str, Any]]]
) -> tuple[ObjectChange, ...]:
    """The changes between two renderings, each a mapping from cluster to its objects; equal changes are collapsed.

    Of a namespace for which nothing is rendered any more, the objects stay: nothing syncs it, so nothing prunes it.
    """
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for cluster in sorted({*base, *head}):
        before = {key_of(item): item for item in base.get(cluster, ())}
        after = {key_of(item): item for item in head.get(cluster, ())}
        synced = {namespace for _, _, namespace, _ in after}
        for key in before.keys() | after.keys():
            if before.get(key) == after.get(key):
                continue
            gone = "prune" if key[2] in synced else "leave"
            action = "create" if key not in before else gone if key not in after else "update"
            found.setdefault((action, *key[1:]), []).append(cluster)
    return tuple(sorted(ObjectChange(*what, tuple(sorted(clusters))) for what, clusters in found.items()))
