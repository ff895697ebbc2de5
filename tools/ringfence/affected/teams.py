"""The files of all teams in a commit, and the namespaces that each speaks of: in the cache by Git's ids of the folders.

A row holds some teams, and says everything of them, so that neither a file nor its folder is asked for: a commit with
a few other files has a few other rows.
"""

from __future__ import annotations

import os
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from ringfence import cache
from ringfence.affected.edited import Unclear
from ringfence.affected.words import only_flows, words
from ringfence.sources import BlobTree

KIND = "speaking"
"""The kind of the cache's values: the folders of some teams as `_row` makes them, by the ids of those."""

TEAMS = "teams"
_ROWS = 128
"""More take longer to be found, and fewer to be made again where one team differs."""

_LAST = re.compile(rb"[-a-z0-9]+\Z")
"""The namespace of an end of a flow before the `/`, as it is written where nothing is escaped."""

_FLOWS, _OTHER = b"F", b"O"
"""Whether a file certainly holds flows and no namespace. No name is written so."""


class File(NamedTuple):
    """A file: the id of its content, and whether it certainly holds flows and no namespace."""

    id: str
    only_flows: bool


class Teams:
    """`folders` are the namespaces that have files, each with the names of its teams; `names` are all teams.

    A folder is that of a team or of a namespace, and holds all below it that is in no other: `teams/checkout/shop/`.
    """

    def __init__(self, base: BlobTree) -> None:
        """Take a commit. Raises `Unclear` where a file of it is a problem, and `Unreadable`."""
        entries = base.entries(TEAMS)
        self.names = {name for _, _, name in entries}
        self.folders: dict[str, set[str]] = defaultdict(set)
        self._rows = list(_rows(base, entries))
        self._row_of: dict[str, int] = {}
        self._apart: dict[int, dict[str, bytes]] = {}
        self._files: dict[str, dict[str, File]] = {}
        for number, row in enumerate(self._rows):
            for folder in row[: row.find(b"\n\n")].decode().splitlines():
                self._row_of[folder] = number
                team, _, namespace = folder[len("teams/") : -1].partition("/")
                if namespace:
                    self.folders[namespace].add(team)

    def speaking(self, namespaces: Iterable[str]) -> set[str]:
        """The paths of files that may speak of a workload of some namespaces."""
        names = [f" {name} ".encode() for name in namespaces]
        return {
            folder + _name(line)
            for number, row in enumerate(self._rows)
            if any(name in row for name in names)
            for folder, lines in self._blocks(number).items()
            if any(name in lines for name in names)
            for line in lines.split(b"\n")
            if any(name in line for name in names)
        }

    def files(self, folder: str) -> dict[str, File]:
        """The files of a folder by their paths."""
        if folder not in self._files:
            files = self._files[folder] = {}
            lines = self._blocks(self._row_of[folder])[folder] if folder in self._row_of else b""
            for line in lines.splitlines():
                id_, kind, _ = line.split(b" ", 2)
                files[folder + _name(line)] = File(id_.decode(), kind == _FLOWS)
        return self._files[folder]

    def _blocks(self, number: int) -> dict[str, bytes]:
        """The folders of a row with their lines, a file each."""
        if number not in self._apart:
            folders, *blocks = self._rows[number].split(b"\n\n")
            self._apart[number] = dict(zip(folders.decode().splitlines(), blocks, strict=True))
        return self._apart[number]


def folder_of(path: str) -> str:
    """The folder of a file of a team."""
    return path.removesuffix(path.split("/", 3)[-1])


def _name(line: bytes) -> str:
    """The name of the file of a line, in its folder."""
    return line.rpartition(b"\t")[2].decode()


def _rows(base: BlobTree, entries: Iterable[tuple[str, str, str]]) -> Iterator[bytes]:
    """The rows of all teams: those that the cache has, and those that are made now."""
    groups: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for entry in entries:
        groups[zlib.crc32(os.fsencode(entry[2])) % _ROWS].append(entry)
    keys = {"\0".join(map(" ".join, group)): group for group in groups.values()}
    store = cache.store()
    known = store.get(KIND, keys)
    yield from known.values()
    unknown = {key: [f"{TEAMS}/{name}" for _, _, name in group] for key, group in keys.items() if key not in known}
    base.also(folder for folders in unknown.values() for folder in folders)
    if base.found:
        raise Unclear
    files = {key: [path for folder in folders for path in base.files(folder)] for key, folders in unknown.items()}
    contents = base.contents([path for paths in files.values() for path in paths])
    new = {key: _row(base, islice(contents, len(paths))) for key, paths in files.items()}
    store.put(KIND, new)
    yield from new.values()


def _row(base: BlobTree, contents: Iterable[tuple[str, bytes]]) -> bytes:
    """What is to be said of some teams, from all their files: the names of their folders, and for each the files."""
    blocks: dict[str, list[bytes]] = defaultdict(list)
    for path, raw in contents:
        folder, id_, kind = folder_of(path), base.blobs[path].encode(), _FLOWS if only_flows(raw) else _OTHER
        name = path.removeprefix(folder).encode()
        blocks[folder].append(b"%s %s %s \t%s" % (id_, kind, b" ".join(sorted(_spoken(raw))), name))
    return b"\n\n".join(("\n".join(blocks).encode(), *(b"\n".join(lines) for lines in blocks.values())))


def _spoken(raw: bytes) -> set[bytes]:
    """The names of namespaces that a file may speak of a workload of."""
    before = {part.rpartition(b" ")[2] for part in raw.split(b"/")[:-1]}
    found = {name for text in before for name in _LAST.findall(text)}
    # with an escape, a text can be written in another way
    return found | {word.encode() for word in words([raw])} if b"\\" in raw else found
