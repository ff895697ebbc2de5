from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from git_repository import GitRepository
from ringfence import sources
from ringfence.errors import UsageError


@pytest.fixture
def branched(repository: GitRepository) -> tuple[GitRepository, str]:
    """Main and topic, each two commits after the common one, whose id is given; topic is checked out."""
    repository.write("a", "0")
    common = repository.commit()
    for branch in ("main", "topic"):
        if branch == "topic":
            repository.git("switch", "--quiet", "--create", "topic", common)
        for number in range(2):
            repository.write(branch, str(number))
            repository.commit()
    return repository, common


def clone(repository: GitRepository, to: Path, *options: str) -> GitRepository:
    repository.git("clone", "--quiet", *options, f"file://{repository.path}", str(to))
    return GitRepository(to)


def test_merge_base_of_branches_and_of_ids(branched: tuple[GitRepository, str]) -> None:
    repository, common = branched
    assert sources.merge_base(repository.path, "main") == common
    assert sources.merge_base(repository.path, repository.git("rev-parse", "main"), "topic") == common
    assert sources.merge_base(repository.path, "topic", "topic") == repository.git("rev-parse", "topic")


def test_default_base_without_a_remote(branched: tuple[GitRepository, str]) -> None:
    repository, common = branched
    assert sources.default_base(repository.path, "main") == common


def test_default_base_prefers_the_remote_branch(branched: tuple[GitRepository, str], tmp_path: Path) -> None:
    repository, common = branched
    here = clone(repository, tmp_path / "clone")
    here.git("branch", "--quiet", "main", "HEAD")  # A local main of the same name that went its own way.
    assert sources.default_base(here.path, "main") == common


def test_detached_checkout_knows_the_remote_branch(branched: tuple[GitRepository, str], tmp_path: Path) -> None:
    repository, common = branched
    here = clone(repository, tmp_path / "clone")
    here.git("checkout", "--quiet", "--detach")
    here.git("branch", "--quiet", "--delete", "--force", "topic")
    assert sources.default_base(here.path, "main") == common


def test_shallow_clone_without_the_merge_base_says_what_to_fetch(
    branched: tuple[GitRepository, str], tmp_path: Path
) -> None:
    repository, common = branched
    here = clone(repository, tmp_path / "clone", "--depth=1", "--no-single-branch")
    with pytest.raises(UsageError, match="shallow clone does not hold the merge base") as failure:
        sources.default_base(here.path, "main")
    assert "git fetch --unshallow origin" in failure.value.hint
    here.git("fetch", "--quiet", "--unshallow", "origin")
    assert sources.default_base(here.path, "main") == common


def test_unknown_id_in_a_shallow_clone_says_what_to_fetch(branched: tuple[GitRepository, str], tmp_path: Path) -> None:
    repository, common = branched
    here = clone(repository, tmp_path / "clone", "--depth=1")
    with pytest.raises(UsageError, match=f"no commit is named '{common}'") as failure:
        sources.revision(here.path, common)
    command = f"git fetch --depth=1 origin {common}"
    assert command in failure.value.hint
    here.git(*command.split()[1:])
    assert sources.revision(here.path, common).files() == ["a"]


def test_unknown_branch_in_a_single_branch_clone_says_what_to_fetch(
    branched: tuple[GitRepository, str], tmp_path: Path
) -> None:
    repository, common = branched
    here = clone(repository, tmp_path / "clone", "--single-branch")
    with pytest.raises(UsageError, match="no commit is named 'main'") as failure:
        sources.default_base(here.path, "main")
    command = "git fetch origin main:refs/remotes/origin/main"
    assert command in failure.value.hint
    here.git(*command.split()[1:])
    assert sources.default_base(here.path, "main") == common


def test_unknown_name_suggests_the_nearest(branched: tuple[GitRepository, str]) -> None:
    repository, _ = branched
    with pytest.raises(UsageError, match="no commit is named 'topik'") as failure:
        sources.revision(repository.path, "topik")
    assert "did you mean topic?" in failure.value.hint


