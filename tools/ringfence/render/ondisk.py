"""What lies on the disk where the rendered tree belongs. No link is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from ringfence.errors import OutputError
from ringfence.render.quoting import visible
from ringfence.values import workers

FOLDER, FILE, OTHER = "folder", "file", "other"

MANY = 5_000
"""From so many files on, a copy of this process is worth its making."""
AT_ONCE = 1_000
"""Files that a process compares before it takes the next ones."""


def on_disk(root: Path, folders: Sequence[str]) -> dict[str, str]:
    """Everything in some folders, and the folders that lead there, without following a link: path to kind."""
    found: dict[str, str] = {}
    for folder in folders:
        for path in (*parents(folder), folder):
            kind = found.get(path) or kind_of(root / path)
            if kind is not None:
                found[path] = kind
            if kind != FOLDER:
                break
        else:
            _walk(root, folder, found)
    return found


def _walk(root: Path, folder: str, found: dict[str, str]) -> None:
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(root / current) as entries:
                for entry in entries:
                    path = f"{current}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        found[path] = FOLDER
                        waiting.append(path)
                    else:
                        found[path] = FILE if entry.is_file(follow_symlinks=False) else OTHER
        except OSError as error:
            raise OutputError(
                f"cannot read the folder {visible(current)}: {error.strerror or error}", "mend its permissions"
            ) from error


def kind_of(path: Path) -> str | None:
    """What stands at a path, or nothing."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        return FOLDER
    return FILE if stat.S_ISREG(mode) else OTHER


def same(root: Path, wanted: Mapping[str, bytes], found: Mapping[str, str]) -> set[str]:
    """The files on the disk that have the bytes wanted, read with copies of this process where there are many."""
    paths = [path for path in wanted if found.get(path) == FILE]
    parts = [paths[start : start + AT_ONCE] for start in range(0, len(paths), AT_ONCE)]
    top = str(root)

    def differing(part: Sequence[str]) -> list[str]:
        return [path for path in part if read(f"{top}/{path}") != wanted[path]]

    def packed(found: list[str]) -> bytes:
        return "\0".join(found).encode()

    def unpacked(raw: bytes) -> list[str]:
        return raw.decode().split("\0")

    processes = None if len(paths) >= MANY else 1
    return set(paths).difference(*workers.spread(differing, parts, packed, unpacked, processes))


def read(path: str) -> bytes | None:
    """The bytes of a file that can be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - thousands of paths, made as text
            return file.read()
    except OSError:
        return None


def parents(path: str) -> list[str]:
    """The folders that lead to a path, outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
