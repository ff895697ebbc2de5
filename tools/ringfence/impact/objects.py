"""What a sync would do: Kubernetes objects created, updated, pruned, and left behind, wave by wave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from ringfence.impact.types import ObjectChange
from ringfence.verify.bundle import Data, Key, key_of
from ringfence.verify.objects import Objects

WAVE = "argocd.argoproj.io/sync-wave"
"""The annotation that puts an object into a wave of a sync of Argo CD."""


def wave_of(data: Mapping[str, Any]) -> int:
    """The sync wave of an object: Argo CD takes 0 where none is given, or where it is no number."""
    annotations = _metadata(data).get("annotations")
    text = annotations.get(WAVE, "0") if isinstance(annotations, Mapping) else "0"
    try:
        return int(str(text))
    except ValueError:
        return 0


def _metadata(data: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = data.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def object_changes(one: Objects, other: Objects) -> tuple[ObjectChange, ...]:
    """The changes between two renderings; each in one cluster.

    Of a namespace for which nothing is rendered any more, the objects stay: nothing syncs it, so nothing prunes it.
    """
    found = []
    base, head = one.beside(other)
    for cluster in sorted(base):
        before, after = by_key(base[cluster]), by_key(head[cluster])
        synced = other.namespaces(cluster)
        for key in before.keys() | after.keys():
            if before.get(key) == after.get(key):
                continue
            gone = "prune" if key[2] in synced else "leave"
            action = "create" if key not in before else gone if key not in after else "update"
            wave = wave_of(after[key] if key in after else before[key])
            _, kind, namespace, name = key
            found.append(ObjectChange(action, kind, namespace, name, (cluster,), wave))
    return tuple(sorted(found))


def by_key(items: Iterable[Data]) -> dict[Key, Data]:
    """Objects by their identity; of two with the same, the last."""
    return {key_of(item): item for item in items}


def merged(changes: Iterable[ObjectChange]) -> tuple[ObjectChange, ...]:
    """Equal changes in several clusters as one."""
    found: dict[ObjectChange, set[str]] = {}
    for item in changes:
        found.setdefault(replace(item, clusters=()), set()).update(item.clusters)
    return tuple(sorted(replace(item, clusters=tuple(sorted(names))) for item, names in found.items()))
