"""The shape of a read-only tree, shared by the working tree, the index and a revision. Knows neither Git nor YAML."""

from __future__ import annotations

import unicodedata
from typing import Protocol

from ringfence.errors import RingfenceError
from ringfence.findings import Finding, Location
from ringfence.sources import pages

MARK = "policies/ringfence.yaml"
"""The file that marks the root of a Ringfence repository."""

MAX_BYTES = 16 * 1024 * 1024
"""The largest file that is read. Documents and bundles are some kilobytes; a larger file is a mistake."""


class Unreadable(RingfenceError):  # noqa: N818 - reads as a verdict where it is raised
    """A file of a tree cannot be read: `path` relative to the root, and `why` in half a sentence."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"cannot read {shown(path)}: {why}", "make it a regular file that you may read")
        self.path = path
        self.why = why

    @property
    def finding(self) -> Finding:
        """The same as a finding, for callers that go on with the other files."""
        return pages.UNREADABLE.at(
            Location(shown(self.path)),
            f"cannot be read: {self.why}; what it declares would be left out",
            hint=self.hint,
        )


class Tree(Protocol):
    """The files of a Ringfence repository at one moment, read-only.

    Paths are relative to the Ringfence root, with `/`. `label` names the tree in messages: "working tree", "index",
    "1a2b3c4 (main)".
    """

    label: str

    def files(self, under: str = "") -> list[str]:
        """The regular files below a folder ("": everywhere), sorted; what `problems` reports is not among them."""
        ...

    def read(self, path: str) -> bytes:
        """The bytes of one file; raises `Unreadable` where there is none, or it is no regular file."""
        ...

    def problems(self, under: str = "") -> list[Finding]:
        """What below a folder cannot be taken as a file, and would otherwise be skipped without a word."""
        ...


def inside(path: str, under: str) -> bool:
    """Whether a path is a folder itself, or lies below it ("": everything does)."""
    return not under or path == under or path.startswith(under + "/")


def concerns(path: str, under: str) -> bool:
    """Whether a thing at `path` matters to a reader of `under`: it lies inside, or it stands in the way."""
    return inside(path, under) or inside(under, path)


def name_problem(path: str, *, folder: bool) -> Finding | None:
    """What is wrong with the last part of a path, judged by the name alone."""
    name = path.rpartition("/")[2]
    if not printable(name):
        return pages.NAME.at(
            Location(shown(path)),
            "has a name that cannot be printed (a control character, or bytes that are not UTF-8), so it is not read",
            hint="rename it with letters, digits, `-`, `_` and `.`",
        )
    if folder and name.endswith((".yaml", ".yml")):
        return pages.FOLDER.at(
            Location(path),
            "is a folder with the name of a file, so nothing in it is read",
            hint="put a file here, or rename the folder",
        )
    return None


def problem_of_names(path: str) -> Finding | None:
    """What is wrong with the names of a file and of the folders above it, judged by the path alone."""
    parts = path.split("/")
    steps = ("/".join(parts[:length]) for length in range(1, len(parts) + 1))
    return next(filter(None, (name_problem(step, folder=step != path) for step in steps)), None)


def printable(path: str) -> bool:
    """Whether a name can stand in a report and in YAML: no control character, surrogate or line separator."""
    return path.isprintable() or not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in path)


def shown(path: str) -> str:
    """A path as reports may print it: what is not printable is escaped."""
    if printable(path):
        return path
    return "".join(char if printable(char) else char.encode("unicode_escape").decode("ascii") for char in path)
