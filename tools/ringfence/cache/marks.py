"""A set of digests in one small file of fixed size: whether something is known, without a value.

A digest stands in one of a few slots that follow from it, and pushes the oldest there out. So the file is bounded, a
half-written or damaged slot is a digest that nobody asks for, and runs need no lock. Imports next to nothing: a hook
starts with it, and SQLite alone would take half as long as all of Python.
"""

from __future__ import annotations

import os

from ringfence.cache import place

FILE = "marks-1"
"""The number is that of the form below."""

SIZE = 16
"""Bytes of a digest."""

_WAYS = 4
_ROW = SIZE * _WAYS
_ROWS = 1 << 16


def known(folder: str, digests: list[bytes]) -> set[bytes]:
    """Those of the digests that are noted; none where the file is missing or not to be trusted. Never raises."""
    file = _open(folder, os.O_RDONLY)
    if file < 0:
        return set()
    try:
        return {digest for digest in digests if digest in _slots(_read(file, digest))}
    except OSError:
        return set()
    finally:
        os.close(file)


def note(folder: str, digests: list[bytes]) -> None:
    """Note digests of `SIZE` bytes, where that is possible. Never raises."""
    file = _open(folder, os.O_RDWR | os.O_CREAT)
    if file < 0:
        return
    try:
        for digest in digests:
            row = _read(file, digest)
            if digest not in _slots(row):
                os.pwrite(file, (digest + row)[:_ROW], _start(digest))
    except OSError:
        pass  # a full disk, say
    finally:
        os.close(file)


def count(folder: str) -> int:
    """How many digests are noted."""
    file = _open(folder, os.O_RDONLY)
    if file < 0:
        return 0
    with os.fdopen(file, "rb") as stream:
        content = stream.read(_ROW * _ROWS)
    return sum(map(any, _slots(content)))


def _open(folder: str, flags: int) -> int:
    """A descriptor of the file, or -1 where it is missing, closed to this user, or not to be trusted."""
    path = os.path.join(folder, FILE)
    if not folder or place.distrusted(path):
        return -1
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return -1


def _read(file: int, digest: bytes) -> bytes:
    return os.pread(file, _ROW, _start(digest))


def _slots(content: bytes) -> list[bytes]:
    return [content[start : start + SIZE] for start in range(0, len(content), SIZE)]


def _start(digest: bytes) -> int:
    return int.from_bytes(digest[:2], "big") * _ROW
