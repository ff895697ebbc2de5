"""Who must agree: the owners of every path that differs."""

from __future__ import annotations

from collections.abc import Iterable

from ringfence import gitops
from ringfence.impact.types import Approval
from ringfence.model.types import Model
from ringfence.sources import Tree


def changed_paths(base: Tree, head: Tree) -> list[str]:
    """Paths below teams/ and policies/ whose bytes differ between two trees, or that only one has, sorted."""
    folders = ("teams", "policies")
    before = {path for folder in folders for path in base.files(folder)}
    after = {path for folder in folders for path in head.files(folder)}
    return sorted(
        path for path in before | after if path not in before or path not in after or base.read(path) != head.read(path)
    )


def approvals(paths: list[str], base: Model | None, head: Model, approved: Iterable[str] = ()) -> tuple[Approval, ...]:
    """The owners of the paths, by the rule of CODEOWNERS, on both sides: who loses a file is asked too.

    `approved` are owners who have agreed already; one of them is enough, as for CODEOWNERS.
    """
    given = frozenset(approved)
    asked: dict[tuple[tuple[str, ...], str], set[str]] = {}
    for path in paths:
        for model in (base, head):
            if model is None:
                continue
            team = gitops.team_of(model, path)
            party = team.name if team else "platform"
            owners = gitops.owners_of(model, path)
            asked.setdefault((owners, party), set()).add(path)
    return tuple(
        sorted(
            Approval(owners, party, tuple(sorted(files)), next((item for item in owners if item in given), ""))
            for (owners, party), files in asked.items()
            if owners
        )
    )
