"""What differs between a revision and another tree, asked of Git.

Git knows the object of every file and remembers which files on disk it has looked at, so nothing reads the files
that are alike.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ringfence import asking
from ringfence.sources.blobs import Beside, BlobTree
from ringfence.sources.repository import Asked, Failed, Repository, open_repository
from ringfence.sources.tree import Tree, inside, name_problem
from ringfence.sources.working import WorkingTree, parts

REGULAR = ("100644", "100755", "000000")
"""Modes of regular files, and of a file that one side does not have."""


class _Looked(NamedTuple):
    """A tree that was looked at for problems, but for some folders.

    Whether there is nothing that may be one, and whether only what has moved was looked at.
    """

    tree: WorkingTree
    but: Sequence[str]
    plain: bool
    partly: bool


class Difference:
    """What on disk differs from a commit: Git is asked at once, and heard when somebody wants to know.

    It is not asked for what an earlier run heard of it, where that is known to be the same (`settled`).
    """

    def __init__(self, root: Path, commit: str, only: Sequence[str] = (), but: Sequence[str] = ()) -> None:
        """Take a root and the id of a commit; `only` and `but` as for `changed`. Raises `UsageError` without Git."""
        self._repository = open_repository(root)
        self._root = root
        self.commit = commit
        self._only, self._but = only, but
        self._where = asking.where(self._repository.prefix, only, but)
        self._tracked = self._repository.ask(*asking.difference(commit, self._where))
        self._otherwise = self._repository.ask(*asking.OTHERWISE)
        asking.forget()
        self._flags: Asked | None = None
        self._staged: Asked | None = None
        self._looked: _Looked | None = None
        from ringfence.sources.settled import Settled

        self._settled = Settled(self._repository, str(root), only, but)
        if not self._settled.has_same_index:
            self._ask_flags()
        self._moved = self._looked_into()
        if self._moved is None:
            self._ask_flags()
        # an excluded folder would be walked all the same
        self._inside = parts(root, only if self._moved is None else self._moved, but)
        # what is remembered is that there is nothing, ignored or not
        self._other = self._ask_others(ignored=self._settled.on) if self._inside or not only else None

    @property
    def at_work(self) -> bool:
        """Whether Git is still looking for what differs."""
        return self._tracked.at_work or (self._other is not None and self._other.at_work)

    def odd(self, tree: WorkingTree, but: Sequence[str] = ()) -> bool:
        """Whether anything in these folders on disk is a problem (`Tree.problems`), what is in `but` left out.

        Where an earlier run saw none, only what has moved since is looked at, and what `paths` finds to differ.
        """
        but = [*self._but, *but]
        sound = self._moved is not None and self._settled.is_sound(but)
        folders = [folder for folder in self._moved or () if not _lies_in(folder, but)] if sound else self._only
        places = parts(self._root, folders, but)
        plain = not any(map(tree.may_hold_problems, places))
        # to ask Git what it ignores takes longer than to see that there is nothing to ask about
        found = not plain and any(map(tree.problems, places))
        self._looked = _Looked(tree, but, plain, sound)
        return found

    def paths(self) -> frozenset[str] | None:
        """The paths of files, or None where that cannot be said without looking at every file."""
        for asked in (self._otherwise, self._flags, self._other, self._tracked):
            if asked:
                asked.hear()
        try:
            found = _plain(self._found())
        except (Failed, _Odd):
            return None
        if found is None or self._looked is None:
            return found
        tree, but, plain, partly = self._looked
        # a file on which Git and its index agree has not moved since it was looked at
        own = [path for path in found if partly and not _lies_in(path, but)]
        if any(map(tree.may_hold_problems, own)) and any(map(tree.problems, own)):
            return None
        if plain:
            self._settled.note_sound(but)
        return found

    def ask_tracked(self) -> None:
        """Ask for what `tracked` tells, where Git will be heard."""
        # of what is staged, and gone since, no difference speaks
        only = ("--cached", "--diff-filter=A", "--no-renames", "--ita-visible-in-index")
        self._staged = self._repository.ask("diff", "--name-only", "-z", *only, self.commit, "--", *self._where)
        self._ask_flags()

    def tracked(self) -> list[str]:
        """The files on disk that Git knows in these folders; those of the commit are these, but for what differs."""
        if self._staged is None:
            self.ask_tracked()
        assert self._staged is not None  # noqa: S101 - asked just now
        start = len("H ") + len(self._repository.prefix)
        listed = [record[start:] for record in os.fsdecode(self._ask_flags().output()).split("\0") if record]
        staged = _own(self._repository, self._staged.output())
        gone = {path for path in staged if not os.path.lexists(self._root / path)}
        return [path for path in listed if path not in gone] if gone else listed

    def _ask_flags(self) -> Asked:
        if self._flags is None:
            self._flags = self._repository.ask("ls-files", "-v", "-z", "--", *self._where)
        return self._flags

    def _looked_into(self) -> list[str] | None:
        """The folders of which no earlier run says that they hold nothing new; None where that may be all."""
        if not self._settled.knows:
            return None
        try:
            return self._settled.moved(self._flags.output() if self._flags else None)
        except Failed:
            return None

    def _ask_others(self, *, ignored: bool) -> Asked:
        """What Git does not track; with what it ignores, a folder of nothing else is one."""
        which = "--directory" if ignored else "--exclude-standard"
        places = asking.where(self._repository.prefix, self._inside)
        return self._repository.ask("ls-files", "-z", "--others", which, "--", *places)

    def _found(self) -> Iterator[str]:
        if any(_own(self._repository, self._otherwise.output())):
            raise _Odd
        listing = self._flags.output() if self._flags else None
        flags = b"\0" + (listing or b"")
        if flags.count(b"\0H ") != flags.count(b"\0") - 1:  # each record starts with the flag of a plain file
            raise _Odd
        others = self._other.output() if self._other else b""
        self._settled.note(listing, self._moved, _own(self._repository, others))
        if others and self._settled.on:
            others = self._ask_others(ignored=False).output()
        new = frozenset(_own(self._repository, others))
        yield from new
        for status, _, path in _raw(self._repository, self._tracked.output()):
            if status == "D" and path not in new and os.path.lexists(self._root / path):
                raise _Odd  # tracked no more, and ignored
            yield path


def changed(base: BlobTree, head: Tree, only: Sequence[str] = (), but: Sequence[str] = ()) -> frozenset[str] | None:
    """The paths of files that only one of the trees has, or whose content Git takes for another.

    `only`: what is in these folders; `but`: not what is in these, each a folder right below one of `only`. The base
    must have been listed with no less than that.

    None where that cannot be said without looking at every file: a tree that is none of Git's, a link, a nested
    repository, an unfinished merge, a file that Git was told not to look at (`git update-index --assume-unchanged`) or
    stores otherwise than it is on disk (a filter, `ident`, `working-tree-encoding`).
    """
    if base.found:
        return None
    if isinstance(head, WorkingTree) and head.root / "" == base.repository.top / base.repository.prefix:
        return Difference(head.root, base.commit, only, but).paths()
    if not isinstance(head, BlobTree) or head.found:
        return None
    if not head.commit:
        return _plain(path for path, _ in base.blobs.items() ^ head.blobs.items())
    try:
        return _plain(_between(base, head.commit, only, but))
    except (Failed, _Odd):
        return None


def beside(base: BlobTree, rev: str, commit: str, only: Sequence[str]) -> Beside | None:
    """Another commit, which somebody called so, listed as far as the base is; what differs lies in some folders.

    None as for `changed`.
    """
    try:
        differing = _between(base, commit, only, ())
    except (Failed, _Odd):
        return None
    return None if base.found or _plain(differing) is None else Beside(base, rev, commit, differing)


def has(tree: Tree, path: str) -> bool:
    """Whether there is something at the path of a file, readable or not."""
    if isinstance(tree, BlobTree):
        return path in tree.blobs
    return isinstance(tree, WorkingTree) and os.path.lexists(tree.root / path)


def ignored(base: BlobTree, under: str) -> list[str]:
    """The files below a folder on disk that Git ignores and does not track, relative to the root."""
    where = asking.where(base.repository.prefix, (under,))
    listing = base.repository.run("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", *where)
    return list(_own(base.repository, listing))


class _Odd(Exception):  # noqa: N818 - never leaves this module
    """Something on disk that Git cannot say everything of."""


def _lies_in(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is one of some folders, or lies below it."""
    return any(inside(path, folder) for folder in folders)


