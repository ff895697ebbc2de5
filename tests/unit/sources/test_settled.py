"""What differs from a commit is the same with what earlier runs heard of Git and without; and Git is asked for less."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from git_repository import GitRepository
from ringfence import sources
from ringfence.sources import times
from ringfence.sources.repository import Repository

ONLY, BUT = ("teams", "policies"), ("policies/rendered",)
A, B, C = "teams/a/one/flows.yaml", "teams/a/one/namespace.yaml", "policies/catalog/b.yaml"
RENDERED = "policies/rendered/base/a/one/baseline.yaml"
FOLDERS = ("teams", "teams/a", "teams/a/one", "policies", "policies/rendered/base/a/one")

Edit = Callable[[GitRepository], None]


@pytest.fixture(params=["", "inner"])
def repository(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> GitRepository:
    """A repository with its root at the top or below, and a cache of its own; its folders are old enough at once."""
    monkeypatch.setattr(times, "RECENT", 20_000_000)
    made = GitRepository(repository.path / request.param)
    for path in (A, B, C, RENDERED, sources.MARK):
        made.write(path, f"kind: {path}\n")
    repository.write(".gitignore", "*.tmp\n")
    repository.write("teams-elsewhere/a.yaml")
    repository.commit("Start")
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))
    return made


def found(repository: GitRepository, but: tuple[str, ...] = ()) -> frozenset[str] | None:
    """What differs from HEAD, by what is remembered; without that it must be the same."""
    time.sleep(0.04)
    root = Path(os.path.realpath(repository.path))
    commit = sources.commit_id(root, "HEAD")
    answers = [sources.Difference(root, commit, ONLY, but).paths() for _ in range(2)]
    cache = os.environ["RINGFENCE_CACHE"]
    os.environ["RINGFENCE_CACHE"] = "off"
    try:
        answers.append(sources.Difference(root, commit, ONLY, but).paths())
    finally:
        os.environ["RINGFENCE_CACHE"] = cache
    assert answers == [answers[0]] * 3
    return answers[0]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The listings that Git is asked for of what it tracks and what it does not."""
    listings: list[list[str]] = []
    ask = Repository.ask

    def noting(self: Repository, *arguments: str, index: str = "") -> object:
        if arguments[0] == "ls-files" and "attr:" not in arguments[-1]:
            listings.append(list(arguments[1:]))
        return ask(self, *arguments, index=index)

    monkeypatch.setattr(Repository, "ask", noting)
    return listings


def differing(repository: GitRepository) -> frozenset[str] | None:
    root = Path(os.path.realpath(repository.path))
    return sources.Difference(root, sources.commit_id(root, "HEAD"), ONLY).paths()


def test_git_is_not_asked_again(repository: GitRepository, asked: list[list[str]]):
    assert found(repository) == frozenset()
    asked.clear()
    assert differing(repository) == frozenset()
    assert asked == []
    repository.write(A, "another\n")  # no folder moves
    assert differing(repository) == {A}
    assert asked == []


def test_only_folders_that_moved_are_looked_into(repository: GitRepository, asked: list[list[str]]):
    found(repository)
    asked.clear()
    repository.write("teams/a/one/new.yaml")
    assert differing(repository) == {"teams/a/one/new.yaml"}
    assert {words[-1].rpartition("teams/")[2] for words in asked} == {"a/one"}
    assert len(asked) == 2  # what is there, and what of it Git does not ignore


