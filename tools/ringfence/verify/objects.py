"""The rendered objects of a Kubernetes cluster as plain data, which is not kept: it is read again where asked for."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ringfence.manifests import Manifests
from ringfence.manifests.objects import LISTS
from ringfence.verify.bundle import Bundle, Data

Plain = Mapping[str, Sequence[Data]]
"""Objects as plain data, by the name of the cluster."""


class Objects(Mapping[str, Sequence[Data]]):
    """The objects by the name of their cluster. How many, and of which namespaces, is known without reading."""

    def __init__(
        self,
        bundles: Mapping[str, Mapping[str, Bundle]] | None = None,
        read: Callable[[str], Sequence[Data]] = lambda _: (),
    ) -> None:
        """Take the bundles of each cluster by folder, and what gives the objects of a folder."""
        self._bundles = bundles or {}
        self._read = read

    def __getitem__(self, cluster: str) -> list[Data]:
        return self._of(self._bundles[cluster])

    def __iter__(self) -> Iterator[str]:
        return iter(self._bundles)

    def __len__(self) -> int:
        return len(self._bundles)

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(len(bundle.keys) for bundle in self.bundles())

    def folders(self, cluster: str) -> Mapping[str, Bundle]:
        """What the folders of a cluster hold."""
        return self._bundles.get(cluster, {})

    def bundles(self) -> Iterator[Bundle]:
        """What all the folders hold."""
        return (bundle for folders in self._bundles.values() for bundle in folders.values())

    def namespaces(self, cluster: str) -> set[str]:
        """The namespaces that the objects of a cluster are in."""
        return {key[2] for bundle in self._bundles.get(cluster, {}).values() for key in bundle.keys}

    def beside(self, other: Objects) -> tuple[Plain, Plain]:
        """The objects of both, but for those in folders that hold the same in both."""
        mine: dict[str, Sequence[Data]] = {}
        its: dict[str, Sequence[Data]] = {}
        for cluster in sorted({*self, *other}):
            sides = self._bundles.get(cluster, {}), other._bundles.get(cluster, {})
            same = {folder for folder, bundle in sides[0].items() if sides[1].get(folder) is bundle}
            kept = {key for folder in same for key in sides[0][folder].keys}
            apart = [[folder for folder in side if folder not in same] for side in sides]
            others = (side[folder] for side, folders in zip(sides, apart, strict=True) for folder in folders)
            if any(key in kept for bundle in others for key in bundle.keys):
                apart = [list(side) for side in sides]  # what is there twice, here and there, is told by all of it
            mine[cluster] = self._of(apart[0])
            its[cluster] = other._of(apart[1])
        return mine, its

    def _of(self, folders: Iterable[str]) -> list[Data]:
        return [data for folder in folders for data in self._read(folder)]


def joined(bundles: Iterable[Bundle]) -> Manifests:
    """What all of them hold together."""
    result = Manifests()
    seen: set[int] = set()
    for bundle in bundles:
        ids = set(map(id, bundle.policies))
        part = bundle.more or Manifests(policies=list(bundle.policies))
        # what stands in two folders is two objects
        result.extend(part if seen.isdisjoint(ids) else _copied(part))
        seen |= ids
    return result.finish()


def _copied(part: Manifests) -> Manifests:
    lists = {name: list(map(copy.copy, getattr(part, name))) for name in LISTS}
    return Manifests(**lists, skipped=part.skipped)