def _own(repository: Repository, listing: bytes) -> Iterator[str]:
    """The paths of a listing that lie below the root, relative to it."""
    prefix = repository.prefix
    paths = map(os.fsdecode, filter(None, listing.split(b"\0")))
    return (path.removeprefix(prefix) for path in paths if path.startswith(prefix))


def _between(base: BlobTree, commit: str, only: Sequence[str], but: Sequence[str]) -> dict[str, str]:
    """What differs in another commit: the ids of the files there, "" for those that are gone."""
    where = asking.where(base.repository.prefix, only, but)
    listing = base.repository.run(*asking.between(base.commit, commit, where))
    return {path: "" if status == "D" else name for status, name, path in _raw(base.repository, listing)}


def _raw(repository: Repository, listing: bytes) -> Iterator[tuple[str, str, str]]:
    """The status, the new id and the path of each record of `git diff --raw` below the root.

    Raises `_Odd` for more than files.
    """
    prefix = repository.prefix
    fields = iter(listing.split(b"\0"))
    for head in fields:
        if not head:
            return
        old, new, _, name, status = head.decode("ascii").lstrip(":").split()
        path = os.fsdecode(next(fields))
        if not path.startswith(prefix):
            continue
        if status not in ("A", "D", "M") or {old, new} - set(REGULAR):
            raise _Odd
        yield status, name, path.removeprefix(prefix)


def _plain(paths: Iterable[str]) -> frozenset[str] | None:
    """The paths, if none of them is odd."""
    found = frozenset(paths)
    return None if any(map(_is_odd, found)) else found


def _is_odd(path: str) -> bool:
    """Whether a new path would be a finding by its name; a final `/` is another repository."""
    parts = path.split("/")
    steps = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return any(not step or name_problem(step, folder=step != path) is not None for step in steps) or path.endswith("/")
