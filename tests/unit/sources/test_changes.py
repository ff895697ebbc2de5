"""What differs from a revision, as Git knows it, beside what reading every file finds."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from git_repository import GitRepository
from ringfence import sources
from ringfence.errors import UsageError

A, B, C = "teams/a/one/flows.yaml", "teams/a/one/namespace.yaml", "policies/catalog/b.yaml"
RENDERED = "policies/rendered/base/a/one/baseline.yaml"


@pytest.fixture
def repository(repository: GitRepository) -> GitRepository:
    for path in (A, B, C, RENDERED, sources.MARK):
        repository.write(path, f"kind: {path}\n")
    repository.write(".gitignore", "*.tmp\n")
    repository.commit("Start")
    return repository


def differing(repository: GitRepository, folder: str = "") -> frozenset[str] | None:
    """What differs from HEAD, which must be what reading both trees finds, or None."""
    root = repository.path / folder
    base, head = sources.revision(root, "HEAD"), sources.working_tree(root)
    found = sources.changed(base, head)
    if found is not None:
        paths = {*base.files(), *head.files()}
        there = set(base.files()) & set(head.files())
        assert found == {path for path in paths if path not in there or base.read(path) != head.read(path)}
    return found


def test_nothing(repository: GitRepository):
    assert differing(repository) == frozenset()


def test_touched_and_the_same(repository: GitRepository):
    os.utime(repository.path / A, (1, 1))
    assert differing(repository) == frozenset()


def test_unstaged_staged_and_both(repository: GitRepository):
    repository.write(A, "another\n")
    assert differing(repository) == {A}
    repository.git("add", A)
    assert differing(repository) == {A}
    repository.write(A, f"kind: {A}\n")  # staged, and on disk as it was
    assert differing(repository) == frozenset()


def test_untracked_and_ignored(repository: GitRepository):
    repository.write("teams/a/one/new.yaml")
    repository.write("teams/a/one/left.tmp")
    assert differing(repository) == {"teams/a/one/new.yaml"}
    assert sources.ignored(sources.revision(repository.path, "HEAD"), "teams") == ["teams/a/one/left.tmp"]


def test_removed_renamed_and_removed_from_the_index_alone(repository: GitRepository):
    repository.git("mv", A, "teams/a/one/other.yaml")
    (repository.path / C).unlink()
    assert differing(repository) == {A, "teams/a/one/other.yaml", C}
    repository.git("rm", "--quiet", "--cached", B)  # still on disk: too much is said, and never too little
    base, head = sources.revision(repository.path, "HEAD"), sources.working_tree(repository.path)
    assert sources.changed(base, head) == {A, "teams/a/one/other.yaml", C, B}


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_does_not_look_at(repository: GitRepository, flag: str):
    repository.git("update-index", flag, A)
    repository.write(A, "another\n")
    assert differing(repository) is None


def test_a_link_a_submodule_and_a_folder_named_like_a_file(repository: GitRepository):
    (repository.path / "teams/a/one/link.yaml").symlink_to("flows.yaml")
    repository.git("add", "--all")
    assert differing(repository) is None
    repository.git("rm", "--quiet", "--force", "teams/a/one/link.yaml")
    assert differing(repository) == frozenset()
    repository.git("init", "--quiet", "teams/a/inner")
    repository.write("teams/a/inner/x.yaml")
    assert differing(repository) is None


def test_a_file_turned_link(repository: GitRepository):
    (repository.path / A).unlink()
    (repository.path / A).symlink_to("namespace.yaml")
    assert differing(repository) is None


def test_an_unfinished_merge(repository: GitRepository):
    repository.git("switch", "--quiet", "--create", "other")
    repository.write(A, "theirs\n")
    repository.commit("Theirs")
    repository.git("switch", "--quiet", "main")
    repository.write(A, "ours\n")
    repository.commit("Ours")
    with pytest.raises(AssertionError, match="CONFLICT"):
        repository.git("merge", "other")
    assert differing(repository) is None


def test_line_ends_that_git_turns(repository: GitRepository):
    repository.git("config", "core.autocrlf", "true")
    (repository.path / A).write_bytes(f"kind: {A}\r\n".encode())
    base, head = sources.revision(repository.path, "HEAD"), sources.working_tree(repository.path)
    # to Git they are the same, and to a reader of YAML too
    assert sources.changed(base, head) == frozenset()


def test_a_clean_filter(repository: GitRepository):
    repository.git("config", "filter.upper.clean", "tr a-z A-Z")
    repository.git("config", "filter.upper.smudge", "cat")
    repository.write(".gitattributes", "teams/** filter=upper\n")
    repository.write(A, "another\n")
    assert differing(repository) is None  # Git would compare what nobody reads


@pytest.mark.parametrize("attribute", ["ident", "working-tree-encoding=UTF-16LE"])
def test_what_is_stored_otherwise(repository: GitRepository, attribute: str):
    repository.write(".gitattributes", f"flows.yaml {attribute}\n")
    (repository.path / A).write_text("kind: $Id$\n", encoding="utf-16-le" if "=" in attribute else "ascii")
    repository.commit("Otherwise")
    (repository.path / A).unlink()
    repository.git("checkout", A)
    root = repository.path
    base, head = sources.revision(root, "HEAD"), sources.working_tree(root)
    assert base.read(A) != head.read(A)
    assert differing(repository) is None


@pytest.mark.parametrize(("setting", "value"), [("core.trustctime", "false"), ("core.checkStat", "minimal")])
def test_settings_by_which_git_looks_at_less(repository: GitRepository, setting: str, value: str):
    repository.git("config", setting, value)
    long_ago = 1_577_836_800
    os.utime(repository.path / A, (long_ago, long_ago))
    repository.git("update-index", "--refresh")
    time.sleep(1.1)  # Git may compare whole seconds
    text = (repository.path / A).read_text()
    repository.write(A, text.swapcase())
    os.utime(repository.path / A, (long_ago, long_ago))
    assert repository.git("diff", "--name-only") == ""
    assert A not in sources.names(sources.working_tree(repository.path), "teams")
    assert differing(repository) == {A}


def test_a_monitor_that_misses_an_edit(repository: GitRepository, tmp_path: Path):
    monitor = tmp_path / "monitor"
    monitor.write_text("#!/bin/sh\nprintf 'token\\0'\n")
    monitor.chmod(0o755)
    repository.git("config", "core.fsmonitor", str(monitor))
    repository.git("update-index", "--fsmonitor")
    repository.git("status")
    repository.write(A, "another\n")
    assert repository.git("diff", "--name-only") == ""
    assert A not in sources.names(sources.working_tree(repository.path), "teams")
    assert differing(repository) == {A}


def test_tracked_no_more_and_ignored(repository: GitRepository):
    repository.git("rm", "--quiet", "--cached", A)
    (repository.path / ".git/info/exclude").write_text(f"{A}\n")
    assert differing(repository) is None


def odd(repository: GitRepository, tree: sources.WorkingTree) -> bool:
    """Whether anything may not be taken as a file, rendered files left out."""
    commit = sources.commit_id(repository.path, "HEAD")
    difference = sources.Difference(tree.root, commit, ("teams", "policies"))
    found = difference.odd(tree, ("policies/rendered",))
    difference.paths()
    return found


def test_what_git_does_not_list(repository: GitRepository):
    assert not odd(repository, sources.working_tree(repository.path))
    os.mkfifo(repository.path / "policies" / "x.yaml")
    assert odd(repository, sources.working_tree(repository.path))


@pytest.mark.parametrize("name", ["link.yaml", "x.yaml/", "inner/.git/", "inner/.git", "a\nb"])
def test_what_is_no_plain_file_is_looked_for_on_disk(repository: GitRepository, name: str):
    only, but = ("teams", "policies"), ("policies/rendered",)
    for folder, found in (("policies/rendered/base", False), ("teams/a/one", True), ("policies/other", True)):
        full = repository.path / folder / name
        full.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("link"):
            full.symlink_to("nowhere")
        elif name.endswith("/"):
            full.mkdir()
        else:
            full.write_text("")
        tree = sources.working_tree(repository.path, only, but)
        assert odd(repository, tree) is found
        assert bool(tree.problems("teams") or tree.problems("policies")) is found
        if folder.startswith("teams"):
            shutil.rmtree(repository.path / "teams/a/one")


def test_objects_are_not_what_this_clone_replaces_them_with(repository: GitRepository):
    first = repository.git("rev-parse", "HEAD")
    repository.write(A, "another\n")
    second = repository.commit("Second")
    repository.git("replace", first, second)
    base = sources.revision(repository.path, first)
    assert base.read(A) == f"kind: {A}\n".encode()
    assert sources.changed(base, sources.revision(repository.path, second)) == {A}


def test_a_root_below_the_top(repository: GitRepository):
    for path in (A, sources.MARK):
        repository.write(f"below/{path}", "kind: x\n")
    repository.commit("Below")
    repository.write(f"below/{A}", "another\n")
    repository.write(A, "outside\n")
    assert differing(repository, "below") == {A}
    assert [name for _, _, name in sources.revision(repository.path / "below", "HEAD").entries("teams/a")] == ["one"]


def test_two_revisions(repository: GitRepository):
    repository.write(A, "another\n")
    repository.write("teams/a/one/new.yaml")
    repository.commit("Second")
    base, head = (sources.revision(repository.path, name) for name in ("HEAD~1", "HEAD"))
    assert sources.changed(base, head) == {A, "teams/a/one/new.yaml"}
    assert sources.changed(base, sources.index(repository.path)) == {A, "teams/a/one/new.yaml"}


def test_some_folders_only(repository: GitRepository):
    only, but = ("teams", "policies"), ("policies/rendered",)
    base = sources.revision(repository.path, "HEAD", only, but)
    assert base.files() == [C, sources.MARK, A, B]
    for path in (A, RENDERED, "README.md"):
        repository.write(path, "another\n")
    assert sources.changed(base, sources.working_tree(repository.path), only, but) == {A}


@pytest.mark.parametrize("only", [(), ("teams/a", "policies"), ("teams", "nowhere", "teams/a/one/flows.yaml/x")])
def test_another_commit_beside_one(repository: GitRepository, only: tuple[str, ...]):
    repository.write(A, "another\n")
    repository.write("teams/a/one/new.yaml")
    repository.write("teams/c/two/new.yaml")
    (repository.path / B).unlink()
    repository.commit("Second")
    base = sources.revision(repository.path, "HEAD~1", only)
    beside = sources.beside(base, "main", sources.commit_id(repository.path, "HEAD"), ("teams", "policies"))
    assert beside is not None
    expected = sources.revision(repository.path, "main")
    assert beside.label == expected.label
    assert beside.differing == {path: expected.blobs.get(path, "") for path in sources.changed(base, expected) or ()}
    assert beside.differing.keys() == {A, "teams/a/one/new.yaml", "teams/c/two/new.yaml", B}
    beside.also(["teams/b/one", "teams/c", "policies/clusters", sources.MARK])
    beside.know({path: base.blobs[path] for path in base.files("teams")})
    assert {path: beside.blobs[path] for path in beside.files("teams")} == {
        path: expected.blobs[path] for path in expected.files("teams")
    }
    beside.fetch(beside.files())
    assert {path: beside.read(path) for path in beside.files()} == {
        path: expected.read(path) for path in beside.files()
    }


def test_a_commit_with_a_link_is_beside_none(repository: GitRepository):
    base = sources.revision(repository.path, "HEAD", ["teams"])
    (repository.path / "teams/a/one/link.yaml").symlink_to("flows.yaml")
    head = repository.commit("Second")
    assert sources.beside(base, "main", head, ["teams"]) is None
    assert sources.beside(sources.revision(repository.path, head, ["teams"]), "main", base.commit, ["teams"]) is None


def test_a_folder_that_is_not_there_has_no_entries(repository: GitRepository):
    base = sources.revision(repository.path, "HEAD")
    assert [base.entries(folder) for folder in ("teams/nobody", "nobody/one", A)] == [[], [], []]


def test_git_that_ends_is_heard(repository: GitRepository):
    base = sources.revision(repository.path, "HEAD")
    blob = base.blobs[A]
    file = repository.path / ".git" / "objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(UsageError, match="unable to stream"):
        base.fetch([A])
    assert base.read(B)  # by another Git
    with pytest.raises(sources.Unreadable):
        base.read(A)
