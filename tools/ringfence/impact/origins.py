"""Why rendered files differ: declarations, templates, another version of the tool, or somebody's hand.

The base's declarations are rendered again, by this version: with the base's templates, then with the head's. What
differs at each step has that step as its reason, exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from ringfence.errors import RingfenceError
from ringfence.findings import Location
from ringfence.impact.causes import PLATFORM
from ringfence.impact.types import Cause, Origin
from ringfence.model.types import Model
from ringfence.sources import Tree

ROOTS = ("policies/rendered/base", "policies/rendered/overlays")
TEMPLATES = "policies/templates"

SENTENCES = {
    "tool": "this version writes another file from the base's declarations: another version wrote it, or a hand",
    "hand": "the rendered file is not what the declarations say: edited by hand, or not rendered again",
}


def origins(
    base: Tree,
    head: Tree,
    base_model: Model | None,
    head_model: Model,
    within: Collection[str] | None = None,
    known: tuple[Mapping[str, bytes] | None, Mapping[str, bytes] | None] = (None, None),
) -> tuple[Origin, ...]:
    """The reasons with their files, `declarations` first; a file that differs for two reasons is with both.

    `within` are the namespaces whose files these are, where it is not all of them; `known` is what both sides declare
    for these, where it is known.

    A base that cannot be rendered any more has no reasons but `declarations`.
    """
    before, after = _files(base), _files(head)
    differing = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    if not differing:
        return ()
    wanted = _rendered(head_model, head, within, known[1])
    again = _rendered(base_model, base, within, known[0]) if base_model is not None else None
    between = again
    templates = _changed(base, head, TEMPLATES)
    if templates and base_model is not None:
        between = _rendered(base_model, head, within)
    steps: list[tuple[str, Mapping[str, bytes] | None, Mapping[str, bytes] | None]] = [
        ("declarations", between if between is not None else before, wanted),
        ("template", again, between),
        ("tool", before, again),
        ("hand", wanted, after),
    ]
    found = []
    for kind, old, new in steps:
        if old is None or new is None or old is new:
            continue
        paths = tuple(path for path in differing if old.get(path) != new.get(path))
        if paths:
            found.append(Origin(kind, paths, templates if kind == "template" else ()))
    return tuple(found)


def causes(found: tuple[Origin, ...], folders: frozenset[tuple[str, str]]) -> list[Cause]:
    """The tool or a hand as the cause of a change between ends in some (team, namespace) folders."""
    result = []
    for origin in found:
        if origin.kind not in SENTENCES:
            continue
        known = _by_folder(origin.paths)
        paths = sorted(path for folder in folders for path in known.get(folder, ()))
        if paths:
            more = f" (and {len(paths) - 1} more files)" if len(paths) > 1 else ""
            side = "base" if origin.kind == "tool" else "head"
            reason = f"{SENTENCES[origin.kind]}{more}"
            result.append(Cause(origin.kind, paths[0], Location(paths[0]), PLATFORM, reason, "", "", side, "edited"))
    return result


@lru_cache(maxsize=8)
def _by_folder(paths: tuple[str, ...]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        found.setdefault(_folder(path), []).append(path)
    return found


def _folder(path: str) -> tuple[str, str]:
    """Team and namespace of a rendered file."""
    parts = path.split("/")
    skip = 3 if parts[2] == "base" else 4
    return (parts[skip], parts[skip + 1]) if len(parts) > skip + 2 else ("", "")


def _files(tree: Tree) -> dict[str, bytes]:
    return {path: tree.read(path) for root in ROOTS for path in tree.files(root)}


def _changed(base: Tree, head: Tree, folder: str) -> tuple[str, ...]:
    before, after = ({path: tree.read(path) for path in tree.files(folder)} for tree in (base, head))
    return tuple(sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)))


def _rendered(
    model: Model | None, tree: Tree, within: Collection[str] | None, known: Mapping[str, bytes] | None = None
) -> dict[str, bytes] | None:
    """What this version writes; None where it refuses to."""
    if model is None:
        return None
    if known is None:
        from ringfence import render

        try:
            known = render.tree(model, render.own_templates(tree), within)
        except RingfenceError:
            return None
    return {path: raw for path, raw in known.items() if path.startswith(tuple(f"{root}/" for root in ROOTS))}
