"""The two sides that `impact` compares, and what differs between them: Git is asked once, whoever wants to know."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ringfence import cache
from ringfence.asking import BUT, ONLY
from ringfence.commands import meanwhile
from ringfence.errors import UsageError

if TYPE_CHECKING:
    from ringfence.cache import Store
    from ringfence.sources import BlobTree, WorkingTree

BRANCH = "default branch"
"""The kind of the name that settings have for the default branch, by their bytes."""


class Sides(NamedTuple):
    """A base and a head of which Git can say what differs.

    `revision` is what the base is called. `base` and `head` are ids of commits; a head on disk has "", the tree that is
    read, each file once, and the paths of the files that differ from the base. `base_tree` has the declarations of the
    base where there was time to list them.
    """

    revision: str
    base: str
    head: str
    tree: WorkingTree | None = None
    paths: frozenset[str] = frozenset()
    base_tree: BlobTree | None = None


def sides(
    args: argparse.Namespace, root: Path, store: Store, is_new: Callable[[WorkingTree], bool] = lambda _: False
) -> Sides | None:
    """The sides of a command line; None where it cannot be said what differs, or settings are in error.

    `is_new` guesses whether nobody has asked this before: then what it takes is made ready while Git is at work.
    Raises `UsageError` where a revision is unknown, or there is no Git.
    """
    from ringfence import sources

    if args.head is not None:
        head = sources.commit_id(root, args.head)
        revision = _base(args, root, lambda: _settings(root, head), store)
        return Sides(revision, sources.commit_id(root, revision), head) if revision is not None else None
    tree = sources.working_tree(root, ONLY, BUT, once=True)
    revision = _base(args, root, lambda: tree.read(sources.MARK), store)
    if revision is None:
        return None
    base = revision if args.base is None else sources.commit_id(root, revision)  # the default is an id
    difference = sources.Difference(tree.root, base, ONLY)
    odd = difference.odd(tree, BUT)  # while Git is at work
    base_tree = None
    if not odd and is_new(tree):
        from ringfence import affected

        with contextlib.suppress(UsageError):  # whoever has to list it says why that fails
            base_tree = affected.base(root, revision, base)
        meanwhile.work(lambda: difference.at_work)
    paths = difference.paths()
    return None if odd or paths is None else Sides(revision, base, "", tree, paths, base_tree)


def default_base(root: Path, branch: str) -> str:
    """Where the change left the default branch. The error says which setting names that branch."""
    from ringfence import sources

    try:
        return sources.default_base(root, branch)
    except UsageError as error:
        where = (
            f"the default branch is {branch}: `repository.defaultBranch` in {sources.MARK}; or name a base: --base REV"
        )
        raise UsageError(error.message, f"{error.hint}; {where}" if error.hint else where) from error


def _base(args: argparse.Namespace, root: Path, settings: Callable[[], bytes], store: Store) -> str | None:
    """The base that is named, or else where this branch left the default branch, if its name can be read."""
    from ringfence import sources

    if args.base is not None:
        return str(args.base)
    try:
        branch = _default_branch(settings(), store)
    except sources.Unreadable:
        return None
    return default_base(root, branch) if branch is not None else None


def _settings(root: Path, commit: str) -> bytes:
    """The settings of a commit. Raises `Unreadable`."""
    from ringfence import sources

    tree = sources.revision(root, commit, [sources.MARK])
    tree.fetch([sources.MARK])
    return tree.read(sources.MARK)


def _default_branch(raw: bytes, store: Store) -> str | None:
    """What settings with these bytes have for the default branch; None where they are in error there."""
    key = cache.digest(raw).hex()
    row = store.get(BRANCH, [key]).get(key)
    if row is not None:
        return row.decode()
    from ringfence import documents, sources

    document, _ = documents.read(sources.MARK, raw)
    settings = document.data if document else None
    repository = settings.get("repository") if isinstance(settings, dict) else None
    branch = repository.get("defaultBranch", "main") if isinstance(repository, dict) else None
    if not isinstance(branch, str):
        return None
    store.put(BRANCH, {key: branch.encode()})
    return branch
