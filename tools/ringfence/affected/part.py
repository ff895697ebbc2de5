"""Some files of a tree, as a tree."""

from __future__ import annotations

import bisect
from collections.abc import Iterable

from ringfence.findings import Finding
from ringfence.sources import Tree


class Part:
    """A tree with some of its files only; none of them is a problem. `BlobTree.part` is that of a tree of Git's."""

    def __init__(self, tree: Tree, paths: Iterable[str]) -> None:
        """Take the paths, each of a regular file of the tree."""
        self._tree = tree
        self._paths = sorted(paths)
        self.label = tree.label

    def files(self, under: str = "") -> list[str]:
        """The files below a folder, sorted."""
        if not under:
            return list(self._paths)
        # `0` follows `/` in every order of characters
        first, last = (bisect.bisect_left(self._paths, under + end) for end in ("/", "0"))
        return self._paths[first:last]

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        return self._tree.read(path)

    def problems(self, under: str = "") -> list[Finding]:  # noqa: ARG002
        """None: a tree with problems has no parts."""
        return []
