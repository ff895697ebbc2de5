"""What commands that edit declarations share: judging an edit before it is written, its impact, and showing both."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from msgspec.structs import replace

from ringfence.findings import Finding, in_order

if TYPE_CHECKING:
    from ringfence.commands.shared import Loaded
    from ringfence.impact import Report
    from ringfence.model.types import Model
    from ringfence.sources import Tree

Changes = Mapping[str, bytes | None]
"""The new content of files by path; None removes one."""


@dataclass(frozen=True, slots=True)
class Done:
    """An edit that was made, or would be, and what it opens and closes; `findings` are new with it."""

    changes: Changes
    diff: str
    impact: Report | None
    findings: list[Finding]
    written: bool

    @property
    def failed(self) -> list[str]:
        """The gates that the impact fails."""
        return [gate.name for gate in self.impact.gates if gate.verdict == "failed"] if self.impact else []

    def data(self) -> dict[str, Any]:
        """What the JSON of each such command ends with."""
        from ringfence.report import impact_json, json

        return {
            "diff": self.diff,
            "impact": impact_json.data(self.impact) if self.impact else None,
            "findings": [json.finding(item) for item in self.findings],
        }

    def show(self, out: TextIO) -> None:
        """Print the diff and the impact."""
        from ringfence import report
        from ringfence.report import impact_text

        colour = report.wants_colour(out)
        if self.changes:
            out.write((coloured(self.diff) if colour else self.diff) + "\n")
        if self.impact is not None:
            out.write(impact_text.render(self.impact, colour))

    def say(self, said: str, err: TextIO) -> None:
        """Print what was done, with the findings and their counts."""
        from ringfence import report
        from ringfence.report import text

        shown = self.impact.findings if self.impact else ()
        err.write(text.findings(self.findings, said, report.wants_colour(err), shown))


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


def impact(
    loaded: Loaded,
    models: tuple[Model, Model],
    changes: Changes,
    called: tuple[str, str],
    command: str,
    day: datetime.date,
    only: str | None = None,
) -> Report:
    """What an edit opens and closes, as if the rendered policies were current before and after it.

    Of both sides are the `models`, and what they are `called`; `command` shows the same again, and `only` is the one
    cluster that is looked at.
    """
    from ringfence.impact import Side, assess
    from ringfence.sources import Overlay

    trees = loaded.tree, Overlay(loaded.tree, changes, "")
    old, new = (
        Side(rendered(tree, model, name), name, model) for tree, model, name in zip(trees, models, called, strict=True)
    )
    return replace(assess(old, new, models[1], day, only), command=command)


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
