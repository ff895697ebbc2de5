"""The small repository rendered in memory, and edits of its rendered files."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from ringfence import gitops, model, render
from ringfence.compile import bundles
from ringfence.findings import has_errors
from ringfence.impact import Report, Side, assess
from ringfence.model.types import Model
from small_repository import MemoryTree, over

TODAY = datetime.date(2026, 11, 20)

Files = dict[str, str | bytes]


def rendered(changes: Mapping[str, str | None] | None = None) -> tuple[Files, Model]:
    """The files of the small repository, with changes of declarations, and everything that is rendered from them."""
    declared = over(changes or {})
    loaded, findings = model.load(MemoryTree(declared))
    assert loaded is not None
    assert not has_errors(findings), findings
    found = {name: bundles(loaded, cluster) for name, cluster in loaded.clusters.items()}
    return {**declared, **render.tree(loaded, None), **gitops.tree(loaded, found)}, loaded


def edited(files: Files, path: str, old: str, new: str) -> Files:
    """The files with one text of one file replaced, which must occur once."""
    content = files[path]
    text = content.decode() if isinstance(content, bytes) else content
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {path}"
    return {**files, path: text.replace(old, new)}


def impact_of(base: Files, head: Files, only: str | None = None) -> Report:
    """The impact of one set of files on another."""
    sides = []
    for label, files in (("base", base), ("head", head)):
        loaded, _ = model.load(MemoryTree(files))
        sides.append(Side(MemoryTree(files), label, loaded))
    head_model = sides[1].model
    assert head_model is not None
    return assess(sides[0], sides[1], head_model, TODAY, only)
