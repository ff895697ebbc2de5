"""The environment for Git: without the variables that point a Git process at some other repository.

Git sets them inside hooks. A tool that leaves them in place reads the hook's repository, whatever path it is given.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

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
"""`git rev-parse --local-env-vars` without the configuration (it carries `safe.directory`), and the pathspec modes."""


def clean() -> dict[str, str]:
    """A copy of the environment without those variables, and with Git's messages in English."""
    kept = {name: value for name, value in os.environ.items() if name not in REPOSITORY_VARIABLES}
    return kept | {"LC_ALL": "C", "LANGUAGE": "C"}


@contextlib.contextmanager
def cleaned() -> Iterator[None]:
    """Take those variables out of this process for a while: GitPython passes on what it finds. Not for threads."""
    taken = {name: os.environ.pop(name) for name in REPOSITORY_VARIABLES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)
