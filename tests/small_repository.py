"""Repositories in memory: `tests/cases/small` with files laid over it, and the examples of the checks' pages."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path

from ringfence import model
from ringfence.findings import Finding, Location
from ringfence.model.types import Model
from ringfence.sources import Unreadable

SMALL = Path(__file__).parent / "cases" / "small"

HEADER = "apiVersion: ringfence.dev/v1alpha1\nkind: {}\n"


class MemoryTree:
    """A tree of given files, in a given order."""

    label = "memory"

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = files

    def files(self, under: str = "") -> list[str]:
        return [path for path in self._files if not under or path.startswith(under + "/")]

    def read(self, path: str) -> bytes:
        if path not in self._files:
            raise Unreadable(path, "there is no such file")
        content = self._files[path]
        return content.encode() if isinstance(content, str) else content

    def problems(self, under: str = "") -> list[Finding]:
        return []


@functools.cache
def small() -> Mapping[str, str]:
    """The files of `tests/cases/small`."""
    files = sorted(path for path in SMALL.rglob("*") if path.is_file())
    return {path.relative_to(SMALL).as_posix(): path.read_text(encoding="utf-8") for path in files}


def over(files: Mapping[str, str | None]) -> dict[str, str]:
    """The small repository with files changed, added, or (None) removed."""
    merged: dict[str, str | None] = {**small(), **files}
    return {path: content for path, content in sorted(merged.items()) if content is not None}


def load(files: Mapping[str, str | None]) -> tuple[Model | None, list[Finding]]:
    """The model of the small repository with files laid over it, and what is wrong."""
    return model.load(MemoryTree(over(files)))


def codes(findings: list[Finding]) -> list[str]:
    """The codes of findings, in their order."""
    return [finding.check.code for finding in findings]


def only(findings: list[Finding], code: str) -> Finding:
    """The one finding, which must have this code."""
    assert codes(findings) == [code], [(str(item.where), item.check.code, item.message) for item in findings]
    return findings[0]


def flows(*rows: str) -> str:
    """A document of flows; a row is YAML without the braces: `name: a, from: b, to: c, ports: [d]`."""
    return HEADER.format("Flows") + "flows:\n" + "".join(f"  - {{{row}, reason: A test}}\n" for row in rows)


def place(text: str, snippet: str, path: str) -> Location:
    """The place of a snippet that occurs once in a text."""
    assert text.count(snippet) == 1, f"{snippet!r} occurs {text.count(snippet)} times"
    before = text[: text.index(snippet)]
    return Location(path, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def examples(doc: str, heading: str) -> dict[str, str | None]:
    """The files in the fenced blocks below a heading of a page; None for one that is removed."""
    section = doc.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    files: dict[str, str | None] = {}
    for block in re.findall(r"```yaml\n(.*?)```", section, flags=re.DOTALL):
        first, _, body = block.partition("\n")
        path = first.removeprefix("# ")
        assert first.startswith("# "), f"a block names its file in its first line, not {first!r}"
        if path.endswith(": removed"):
            files[path.removesuffix(": removed")] = None
        else:
            files[path] = body
    return files
