"""Naming revisions: what a person or a pipeline wrote → a commit, the merge base, and the default base of a change."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from ringfence import asking
from ringfence.errors import UsageError
from ringfence.sources.repository import Failed, Repository, open_repository
from ringfence.sources.tree import shown

OLDEST = (2, 30)
"""The oldest Git that does: the first whose `rev-parse` takes `--end-of-options`."""

SHA = re.compile(r"[0-9a-f]{7,64}")


def merge_base(root: Path, branch_or_rev: str, head: str = "HEAD") -> str:
    """The full id of the best common ancestor of two revisions.

    Raises `UsageError` where either is unknown, where they share no history (also: not in this shallow clone), or
    where several ancestors are equally good.
    """
    return _merge_base(open_repository(root), branch_or_rev, head)


def default_base(root: Path, default_branch: str) -> str:
    """The full id of the commit that a change on top of the default branch starts from.

    It is the merge base of HEAD and the default branch as the remote `origin` has it, or else as it is here.
    """
    repository = open_repository(root)
    remote = f"origin/{default_branch}"
    known = _resolve(repository, f"refs/remotes/{remote}")
    return _merge_base(repository, remote if known else default_branch, "HEAD")


def recent(root: Path, most: int) -> list[str]:
    """The ids of HEAD and of the commits before it, newest first; empty where there is none, or no repository."""
    try:
        return open_repository(root).text(*asking.commits(most)).split()
    except UsageError:
        return []


def commit_id(root: Path, rev: str) -> str:
    """The full id of the commit that a revision names; raises `UsageError` as `commit`."""
    return commit(open_repository(root), rev)


def commit(repository: Repository, rev: str) -> str:
    """The full id of the commit that a revision names; raises `UsageError`, with the command that may fetch it."""
    if sha := _resolve(repository, rev):
        return sha
    _refuse_old_git(repository)
    names = _names(repository)
    if not _resolve(repository, "HEAD") and not names:
        raise UsageError(
            f"the repository at {repository.top} has no commit yet",
            "commit first: git add . && git commit -m 'Start'",
        )
    branch = _branch(repository)
    if branch and branch not in names and rev in ("HEAD", "@", branch):
        raise UsageError(
            f"the branch {shown(branch)} has no commit yet in {repository.top}",
            "commit first: git add . && git commit -m 'Start'",
        )
    if rev in (*names, "HEAD"):
        raise UsageError(
            f"{shown(rev)} names no commit that Git can read in {repository.top}: its history may be damaged",
            f"see: git -C {shlex.quote(str(repository.top))} fsck",
        )
    import difflib

    close = difflib.get_close_matches(rev, names, 1)
    hints = [f"did you mean {close[0]}?"] if close else []
    if repository.text("remote"):
        hints.append(f"it may not be fetched yet: {_fetch(repository, rev)}")
    else:
        hints.append("there is no remote to fetch it from; name a revision that is here")
    raise UsageError(f"no commit is named {shown(rev)!r} in {repository.top}", " — ".join(hints))


def _merge_base(repository: Repository, one: str, other: str) -> str:
    shas = commit(repository, one), commit(repository, other)
    names = f"{shown(one)} and {shown(other)}"
    try:
        found = repository.text("merge-base", "--all", *shas).splitlines()
    except Failed as error:
        if error.status != 1:
            raise UsageError(f"Git cannot compare {one} and {other}: {error.stderr}", "see: git fsck") from error
        found = []
    if len(found) > 1:
        # against any one of them, what the other side did counts as done here
        raise UsageError(
            f"{names} have been merged into each other and have {len(found)} merge bases: "
            f"{', '.join(sorted(sha[:7] for sha in found))}; none of them tells what is new in {shown(other)} alone",
            f"merge once more, then there is one: git merge {shown(one)}",
        )
    if found:
        return found[0]
    if repository.shallow:
        raise UsageError(
            f"this shallow clone does not hold the merge base of {names}",
            "fetch the rest of the history: git fetch --unshallow origin — or name the base revision itself: "
            "git fetch --depth=1 origin <sha>, then --base <sha>",
        )
    raise UsageError(f"{names} share no history", "name a base revision on the same history")


def _resolve(repository: Repository, rev: str) -> str:
    """The full id of a commit, or "" where the name is unknown or is no commit."""
    if not rev or "\0" in rev:
        return ""
    try:
        found = repository.text(*asking.commit(rev))
    except Failed:
        return ""
    return found if SHA.fullmatch(found) else ""  # of what a name leaves out (`^main`), Git gives `^` and an id


def _refuse_old_git(repository: Repository) -> None:
    """Raise `UsageError` where Git is older than what is asked of it here, which then names nothing."""
    found = re.search(r"(\d+)\.(\d+)\S*", repository.text("version"))
    if found and (int(found[1]), int(found[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise UsageError(
            f"Git {found[0]} is too old to name revisions safely; {oldest} or later is needed",
            f"install Git {oldest} or later; ringfence doctor says which one is there",
        )


def _branch(repository: Repository) -> str:
    """The branch that is checked out, whether it has a commit or not; "" where none is."""
    try:
        return repository.text("symbolic-ref", "--quiet", "--short", "HEAD")
    except Failed:
        return ""


def _names(repository: Repository) -> list[str]:
    return repository.text(
        "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags"
    ).splitlines()


def _fetch(repository: Repository, rev: str) -> str:
    """The command that would bring a revision into this clone."""
    depth = "--depth=1 " if repository.shallow else ""
    name = rev.removeprefix("refs/remotes/").removeprefix("origin/")
    if SHA.fullmatch(name) or not re.fullmatch(r"[\w./-]+", name) or name.startswith("-"):
        return f"git fetch {depth}origin " + (name if SHA.fullmatch(name) else "<sha or branch>")
    return f"git fetch {depth}origin {name}:refs/remotes/origin/{name}"
