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


def of(found: os.stat_result) -> bytes:
    """What tells a file or folder as it is from what it is after any change."""
    return _TIMES.pack(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def lasting(times: bytes, now: int) -> bytes:
    """The same, if any later change will tell; else nothing. They were looked at `now` (ns) or later."""
    *_, held, own = _TIMES.unpack(times)
    return times if max(held, own) < now - RECENT else b""


def device(times: bytes) -> int:
    """The device that something lies on."""
    found: int = _TIMES.unpack(times)[0]
    return found
