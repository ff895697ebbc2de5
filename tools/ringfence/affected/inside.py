"""The part of a repository from which it follows what is to be said of an edit of flows.

A flow stands in the folder of its source, or of its destination where a peer calls (`misplaced-flow`). So all flows
between two ends stand in one folder, and what is said of a flow, of one beside it and of the workload that it belongs
to follows from the flows of that folder, both ends of each, and `policies/`. That holds for a repository without
errors. What an edit opens or closes takes more (`scope`).
"""

from __future__ import annotations

from collections import defaultdict

from ringfence.affected.edited import Unclear
from ringfence.affected.part import Part
from ringfence.affected.scope import ADOPTED, Scope
from ringfence.affected.words import only_flows, words
from ringfence.sources import Difference, Overlay, Unreadable, WorkingTree, has, revision

WAIVERS = "policies/waivers"


def inside(difference: Difference, head: WorkingTree) -> Scope | None:
    """The part of a commit and of the working tree that differs from it; None where it takes more than this part.

    A file that does not differ is read from the working tree for both sides. There are no waivers in the part: none
    speaks of what differs.
    """
    paths = difference.paths()
    if not paths or not all(path.startswith("teams/") and path.count("/") == 3 for path in paths):
        return None
    try:
        return _part(difference, head, paths)
    except (Unclear, Unreadable):
        return None


def _part(difference: Difference, head: WorkingTree, paths: frozenset[str]) -> Scope | None:
    base = revision(head.root, difference.commit, sorted(paths), sha=difference.commit)
    base.fetch(paths)
    before = {path: base.read(path) if path in base.blobs else None for path in paths}
    after = {path: head.read(path) if has(head, path) else None for path in paths}
    sides = [raw for raw in (*before.values(), *after.values()) if raw is not None]
    folders: dict[str, list[str]] = defaultdict(list)
    for path in paths.union(difference.tracked()):
        folders[path.rpartition("/")[0]].append(path)
    edited = {path.split("/")[2] for path in paths}
    waived = edited & words(map(head.read, folders.pop(WAIVERS, ())))
    if waived or any(folder.startswith(ADOPTED) for folder in folders) or not all(map(only_flows, sides)):
        return None
    policies = {path for folder, found in folders.items() if not folder.startswith("teams/") for path in found}
    spaces = {folder: folder.rpartition("/")[2] for folder in folders if _is_space(folder)}
    own = {path for folder, name in spaces.items() if name in edited for path in folders[folder]}
    named = words((*map(head.read, policies | own - paths), *sides))
    near = {folder for folder, name in spaces.items() if name in named | edited}
    of_near = {path for folder in near for path in folders[folder]} - own
    teams = {folder.rpartition("/")[0] for folder in near} | {f"teams/{name}" for name in named}
    files = {
        *policies,
        *own,
        *(path for path in of_near if not only_flows(head.read(path))),
        *(path for team in teams & folders.keys() for path in folders[team]),
    }
    sides_files = [{path for path in files if side.get(path, b"") is not None} for side in (before, after)]
    return Scope(
        frozenset(edited),
        Part(Overlay(head, before, base.label), sides_files[0]),
        Part(head, sides_files[1]),
        tuple(sorted(paths)),
        frozenset(spaces.keys() - near),
        None,
    )


def _is_space(folder: str) -> bool:
    """Whether this is the folder of a namespace."""
    return folder.startswith("teams/") and folder.count("/") == 2
