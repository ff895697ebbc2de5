"""Which tool this is: what could change a result besides its input. Imports next to nothing: a hook starts with it."""

from __future__ import annotations

import os
import sys

try:
    from _blake2 import blake2b  # `hashlib` loads OpenSSL with it, which takes a third as long as all of Python
except ImportError:  # pragma: no cover - another Python than CPython
    from hashlib import blake2b

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_CHECKOUT = os.path.dirname(os.path.dirname(_PACKAGE))
_DATA = ("schemas", "policies/templates")
"""What the tool reads from a checkout, beside its package."""

_known: list[bytes] = []


def digest(*parts: bytes) -> bytes:
    """16 bytes for these parts, whose borders count."""
    state = blake2b(digest_size=16)
    for part in parts:
        state.update(b"%d:" % len(part))
        state.update(part)
    return state.digest()


def tool() -> bytes:
    """The identity of the tool: its own files, the packages beside it, Python, and whether libyaml is there (16 bytes).

    An installed package is known by the list of hashes that its installer wrote, so two installations of one release
    are one tool; a checkout by sizes and times of its files.
    """
    if not _known:
        _known.append(digest(sys.version.encode(), *_packages(), *_sources()))
    return _known[0]


def _packages() -> list[bytes]:
    """The names with versions of all installed packages, and of PyYAML's extension."""
    found: set[str] = set()
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        found.update(name for name in names if name.endswith((".dist-info", ".egg-info")))
        if "yaml" in names:
            found.update(name for name in os.listdir(os.path.join(folder, "yaml")) if name.startswith("_yaml."))
    return [os.fsencode(name) for name in sorted(found)]


def _sources() -> list[bytes]:
    beside = os.path.dirname(_PACKAGE)
    for name in os.listdir(beside):
        if name.startswith("ringfence-") and name.endswith(".dist-info"):
            try:
                with open(os.path.join(beside, name, "RECORD"), "rb") as stream:
                    return [stream.read()]
            except OSError:
                break
    folders = [_PACKAGE, *(os.path.join(_CHECKOUT, name) for name in _DATA)]
    return [line for folder in folders for line in sorted(_walk(folder))]


def _walk(folder: str) -> list[bytes]:
    found = []
    waiting = [folder]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.name == "__pycache__":
                continue
            if entry.is_dir():
                waiting.append(entry.path)
            else:
                state = entry.stat()
                found.append(b"%s %d %d" % (os.fsencode(entry.path), state.st_size, state.st_mtime_ns))
    return found
