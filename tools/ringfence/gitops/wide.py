"""What belongs to clusters as a whole, found once for all files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from ringfence.model.types import Model
from ringfence.render.files import home, of_cluster


class Wide(Struct, frozen=True):
    """By cluster: the objects of it as a whole, and the cluster whose overlays hold those of its Kubernetes cluster."""

    objects: Mapping[str, Sequence[Mapping[str, Any]]]
    homes: Mapping[str, str]

    @classmethod
    def of(cls, model: Model) -> Wide:
        """Those of a model."""
        clusters = model.clusters
        return cls(
            {name: of_cluster(model, cluster) for name, cluster in clusters.items()},
            {name: home(model, cluster).name for name, cluster in clusters.items()},
        )
