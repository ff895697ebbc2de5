"""Git as a process: its environment, what it is told to be exact about, and what was begun before anybody asked.

Imports next to nothing, so that Git can be at work while the rest is imported (`ahead`).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # as in `typing`
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REPOSITORY_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
"""`git rev-parse --local-env-vars` without the configuration (it carries `safe.directory`), and the pathspec modes.

Git sets them inside hooks. A tool that leaves them in place reads the hook's repository, whatever path it is given.
"""

OURS = {"LC_ALL": "C", "LANGUAGE": "C", "GIT_NO_REPLACE_OBJECTS": "1"}
"""Messages in English; and objects as they are, not as this clone replaces them for itself (`git replace`)."""

ONLY, BUT = ("teams", "policies"), ("policies/rendered",)
"""Where declarations stand."""

EXACT = ("-c", "core.trustctime=true", "-c", "core.checkStat=default", "-c", "core.fsmonitor=")
"""Git itself looks at every file on disk, and at all that tells of a change. (Before 2.36, `false` names a hook.)"""

PLACES = ("rev-parse", "--show-toplevel", "--absolute-git-dir")
"""Asks for the top of the working tree and for Git's own folder."""

AS_STORED = ":(top,exclude,attr:!filter !ident !working-tree-encoding)"
"""Files of which Git compares what is read here, but for the ends of lines (asked of a part, some versions err)."""

OTHERWISE = ("ls-files", "-z", "--", AS_STORED)
"""Asks for all other tracked files."""


class Process:
    """A Git command that is at work in a folder, beside this process. Raises `OSError` where there is none of them."""

    def __init__(self, folder: str, arguments: Sequence[str], *, index: str = "") -> None:
        """Start it; `index` names another index file."""
        import subprocess

        self._told: tuple[bytes, bytes] | None = None
        self._process = subprocess.Popen(
            ["git", *EXACT, *arguments],
            cwd=folder,
            env=environment() | ({"GIT_INDEX_FILE": index} if index else {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def hear(self) -> tuple[bytes, bytes]:
        """What it printed and what it complained of. Of several side by side, hear each, whatever another one says."""
        if self._told is None:
            self._told = self._process.communicate()
        return self._told

    @property
    def status(self) -> int:
        """The exit status, once it was heard."""
        return self._process.returncode

    @property
    def at_work(self) -> bool:
        """Whether it has not ended yet."""
        return self._told is None and self._process.poll() is None

    def end(self) -> None:
        """End it, whatever it has to say. It takes its lock of the index away, which it could not if it was killed."""
        if self._told is None:
            self._process.terminate()
            self._told = self._process.communicate()


_begun: dict[tuple[str, tuple[str, ...]], Process] = {}


def begin(folder: str, arguments: Sequence[str]) -> Process:
    """Start a command that somebody will `ask` for, who then hears this one."""
    process = _begun[folder, (*arguments,)] = Process(folder, arguments)
    return process


def ask(folder: str, arguments: Sequence[str], *, index: str = "") -> Process:
    """A command at work: the very same that was begun before, once, or else one that starts now."""
    begun = None if index else _begun.pop((folder, (*arguments,)), None)
    return begun or Process(folder, arguments, index=index)


def forget() -> None:
    """End what was begun and nobody asked for."""
    while _begun:
        _begun.popitem()[1].end()


def environment() -> dict[str, str]:
    """A copy of the environment for Git, without what points it at some other repository, and with ours."""
    return {name: value for name, value in os.environ.items() if name not in REPOSITORY_VARIABLES} | OURS


def commit(revision: str) -> tuple[str, ...]:
    """Asks for the full id of the commit that a revision names."""
    return "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"


def commits(most: int) -> tuple[str, ...]:
    """Asks for the ids of HEAD and of the commits before it, newest first."""
    return "rev-list", f"--max-count={most}", "HEAD"


def difference(commit: str, where: Iterable[str]) -> tuple[str, ...]:
    """Asks for the tracked files that differ on disk from a commit."""
    return "diff", "--raw", "-z", "--no-renames", "--no-ext-diff", commit, "--", *where


def between(base: str, head: str, where: Iterable[str]) -> tuple[str, ...]:
    """Asks for the files in which two commits differ."""
    return "diff-tree", "-r", "--raw", "-z", "--no-renames", base, head, "--", *where


def where(prefix: str, folders: Iterable[str], without: Iterable[str] = ()) -> list[str]:
    """The folders of a root, itself `prefix` in its repository, as Git takes them."""
    return [
        *(f":(top,literal){prefix}{folder}" for folder in folders),
        *(f":(top,literal,exclude){prefix}{folder}" for folder in without),
    ]
