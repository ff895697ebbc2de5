"""Trees whose files are Git objects: a revision and the index. Objects are read in bulk, never by checkout."""

from __future__ import annotations

import bisect
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ringfence.errors import UsageError
from ringfence.findings import Finding, Location
from ringfence.sources import listing, pages
from ringfence.sources.objects import BLOB
from ringfence.sources.repository import Repository, open_repository
from ringfence.sources.revisions import commit
from ringfence.sources.tree import MAX_BYTES, Unreadable, concerns, name_problem, shown
from ringfence.sources.working import link, nested

LINK, SUBMODULE = "120000", "160000"

LACKING = "this clone does not hold its content (a partial clone?)"

MANY = 2_000
"""Objects that are in memory at once where they are not kept."""


class BlobTree:
    """A tree of blobs: `blobs` maps each path of a regular file to its object id; `commit` is a revision's id.

    Where it is not `whole`, only some folders are listed; `also` adds others.
    """

    def __init__(
        self,
        label: str,
        repository: Repository,
        blobs: dict[str, str],
        found: list[tuple[str, Finding]],
        commit: str = "",
        whole: bool = True,
    ) -> None:
        self.label, self.repository, self.commit, self.whole = label, repository, commit, whole
        self.blobs, self.found = blobs, found
        self._sorted: list[str] = []

    def files(self, under: str = "") -> list[str]:
        """The regular files below a folder, sorted."""
        if not self._sorted:
            self._sorted = list(self.blobs)
        if not under:
            return list(self._sorted)
        # `0` follows `/` in every order of characters, so nothing else stands between these two
        first, last = (bisect.bisect_left(self._sorted, under + end) for end in ("/", "0"))
        return [*([under] if under in self.blobs else []), *self._sorted[first:last]]

    def also(self, paths: Iterable[str]) -> None:
        """List these files and folders too."""
        wanted = [f"{self.repository.prefix}{path}" for path in paths]
        if self.whole or not wanted:
            return
        more = _tree(self.repository, self.label, listing.at(self.repository, self.commit, wanted), self.commit)
        self.blobs = dict(sorted({**self.blobs, **more.blobs}.items()))
        self.found = sorted({**dict(self.found), **dict(more.found)}.items(), key=lambda item: item[0])
        self._sorted = []

    def know(self, blobs: Mapping[str, str]) -> None:
        """List these files, which have these ids."""
        self.blobs = dict(sorted({**self.blobs, **blobs}.items()))
        self._sorted = []

    def part(self, paths: Iterable[str]) -> BlobTree:
        """The same tree with some of its files only; none of them is a problem."""
        blobs = {path: self.blobs[path] for path in sorted(paths)}
        return BlobTree(self.label, self.repository, blobs, [], self.commit, whole=False)

    def entries(self, folder: str) -> list[tuple[str, str, str]]:
        """Mode, id and name of all that stands right in a folder of a commit, listed or not."""
        return listing.inside(self.repository, self.commit, f"{self.repository.prefix}{folder}")

    def contents(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Some files with their bytes, which are not kept. Raises `Unreadable`."""
        for start in range(0, len(paths), MANY):
            part = paths[start : start + MANY]
            for path, found in zip(part, self.repository.read(self.blobs[path] for path in part), strict=True):
                if found.kind != BLOB:
                    raise Unreadable(path, LACKING)
                yield path, found.raw

    def fetch(self, paths: Iterable[str]) -> None:
        """Read these files at once, as far as there are such files: each is then there when it is asked for."""
        self.repository.fetch(self.blobs[path] for path in paths if path in self.blobs)

    def problems(self, under: str = "") -> list[Finding]:
        """Links, submodules, unmerged files, folders named like files, and names that cannot be printed."""
        return [finding for path, finding in self.found if concerns(path, under)]

    def read(self, path: str) -> bytes:
        """The bytes of a file, as Git stores them."""
        name = self.blobs.get(path)
        if name is None:
            raise Unreadable(path, f"there is no such file in the {self.label}")
        try:
            raw = self.repository.blob(name)
        except ValueError as error:
            raise Unreadable(path, LACKING) from error
        if len(raw) > MAX_BYTES:
            raise Unreadable(path, f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
        return raw


class Beside(BlobTree):
    """Another commit than a first one, listed as far as that is, from the files in which the two differ.

    `differing` are their ids by path, "" where this commit has none.
    """

    def __init__(self, base: BlobTree, rev: str, commit: str, differing: Mapping[str, str]) -> None:
        """Take the id of the commit, and what somebody called it."""
        super().__init__(label(commit, rev), base.repository, {}, [], commit, base.whole)
        self._base, self.differing = base, differing
        self._follow()

    def also(self, paths: Iterable[str]) -> None:
        """List these files and folders too, on both sides."""
        self._base.also(paths)
        self._follow()

    def know(self, blobs: Mapping[str, str]) -> None:
        """List these files of the base, which have these ids there."""
        self._base.know(blobs)
        self._follow()

    def _follow(self) -> None:
        blobs = {path: name for path, name in {**self._base.blobs, **self.differing}.items() if name}
        self.blobs, self.found, self._sorted = dict(sorted(blobs.items())), self._base.found, []


def revision(root: Path, rev: str, only: Sequence[str] = (), but: Sequence[str] = (), *, sha: str = "") -> BlobTree:
    """The files of a commit, named by any revision that Git knows; raises `UsageError` where it knows none so named.

    `only`: what is in these folders of the root. `but`: not what is in these, each a folder right below one of `only`.
    `sha`: the id of the commit, where somebody has asked for it already.
    """
    repository = open_repository(root)
    sha = sha or commit(repository, rev)
    if only:
        above, left_out = ([f"{repository.prefix}{folder}" for folder in folders] for folders in (only, but))
        entries = listing.at(repository, sha, above, left_out)
    else:
        entries = listing.whole(repository, sha)
    return _tree(repository, label(sha, rev), entries, sha, whole=not only)


def label(sha: str, rev: str) -> str:
    """What messages call a commit that somebody named."""
    return sha[:7] if sha.startswith(rev) else f"{sha[:7]} ({shown(rev)})"


def index(root: Path) -> BlobTree:
    """The staged files: what `git commit` would store. Inside a hook it is the index that Git hands to the hook."""
    asked = os.environ.get("GIT_INDEX_FILE", "")
    repository = open_repository(root)
    if repository.bare:
        raise UsageError(f"{root} is a bare repository, which stages nothing", "name a revision instead of the index")
    staged = listing.records(repository.run("ls-files", "-s", "-z", index=_index_of_hook(repository, asked)))
    return _tree(
        repository,
        "index",
        [(mode, "" if stage != "0" else name, path) for mode, name, stage, path in staged],
    )


def _index_of_hook(repository: Repository, asked: str) -> str:
    """The index file that a hook was given, if it is of this repository: `git commit <path>` uses one of its own."""
    if not asked:
        return ""
    full = Path(os.path.realpath(repository.top / asked))
    own = Path(os.path.realpath(repository.repo.git_dir))
    return str(full) if full.is_relative_to(own) and full.exists() else ""


def _tree(
    repository: Repository, label: str, entries: Iterable[tuple[str, str, str]], sha: str = "", *, whole: bool = True
) -> BlobTree:
    """The tree of the entries (mode, object id or "" when unmerged, path from the top) below the Ringfence root."""
    blobs: dict[str, str] = {}
    found: dict[str, Finding] = {}
    plain: set[str] = set()
    for mode, name, path in entries:
        if not path.startswith(repository.prefix):
            continue
        path = path[len(repository.prefix) :]
        folder, _, last = path.rpartition("/")
        if name and folder in plain and last.isprintable() and mode not in (LINK, SUBMODULE):
            blobs[path] = name  # nothing on the way to it, nor its own name, is a problem
            continue
        blocked, problem = _problem(path, mode, name, plain)
        if problem:
            found[blocked] = problem
        else:
            blobs[path] = name
    ordered = dict(sorted(blobs.items()))
    return BlobTree(label, repository, ordered, sorted(found.items(), key=lambda item: item[0]), sha, whole)


def _problem(path: str, mode: str, name: str, plain: set[str]) -> tuple[str, Finding | None]:
    """The first thing on the way to a path that is no folder or regular file, and its finding.

    `plain` are folders on whose way nothing is; those of this path come to them.
    """
    folders = []
    above = path.rpartition("/")[0]
    while above and above not in plain:
        folders.append(above)
        above = above.rpartition("/")[0]
    for folder in reversed(folders):
        if problem := name_problem(folder, folder=True):
            return folder, problem
        plain.add(folder)
    if problem := name_problem(path, folder=False):
        return path, problem
    if mode == LINK:
        return path, link(path, "as Git stores it")
    if mode == SUBMODULE:
        return path, nested(path)
    if not name:
        return path, pages.UNMERGED.at(
            Location(path),
            "has an unfinished merge, so it is not settled what it declares",
            hint=f"resolve it, then: git add {path}",
        )
    return path, None
