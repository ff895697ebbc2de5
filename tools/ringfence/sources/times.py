"""When a file or folder on disk last changed: while that is the same, so is what it holds.

Whatever is written into a file, put into a folder or taken out of it moves the times of that file or folder, of which
nobody can set the second one (`st_ctime`) back. Only what has moved just now may move again without a trace, since a
clock may stand still for a moment.
"""

from __future__ import annotations

import os
import struct

RECENT = 3_000_000_000
"""Nanoseconds in which a clock is not trusted to go on: the coarsest file systems count two seconds."""

_TIMES = struct.Struct("<QQQqq")
"""Device, inode, size, and when what it holds, and when anything of it, last changed (ns)."""

SIZE = _TIMES.size
UNKNOWN = bytes(SIZE)
"""Where there is nothing, or nothing that lasts."""


def of(path: str) -> bytes:
    """What tells a file or folder as it is now from what it is after any change; a link is not followed."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return UNKNOWN
    return _TIMES.pack(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def lasting(times: bytes, now: int) -> bytes:
    """The same, if it was `now` (ns) certain to tell; else `UNKNOWN`."""
    *_, held, own = _TIMES.unpack(times)
    return times if max(held, own) < now - RECENT else UNKNOWN


def device(times: bytes) -> int:
    """The device that something lies on."""
    found: int = _TIMES.unpack(times)[0]
    return found
