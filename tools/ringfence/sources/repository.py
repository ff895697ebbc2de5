"""A Git repository, opened by explicit path, and the plumbing that the trees need. The importer of GitPython."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ringfence import asking
from ringfence.errors import UsageError
from ringfence.sources import environment
from ringfence.sources.ignored import refusal
from ringfence.sources.objects import BLOB, Ended, Object, Objects

if TYPE_CHECKING:
    import git


class Failed(UsageError):  # noqa: N818 - an answer of Git, handled where one can be expected
    """A Git command ended with a status above 0; where nobody expects that, it ends the run with what Git said."""

    def __init__(self, top: Path, status: int, stderr: str) -> None:
        told = refusal(top, stderr)
        super().__init__(told.message, told.hint)
        self.status = status
        self.stderr = stderr


class Asked:
    """A Git command that is at work in a folder, beside this process. Raises `OSError` where there is none of them."""

    def __init__(self, folder: Path, *arguments: str, index: str = "") -> None:
        """Start it, unless it was begun ahead."""
        self._folder = folder
        self._process = asking.ask(str(folder), arguments, index=index)

    @property
    def at_work(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.at_work

    def hear(self) -> tuple[bytes, bytes]:
        """What it printed and what it complained of. Of several side by side, hear each, whatever another one says."""
        return self._process.hear()

    def output(self) -> bytes:
        """All that it printed, once it has ended. Raises `Failed` on an exit status above 0."""
        output, errors = self.hear()
        if self._process.status:
            raise Failed(self._folder, self._process.status, os.fsdecode(errors))
        return output


class Repository:
    """A repository, and the folder of the Ringfence root in it (`prefix`, with `/` at the end, or "" at the top).

    `folder` is Git's own, with the index.
    """

    def __init__(self, top: Path, prefix: str, folder: str, repo: git.Repo | None = None) -> None:
        self.top, self.prefix, self.folder = top, prefix, folder
        self._repo = repo
        self._readers: dict[int, Objects] = {}
        self._fetched: dict[str, bytes] = {}

    @property
    def repo(self) -> git.Repo:
        """The same for GitPython, whose import takes longer than most commands of Git."""
        if self._repo is None:
            self._repo = _found(self.top)
        return self._repo

    @property
    def bare(self) -> bool:
        """Whether it has no working tree."""
        return bool(self.repo.bare)

    @property
    def shallow(self) -> bool:
        """Whether the clone holds only the end of the history."""
        return (Path(self.repo.common_dir) / "shallow").exists()

    def ask(self, *arguments: str, index: str = "") -> Asked:
        """Start `git <arguments>` at the top; `index` names an index file other than the repository's."""
        return Asked(self.top, *arguments, index=index)

    def run(self, *arguments: str, index: str = "") -> bytes:
        """The raw output of the same. Raises `Failed` on an exit status above 0."""
        return self.ask(*arguments, index=index).output()

    def text(self, *arguments: str) -> str:
        """The output of a Git command without the final newline."""
        return os.fsdecode(self.run(*arguments)).rstrip("\n")

    def read(self, names: Iterable[str]) -> list[Object]:
        """Objects by their ids or other names, in that order; one that is missing is empty. Raises `Failed`.

        One `git cat-file` stays open for each process: two that read from one would take each other's answers.
        """
        process = os.getpid()
        if process not in self._readers:
            self._readers[process] = Objects(self.top)
        try:
            return self._readers[process].read(names)
        except Ended as end:
            del self._readers[process]
            raise Failed(self.top, end.status, os.fsdecode(end.errors)) from end

    def fetch(self, names: Iterable[str]) -> None:
        """Read many objects at once; `blob` then has them. One that is missing is left to it."""
        wanted = sorted(set(names) - self._fetched.keys())
        for name, found in zip(wanted, self.read(wanted), strict=True) if wanted else ():
            if found.kind == BLOB:
                self._fetched[name] = found.raw

    def blob(self, name: str) -> bytes:
        """The bytes of one object; raises `ValueError` if missing."""
        if name in self._fetched:
            return self._fetched[name]
        try:
            (found,) = self.read([name])
        except Failed as error:
            raise ValueError(name) from error
        if not found.id:
            raise ValueError(name)
        return found.raw


def open_repository(root: Path) -> Repository:
    """The repository that a Ringfence root lies in; raises `UsageError` where there is none or Git refuses it."""
    where = Path(os.path.realpath(root))
    near = next((folder for folder in (where, *where.parents) if os.path.lexists(folder / ".git")), None)
    try:
        top, folder = _places(where, near)
        return Repository(top, _prefix(where, top), folder)
    except (
        OSError,
        Failed,
    ) as error:  # no Git, no repository, a bare one, one of somebody else: GitPython tells them apart
        try:
            repo = _found(where)
        except UsageError:
            if near and isinstance(error, Failed):
                raise error from None  # there is something, and Git says what is wrong with it
            raise
    top = Path(os.path.realpath(repo.working_tree_dir or repo.git_dir))
    repository = Repository(top, _prefix(where, top), str(repo.git_dir), repo)
    repository.run("rev-parse", "--git-dir")  # raises where Git refuses to work here
    return repository


@lru_cache
def _places(where: Path, near: Path | None) -> tuple[Path, str]:  # noqa: ARG001 - another nearest `.git` is another question
    """The top of the working tree around a folder and Git's own folder, which Git is asked for once.

    Raises `OSError` and `Failed`.
    """
    own = os.fsdecode(Asked(where, *asking.PLACES).output()).removesuffix("\n")
    top, _, folder = own.partition("\n")
    if "\n" in folder:  # a name has a line of its own
        top, folder = os.fsdecode(Asked(where, "rev-parse", "--show-toplevel").output()).removesuffix("\n"), ""
    return Path(os.path.realpath(top)), folder


def _prefix(where: Path, top: Path) -> str:
    """Where a folder lies in its repository. Raises `UsageError` where Git has a working tree elsewhere."""
    if where == top:
        return ""
    if top not in where.parents:
        raise UsageError(
            f"Git takes {top} for the working tree of the repository around {where}, and that is elsewhere",
            f"see: git -C {shlex.quote(str(where))} config --show-origin --get-regexp '^core\\.(worktree|bare)$'",
        )
    return where.relative_to(top).as_posix() + "/"


def _found(where: Path) -> git.Repo:
    """The repository around a folder. Raises `UsageError`."""
    try:
        import git
    except ImportError as error:
        raise UsageError("Git is not installed, and this command compares revisions", "install git") from error
    with environment.cleaned():
        try:
            return git.Repo(where, search_parent_directories=True, expand_vars=False)
        except git.NoSuchPathError as error:
            raise UsageError(f"{where} does not exist", "name a folder inside a Git repository") from error
        except git.InvalidGitRepositoryError as error:
            folder = shlex.quote(str(where))
            raise UsageError(
                f"{where} is not in a Git repository, so there is no other revision to read",
                f"make it one: git -C {folder} init && git -C {folder} add . && git -C {folder} commit -m 'Start'",
            ) from error
