"""Folders on disk that held nothing but what Git tracks, remembered by their times: Git need not walk them again.

A folder that was seen to hold tracked files and folders alone still does, as long as it has not moved (`times`) and
the same files are tracked. That is believed only where the times of folders are seen to move.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from ringfence import cache
from ringfence.sources import times
from ringfence.sources.repository import Repository

KIND = "settled"
"""The kind of the cache's values, by root and folders."""

SOUND = "sound"
"""That in what is settled nothing may be a problem for a user: the digest of that, by root, folders and user."""

MANY = 100
"""Folders that moved, from which on all are walked."""

UNKNOWN = bytes(times.SIZE)
"""Stands for the times of what is not there, or of what they do not tell."""

_CHECKSUM = 20
_HEAD = struct.Struct(f"<{_CHECKSUM}s16sI")


class Known(NamedTuple):
    """What an earlier run saw.

    `staged` is the checksum of an index in which no file is flagged, `names` the digest of the listing of what it
    tracks, `times` those of each folder, `UNKNOWN` where it held something else or had moved just then. Folders are
    thousands, and so as the system names them.
    """

    staged: bytes
    names: bytes
    folders: list[bytes]
    times: list[bytes]


class Settled:
    """What is known of some folders of a root, beside how they are now. Without a cache nothing is."""

    def __init__(self, repository: Repository, root: str, only: Sequence[str], but: Sequence[str]) -> None:
        """Take the real path of the root, and which folders of it are meant, as for `Difference`."""
        self._root, self._prefix = os.fsencode(root), os.fsencode(repository.prefix)
        self._folder, self._only = repository.folder, only
        self._store = cache.store()
        self._key = "\0".join((root, *only, "", *but))
        self._now = time.time_ns()
        self._index = _checksum(self._folder)
        self._known: Known | None = None
        self._row = b""
        self.on = bool(only and self._index and not self._store.why) and _tells(repository.folder, root)
        if self.on and (row := self._store.get(KIND, [self._key]).get(self._key)):
            self._known, self._row = _unpacked(row), row
        self._times = self._now_of(self._known.folders) if self._known else []

    @property
    def knows(self) -> bool:
        """Whether anything is known."""
        return self._known is not None

    @property
    def has_same_index(self) -> bool:
        """Whether the index is the one that is known, in which no file is flagged."""
        return self._known is not None and self._known.staged == self._index

    def moved(self, listing: bytes | None) -> list[str] | None:
        """The folders to look into; None where it is all. `listing` is what is tracked (None: known by the index)."""
        known = self._known
        if known is None or (listing is not None and known.names != cache.digest(listing)):
            return None
        found = [
            os.fsdecode(folder)
            for folder, before, now in zip(known.folders, known.times, self._times, strict=True)
            if before != now or now == UNKNOWN
        ]
        # nothing is known of a folder in which nothing was tracked, nor of whether it is there
        found += [folder for folder in self._only if os.fsencode(folder) not in known.folders]
        return found if len(found) <= MANY else None

    def note(self, listing: bytes | None, moved: Collection[str] | None, others: Iterable[str]) -> None:
        """Remember a listing without flags, and that the folders that moved (None: all) hold nothing else but `others`.

        A folder among these ends with `/`. The listing may only be missing where the index is known.
        """
        if not self.on or (listing is None and not moved):
            return
        unclean = {os.fsencode(path.rstrip("/").rpartition("/")[0]) for path in others}
        looked = set(map(os.fsencode, moved or ()))
        known = self._known
        if (known is None or moved is None) and listing is not None:
            folders = sorted(_folders(listing, self._prefix))
            self._times, looked = self._now_of(folders), {*folders}
            known = Known(self._index, cache.digest(listing), folders, [UNKNOWN] * len(folders))
        if known is None or (listing is None and moved is None) or not unclean.issubset(known.folders):
            return
        device = os.lstat(self._root).st_dev
        found = [
            UNKNOWN if folder in unclean else self._lasting(now, device) if folder in looked else before
            for folder, before, now in zip(known.folders, known.times, self._times, strict=True)
        ]
        seen = Known(self._index, known.names, known.folders, found)
        # the listing is that of an index no more which is another one now
        if seen != self._known and _checksum(self._folder) == self._index:
            self._known, self._row = seen, _packed(seen)
            self._store.put(KIND, {self._key: self._row})

    def is_sound(self, but: Iterable[str]) -> bool:
        """Whether what is known of folders that have not moved holds nothing that may be a problem, `but` in some.

        Nothing is said of a file that differs from what the index has.
        """
        if not (self._row and self.has_same_index):
            return False
        key = self._sound_key(but)
        return self._store.get(SOUND, [key]).get(key) == cache.digest(self._row)

    def note_sound(self, but: Sequence[str]) -> None:
        """Remember the same of what is known by now, after everything in it was looked at."""
        if self.has_same_index and _checksum(self._folder) == self._index and not self.is_sound(but):
            self._store.put(SOUND, {self._sound_key(but): cache.digest(self._row)})

    def _sound_key(self, but: Iterable[str]) -> str:
        user = os.getuid(), os.geteuid(), os.getgid(), os.getegid(), sorted(os.getgroups())  # who may read a file
        return "\0".join((self._key, "", *but, str(user), _capabilities()))

    def _now_of(self, folders: list[bytes]) -> list[bytes]:
        """The times of folders as they are now."""
        top = self._root + b"/"
        found = []
        for folder in folders:
            try:
                found.append(times.of(os.lstat(top + folder)))
            except OSError:
                found.append(UNKNOWN)
        return found

    def _lasting(self, found: bytes, device: int) -> bytes:
        return (times.lasting(found, self._now) if times.device(found) == device else b"") or UNKNOWN


