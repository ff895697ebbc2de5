"""What has to be rendered again, where the cache knows a commit whose rendered files are what it declares.

Git says what differs from that commit, and `affected` which namespaces that concerns: their bundles alone are written
or held against what is declared. All other files are those of the commit, and those are right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from ringfence.affected import Scope
    from ringfence.model.types import Model
    from ringfence.sources import BlobTree, Tree

KIND = "rendered"
"""The kind of the cache's values: that what is rendered at a commit below a root is what is declared there."""

RENDERED = "policies/rendered"
_COMMITS = 50


class Again(NamedTuple):
    """The bundles that can differ: what is expected of them, the folders that hold them, and all files beside them."""

    expected: dict[str, bytes]
    folders: tuple[str, ...]
    others: tuple[str, ...]


class History:
    """The commits before a working tree, newest first, and what is known of them."""

    def __init__(self, root: Path) -> None:
        """Ask Git and the cache."""
        from ringfence import cache, sources
        from ringfence.model.remembered import Remembered

        self._root = root
        self._tree = sources.working_tree(root)
        self._store = cache.store()
        self._documents = Remembered(self._store)
        self._commits = [] if self._store.why else sources.recent(root, _COMMITS)
        keys = {self._key(commit): commit for commit in self._commits}
        self._known = {keys[key] for key in self._store.get(KIND, keys)}

    def again(self) -> Again | None:
        """What is to be rendered again; None where that may be everything."""
        from ringfence import sources

        commit = next((item for item in self._commits if item in self._known), None)
        if commit is None:
            return None
        base = sources.revision(self._root, commit)
        scope = self._scope(base)
        if scope is None:
            return None
        declared = self._declared(scope.head, scope)
        if declared is None:
            return None
        return Again(expected(scope.head, declared, scope.namespaces), *_places(base, scope))

    def note(self) -> None:
        """Remember HEAD, after what is rendered in the working tree was found or made to be what is declared.

        A HEAD that differs from the working tree counts too, where what it has for the namespaces in which they differ
        is what it declares.
        """
        from ringfence import sources

        if not self._commits or self._commits[0] in self._known:
            return
        head = sources.revision(self._root, self._commits[0])
        scope = self._scope(head)
        if scope is None:
            return
        declared = self._declared(scope.base, scope)
        if declared is not None and bundles(scope.base) == expected(scope.base, declared, scope.namespaces):
            self._store.put(KIND, {self._key(self._commits[0]): b"1"})

    def _key(self, commit: str) -> str:
        return f"{self._root} {commit}"  # a repository may hold several roots

    def _declared(self, part: Tree, scope: Scope) -> Model | None:
        """What one side of a scope declares, if all of it is sound."""
        from ringfence import model
        from ringfence.findings import has_errors

        loaded, findings = model.load(part, scope.absent, self._documents, scope.within)
        return None if has_errors(findings) else loaded

    def _scope(self, base: BlobTree) -> Scope | None:
        """The scope of what differs from a commit; None where Git may not tell all that lies among these files."""
        from concurrent.futures import ThreadPoolExecutor

        from ringfence import affected, sources

        with ThreadPoolExecutor(1) as beside:
            ignored = beside.submit(sources.ignored, base, RENDERED)
            odd = self._tree.may_hold_problems(RENDERED)  # while Git is at work
        if odd or ignored.result():
            return None
        return affected.scope(base, self._tree, documents=self._documents)


def bundles(tree: Tree) -> dict[str, bytes]:
    """The files of bundles in a part of a tree."""
    return {path: tree.read(path) for path in tree.files(RENDERED) if "/_cluster/" not in path}


def expected(tree: Tree, declared: Model, namespaces: Collection[str]) -> dict[str, bytes]:
    """What these files are to be, by what is declared for some namespaces."""
    from ringfence import render

    return render.tree(declared, render.own_templates(tree), namespaces)


def _places(base: BlobTree, scope: Scope) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The folders of the bundles of a scope, and the rendered files of a commit that lie elsewhere."""
    folders = set()
    others = []
    for path in (*base.files(RENDERED), *(path for path in scope.paths if path.startswith(RENDERED))):
        parts = path.split("/")
        length = {"base": 5, "overlays": 6}.get(parts[2], 0)
        if len(parts) > length > 0 and parts[length - 1] in scope.namespaces:
            folders.add("/".join(parts[:length]))
        elif path in base.blobs:
            others.append(path)
    return tuple(sorted(folders)), tuple(others)
