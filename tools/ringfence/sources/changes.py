"""What differs between a revision and another tree, and which files of a revision hold a text: both asked of Git.

Git knows the object of every file and remembers which files on disk it has looked at, so neither question reads the
files that are alike.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from ringfence.sources.blobs import BlobTree
from ringfence.sources.repository import Failed
from ringfence.sources.tree import Tree, name_problem
from ringfence.sources.working import WorkingTree

REGULAR = ("100644", "100755", "000000")
"""Modes of regular files, and of a file that one side does not have."""


def changed(base: BlobTree, head: Tree, only: Sequence[str] = (), but: Sequence[str] = ()) -> frozenset[str] | None:
    """The paths of files that only one of the trees has, or whose content Git takes for another.

    `only`: what is in these folders; `but`: not what is in these. The base must have been listed with the same.

    None where that cannot be said without looking at every file: a tree that is none of Git's, a link, a nested
    repository, an unfinished merge, a file that Git was told not to look at (`git update-index --assume-unchanged`).
    """
    if base.found:
        return None
    if isinstance(head, BlobTree):
        return None if head.found else frozenset(path for path, _ in base.blobs.items() ^ head.blobs.items())
    if not isinstance(head, WorkingTree) or head.root / "" != base.repository.top / base.repository.prefix:
        return None
    try:
        prefix = base.repository.prefix
        where = [f":(top,literal){prefix}{folder}" for folder in only]
        where += [f":(top,literal,exclude){prefix}{folder}" for folder in but]
        new = list(_untracked(base, where))
        paths = [*_differing(base, where, frozenset(new)), *new]
    except (Failed, _Odd):
        return None
    own = [path.removeprefix(prefix) for path in paths if path.startswith(prefix)]
    return None if any(map(_is_odd, own)) else frozenset(own)


def has(tree: Tree, path: str) -> bool:
    """Whether there is something at the path of a file, readable or not."""
    if isinstance(tree, BlobTree):
        return path in tree.blobs
    return isinstance(tree, WorkingTree) and os.path.lexists(tree.root / path)


def ignored(base: BlobTree, under: str) -> list[str]:
    """The files below a folder on disk that Git ignores and does not track, relative to the root."""
    where = f":(top,literal){base.repository.prefix}{under}"
    listing = base.repository.run("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", where)
    return [os.fsdecode(name).removeprefix(base.repository.prefix) for name in listing.split(b"\0") if name]


def holding(tree: BlobTree, texts: Iterable[str], under: str) -> frozenset[str]:
    """The files below a folder whose bytes hold any of the texts."""
    patterns = [part for text in sorted(set(texts)) for part in ("-e", text)]
    if not patterns:
        return frozenset()
    prefix = tree.repository.prefix
    options = ("--no-color", "-l", "-z", "-a", "-F", "--full-name")
    command = ["grep", *options, *patterns, tree.commit, "--", f"{prefix}{under}"]
    try:
        listing = tree.repository.run(*command)
    except Failed as error:
        if error.status == 1:  # nothing found
            return frozenset()
        raise
    start = len(tree.commit) + 1 + len(prefix)
    return frozenset(os.fsdecode(name)[start:] for name in listing.split(b"\0") if name)


class _Odd(Exception):  # noqa: N818 - never leaves this module
    """Something on disk that Git cannot say everything of."""


def problems(tree: WorkingTree, only: Sequence[str], but: Sequence[str] = ()) -> bool:
    """Whether anything in some folders on disk is a problem (`Tree.problems`), what is in others left out."""
    folders = set(only)
    for folder in {path.rpartition("/")[0] for path in but}:
        folders.discard(folder)
        try:
            names = [entry.name for entry in (tree.root / folder).iterdir()]
        except OSError:
            return True
        folders |= {f"{folder}/{name}" for name in names} - set(but)
    return any(tree.problems(folder) for folder in folders)


def _differing(base: BlobTree, where: Sequence[str], untracked: frozenset[str]) -> Iterator[str]:
    """What Git tracks and has another content on disk; paths from the top. `untracked` are the others there."""
    if _is_filtered(base):
        raise _Odd
    flags = base.repository.run("ls-files", "-v", "-z", "--deduplicate", "--", *where)
    if any(not record.startswith(b"H ") for record in flags.split(b"\0") if record):
        raise _Odd
    listing = base.repository.run("diff", "--raw", "-z", "--no-renames", "--no-ext-diff", base.commit, "--", *where)
    fields = iter(listing.split(b"\0"))
    for head in fields:
        if not head:
            return
        old, new, _, _, status = head.decode("ascii").lstrip(":").split()
        if status not in ("A", "D", "M") or {old, new} - set(REGULAR):
            raise _Odd
        path = os.fsdecode(next(fields))
        if status == "D" and path not in untracked and os.path.lexists(base.repository.top / path):
            raise _Odd  # tracked no more, and ignored
        yield path


def _is_filtered(base: BlobTree) -> bool:
    """Whether Git stores other bytes than those on disk, by a filter: it then compares what nobody reads."""
    try:
        base.repository.run("config", "--get-regexp", r"^filter\..*\.(clean|process)$")
    except Failed:
        return False
    filtered = base.repository.run("ls-files", "-z", "--", ":(top,exclude,attr:!filter)")
    return any(os.fsdecode(name).startswith(base.repository.prefix) for name in filtered.split(b"\0") if name)


def _untracked(base: BlobTree, where: Sequence[str]) -> Iterator[str]:
    listing = base.repository.run("ls-files", "-z", "--others", "--exclude-standard", "--", *where)
    return (os.fsdecode(name) for name in listing.split(b"\0") if name)


def _is_odd(path: str) -> bool:
    """Whether a new path would be a finding by its name; a final `/` is another repository."""
    parts = path.split("/")
    steps = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return any(not step or name_problem(step, folder=step != path) is not None for step in steps) or path.endswith("/")