def _capabilities() -> str:
    """What lets this process read a file that its user may not, as Linux tells it; empty elsewhere."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123 - pathlib is imported late
            return next((line for line in status if line.startswith("CapEff:")), "")
    except OSError:
        return ""


def _checksum(folder: str) -> bytes:
    """What tells the index in Git's folder from any other; empty where there is none, or it has no checksum."""
    if not folder:
        return b""
    try:
        with open(f"{folder}/index", "rb") as file:  # noqa: PTH123 - a path made as text
            file.seek(-_CHECKSUM, os.SEEK_END)
            found = file.read()
    except OSError:
        return b""
    return found if any(found) else b""


def _tells(folder: str, root: str) -> bool:
    """Whether the times of folders tell where a root lies: Git's own moves when an index is put in its place."""
    try:
        own, index, there = os.lstat(folder), os.lstat(f"{folder}/index"), os.lstat(root)
    except OSError:
        return False
    return own.st_mtime_ns >= index.st_mtime_ns and own.st_dev == there.st_dev


def _folders(listing: bytes, prefix: bytes) -> set[bytes]:
    """The folders below the root that hold what `git ls-files -v` lists, relative to it."""
    found: set[bytes] = set()
    for folder in {record[2:].rpartition(b"/")[0] for record in listing.split(b"\0") if record}:
        while len(folder) > len(prefix) and folder.startswith(prefix) and folder[len(prefix) :] not in found:
            found.add(folder[len(prefix) :])
            folder = folder.rpartition(b"/")[0]
    return found


def _packed(known: Known) -> bytes:
    head = _HEAD.pack(known.staged, known.names, len(known.folders))
    return b"".join((head, *known.times, b"\0".join(known.folders)))


def _unpacked(row: bytes) -> Known:
    staged, names, number = _HEAD.unpack_from(row)
    end = _HEAD.size + number * times.SIZE
    found = [row[start : start + times.SIZE] for start in range(_HEAD.size, end, times.SIZE)]
    return Known(staged, names, row[end:].split(b"\0") if number else [], found)
