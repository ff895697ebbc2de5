"""The rendered files of one side: what they hold, and the ids that Git has for that."""

from __future__ import annotations

from ringfence import sources
from ringfence.sources import BlobTree, Tree, WorkingTree


class Contents:
    """The files of a tree below a folder, by their paths.

    `beside` is the tree of the other side, where there is one. `uncertain` are the files that were read and are not
    what they were named by.
    """

    def __init__(self, tree: Tree, folder: str, *, many: bool) -> None:
        """Take a tree; Git is asked for the ids of `many` files at once."""
        self.beside: Tree | None = None
        self.uncertain: set[str] = set()
        self._tree, self._folder, self._many = tree, folder, many
        self._names: dict[str, str] | None = None

    def read(self, path: str) -> bytes:
        """The bytes of a file. It is noted where they are not what it was named by."""
        if isinstance(self._tree, BlobTree):
            return self._stored(self._tree, path)
        raw = self._tree.read(path)
        name = self._names.get(path) if self._names else None
        if name is not None and name not in (sources.name_of(text) for text in (raw, raw.replace(b"\r\n", b"\n"))):
            self.uncertain.add(path)
        return raw

    def name(self, path: str) -> str:
        """The id of a file's content, "" where it cannot be read."""
        if self._names is None:
            self._names = dict(sources.names(self._tree, self._folder, ask=self._many))
        if path not in self._names:
            try:
                self._names[path] = sources.name_of(self._tree.read(path))
            except sources.Unreadable:
                self._names[path] = ""
        return self._names[path]

    def _stored(self, tree: BlobTree, path: str) -> bytes:
        """The bytes of an object, from the other side's disk where they are there: Git takes longer to find them."""
        if isinstance(self.beside, WorkingTree):
            try:
                raw = self.beside.read(path)
            except sources.Unreadable:
                return tree.read(path)
            if sources.name_of(raw) == tree.blobs.get(path):
                return raw
        return tree.read(path)
