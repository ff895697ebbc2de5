"""What the cache folder holds, and its removal."""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

from ringfence.cache import marks, place, rows

_OURS = ("values-", "marks-")
"""How the names of our files start, those of other releases included."""


class Contents(NamedTuple):
    """The folder ("" where there is none, and `why`), the bytes of its files, and by kind the number of entries."""

    folder: str
    why: str
    size: int
    kinds: dict[str, int]


def contents() -> Contents:
    """What the cache of this user holds now. Nothing is made where nothing is."""
    found = place.find(make=False)
    if found.why:
        return Contents("", found.why, 0, {})
    kinds = {"valid": number} if (number := marks.count(found.folder)) else {}
    store = rows.store()
    if store.path and os.path.exists(store.path):
        kinds |= {kind: number for kind, (number, _) in store.kinds().items()}
    store.close()
    return Contents(
        found.folder, store.why, sum(_size(path) for path in _files(found.folder)), dict(sorted(kinds.items()))
    )


def clear() -> int:
    """Remove our files from the folder; how many bytes went. A run that uses them meanwhile does without."""
    found = place.find(make=False)
    gone = 0
    for path in _files(found.folder) if found.folder else ():
        size = _size(path)
        with contextlib.suppress(OSError):
            os.unlink(path)
            gone += size
    return gone


def _files(folder: str) -> list[str]:
    try:
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.startswith(_OURS)]
    except OSError:
        return []


def _size(path: str) -> int:
    """The bytes that a file takes on the disk; holes take none."""
    try:
        return os.lstat(path).st_blocks * 512
    except OSError:
        return 0
