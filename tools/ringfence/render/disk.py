"""The rendered tree on disk: comparing it with what is expected, and bringing it there without a half-written file.

The whole of `policies/rendered/` belongs to the renderer. Links in it are never followed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from ringfence.errors import OutputError
from ringfence.findings import Finding, Location
from ringfence.render import checks, ondisk
from ringfence.render.files import RENDERED
from ringfence.render.ondisk import FILE, FOLDER
from ringfence.render.quoting import visible
from ringfence.values.files import unbroken

_HINT = "run: ringfence render"


class Written(Struct, frozen=True):
    """What a write did, as sorted paths relative to the repository's root."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]


def compare(root: Path, expected: Mapping[str, bytes], folders: Sequence[str] = (RENDERED,)) -> list[Finding]:
    """What stands between the disk and the expected files, in report order; nothing is written.

    Untracked and ignored files count: all of `policies/rendered/` is the renderer's. Only what is in the `folders` is
    looked at, whatever else `expected` holds.
    """
    wanted = _wanted(expected, folders)
    needed = _folders_of(wanted)
    found = ondisk.on_disk(root, folders)
    findings = []
    same = ondisk.same(root, wanted, found)
    for path, raw in wanted.items():
        if path in same:
            continue
        where = Location(path)
        if path not in found:
            message = "the file is missing, so clusters do not get what is declared"
            findings.append(checks.MISSING.at(where, message, hint=_HINT))
        elif found[path] != FILE:
            message = "a link, folder or device stands where the renderer writes a regular file"
            findings.append(checks.NOT_A_FILE.at(where, message, hint=_HINT))
        elif (actual := ondisk.read(f"{root}/{path}")) is None:
            message = "the file cannot be read, so nobody knows what clusters get"
            findings.append(checks.NOT_A_FILE.at(where, message, hint="check its permissions"))
        elif actual != raw:
            findings.append(_changed(path, raw, actual))
    for path, kind in found.items():
        if kind == FOLDER or path in wanted:
            continue
        if path in needed:
            message = "a link or file stands where the renderer has a folder"
            findings.append(checks.NOT_A_FILE.at(Location(path), message, hint=_HINT))
        else:
            message = "nothing that is declared renders to this file, and the rendered tree holds nothing else"
            findings.append(checks.EXTRA.at(Location(visible(path)), message, hint=_HINT))
    return sorted(findings, key=lambda finding: finding.sort_key)


def write(root: Path, expected: Mapping[str, bytes], folders: Sequence[str] = (RENDERED,)) -> Written:
    """Bring the disk to the expected files: write what differs, then remove what is stale, and folders left empty.

    All new content is on the disk under temporary names before the first file is replaced, so that a full disk changes
    nothing; the replacing itself is not broken by Ctrl-C. Only what is in the `folders` is touched.
    Raises `OutputError`; no temporary file is left then, and each file is whole: the old or the new one.
    """
    wanted = _wanted(expected, folders)
    try:
        _prepare(root)
        found = ondisk.on_disk(root, folders)
        created = sorted(path for path in wanted if path not in found)
        unchanged = sorted(ondisk.same(root, wanted, found))
        changed = sorted(wanted.keys() - {*created, *unchanged})
        needed = _folders_of(wanted)
        removed = [path for path, kind in found.items() if kind != FOLDER and path not in wanted and path not in needed]
        with _staging(root, found) as staging:
            for path in (*created, *changed):
                staging.add(path, wanted[path])
            with unbroken():
                staging.replace()
                _remove(root, removed, _empty_after(found, needed, folders))
    except OSError as error:
        what = f"cannot write {error.filename}" if error.filename else f"cannot write below {RENDERED}"
        hint = "free the disk or mend the permissions, then run ringfence render again; every file is whole"
        raise OutputError(f"{visible(what)}: {error.strerror or error}", hint) from error
    return Written(tuple(created), tuple(changed), tuple(sorted(map(visible, removed))), tuple(unchanged))


class _Staging:
    """New content under temporary names, each in the nearest folder that exists on the way to its file."""

    def __init__(self, root: Path, found: Mapping[str, str]) -> None:
        self.root = root
        self.kinds = dict(found)
        self.token = secrets.token_hex(4)
        self.waiting: dict[str, Path] = {}

    def add(self, path: str, raw: bytes) -> None:
        parents = ondisk.parents(path)
        near = next(parent for parent in reversed(parents) if self.kinds.get(parent) == FOLDER)
        temporary = self.root / near / f".ringfence-{self.token}-{len(self.waiting)}"
        self.waiting[path] = temporary
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(raw)

    def replace(self) -> None:
        for path in list(self.waiting):
            for parent in ondisk.parents(path):
                self.make_folder(parent)
            target = self.root / path
            if self.kinds.get(path) == FOLDER:
                shutil.rmtree(target)
            self.waiting[path].replace(target)
            del self.waiting[path]

    def make_folder(self, path: str) -> None:
        kind = self.kinds.get(path)
        if kind == FOLDER:
            return
        if kind is not None:
            (self.root / path).unlink()
        (self.root / path).mkdir()
        self.kinds[path] = FOLDER


@contextlib.contextmanager
def _staging(root: Path, found: Mapping[str, str]) -> Iterator[_Staging]:
    staging = _Staging(root, found)
    try:
        yield staging
    finally:
        for temporary in staging.waiting.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _wanted(expected: Mapping[str, bytes], folders: Sequence[str]) -> dict[str, bytes]:
    for path in expected:
        parts = path.split("/")
        if not path.startswith(f"{RENDERED}/") or not {"", ".", ".."}.isdisjoint(parts):
            raise ValueError(f"not a path of the rendered tree: {path!r}")
    inside = tuple(f"{folder}/" for folder in folders)
    return {path: raw for path, raw in expected.items() if path.startswith(inside)}


def _prepare(root: Path) -> None:
    first = RENDERED.partition("/")[0]
    if ondisk.kind_of(root / first) not in (None, FOLDER):
        raise OutputError(f"{first} is not a folder, and links are never followed", f"make {first} a real folder")
    if ondisk.kind_of(root / RENDERED) is None:
        (root / RENDERED).mkdir(parents=True)


def _remove(root: Path, stale: Iterable[str], folders: Iterable[str]) -> None:
    for path in stale:
        # what a replaced folder held is gone already
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            (root / path).unlink()
    for path in folders:
        try:
            (root / path).rmdir()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:
                raise


def _empty_after(found: Mapping[str, str], needed: set[str], folders: Sequence[str]) -> list[str]:
    """The folders in scope that are not needed, deepest first."""
    inside = tuple(f"{folder}/" for folder in folders)
    stale = [
        path for path, kind in found.items() if kind == FOLDER and path not in needed and f"{path}/".startswith(inside)
    ]
    return sorted((path for path in stale if path != RENDERED), key=lambda path: (-path.count("/"), path))


def _folders_of(paths: Iterable[str]) -> set[str]:
    return {parent for path in paths for parent in ondisk.parents(path)}


def _changed(path: str, expected: bytes, actual: bytes) -> Finding:
    lines, others = expected.splitlines(keepends=True), actual.splitlines(keepends=True)
    pairs = zip(lines, others, strict=False)
    line = next((number for number, (one, other) in enumerate(pairs) if one != other), min(len(lines), len(others))) + 1
    message = f"the file differs from what the declarations mean, from line {line} on"
    return checks.CHANGED.at(Location(path, line, 1), message, hint=_HINT)
