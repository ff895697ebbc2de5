"""A tree as it would be after an edit that nobody has written yet."""

from __future__ import annotations

from collections.abc import Mapping

from ringfence.findings import Finding
from ringfence.sources.tree import Tree, Unreadable, inside


class Overlay:
    """Another tree with some files replaced, added or (None) removed."""

    def __init__(self, tree: Tree, changes: Mapping[str, bytes | None], label: str) -> None:
        """Take the changes by path, and what messages call the result."""
        self._tree = tree
        self._changes = changes
        self.label = label

    def files(self, under: str = "") -> list[str]:
        """The files below a folder, sorted."""
        added = {path for path, content in self._changes.items() if content is not None and inside(path, under)}
        return sorted({*(path for path in self._tree.files(under) if path not in self._changes), *added})

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        if path not in self._changes:
            return self._tree.read(path)
        content = self._changes[path]
        if content is None:
            raise Unreadable(path, "there is no such file")
        return content

    def problems(self, under: str = "") -> list[Finding]:
        """Those of the tree below."""
        return self._tree.problems(under)
