"""The rendered folders of one side, each read once, and only where another side does not hold the same."""

from __future__ import annotations

import bisect
import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ringfence.manifests import NetworkPolicy
from ringfence.manifests.kustomize import Overlays
from ringfence.manifests.rows import from_rows, there, to_rows
from ringfence.model.types import Cluster, Model
from ringfence.sources import Tree
from ringfence.values import garbage
from ringfence.verify import foreign, kept
from ringfence.verify.bundle import Bundle, Data, Place, Reading
from ringfence.verify.contents import Contents

RENDERED = "policies/rendered"
MANY = 2_000
"""From so many rendered files on, folders are kept as policies alone, also in the cache; processes share the work."""

Clusters = Sequence[Cluster]
"""Clusters that share one Kubernetes cluster."""

Family = list[Place]
"""The folders of a namespace in several clusters: they have their base in common."""

Listed = tuple[bytes, int]
"""The policies of a folder as bytes (`manifests.rows`), and which of the lists in them they are."""


class Bundles:
    """What the folders of some clusters hold, by the name of the cluster and the folder.

    A family is read at a time, typed and let go at once. Of many, what is plain is kept as bytes and typed for each
    state, so that a repository of any size needs no more than the policies of one cluster. `remembered` counts the
    namespaces that the cache knew, `families` all that were asked for.
    """

    def __init__(self, model: Model, tree: Tree, like: Bundles | None = None) -> None:
        """Take one side. What `like`, another side, holds too is not read, and is the same object."""
        self.files = sorted(tree.files(RENDERED))
        self._model, self._like = model, like
        self.remembered = self.families = 0
        self._places: dict[str, Place] = {}
        self._known: dict[str, Bundle] = {}
        self._listed: dict[str, Listed] = {}
        self._folders: dict[str, list[str]] = {}
        self._disk: Contents = Contents(tree, RENDERED, many=self.is_large)
        self._overlays: Overlays = Overlays(self._disk.read, self.files, like._overlays if like else None)
        self._reading: Reading | None = None
        if like is not None:
            like._disk.beside = tree
            if not (self.is_large or like.is_large):  # what one side reads of few files stays for the other
                like._reading = Reading(like._overlays, keep=True)
                self._reading = Reading(self._overlays, keep=True, like=like._reading)

    @property
    def is_large(self) -> bool:
        """Whether there is so much that it pays to keep less, and to share the work."""
        return len(self.files) >= MANY

    def read(self, wanted: Iterable[Clusters]) -> None:
        """Read the folders of some clusters, where that is still to be done."""
        with garbage.ignored():
            self._read_all(wanted)
            if self.is_large:
                gc.freeze()  # none of it goes before the run ends

    def _read_all(self, wanted: Iterable[Clusters]) -> None:
        families: dict[str, Family] = {}
        for clusters in wanted:
            for place in self._new(clusters):
                families.setdefault(_family(place.folder), []).append(place)
        self.families += len(families)
        waiting = [family for _, family in sorted(families.items()) if not self._share(family)]
        if self.is_large:
            plain = [family for family in waiting if all(place.may_be_plain for place in family)]
            rows, known = kept.rows(plain, self._key, self._row)
            self.remembered += known
            for family, raw in zip(plain, rows, strict=True):
                for number, (place, is_plain) in enumerate(zip(family, there(raw), strict=True)):
                    if is_plain and not self._has(place):
                        self._listed[place.folder] = raw, number
        for family in waiting:
            self._read(family)

    def of(self, cluster: Cluster, clusters: Clusters, had: Mapping[str, Bundle] | None = None) -> dict[str, Bundle]:
        """What the folders of a cluster hold; `clusters` share the Kubernetes cluster.

        `had` is what the other side's state of it holds: what is the same is the same object.
        """
        self.read([clusters])
        return {folder: self._typed(folder, (had or {}).get(folder)) for folder in self._folders[cluster.name]}

    def new(self, clusters: Clusters) -> Iterator[NetworkPolicy]:
        """The policies of some clusters in folders of which the other side does not hold the same.

        Nothing where there is much and most of it differs: no state is then made from another one.
        """
        self.read([clusters])
        folders = [folder for cluster in clusters for folder in self._folders[cluster.name]]
        others = [folder for folder in folders if not self._like or self._held(folder) is not self._like._held(folder)]
        if not self.is_large or 2 * len(others) <= len(folders):
            for folder in others:
                yield from self._typed(folder, None).policies

    def _held(self, folder: str) -> Bundle | Listed | None:
        return self._known.get(folder) or self._listed.get(folder)

    def _typed(self, folder: str, had: Bundle | None) -> Bundle:
        if folder in self._known:
            return self._known[folder]
        raw, number = listed = self._listed[folder]
        if had is not None and self._like is not None and self._like._listed.get(folder) is listed:
            return had
        bundle = Bundle.plain(from_rows(raw, [number])[0] or ())
        return bundle.like(had) if had is not None else bundle

    def data(self, folder: str) -> Sequence[Data]:
        """The objects of a folder that was read, as plain data."""
        known = self._known.get(folder)
        if known is not None and known.data is not None:
            return known.data
        found = [item.data for item in self._overlays.build(folder)[0] if isinstance(item.data, Mapping)]
        self._overlays.let_go()
        return found

    def _new(self, clusters: Clusters) -> Iterable[Place]:
        """The folders of clusters that were not read yet."""
        if all(cluster.name in self._folders for cluster in clusters):
            return
        self._folders.update({cluster.name: [] for cluster in clusters})
        for place in Place.all(clusters, self.files, self._model):
            self._folders[place.cluster.name].append(place.folder)
            self._places[place.folder] = place
            yield place

    def _share(self, family: Family) -> bool:
        """Take what the other side holds too. Whether that is all."""
        for place in family:
            if (like := self._same(place)) is not None:
                folder = place.folder
                if folder in like._listed:
                    self._listed[folder] = like._listed[folder]
                else:
                    self._known[folder] = like._known[folder]
        return all(map(self._has, family))

    def _read(self, family: Family) -> None:
        reading = self._reading or Reading(self._overlays, keep=not self.is_large)
        for place in family:
            if not self._has(place):
                self._note(place, reading.bundle(place))
        if self._reading is None:
            self._overlays.let_go()

    def _note(self, place: Place, bundle: Bundle) -> None:
        other = self._like._known.get(place.folder) if self._like else None
        self._known[place.folder] = bundle.like(other) if other else bundle

    def _has(self, place: Place) -> bool:
        """Whether it is known what a folder holds."""
        return self._held(place.folder) is not None

    def _row(self, family: Family) -> kept.Row:
        """What is plain of a family, and whether all that was read for it is what its names say."""
        reading = Reading(self._overlays, keep=False)
        found = [reading.bundle(place) for place in family]
        plain = [
            bundle.policies if bundle.is_plain and _says_all(place.folder, bundle) else None
            for place, bundle in zip(family, found, strict=True)
        ]
        self._overlays.let_go()
        return to_rows(plain), self._disk.uncertain.isdisjoint(path for bundle in found for path in bundle.files)

    def _same(self, place: Place) -> Bundles | None:
        """The other side, if it holds in the folder what cannot be anything else here."""
        like = self._like
        its = like._places.get(place.folder) if like else None
        if like is None or its is None or not like._has(place):
            return None
        other = like._known.get(place.folder)
        if other is not None and not _says_all(place.folder, other):
            return None
        decided = [(item.namespace, item.asked, item.kept) for item in (place, its)]
        same = decided[0] == decided[1] and self._contents(place.folder) == like._contents(place.folder)
        return like if same else None

    def _key(self, family: Family) -> str:
        """All that decides what the folders of a family hold, as far as they are plain."""
        return repr([(place.namespace, place.asked, self._contents(place.folder)) for place in family])

    def _contents(self, folder: str) -> list[tuple[str, str]]:
        """The files of an overlay and of the base that goes with it, with the ids of what they hold."""
        found: list[str] = []
        for part in _parts(folder):
            first, last = (bisect.bisect_left(self.files, f"{part}{end}") for end in ("/", "0"))
            found += self.files[first:last]
        return [(path, self._disk.name(path)) for path in found]


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