def test_what_moved_just_now_is_not_believed(
    repository: GitRepository, asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(times, "RECENT", 3_600_000_000_000)
    found(repository)
    asked.clear()
    differing(repository)
    assert len(asked) == 1


def test_a_file_system_whose_folders_do_not_move_is_not_believed(repository: GitRepository, asked: list[list[str]]):
    own = Path(repository.git("rev-parse", "--absolute-git-dir").strip())
    os.utime(own, (1, 1))
    found(repository)
    asked.clear()
    os.utime(own, (1, 1))
    assert differing(repository) == frozenset()
    assert len(asked) == 2


def test_a_folder_whose_time_is_set_back(repository: GitRepository):
    assert found(repository) == frozenset()
    folder = repository.path / "teams/a/one"
    before = folder.stat()
    repository.write("teams/a/one/new.yaml")
    os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert found(repository) == {"teams/a/one/new.yaml"}


def test_a_file_that_is_tracked_no_more(repository: GitRepository):
    assert found(repository) == frozenset()
    repository.git("rm", "--quiet", "--cached", A)
    assert found(repository) == {A}
    repository.git("add", A)
    assert found(repository) == frozenset()


def test_a_file_that_is_ignored_no_more(repository: GitRepository):
    repository.write("teams/a/one/left.tmp")
    assert found(repository) == frozenset()
    (repository.path / repository.git("rev-parse", "--show-cdup").strip() / ".gitignore").write_text("")
    assert found(repository) == {"teams/a/one/left.tmp"}


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_does_not_look_at(repository: GitRepository, flag: str):
    assert found(repository) == frozenset()
    repository.git("update-index", flag, A)
    assert found(repository) is None


def test_a_link_instead_of_a_folder(repository: GitRepository):
    assert found(repository) == frozenset()
    (repository.path / "teams/a/one").rename(repository.path / "aside")
    (repository.path / "teams/a/one").symlink_to(repository.path / "aside")
    assert found(repository) is None or found(repository) != frozenset()


def test_another_repository_inside(repository: GitRepository):
    assert found(repository) == frozenset()
    inner = GitRepository(repository.path / "teams/a/two")
    inner.path.mkdir()
    inner.git("init", "--quiet")
    inner.write("flows.yaml")
    assert found(repository) is None


def test_what_is_left_out_stays_left_out(repository: GitRepository):
    assert found(repository, BUT) == frozenset()
    repository.write("policies/rendered/new.yaml")
    repository.write("policies/new.yaml")
    assert found(repository, BUT) == {"policies/new.yaml"}
    assert found(repository) == {"policies/new.yaml", "policies/rendered/new.yaml"}


@pytest.mark.parametrize("but", [(), BUT])
@pytest.mark.parametrize("gone", [("teams",), ("policies",), (C, sources.MARK), ("teams", "policies")])
def test_a_folder_in_which_nothing_was_tracked(repository: GitRepository, gone: tuple[str, ...], but: tuple[str, ...]):
    repository.git("rm", "-r", "--quiet", *gone)
    repository.commit("Without")
    assert found(repository, but) == frozenset()
    back = {path for path in (A, B, C, RENDERED, sources.MARK) if path.startswith(gone)}
    for path in back:
        repository.write(path)
    assert found(repository, but) == (back - {RENDERED} if but else back)
    repository.write("teams/b/flows.yaml")
    repository.git("add", "policies")
    assert found(repository, but) == {"teams/b/flows.yaml", *(back - {RENDERED} if but else back)}


def test_an_index_that_moves_while_it_is_listed(repository: GitRepository, monkeypatch: pytest.MonkeyPatch):
    ask = Repository.ask

    def late(self: Repository, *arguments: str, index: str = "") -> object:
        if "-v" in arguments:
            repository.git("update-index", "--no-assume-unchanged", A)
        return ask(self, *arguments, index=index)

    repository.git("update-index", "--assume-unchanged", A)
    flagged = Path(repository.git("rev-parse", "--absolute-git-dir").strip(), "index")
    before = flagged.read_bytes()
    time.sleep(0.04)
    with monkeypatch.context() as patch:
        patch.setattr(Repository, "ask", late)
        assert differing(repository) == frozenset()
    (flagged.parent / "index.lock").write_bytes(before)
    (flagged.parent / "index.lock").rename(flagged)
    assert found(repository) is None


def test_an_index_without_a_checksum(repository: GitRepository, asked: list[list[str]]):
    repository.git("config", "index.skipHash", "true")
    repository.write(A, "another\n")
    repository.git("add", A)
    assert found(repository) == {A}


def looked(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch, but: tuple[str, ...] = BUT
) -> tuple[bool, list[str]]:
    """Whether something may not be taken as a file, which is the same without a cache; and what was looked at."""
    time.sleep(0.04)
    root = Path(os.path.realpath(repository.path))
    commit = sources.commit_id(root, "HEAD")
    look = sources.WorkingTree.may_hold_problems
    seen: list[str] = []

    def ask() -> bool:
        tree = sources.working_tree(root, ONLY, BUT)
        difference = sources.Difference(root, commit, ONLY)
        odd = difference.odd(tree, but)
        return difference.paths() is None or odd

    with monkeypatch.context() as patch:
        patch.setenv("RINGFENCE_CACHE", "off")
        whole = ask()
    with monkeypatch.context() as patch:
        patch.setattr(sources.WorkingTree, "may_hold_problems", lambda tree, at: seen.append(at) or look(tree, at))
        assert ask() is whole
    return whole, sorted(seen)


def test_files_are_not_looked_at_again(repository: GitRepository, monkeypatch: pytest.MonkeyPatch):
    every = ["policies/catalog", "policies/ringfence.yaml", "teams"]
    assert looked(repository, monkeypatch) == (False, every)
    assert looked(repository, monkeypatch) == (False, [])
    repository.write(A, "another\n")  # no folder moves
    assert looked(repository, monkeypatch) == (False, [A])
    repository.write("teams/a/one/new.yaml")
    assert looked(repository, monkeypatch) == (False, ["teams/a/one", A, "teams/a/one/new.yaml"])
    assert looked(repository, monkeypatch, ()) == (False, ["policies", "teams"])
    repository.git("add", A)  # another index
    assert looked(repository, monkeypatch) == (False, every)


ODD: dict[str, Edit] = {
    "a link": lambda at: at.symlink_to("nowhere"),
    "a pipe": os.mkfifo,
    "a folder named like a file": lambda at: at.with_suffix(".yaml").mkdir(),
    "an ignored link": lambda at: at.with_suffix(".tmp").symlink_to("nowhere"),
}


@pytest.mark.parametrize("folder", ["teams/a/one", "policies/catalog"])
@pytest.mark.parametrize("kind", ODD)
def test_what_is_odd_stays_odd(repository: GitRepository, kind: str, folder: str, monkeypatch: pytest.MonkeyPatch):
    ignored = "ignored" in kind
    assert looked(repository, monkeypatch)[0] is False
    ODD[kind](repository.path / folder / "odd")
    for _ in range(3):
        assert looked(repository, monkeypatch)[0] is not ignored
    top = repository.path / repository.git("rev-parse", "--show-cdup").strip()
    (top / ".gitignore").write_text("")  # no folder of ours moves
    for _ in range(2):
        assert looked(repository, monkeypatch)[0] is True


def test_a_file_that_may_not_be_read_any_more(repository: GitRepository, monkeypatch: pytest.MonkeyPatch):
    closed = repository.path / A
    access = os.access
    monkeypatch.setattr(os, "access", lambda at, mode: Path(at).stat().st_mode & 0o400 and access(at, mode))
    assert looked(repository, monkeypatch)[0] is False
    assert looked(repository, monkeypatch) == (False, [])
    closed.write_text("another\n")
    closed.chmod(0)
    assert looked(repository, monkeypatch)[0] is True


def test_another_user_looks_for_itself(repository: GitRepository, monkeypatch: pytest.MonkeyPatch):
    looked(repository, monkeypatch)
    assert looked(repository, monkeypatch) == (False, [])
    monkeypatch.setattr(os, "getgroups", lambda: [4711])
    assert looked(repository, monkeypatch)[1] != []


def edit(repository: GitRepository, chance: random.Random) -> None:
    """Anything that moves folders, files, the index or what Git ignores."""
    folder = chance.choice(FOLDERS)
    odd = repository.path / folder / "odd.tmp"
    path = f"{folder}/{chance.choice(('new.yaml', 'other.tmp', 'deep/er/new.yaml', 'deep/left.tmp'))}"
    match chance.randrange(9):
        case 0 | 1:
            repository.write(path)
        case 2:
            (repository.path / path).unlink(missing_ok=True)
        case 3:
            repository.git("add", "--all")
        case 4:
            repository.git("commit", "--quiet", "--allow-empty", "--all", "--message", "Edit")
        case 5:
            repository.git("rm", "--quiet", "--cached", "--ignore-unmatch", chance.choice((A, B, RENDERED)))
        case 6:
            shutil.rmtree(repository.path / folder / "deep", ignore_errors=True)
        case 7:
            ignored = chance.choice(("*.tmp\n", "", "deep/\n", "new.yaml\n"))
            (repository.path / "teams" / ".gitignore").write_text(ignored)
        case 8 if not os.path.lexists(odd):
            odd.symlink_to("nowhere")
        case 8:
            odd.unlink()


@pytest.mark.parametrize("seed", range(3))
def test_any_edits(repository: GitRepository, seed: int, monkeypatch: pytest.MonkeyPatch):
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(12):
        edit(repository, chance)
        found(repository, chance.choice((BUT, ())))
        looked(repository, monkeypatch, chance.choice((BUT, ())))
