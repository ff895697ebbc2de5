"""Clean documents that an earlier run read, kept in the cache by path and content."""

from __future__ import annotations

from collections.abc import Iterable

from ringfence import cache
from ringfence.model import clean, layout
from ringfence.model.clean import Clean
from ringfence.sources import Tree, Unreadable

KIND = "documents"
"""The kind of the cache's values: a clean document as `clean.pack` gives it, by the digest of its path and bytes."""


class Remembered(dict[tuple[str, bytes], Clean]):
    """The documents of some trees, for `model.load` to share; `keep` keeps those that no run before had read."""

    def __init__(self, trees: Iterable[Tree]) -> None:
        super().__init__()
        self._store = cache.store()
        wanted = {}
        for tree in trees if not self._store.why else ():
            for path in (*tree.files("policies"), *tree.files("teams")):
                if layout.is_read(path) and not path.startswith(layout.ADOPTED):
                    try:
                        raw = tree.read(path)
                    except Unreadable:
                        continue  # whoever loads the tree says so
                    wanted[_key(path, raw)] = tree, (path, raw)
        for key, row in self._store.get(KIND, wanted).items():
            tree, place = wanted[key]
            ((_, self[place]),) = clean.unpack(tree, row)
        self._known = frozenset(self)

    def keep(self) -> None:
        """Keep what was read."""
        new = {place: found for place, found in self.items() if place not in self._known}
        self._store.put(KIND, {_key(*place): clean.pack([(place[0], found)]) for place, found in new.items()})


def _key(path: str, raw: bytes) -> str:
    return cache.digest(path.encode("utf-8", "surrogateescape"), raw).hex()
