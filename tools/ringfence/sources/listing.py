"""What a commit holds: everything, or what lies at some paths, from Git's trees on the way there alone."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Optional

from ringfence.sources.objects import TREE, Object
from ringfence.sources.repository import Failed, Repository

FOLDER = "40000"
"""The mode of a folder in a tree."""

_Wanted = dict[str, Optional["_Wanted"]]
"""Names in a folder, each with those wanted below it; None: everything."""


def at(
    repository: Repository, commit: str, paths: Iterable[str], but: Collection[str] = ()
) -> Iterator[tuple[str, str, str]]:
    """Mode, id and path of all that is no folder at or below some paths of a commit, and not in `but`.

    Paths start at the top of the repository. Raises `Failed` where Git lacks a tree.
    """
    level: list[tuple[str, str, _Wanted | None]] = [("", f"{commit}^{{tree}}", _tried(paths))]
    while level:
        below: list[tuple[str, str, _Wanted | None]] = []
        trees = _trees(repository, [name for _, name, _ in level])
        for (folder, _, wanted), tree in zip(level, trees, strict=True):
            for mode, id_, entry in entries(tree):
                if wanted is not None and entry not in wanted:
                    continue
                path, inside = folder + entry, None if wanted is None else wanted[entry]
                if path in but:
                    continue
                if mode == FOLDER:
                    below.append((f"{path}/", id_, inside))
                elif inside is None:
                    yield mode, id_, path
        level = below


def inside(repository: Repository, commit: str, folder: str) -> list[tuple[str, str, str]]:
    """Mode, id and name of what stands right in a folder of a commit; nothing where there is none.

    Raises `Failed` where Git lacks a tree.
    """
    wanted = f"{commit}^{{tree}}"
    for name in folder.split("/"):
        (tree,) = _trees(repository, [wanted])
        wanted = next((id_ for mode, id_, entry in entries(tree) if (mode, entry) == (FOLDER, name)), "")
        if not wanted:
            return []
    (tree,) = _trees(repository, [wanted])
    return list(entries(tree))


def whole(repository: Repository, commit: str) -> Iterator[tuple[str, str, str]]:
    """The same of everything, which Git lists faster than it shows its trees."""
    found = records(repository.run("ls-tree", "-r", "-z", "--full-tree", commit))
    return ((mode, name, path) for mode, _, name, path in found)


def records(listing: bytes) -> Iterator[tuple[str, str, str, str]]:
    """The records of a listing of Git's: three fields (mode and two more, in the order of the command) and the path."""
    for record in os.fsdecode(listing).split("\0"):
        if record:
            fields, _, path = record.partition("\t")
            mode, second, third = fields.split(" ", 2)
            yield mode, second, third, path


def _trees(repository: Repository, names: list[str]) -> list[Object]:
    found = repository.read(names)
    for name, tree in zip(names, found, strict=True):
        if tree.kind != TREE:
            raise Failed(repository.top, 1, f"fatal: there is no tree {name}")
    return found


def entries(tree: Object) -> Iterator[tuple[str, str, str]]:
    """Mode, id and name of each entry of a tree. Some tools once wrote modes with zeros before them."""
    for mode, name, id_ in _entry(len(tree.id) // 2).findall(tree.raw):
        yield mode.lstrip(b"0").decode(), id_.hex(), os.fsdecode(name)


@lru_cache
def _entry(size: int) -> re.Pattern[bytes]:
    """An entry of a tree, with ids of so many bytes."""
    return re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % size, re.DOTALL)


def _tried(paths: Iterable[str]) -> _Wanted:
    """The same paths by their parts."""
    top: _Wanted = {}
    for path in paths:
        *above, last = path.split("/")
        here: _Wanted | None = top
        for name in above:
            here = None if here is None else here.setdefault(name, {})
        if here is not None:
            here[last] = None
    return top
