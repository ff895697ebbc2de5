"""Finding the root of a Ringfence repository."""

from __future__ import annotations

import os
from pathlib import Path

from ringfence.errors import UsageError
from ringfence.sources.tree import MARK, shown


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds `policies/ringfence.yaml`, absolute and without links.

    Raises `UsageError` where `start` does not exist or no folder above it is a root.
    """
    try:
        where = Path(os.path.realpath(start))
        exists = where.exists()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        what = "the current folder" if str(start) == "." else shown(str(start))
        raise UsageError(f"cannot look into {what}: {why}", "go to a folder inside a Ringfence repository") from error
    if not exists:
        raise UsageError(f"{start} does not exist", "name a folder inside a Ringfence repository")
    for folder in (where, *where.parents):
        if os.path.lexists(folder / MARK):
            return folder
        other = folder / MARK.replace(".yaml", ".yml")
        if other.is_file():
            raise UsageError(f"{other} has the wrong name", f"rename it: git mv {other} {folder / MARK}")
    raise UsageError(
        f"{start if str(start) != '.' else where} is not inside a Ringfence repository: "
        f"neither it nor a folder above it has {MARK}",
        "go to such a repository, or lay out a new one: ringfence init <folder>",
    )
