"""Atomic replacement of one file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ringfence.errors import OutputError


def replace(path: Path, content: bytes) -> None:
    """Write a file so that any reader sees the old or the new bytes whole; keeps its mode.

    A symlink is replaced, never followed. Raises `OutputError`; the old content is then untouched.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".ringfence-", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        mode = path.stat().st_mode & 0o777 if path.is_file() and not path.is_symlink() else 0o644
        os.chmod(temporary, mode)  # noqa: PTH101 - a temporary name, not a path of ours
        os.replace(temporary, path)  # noqa: PTH105
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", "the old file is untouched") from error
    finally:
        if temporary and os.path.lexists(temporary):
            os.unlink(temporary)  # noqa: PTH108
