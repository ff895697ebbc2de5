"""The environment of this process made fit for Git, for a library that runs Git by itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from ringfence.asking import OURS, REPOSITORY_VARIABLES


@contextlib.contextmanager
def cleaned() -> Iterator[None]:
    """Without what points Git at another repository (`asking`), for a while: GitPython passes on what it finds.

    Not for threads.
    """
    before = {name: os.environ.get(name) for name in (*REPOSITORY_VARIABLES, *OURS)}
    for name in REPOSITORY_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(OURS)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
