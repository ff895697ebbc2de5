"""A Git repository, opened by explicit path, and the plumbing that the trees need. The importer of GitPython."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ringfence.errors import UsageError
from ringfence.sources import environment
from ringfence.sources.ignored import refusal

if TYPE_CHECKING:
    import git


class Failed(UsageError):  # noqa: N818 - an answer of Git, handled where one can be expected
    """A Git command ended with a status above 0; where nobody expects that, it ends the run with what Git said."""

    def __init__(self, top: Path, status: int, stderr: str) -> None:
        told = refusal(top, stderr)
        super().__init__(told.message, told.hint)
        self.status = status
        self.stderr = stderr


@dataclass(slots=True)
class Repository:
    """A repository, and the folder of the Ringfence root in it (`prefix`, with `/` at the end, or "" at the top)."""

    repo: git.Repo
    top: Path
    prefix: str
    _readers: dict[int, git.Git] = field(default_factory=dict, repr=False)

    @property
    def bare(self) -> bool:
        """Whether it has no working tree."""
        return bool(self.repo.bare)

    @property
    def shallow(self) -> bool:
        """Whether the clone holds only the end of the history."""
        return (Path(self.repo.common_dir) / "shallow").exists()

    def run(self, *arguments: str, index: str = "") -> bytes:
        """The raw output of `git <arguments>` at the top; `index` names an index file other than the repository's.

        Raises `Failed` on an exit status above 0.
        """
        import git

        extra = {"GIT_INDEX_FILE": index} if index else {}
        with environment.cleaned():
            try:
                output = self.repo.git.execute(
                    ["git", *arguments], stdout_as_string=False, strip_newline_in_stdout=False, env=extra
                )
            except git.GitCommandError as error:
                status = error.status if isinstance(error.status, int) else 128
                raise Failed(self.top, status, _stderr(error)) from error
        return bytes(output)

    def text(self, *arguments: str) -> str:
        """The output of a Git command without the final newline."""
        return os.fsdecode(self.run(*arguments)).rstrip("\n")

    def blob(self, name: str) -> bytes:
        """The bytes of one object; raises `ValueError` if missing.

        One `git cat-file --batch` stays open for each process: two that read from one would take each other's answers.
        """
        import git

        with environment.cleaned():
            process = os.getpid()
            if process not in self._readers:
                self._readers[process] = git.Git(str(self.top))
            return bytes(self._readers[process].get_object_data(name)[3])


def open_repository(root: Path) -> Repository:
    """The repository that a Ringfence root lies in; raises `UsageError` where there is none or Git refuses it."""
    try:
        import git
    except ImportError as error:
        raise UsageError("Git is not installed, and this command compares revisions", "install git") from error
    where = Path(os.path.realpath(root))
    with environment.cleaned():
        try:
            repo = git.Repo(where, search_parent_directories=True, expand_vars=False)
        except git.NoSuchPathError as error:
            raise UsageError(f"{root} does not exist", "name a folder inside a Git repository") from error
        except git.InvalidGitRepositoryError as error:
            raise UsageError(
                f"{root} is not in a Git repository, so there is no other revision to read",
                f"make it one: git -C {where} init && git -C {where} add . && git -C {where} commit -m 'Start'",
            ) from error
    top = Path(os.path.realpath(repo.working_tree_dir or repo.git_dir))
    prefix = "" if where == top else where.relative_to(top).as_posix() + "/"
    repository = Repository(repo, top, prefix)
    repository.run("rev-parse", "--git-dir")  # raises where Git refuses to work here
    return repository


def _stderr(error: git.GitCommandError) -> str:
    """What Git said; GitPython wraps it in a line `stderr: '…'`."""
    return error.stderr.strip().removeprefix("stderr: '").removesuffix("'")
