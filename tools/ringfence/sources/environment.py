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


OURS = {"LC_ALL": "C", "LANGUAGE": "C", "GIT_NO_REPLACE_OBJECTS": "1"}
"""Messages in English; and objects as they are, not as this clone replaces them for itself (`git replace`)."""


def clean() -> dict[str, str]:
    """A copy of the environment without those variables, and with ours."""
    return {name: value for name, value in os.environ.items() if name not in REPOSITORY_VARIABLES} | OURS


@contextlib.contextmanager
def cleaned() -> Iterator[None]:
    """The same for this process, for a while: GitPython passes on what it finds. Not for threads."""
    before = {name: os.environ.get(name) for name in (*REPOSITORY_VARIABLES, *OURS)}
    for name in REPOSITORY_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(OURS)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
