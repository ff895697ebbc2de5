"""What Git ignores in a working tree, asked of Git itself.

It runs Git directly: opening the repository with GitPython costs more than the rest of a hook together.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from ringfence.errors import UsageError


def paths(root: Path, folders: Sequence[str] = ()) -> frozenset[str]:
    """Files and whole folders below `root` that Git ignores and does not track, relative to it, without a final `/`.

    `folders` of the root are all that is looked at, where any are given. Empty where `root` is in no Git repository,
    where Git is not installed, and where `root` itself is ignored: then it is a tree of its own that only happens to
    lie inside a repository. Raises `UsageError` where Git refuses to answer.
    """
    from ringfence.sources.repository import Asked

    top = next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), None)
    if top is None:
        return frozenset()
    prefix = root.relative_to(top).as_posix()
    places = [Path(prefix, folder).as_posix() for folder in folders] or ([] if prefix == "." else [prefix])
    options = ("-z", "--others", "--ignored", "--exclude-standard", "--directory")
    try:
        told = Asked(top, "ls-files", *options, "--", *(f":(top,literal){place}" for place in places)).output()
    except OSError:
        return frozenset()
    names = [os.fsdecode(name).removesuffix("/") for name in told.split(b"\0") if name]
    if prefix == ".":
        return frozenset(names)
    if any(prefix == name or prefix.startswith(name + "/") for name in names):
        return frozenset()
    return frozenset(name.removeprefix(prefix + "/") for name in names)


def refusal(folder: Path, stderr: str) -> UsageError:
    """The failure for a Git that cannot work in a folder, with what to do about it."""
    if "dubious ownership" in stderr:
        return UsageError(
            f"Git does not trust {folder}, because another user owns it",
            f"if you do, say so: git config --global --add safe.directory {folder}",
        )
    lines = [line for line in stderr.splitlines() if line.strip()]
    reason = lines[0].removeprefix("fatal: ") if lines else "no message"
    return UsageError(
        f"Git cannot read the repository at {folder}: {reason}", f"see: git -C {shlex.quote(str(folder))} status"
    )