@pytest.mark.parametrize(
    "rev", ["", "-x", "--all", "HEAD^{tree}", "HEAD:a", "main..topic", "a\nb", "nul\0", "@{u}", "^main"]
)
def test_what_names_no_commit_is_refused(branched: tuple[GitRepository, str], rev: str) -> None:
    repository, _ = branched
    with pytest.raises(UsageError, match="no commit is named"):
        sources.revision(repository.path, rev)


@pytest.mark.parametrize("setting", [("core.worktree", "elsewhere"), ("core.bare", "true")])
def test_a_working_tree_that_git_has_elsewhere_is_refused(
    branched: tuple[GitRepository, str], setting: tuple[str, str], tmp_path: Path
) -> None:
    repository, _ = branched
    name, value = setting
    repository.git("config", name, str(tmp_path / value) if value == "elsewhere" else value)
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(UsageError, match="and that is elsewhere") as failure:
        sources.commit_id(repository.path, "main")
    assert f"git -C {repository.path} config" in failure.value.hint


def test_annotated_tag_names_its_commit(branched: tuple[GitRepository, str]) -> None:
    repository, common = branched
    repository.git("tag", "--annotate", "v1", "--message", "One", common)
    assert sources.merge_base(repository.path, "v1") == common
    assert sources.revision(repository.path, "v1").label == f"{common[:7]} (v1)"


def test_repository_without_a_commit(repository: GitRepository) -> None:
    with pytest.raises(UsageError, match="has no commit yet") as failure:
        sources.default_base(repository.path, "main")
    assert "git commit" in failure.value.hint


def test_a_branch_without_a_commit_beside_others(branched: tuple[GitRepository, str]) -> None:
    repository, _ = branched
    repository.git("checkout", "--quiet", "--orphan", "fresh")
    for rev in ("HEAD", "fresh"):
        with pytest.raises(UsageError, match="the branch fresh has no commit yet") as failure:
            sources.merge_base(repository.path, "main", rev)
        assert failure.value.hint == "commit first: git add . && git commit -m 'Start'"
    assert sources.revision(repository.path, "main").label.endswith(" (main)")


def test_a_damaged_history_is_none_without_a_commit(branched: tuple[GitRepository, str]) -> None:
    repository, _ = branched
    name = repository.git("rev-parse", "HEAD")
    (repository.path / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(UsageError, match="may be damaged"):
        sources.merge_base(repository.path, "main")


def test_a_git_that_is_too_old_is_said_to_be(
    branched: tuple[GitRepository, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for Git 2.29, which takes the option for a revision."""
    really = shutil.which("git")
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text(
        "#!/bin/sh\n"
        'case " $* " in\n'
        '  *" version "*) echo git version 2.29.2 ;;\n'
        '  *" --end-of-options "*) exit 1 ;;\n'
        f'  *) exec {really} "$@" ;;\n'
        "esac\n"
    )
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(UsageError, match=r"Git 2\.29\.2 is too old .* 2\.30 or later is needed"):
        sources.merge_base(branched[0].path, "main")


def test_histories_without_a_common_commit(branched: tuple[GitRepository, str]) -> None:
    repository, _ = branched
    repository.git("switch", "--quiet", "--orphan", "island")
    repository.commit()
    with pytest.raises(UsageError, match="main and HEAD share no history"):
        sources.default_base(repository.path, "main")


def test_the_top_of_a_folder_is_asked_for_once(
    branched: tuple[GitRepository, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, common = branched
    repository.write("inner/a", "0")
    told = tmp_path / "told"
    monkeypatch.setenv("GIT_TRACE", str(told))
    for _ in range(2):
        assert sources.default_base(repository.path / "inner", "main") == common
    assert told.read_text().count("--show-toplevel") == 1
    inner = GitRepository(repository.path / "inner")
    inner.git("init", "--quiet")
    assert sources.recent(inner.path, 1) == []
    assert told.read_text().count("--show-toplevel") == 2
