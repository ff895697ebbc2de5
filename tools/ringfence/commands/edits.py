"""What commands that edit declarations share: judging an edit before it is written, and showing it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ringfence.findings import Finding, in_order

if TYPE_CHECKING:
    from ringfence.commands.shared import Loaded
    from ringfence.model.types import Model
    from ringfence.sources import Tree

Changes = Mapping[str, bytes | None]
"""The new content of files by path; None removes one."""


def judged(loaded: Loaded, changes: Changes, today: datetime.date) -> tuple[Model | None, list[Finding]]:
    """The model after an edit, and the findings that the repository did not have before."""
    from ringfence import checks, model, sources

    before = list(loaded.findings)
    if loaded.model is not None:
        before += checks.run(loaded.model, today)
    after, findings = model.load(sources.Overlay(loaded.tree, changes, "after the edit"))
    if after is not None:
        findings += checks.run(after, today)
    known = {finding.fingerprint for finding in before}
    return after, in_order(finding for finding in findings if finding.fingerprint not in known)


def rendered(tree: Tree, model: Model, label: str) -> Tree:
    """The tree with the rendered files that its declarations want."""
    from ringfence.commands.render import expected_files
    from ringfence.sources import Overlay

    stale: dict[str, bytes | None] = dict.fromkeys(tree.files("policies/rendered"))
    return Overlay(tree, {**stale, **expected_files(tree, model)}, label)


def write(loaded: Loaded, changes: Changes) -> None:
    """Write an edit: all of its files or none. Raises `OutputError`."""
    from ringfence.values.files import replace_all

    replace_all({loaded.root / path: content for path, content in changes.items()})


def diff(loaded: Loaded, changes: Changes) -> str:
    """The edit as a unified diff, files in order of their paths."""
    import difflib

    from ringfence.report.text import one_line

    present = set(loaded.tree.files())
    lines: list[str] = []
    for path, content in sorted(changes.items()):
        old = loaded.tree.read(path).decode() if path in present else ""
        names = (f"a/{path}" if path in present else "/dev/null", f"b/{path}" if content is not None else "/dev/null")
        lines += difflib.unified_diff(_lines(old), _lines((content or b"").decode()), *names, lineterm="")
    return "".join(f"{one_line(line)}\n" for line in lines)


def coloured(diff: str) -> str:
    """A diff for a terminal."""
    from ringfence.report.text import paint

    codes = {"+": "32", "-": "31", "@": "36"}
    return "".join(f"{paint(line, codes.get(line[:1], '0'), True)}\n" for line in diff.splitlines())


def _lines(text: str) -> list[str]:
    return text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []
