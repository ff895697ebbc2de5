"""The answer to `ringfence check FILE…` where nothing is wrong, without the command line's own imports.

A pre-commit hook runs it on every commit, and a file is nearly always valid, or known to be valid from before. Whatever
is not plain, is unknown to this module or has a finding is left to `cli`, which starts anew and says the same.
"""

from __future__ import annotations

import os
import stat

from ringfence import cache

MARK = "policies/ringfence.yaml"
"""As in `sources`, which takes too long to import."""

_LARGE = 1 << 20

TYPE_CHECKING = False  # as in `typing`
if TYPE_CHECKING:
    from collections.abc import Sequence


def answer(arguments: Sequence[str]) -> int | None:
    """The exit code where every named file has no finding and the summary is printed; else None, and nothing is done.

    What is found valid is noted in the cache.
    """
    if len(arguments) < 2 or arguments[0] != "check" or any(name.startswith("-") for name in arguments):
        return None
    try:
        files = _files(arguments[1:])
        if files is None or not _valid(files):
            return None
        os.write(1, f"{len(files):,} {'file' if len(files) == 1 else 'files'}; no findings\n".encode())
    except Exception:  # noqa: BLE001 - `cli` meets it again, and knows how to say it
        return None
    return 0


def _valid(files: dict[str, bytes]) -> bool:
    """Whether nothing is wrong with any of the files, by what is known or by reading them."""
    folder = cache.find().folder
    tool = cache.tool() if folder else b""
    marks = {cache.digest(tool, b"valid", path.encode(), raw): path for path, raw in files.items()}
    known = cache.known(folder, list(marks))
    unknown = {mark: path for mark, path in marks.items() if mark not in known}
    if not unknown:
        return True
    from ringfence.model import alone

    valid = [mark for mark, path in unknown.items() if alone.is_valid(path, files[path])]
    if valid:
        cache.note(folder, valid)
    return len(valid) == len(unknown)


def _files(names: Sequence[str]) -> dict[str, bytes] | None:
    """The files of one repository by their paths in it, or None where one is not plainly a file of it."""
    files: dict[str, bytes] = {}
    roots = set()
    for name in names:
        folder = os.path.realpath(os.path.dirname(name))
        full = os.path.join(folder, os.path.basename(name))
        state = os.lstat(full)
        root = root_of(folder)
        path = full[len(root) + 1 :]
        plain = path.isascii() and path.isprintable() and path.startswith(("policies/", "teams/"))
        if not (root and plain and stat.S_ISREG(state.st_mode) and state.st_size <= _LARGE):
            return None
        roots.add(root)
        with open(full, "rb") as stream:
            files[path] = stream.read(_LARGE + 1)
    return files if len(roots) == 1 else None


def root_of(folder: str) -> str:
    """The root of the repository around a folder (a real path), or "" where that is not certain."""
    while not os.path.lexists(f"{folder}/{MARK}"):
        above = os.path.dirname(folder)
        if above == folder or os.path.lexists(f"{folder}/{MARK.removesuffix('yaml')}yml"):
            return ""
        folder = above
    return folder if folder != "/" else ""
