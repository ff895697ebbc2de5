"""The working tree: files on disk, less what Git ignores. It works without Git too."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.findings import Finding, Location
from ringfence.sources import ignored, pages
from ringfence.sources.tree import MAX_BYTES, Unreadable, name_problem, shown

Walk = tuple[list[str], list[Finding]]


def working_tree(root: Path) -> WorkingTree:
    """The files on disk at a Ringfence root (see `find_root`)."""
    return WorkingTree(Path(os.path.realpath(root)))


def folder(path: Path) -> WorkingTree:
    """The files below any folder, those that Git ignores included: for manifests that are no repository."""
    return WorkingTree(Path(os.path.realpath(path)), label=str(path), _ignored=frozenset())


@dataclass(slots=True)
class WorkingTree:
    """The tree on disk at an absolute root without links. A folder is walked once; what changes later is not listed."""

    root: Path
    label: str = "working tree"
    _walks: dict[str, Walk] = field(default_factory=dict, repr=False)
    _plain_folders: set[str] = field(default_factory=set, repr=False)
    _ignored: frozenset[str] | None = field(default=None, repr=False)

    def files(self, under: str = "") -> list[str]:
        """The regular files below a folder that Git does not ignore, sorted."""
        return list(self._walk(under)[0])

    def problems(self, under: str = "") -> list[Finding]:
        """Links, special files, folders named like files, nested repositories, and what cannot be read or printed."""
        files, problems = self._walk(under)
        closed = [path for path in files if not os.access(self.root / path, os.R_OK)]
        return problems + [Unreadable(path, "Permission denied").finding for path in closed]

    def read(self, path: str) -> bytes:
        """The bytes of a file. It need not be listed (Git may ignore it), but no link on the way to it is followed."""
        full = self.root / path
        try:
            mode = full.lstat().st_mode
            if not stat.S_ISREG(mode):
                raise Unreadable(path, f"it is {_kind(mode)}")
            self._refuse_links_above(path)
            with full.open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            raise Unreadable(path, getattr(error, "strerror", None) or str(error)) from error
        if len(raw) > MAX_BYTES:
            raise Unreadable(path, f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
        return raw

    def _refuse_links_above(self, path: str) -> None:
        folder = str((self.root / path).parent)
        if folder not in self._plain_folders:
            if os.path.realpath(folder) != folder or not Path(folder).is_relative_to(self.root):
                raise Unreadable(path, "a symbolic link or `..` is on the way to it")
            self._plain_folders.add(folder)

    def _walk(self, under: str) -> Walk:
        if under not in self._walks:
            files: list[str] = []
            problems: list[Finding] = []
            for item in self._visit_from_root(under):
                if isinstance(item, Finding):
                    problems.append(item)
                else:
                    files.append(item)
            self._walks[under] = (sorted(files), problems)
        return self._walks[under]

    def _visit_from_root(self, under: str) -> Iterator[str | Finding]:
        """The walk of one folder; what stands in the way to it (a link instead of a folder) counts as its problem."""
        steps = under.split("/") if under else []
        for length in range(len(steps)):
            folder = "/".join(steps[:length])
            if length and not stat.S_ISDIR(self._mode(folder)):
                yield from self._visit(folder)
                return
        yield from self._visit(under)

    def _mode(self, path: str) -> int:
        try:
            return (self.root / path).lstat().st_mode
        except (OSError, ValueError):
            return 0

    def _visit(self, path: str) -> Iterator[str | Finding]:
        mode = self._mode(path)
        if mode:
            yield from self._judge(path, mode)

    def _judge(self, path: str, mode: int) -> Iterator[str | Finding]:
        if path in self._git_ignores():
            return
        if path and (problem := name_problem(path, folder=stat.S_ISDIR(mode))):
            yield problem
        elif stat.S_ISREG(mode):
            yield path
        elif stat.S_ISDIR(mode):
            yield from self._folder(path)
        elif stat.S_ISLNK(mode):
            yield self._link(path)
        else:
            yield pages.SPECIAL.at(
                Location(path),
                f"is {_kind(mode)}, so nothing can be read here, and Git does not store it",
                hint="replace it with a regular file, or remove it",
            )

    def _folder(self, path: str) -> Iterator[str | Finding]:
        try:
            with os.scandir(self.root / path) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            yield Unreadable(path, error.strerror or str(error)).finding
            return
        if path and any(entry.name == ".git" for entry in entries):
            yield nested(path)
            return
        for entry in entries:
            name = f"{path}/{entry.name}" if path else entry.name
            if name == ".git":
                continue
            if entry.is_file(follow_symlinks=False):
                yield from self._judge(name, stat.S_IFREG)
            elif entry.is_dir(follow_symlinks=False):
                yield from self._judge(name, stat.S_IFDIR)
            else:
                yield from self._visit(name)

    def _link(self, path: str) -> Finding:
        full = self.root / path
        try:
            target = Path(os.path.realpath(full))
        except OSError as error:
            return link(path, f"nobody can say where it leads: {error.strerror or error}")
        if target.is_symlink():
            leads = "it leads back to itself"
        elif not target.is_relative_to(self.root):
            leads = "it leads out of the repository"
        elif not target.exists():
            leads = "it leads to nothing"
        else:
            leads = f"it leads to {shown(target.relative_to(self.root).as_posix())}"
        return link(path, leads)

    def _git_ignores(self) -> frozenset[str]:
        if self._ignored is None:
            self._ignored = ignored.paths(self.root)
        return self._ignored


def link(path: str, leads: str) -> Finding:
    """The finding on a symbolic link; `leads` says where it goes."""
    return pages.SYMLINK.at(
        Location(path),
        f"is a symbolic link ({leads}); links are not followed, so that every tree reads what its reviewers saw",
        hint="replace it with a regular file, or remove it",
    )


def nested(path: str) -> Finding:
    """The finding on a submodule or another repository inside the tree."""
    return pages.NESTED.at(
        Location(path),
        "is another Git repository; this one stores only a pointer to it, so its files are not read",
        hint="move its files into this repository, or move it out",
    )


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "not a regular file")
