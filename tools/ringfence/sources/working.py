"""The working tree: files on disk, less what Git ignores. It works without Git too."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path

from ringfence.findings import Finding, Location
from ringfence.sources import ignored, pages, times
from ringfence.sources.tree import MAX_BYTES, Unreadable, name_problem, shown

Walk = tuple[list[str], list[Finding]]


def working_tree(root: Path, only: Sequence[str] = (), but: Sequence[str] = (), *, once: bool = False) -> WorkingTree:
    """The files on disk at a Ringfence root (see `find_root`).

    `only`: what is in these folders of it. `but`: not what is in these, each a folder right below one of `only`.
    `once`: a file is read once, and stays as it was then.
    """
    return WorkingTree(Path(os.path.realpath(root)), only=tuple(only), but=tuple(but), known={} if once else None)


def folder(path: Path) -> WorkingTree:
    """The files below any folder, those that Git ignores included: for manifests that are no repository."""
    return WorkingTree(Path(os.path.realpath(path)), label=str(path), ignored=frozenset())


class WorkingTree:
    """The tree on disk at an absolute root without links. A folder is walked once; what changes later is not listed.

    `known` is what has been read, where a file is read once, with the times that the file then had.
    """

    def __init__(
        self,
        root: Path,
        label: str = "working tree",
        only: tuple[str, ...] = (),
        but: tuple[str, ...] = (),
        known: dict[str, tuple[bytes, bytes]] | None = None,
        ignored: frozenset[str] | None = None,
    ) -> None:
        self.root, self.label, self.only, self.but = root, label, only, but
        self.known = known
        self._walks: dict[str, Walk] = {}
        self._plain_folders: set[str] = set()
        self._ignored = ignored
        self._made = time.time_ns()

    def files(self, under: str = "") -> list[str]:
        """The regular files below a folder that Git does not ignore, sorted."""
        return list(self._walk(under)[0])

    def problems(self, under: str = "") -> list[Finding]:
        """Links, special files, folders named like files, nested repositories, and what cannot be read or printed."""
        files, problems = self._walk(under)
        top = f"{self.root}/"
        closed = [path for path in files if not os.access(top + path, os.R_OK)]
        return problems + [Unreadable(path, "Permission denied").finding for path in closed]

    def may_hold_problems(self, under: str) -> bool:
        """Whether anything below a folder can be a problem: quicker than to say which, and whether Git ignores it."""
        full, mode = f"{self.root}/{under}", self._mode(under)
        if not mode:
            return False
        if stat.S_ISREG(mode):
            return not (under.isprintable() and os.access(full, os.R_OK))
        if os.path.realpath(full) != full or _is_odd(under):
            return True
        waiting = [full]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as scan:
                    for entry in scan:
                        if _is_odd(entry.name, file=True):
                            return True
                        if entry.is_file(follow_symlinks=False):
                            if not os.access(entry.path, os.R_OK):
                                return True
                        elif not entry.is_dir(follow_symlinks=False) or _is_odd(entry.name):
                            return True
                        else:
                            waiting.append(entry.path)
            except OSError:
                return True
        return False

    def read(self, path: str) -> bytes:
        """The bytes of a file. It need not be listed (Git may ignore it), but no link on the way to it is followed."""
        if self.known is not None and path in self.known:
            return self.known[path][0]
        full = f"{self.root}/{path}"
        try:
            found = os.lstat(full)
            if not stat.S_ISREG(found.st_mode):
                raise Unreadable(path, f"it is {_kind(found.st_mode)}")
            self._refuse_links_above(path)
            file = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)  # `open` takes twice as long
            try:
                raw = os.read(file, min(found.st_size, MAX_BYTES) + 1)
                while found.st_size < len(raw) <= MAX_BYTES and (more := os.read(file, MAX_BYTES)):
                    raw += more  # it grew
            finally:
                os.close(file)
        except (OSError, ValueError) as error:
            raise Unreadable(path, getattr(error, "strerror", None) or str(error)) from error
        if len(raw) > MAX_BYTES:
            raise Unreadable(path, f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
        if self.known is not None:
            self.known[path] = raw, times.of(found)
        return raw

    def times(self, path: str) -> bytes:
        """The times of a file when it was read once, if they will tell whether it moves; else nothing."""
        _, found = (self.known or {}).get(path, (b"", b""))
        return times.lasting(found, self._made) if found else b""

    def stands(self, path: str) -> bytes:
        """The times of a file as it is now; nothing where there is none."""
        try:
            return times.of(os.lstat(f"{self.root}/{path}"))
        except (OSError, ValueError):
            return b""

    def is_as_it_was(self, path: str, before: bytes) -> bool:
        """Whether a file has these times still, and so the same content."""
        try:
            found = times.of(os.lstat(f"{self.root}/{path}"))
            self._refuse_links_above(path)
        except (OSError, ValueError, Unreadable):
            return False
        return found == before

    def _refuse_links_above(self, path: str) -> None:
        above = path.rpartition("/")[0]
        if not self._is_plain(above):
            folder = str((self.root / path).parent)
            if os.path.realpath(folder) != folder or not Path(folder).is_relative_to(self.root):
                raise Unreadable(path, "a symbolic link or `..` is on the way to it")
            self._plain_folders.add(above)

    def _is_plain(self, folder: str) -> bool:
        """Whether a folder is seen to be one with no link on the way: quicker than to follow the way to its end."""
        if folder not in self._plain_folders:
            if not folder:
                if os.path.realpath(self.root) != str(self.root):
                    return False
            else:
                above, _, name = folder.rpartition("/")
                if name in ("", ".", "..") or not self._is_plain(above):
                    return False
                if not stat.S_ISDIR(os.lstat(f"{self.root}/{folder}").st_mode):
                    return False
            self._plain_folders.add(folder)
        return True

    def _walk(self, under: str) -> Walk:
        if under not in self._walks:
            walk: Walk = ([], [])
            for folder in (self.only if not under else ()) or (under,):
                self._visit_from_root(folder, walk)
            walk[0].sort()
            self._walks[under] = walk
        return self._walks[under]

    def _visit_from_root(self, under: str, walk: Walk) -> None:
        """The walk of one folder; what stands in the way to it (a link instead of a folder) counts as its problem."""
        steps = under.split("/") if under else []
        for length in range(len(steps)):
            folder = "/".join(steps[:length])
            if length and not stat.S_ISDIR(self._mode(folder)):
                self._visit(folder, walk)
                return
        self._visit(under, walk)

    def _mode(self, path: str) -> int:
        try:
            return (self.root / path).lstat().st_mode
        except (OSError, ValueError):
            return 0

    def _visit(self, path: str, walk: Walk) -> None:
        mode = self._mode(path)
        if mode:
            self._judge(path, mode, walk)

    def _judge(self, path: str, mode: int, walk: Walk) -> None:
        files, problems = walk
        if path in self._git_ignores():
            return
        if path and (problem := name_problem(path, folder=stat.S_ISDIR(mode))):
            problems.append(problem)
        elif stat.S_ISREG(mode):
            files.append(path)
        elif stat.S_ISDIR(mode):
            self._folder(path, walk)
        elif stat.S_ISLNK(mode):
            problems.append(self._link(path))
        else:
            problems.append(
                pages.SPECIAL.at(
                    Location(path),
                    f"is {_kind(mode)}, so nothing can be read here, and Git does not store it",
                    hint="replace it with a regular file, or remove it",
                )
            )

    def _folder(self, path: str, walk: Walk) -> None:
        files, problems = walk
        ignored = self._git_ignores()
        try:
            with os.scandir(f"{self.root}/{path}") as scan:
                entries = sorted(scan, key=_name)
        except OSError as error:
            problems.append(Unreadable(path, error.strerror or str(error)).finding)
            return
        if path and any(entry.name == ".git" for entry in entries):
            problems.append(nested(path))
            return
        for entry in entries:
            name = f"{path}/{entry.name}" if path else entry.name
            if name == ".git" or name in self.but:
                continue
            if entry.is_file(follow_symlinks=False):
                if entry.name.isprintable():
                    if name not in ignored:
                        files.append(name)
                else:
                    self._judge(name, stat.S_IFREG, walk)
            elif entry.is_dir(follow_symlinks=False):
                self._judge(name, stat.S_IFDIR, walk)
            else:
                self._visit(name, walk)

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
            self._ignored = ignored.paths(self.root, parts(self.root, self.only, self.but))
        return self._ignored


def _is_odd(path: str, *, file: bool = False) -> bool:
    """Whether a name is reason to look closer."""
    return not path.isprintable() or path == ".git" or (not file and path.endswith((".yaml", ".yml", "/.git")))


def parts(root: Path, only: Sequence[str], but: Sequence[str]) -> list[str]:
    """The folders `only`; instead of one that holds any of `but`, all else that lies right in it on disk."""
    above = {path.rpartition("/")[0] for path in but} & {*only}
    found = [folder for folder in only if folder not in above]
    for folder in sorted(above):
        try:
            names = [entry.name for entry in (root / folder).iterdir()]
        except OSError:
            found.append(folder)
        else:
            found += sorted({f"{folder}/{name}" for name in names} - {*but})
    return found


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


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
