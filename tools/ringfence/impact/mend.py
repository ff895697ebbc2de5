"""A base whose declarations are in error, made comparable: what its broken files hold is taken from the head.

Without that, a workload that a broken file declares would count as absent in the base, and all about it as opened.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from ringfence.model.types import Model


def mended(base: Model | None, head: Model, broken: Collection[str]) -> Model | None:
    """The base's model with the namespaces and workloads that the head declares in the base's broken files."""
    if base is None or not broken:
        return base
    namespaces = {
        **{name: item for name, item in head.namespaces.items() if item.where.path in broken},
        **base.namespaces,
    }
    workloads = {
        **{
            name: item
            for name, item in head.workloads.items()
            if item.where.path in broken and item.namespace in namespaces
        },
        **base.workloads,
    }
    return replace(base, namespaces=dict(sorted(namespaces.items())), workloads=dict(sorted(workloads.items())))
