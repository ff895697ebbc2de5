"""The rendered folders of one side, each read once, and only where another side does not hold the same."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ringfence.manifests.kustomize import Overlays
from ringfence.model.types import Cluster, Model
from ringfence.sources import BlobTree, Tree
from ringfence.verify import adopted, foreign
from ringfence.verify.bundle import Bundle, Data, Place, Reading

RENDERED = "policies/rendered"
MANY = 2_000
"""From so many rendered files on, folders are not kept as plain data, and processes work side by side."""

Clusters = Sequence[Cluster]
"""Clusters that share one Kubernetes cluster."""


class Bundles:
    """What the folders of some clusters hold, by the name of the cluster and the folder.

    The unit of reading is a namespace in all of its clusters: they have their base in common. What is read is typed
    and let go at once, so that a repository of any size needs no more than its policies.
    """

    def __init__(self, model: Model, tree: Tree, like: Bundles | None = None) -> None:
        """Take one side. What `like`, another side, holds too is not read, and is the same object."""
        self.files = sorted(tree.files(RENDERED))
        self._model, self._like = model, like
        names = tree.blobs if isinstance(tree, BlobTree) else None
        self._overlays: Overlays = Overlays(tree.read, self.files, names)
        self._places: dict[str, Place] = {}
        self._known: dict[str, Bundle] = {}
        self._folders: dict[str, list[str]] = {}

    @property
    def is_large(self) -> bool:
        """Whether there is so much that it pays to keep less, and to share the work."""
        return len(self.files) >= MANY

    def read(self, wanted: Iterable[Clusters]) -> None:
        """Read the folders of some clusters, where that is still to be done."""
        families: dict[str, list[Place]] = {}
        for clusters in wanted:
            for place in self._new(clusters):
                families.setdefault(_family(place.folder), []).append(place)
        for _, places in sorted(families.items()):
            self._read(places)

    def of(self, cluster: Cluster, clusters: Clusters) -> dict[str, Bundle]:
        """What the folders of a cluster hold; `clusters` share the Kubernetes cluster."""
        self.read([clusters])
        return {folder: self._known[folder] for folder in self._folders[cluster.name]}

    def data(self, folder: str) -> Sequence[Data]:
        """The objects of a folder that was read, as plain data."""
        known = self._known[folder].data
        if known is not None:
            return known
        found = [item.data for item in self._overlays.build(folder)[0] if isinstance(item.data, Mapping)]
        self._overlays.let_go()
        return found

    def _new(self, clusters: Clusters) -> Iterable[Place]:
        """The folders of clusters that were not read yet."""
        if all(cluster.name in self._folders for cluster in clusters):
            return
        kept = tuple(adopted.of(self._model, clusters))
        for cluster in clusters:
            found = foreign.folders(self.files, self._model, cluster)
            self._folders[cluster.name] = list(found)
            for folder, namespace in found.items():
                self._places[folder] = Place(folder, namespace, cluster, tuple(clusters), kept)
                yield self._places[folder]

    def _read(self, places: Sequence[Place]) -> None:
        reading = Reading(self._overlays, keep=not self.is_large)
        for place in places:
            self._known[place.folder] = self._same(place) or self._differing(place, reading)
        for side in filter(None, (self, self._like)):
            side._overlays.let_go()

    def _differing(self, place: Place, reading: Reading) -> Bundle:
        found = reading.bundle(place)
        other = self._like._known.get(place.folder) if self._like else None
        return found.like(other) if other else found

    def _same(self, place: Place) -> Bundle | None:
        """What the other side holds in the folder, if it cannot be anything else here."""
        like = self._like
        other = like._known.get(place.folder) if like else None
        if like is None or other is None or not _says_all(place.folder, other):
            return None
        return other if like._key(like._places[place.folder]) == self._key(place) else None

    def _key(self, place: Place) -> Any:
        """All that decides what a folder of which `_says_all` is said holds."""
        own = [(item.pods, item.services, item.nodes) for item in place.clusters]
        kinds = place.cluster.dialect, place.cluster.guardrails
        items = [(item.id, item.where, item.data) for item in place.adopted]
        contents = [(path, self._overlays.name(path)) for path in self._files_of(place.folder)]
        return place.namespace, kinds, own, items, contents

    def _files_of(self, folder: str) -> list[str]:
        """The files of an overlay and of the base that goes with it."""
        found = []
        for part in _parts(folder):
            first, last = (bisect.bisect_left(self.files, f"{part}{end}") for end in ("/", "0"))
            found += self.files[first:last]
        return found


def _family(folder: str) -> str:
    """The part of an overlay's path that it has in every cluster."""
    return folder.removeprefix(f"{foreign.OVERLAYS}/").partition("/")[2]


def _parts(folder: str) -> tuple[str, str]:
    """An overlay, and where its base is."""
    return folder, f"{RENDERED}/base/{_family(folder)}"


def _says_all(folder: str, bundle: Bundle) -> bool:
    """Whether a folder is built from nothing but its own files and those of its base."""
    inside = tuple(f"{part}/" for part in _parts(folder))
    return bundle.sound and all(path.startswith(inside) for path in bundle.files)
