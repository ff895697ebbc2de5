"""`impact` on real histories: merges, moves, reverts, rewritten and renamed branches, clones that lack history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_kit import CALL_BACK, FLOWS, NAMESPACE, Cli, add_flow, edit

from git_repository import GitRepository

CALL_BACK_ENDS = ("opened", "shop/checkout", "shop/frontend")


def report(ringfence: Cli, *words: str | Path) -> dict[str, Any]:
    done = ringfence("impact", "--format", "json", *words)
    assert done.code == 0, done
    found = done.json
    assert isinstance(found, dict)
    return found


def changes(ringfence: Cli, *words: str | Path) -> list[tuple[str, str, str]]:
    return [(item["effect"], item["source"], item["destination"]) for item in report(ringfence, *words)["changes"]]


def call_back(repository: GitRepository, ringfence: Cli) -> str:
    """A commit with one flow more, rendered, and its id."""
    add_flow(repository, *CALL_BACK)
    assert ringfence("render", "-C", repository.path).code == 0
    return repository.commit("A flow")


def other_port(repository: GitRepository, ringfence: Cli) -> str:
    """A commit with another port of a workload, rendered, and its id."""
    edit(repository, NAMESPACE, "grpc: 5050", "grpc: 5051")
    assert ringfence("render", "-C", repository.path).code == 0
    return repository.commit("Another port")


def clone(repository: GitRepository, to: Path, *options: str) -> GitRepository:
    repository.git("clone", "--quiet", *options, f"file://{repository.path}", str(to))
    return GitRepository(to)


def merge(repository: GitRepository, branch: str, ringfence: Cli) -> None:
    """Merge a branch, and render again where both sides did; the result is one merge commit."""
    repository.git("merge", "--quiet", "--no-ff", "--no-commit", "--strategy-option=ours", branch)
    assert ringfence("render", "-C", repository.path).code == 0
    repository.commit(f"Merge {branch}")


@pytest.fixture
def feature(small: GitRepository, ringfence: Cli) -> GitRepository:
    """Branch `feature` with a flow of its own; `main` has gone on with a port. `feature` is checked out."""
    small.git("switch", "--quiet", "--create", "feature")
    call_back(small, ringfence)
    small.git("switch", "--quiet", "main")
    other_port(small, ringfence)
    small.git("switch", "--quiet", "feature")
    return small


def test_a_branch_behind_main_shows_only_its_own_changes(feature: GitRepository, ringfence: Cli) -> None:
    assert changes(ringfence) == [CALL_BACK_ENDS]
    against_the_tip = changes(ringfence, "--base", "main")
    assert ("changed", "shop/frontend", "shop/checkout") in against_the_tip, (
        "asked for by name, main's own change shows"
    )


def test_main_merged_into_the_branch_adds_nothing_of_main(feature: GitRepository, ringfence: Cli) -> None:
    merge(feature, "main", ringfence)
    assert changes(ringfence) == [CALL_BACK_ENDS]
    assert report(ringfence)["base"].startswith(feature.git("rev-parse", "--short=7", "main"))


def test_a_merge_commit_as_base_and_as_head(feature: GitRepository, ringfence: Cli) -> None:
    before = feature.git("rev-parse", "main")
    feature.git("switch", "--quiet", "main")
    merge(feature, "feature", ringfence)
    assert changes(ringfence, "--base", before, "--head", "HEAD") == [CALL_BACK_ENDS]
    assert changes(ringfence, "--base", "HEAD^1", "--head", "HEAD") == [CALL_BACK_ENDS]
    assert changes(ringfence, "--base", "HEAD^2", "--head", "HEAD") == [("changed", "shop/frontend", "shop/checkout")]
    assert changes(ringfence, "--base", "HEAD") == []


def test_branches_merged_into_each_other_are_refused_until_one_merge_more(
    feature: GitRepository, ringfence: Cli
) -> None:
    own, theirs = feature.git("rev-parse", "feature"), feature.git("rev-parse", "main")
    merge(feature, "main", ringfence)
    feature.git("switch", "--quiet", "main")
    merge(feature, own, ringfence)
    feature.git("switch", "--quiet", "feature")
    assert set(feature.git("merge-base", "--all", "main", "HEAD").split()) == {own, theirs}
    done = ringfence("impact")
    assert (done.code, done.out) == (2, "")
    names = ", ".join(sorted((own[:7], theirs[:7])))
    assert f"main and HEAD have been merged into each other and have 2 merge bases: {names}" in done.err
    assert "git merge main" in done.err
    assert ringfence("impact", "--base", "main").code == 0
    merge(feature, "main", ringfence)
    assert changes(ringfence) == [], "main has the flow already"


def test_a_shallow_clone_of_the_default_branch_says_the_command(
    feature: GitRepository, ringfence: Cli, tmp_path: Path
) -> None:
    shallow = clone(feature, tmp_path / "shallow", "--depth=1", "--branch=feature", "--no-single-branch")
    done = ringfence("impact", "-C", shallow.path)
    assert (done.code, done.out) == (2, "")
    assert "git fetch --unshallow origin" in done.err
    shallow.git("fetch", "--quiet", "--unshallow", "origin")
    assert changes(ringfence, "-C", shallow.path) == [CALL_BACK_ENDS]


def test_a_shallow_clone_with_the_base_by_its_id(feature: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    base = feature.git("merge-base", "main", "feature")
    shallow = clone(feature, tmp_path / "shallow", "--depth=1", "--branch=feature")
    done = ringfence("impact", "-C", shallow.path, "--base", base)
    assert done.code == 2
    fetch = f"git fetch --depth=1 origin {base}"
    assert fetch in done.err
    feature.git("config", "uploadpack.allowAnySHA1InWant", "true")
    shallow.git(*fetch.split()[1:])
    assert changes(ringfence, "-C", shallow.path, "--base", base) == [CALL_BACK_ENDS]


def test_a_branch_that_was_rebased_and_pushed_by_force(feature: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    here = clone(feature, tmp_path / "here", "--branch=feature")
    old = here.git("rev-parse", "HEAD")
    feature.git("reset", "--quiet", "--hard", "main")
    call_back(feature, ringfence)
    here.git("fetch", "--quiet", "origin")
    here.git("reset", "--quiet", "--hard", "origin/feature")
    assert changes(ringfence, "-C", here.path) == [CALL_BACK_ENDS]
    # what was pushed before is still there by its id
    assert changes(ringfence, "-C", here.path, "--base", old) == [("changed", "shop/frontend", "shop/checkout")]


def test_a_default_branch_that_was_pushed_by_force(feature: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    here = clone(feature, tmp_path / "here", "--branch=feature")
    feature.git("switch", "--quiet", "main")
    feature.git("commit", "--quiet", "--amend", "--message", "Another port, in other words")
    feature.git("switch", "--quiet", "feature")
    here.git("fetch", "--quiet", "origin")
    assert changes(ringfence, "-C", here.path) == [CALL_BACK_ENDS]


def test_another_default_branch(feature: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    feature.git("branch", "--quiet", "--move", "main", "trunk")
    here = clone(feature, tmp_path / "here", "--branch=feature")
    done = ringfence("impact", "-C", here.path)
    assert (done.code, done.out) == (2, "")
    assert "no commit is named 'main'" in done.err
    assert "the default branch is main: `repository.defaultBranch` in policies/ringfence.yaml" in done.err
    edit(here, "policies/ringfence.yaml", "defaultBranch: main", "defaultBranch: trunk")
    assert ringfence("render", "-C", here.path).code == 0
    assert changes(ringfence, "-C", here.path) == [CALL_BACK_ENDS]


def test_files_that_are_only_staged_belong_to_the_change(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, *CALL_BACK)
    assert ringfence("render").code == 0
    small.git("add", "--all")
    assert changes(ringfence) == [CALL_BACK_ENDS]
    assert changes(ringfence, "--head", "HEAD") == [], "a revision has no staged files"
    assert small.git("diff", "--cached", "--name-only") != "", "nothing was committed or unstaged"


def test_an_empty_merge_request_says_that_nothing_changes(small: GitRepository, ringfence: Cli) -> None:
    small.git("switch", "--quiet", "--create", "feature")
    small.commit("Nothing")
    small.write("docs/notes.md", "Of no matter to policies\n")
    small.commit("Notes")
    found = report(ringfence)
    assert (found["changes"], found["objects"], found["findings"]) == ([], [], [])
    done = ringfence("impact", "--no-cache")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("No connection opens, closes or changes — dev, prod\n")


def test_a_revert_on_the_branch_leaves_nothing(small: GitRepository, ringfence: Cli) -> None:
    small.git("switch", "--quiet", "--create", "feature")
    call_back(small, ringfence)
    small.git("revert", "--no-edit", "HEAD")
    found = report(ringfence)
    assert (found["changes"], found["objects"], found["approvals"]) == ([], [], [])


def test_the_revert_of_a_merge_closes_what_it_opened(feature: GitRepository, ringfence: Cli) -> None:
    feature.git("switch", "--quiet", "main")
    merge(feature, "feature", ringfence)
    feature.git("switch", "--quiet", "--create", "back")
    feature.git("revert", "--no-edit", "--mainline=1", "HEAD")
    found = report(ringfence)
    assert [(item["effect"], item["source"], item["destination"]) for item in found["changes"]] == [
        ("closed", "shop/checkout", "shop/frontend")
    ]
    (cause,) = found["changes"][0]["causes"]
    assert (cause["name"], cause["edit"]) == ("shop/call-back", "removed")


def test_a_team_renamed_while_main_goes_on(feature: GitRepository, ringfence: Cli) -> None:
    feature.git("mv", "teams/checkout", "teams/basket")
    assert ringfence("render").code == 0
    feature.commit("The team has another name")
    assert changes(ringfence) == [CALL_BACK_ENDS]
    # the other port of main follows the file to its new folder
    feature.git("merge", "--quiet", "--no-commit", "--strategy-option=ours", "main")
    assert "grpc: 5051" in (feature.path / "teams/basket/shop/namespace.yaml").read_text()
    assert ringfence("render").code == 0
    feature.commit("Merge main")
    assert changes(ringfence) == [CALL_BACK_ENDS]
    # rendered policies of payments name the flow's file and owner
    assert {item["for"] for item in report(ringfence)["approvals"]} == {"basket", "checkout", "payments", "platform"}


def test_a_file_moved_and_edited_in_one_commit(small: GitRepository, ringfence: Cli) -> None:
    small.git("switch", "--quiet", "--create", "feature")
    moved = "teams/checkout/shop/calls.yaml"
    small.git("mv", FLOWS, moved)
    add_flow(small, *CALL_BACK, path=moved)
    assert ringfence("render").code == 0
    small.commit("Moved, and one flow more")
    assert changes(ringfence) == [CALL_BACK_ENDS]
    (cause,) = report(ringfence)["changes"][0]["causes"]
    assert (cause["name"], cause["path"]) == ("shop/call-back", moved)
