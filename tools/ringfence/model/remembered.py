"""Clean documents by path and content: those that earlier runs kept in the cache, and those that this run met before.

What a document says follows from its path, its bytes and the tool, and from nothing else in its repository. Bytes are
known by the id that Git has for them. That of a file on disk is worked out from what is read there: Git is not asked
whether it is as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ringfence import cache, sources
from ringfence.model import clean
from ringfence.model.clean import Clean
from ringfence.sources import BlobTree, Tree, Unreadable
from ringfence.values import workers

if TYPE_CHECKING:
    from ringfence.model.existing import Existing

KIND = "documents"
"""The kind of the cache's values: a clean document as `clean.pack` gives it, by path and the id of its content."""


class Remembered:
    """The documents of some trees, for `model.load` to share, and what exists by those of a tree in order.

    `known` counts those that the cache had, `new` those that were read as YAML.
    """

    def __init__(self, store: cache.Store | None = None) -> None:
        """Take a store to look into; without one, documents are shared among the trees alone."""
        self.known = self.new = 0
        self._store = None if store is None or store.why else store
        self.existing: Existing | None = None
        self._met: dict[str, Clean] = {}
        self._waiting: dict[str, Clean] = {}

    def read(self, tree: Tree, paths: Sequence[str]) -> dict[str, Clean]:
        """By path, the documents among some files of which nothing is to be said, where they are known or many."""
        raws: dict[str, bytes] = {}
        if isinstance(tree, BlobTree):
            keys = {path: _key(path, tree.blobs[path]) for path in paths}
        else:
            raws = _raws(tree, paths)
            keys = {path: _key(path, sources.name_of(raw)) for path, raw in raws.items()}
        found = self._found(tree, keys)
        rest = [path for path in keys if path not in found]
        if isinstance(tree, BlobTree):
            tree.fetch(rest)
        if len(rest) >= clean.MANY:
            read = clean.read(tree, {path: raws[path] for path in rest} if raws else _raws(tree, rest))
            for path, document in read.items():
                self._note(keys[path], document)
            found |= read
        return found

    def note(self, tree: Tree, path: str, raw: bytes, document: Clean) -> None:
        """Remember a document of which nothing is to be said."""
        self._note(_key(path, tree.blobs[path] if isinstance(tree, BlobTree) else sources.name_of(raw)), document)

    def let_go(self) -> None:
        """Forget what was met: no more trees are to share it."""
        self.existing = None
        self._met = {}

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep what was read; where it is much, beside what is done meanwhile."""
        store, new = self._store, self._waiting
        self._waiting = {}
        if store is not None and len(new) >= clean.MANY:
            store.close()  # whoever writes opens it
            with workers.aside(lambda: _keep(cache.store(), new)):
                yield
            return
        if store is not None:
            _keep(store, new)
        yield

    def _found(self, tree: Tree, keys: Mapping[str, str]) -> dict[str, Clean]:
        found = {path: document for path, key in keys.items() if (document := self._met.get(key))}
        if self._store is not None:
            wanted = {key: path for path, key in keys.items() if path not in found}
            for key, raw in self._store.get(KIND, wanted).items():
                path = wanted[key]
                found[path] = self._met[key] = clean.unpack(tree, path, raw)
                self.known += 1
        return found

    def _note(self, key: str, document: Clean) -> None:
        self.new += 1
        self._met[key] = self._waiting[key] = document


def _keep(store: cache.Store, new: Mapping[str, Clean]) -> None:
    store.put(KIND, {key: clean.pack(document) for key, document in new.items()})


def _key(path: str, name: str) -> str:
    return f"{name} {path}"


def _raws(tree: Tree, paths: Sequence[str]) -> dict[str, bytes]:
    """The bytes of files that can be read; who says what is wrong with the others meets it again."""
    found = {}
    for path in paths:
        try:
            found[path] = tree.read(path)
        except Unreadable:
            continue
    return found
