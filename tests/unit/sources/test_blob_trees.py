from __future__ import annotations

import os
from pathlib import Path

import pytest

from git_repository import GitRepository
from ringfence import sources
from ringfence.errors import UsageError
from ringfence.sources import Unreadable


def codes(tree: sources.Tree, under: str = "") -> list[tuple[str, str]]:
    return [(finding.check.code, finding.where.path) for finding in tree.problems(under)]


def test_revision_reads_the_commit_and_not_the_disk(repository: GitRepository) -> None:
    repository.write("teams/a.yaml", "old")
    repository.write("teams/b.yaml", "b")
    old = repository.commit()
    repository.write("teams/a.yaml", "new")
    (repository.path / "teams/b.yaml").unlink()
    repository.commit()
    repository.write("teams/a.yaml", "dirty")
    tree = sources.revision(repository.path, "HEAD~1")
    assert tree.label == f"{old[:7]} (HEAD~1)"
    assert sources.revision(repository.path, old[:12]).label == old[:7]
    assert tree.files() == ["teams/a.yaml", "teams/b.yaml"]
    assert tree.read("teams/a.yaml") == b"old"
    assert sources.revision(repository.path, "main").read("teams/a.yaml") == b"new"


def test_index_reads_what_is_staged(repository: GitRepository) -> None:
    repository.write("teams/a.yaml", "committed")
    repository.commit()
    repository.write("teams/a.yaml", "staged")
    repository.write("teams/new.yaml", "new")
    repository.git("add", "--all")
    repository.write("teams/a.yaml", "dirty")
    repository.write("teams/untracked.yaml")
    tree = sources.index(repository.path)
    assert tree.label == "index"
    assert tree.files() == ["teams/a.yaml", "teams/new.yaml"]
    assert tree.read("teams/a.yaml") == b"staged"


def test_index_before_the_first_commit(repository: GitRepository) -> None:
    repository.write("teams/a.yaml")
    assert sources.index(repository.path).files() == []
    repository.git("add", ".")
    assert sources.index(repository.path).files() == ["teams/a.yaml"]


def test_index_of_the_hook_counts_when_it_is_of_this_repository(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git commit <path>` builds an index of its own and hands it to the hook in GIT_INDEX_FILE."""
    repository.write("a.yaml", "1")
    repository.write("b.yaml", "1")
    repository.commit()
    repository.write("a.yaml", "2")
    repository.write("b.yaml", "2")
    repository.git("add", "b.yaml")
    seen = tmp_path / "seen"
    hook = repository.write(
        ".git/hooks/pre-commit", f"#!/bin/sh\nprintf '%s %s' \"$GIT_INDEX_FILE\" $(git show :b.yaml) > {seen}\n"
    )
    hook.chmod(0o755)
    repository.git("commit", "--quiet", "--message", "Only a", "a.yaml")
    name, content = seen.read_text().split()
    assert content == "1"
    assert name != ".git/index"
    # The file is gone after the commit; a copy of the real index stands in for it.
    copy = repository.path / ".git" / "next-index-1.lock"
    copy.write_bytes((repository.path / ".git/index").read_bytes())
    repository.write("c.yaml", "3")
    repository.git("add", "c.yaml")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index-1.lock")
    assert sources.index(repository.path).files() == ["a.yaml", "b.yaml"]
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "foreign"))
    assert sources.index(repository.path).files() == ["a.yaml", "b.yaml", "c.yaml"]


def test_root_below_the_top(repository: GitRepository) -> None:
    repository.write("outside.yaml")
    repository.write("net work/teams/a.yaml", "a")
    repository.write("net work/teams-old/a.yaml", "old")
    repository.write("net work 2/teams/b.yaml", "b")
    repository.commit()
    root = repository.path / "net work"
    for tree in (sources.revision(root, "HEAD"), sources.index(root)):
        assert tree.files() == ["teams-old/a.yaml", "teams/a.yaml"]
        assert tree.files("teams") == ["teams/a.yaml"]
        assert tree.read("teams/a.yaml") == b"a"


def test_variables_of_a_hook_elsewhere_change_nothing(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("teams/a.yaml", "a")
    sha = repository.commit()
    (tmp_path / "other").mkdir()
    other = GitRepository(tmp_path / "other")
    other.git("init", "--quiet")
    other.write("elsewhere.yaml", "e")
    other.commit()
    values = {
        "GIT_DIR": str(other.path / ".git"),
        "GIT_WORK_TREE": str(other.path),
        "GIT_INDEX_FILE": str(other.path / ".git/index"),
        "GIT_OBJECT_DIRECTORY": str(other.path / ".git/objects"),
        "GIT_COMMON_DIR": str(other.path / ".git"),
        "GIT_PREFIX": "teams/",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert sources.revision(repository.path, "HEAD").read("teams/a.yaml") == b"a"
    assert sources.index(repository.path).files() == ["teams/a.yaml"]
    assert sources.merge_base(repository.path, "main") == sha
    assert {name: os.environ[name] for name in values} == values


def test_many_files_and_unusual_names(repository: GitRepository) -> None:
    names = [f"teams/{number:03}.yaml" for number in range(300)]
    names += ["teams/a b.yaml", "teams/ä.yaml", "teams/q\"uote'.yaml", "teams/back\\slash.yaml", "-n.yaml"]
    for name in names:
        repository.write(name, name)
    repository.commit()
    for tree in (sources.revision(repository.path, "HEAD"), sources.index(repository.path)):
        assert tree.files() == sorted(names)
        assert {name: tree.read(name).decode() for name in names} == {name: name for name in names}
        assert tree.problems() == []


def test_a_part_has_what_was_asked_for_and_no_problem(repository: GitRepository) -> None:
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        repository.write(f"teams/{name}", name)
    (repository.path / "teams/link.yaml").symlink_to("a.yaml")
    repository.commit()
    tree = sources.revision(repository.path, "HEAD")
    part = tree.part(["teams/c.yaml", "teams/a.yaml"])
    assert part.files("teams") == ["teams/a.yaml", "teams/c.yaml"]
    assert part.read("teams/c.yaml") == b"c.yaml"
    with pytest.raises(Unreadable):
        part.read("teams/b.yaml")
    assert part.problems() == []
    assert tree.problems() != []
    assert (part.label, part.commit) == (tree.label, tree.commit)


def test_what_is_no_regular_file_is_a_finding(repository: GitRepository, tmp_path: Path) -> None:
    (tmp_path / "module").mkdir()
    module = GitRepository(tmp_path / "module")
    module.git("init", "--quiet")
    module.write("a.yaml")
    module.commit()
    repository.write("teams/real.yaml")
    (repository.path / "teams/link.yaml").symlink_to("real.yaml")
    repository.write("teams/folder.yaml/a.yaml")
    repository.write("teams/folder.yaml/b.yaml")
    repository.write("teams/new\nline.yaml")
    repository.git("submodule", "--quiet", "add", str(module.path), "teams/module")
    repository.commit()
    expected = [
        ("RF043", "teams/folder.yaml"),
        ("RF040", "teams/link.yaml"),
        ("RF045", "teams/module"),
        ("RF044", "teams/new\\nline.yaml"),
    ]
    for tree in (sources.revision(repository.path, "HEAD"), sources.index(repository.path)):
        assert codes(tree) == expected
        assert codes(tree, "teams/module/deeper") == [("RF045", "teams/module")]
        assert codes(tree, "policies") == []
        assert tree.files("teams") == ["teams/real.yaml"]
        with pytest.raises(Unreadable):
            tree.read("teams/link.yaml")
    assert sorted(codes(sources.working_tree(repository.path), "teams")) == sorted(expected)


def test_unfinished_merge_is_a_finding_of_the_index(repository: GitRepository) -> None:
    repository.write("teams/a.yaml", "base")
    repository.commit()
    repository.git("switch", "--quiet", "--create", "other")
    repository.write("teams/a.yaml", "other")
    repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.write("teams/a.yaml", "main")
    repository.commit()
    with pytest.raises(AssertionError):
        repository.git("merge", "other")
    tree = sources.index(repository.path)
    assert codes(tree) == [("RF046", "teams/a.yaml")]
    assert tree.files() == []


def test_object_that_the_clone_lacks_is_unreadable(repository: GitRepository) -> None:
    repository.write("teams/a.yaml", "content")
    repository.write("teams/b.yaml", "other")
    repository.commit()
    name = repository.git("rev-parse", "HEAD:teams/a.yaml")
    (repository.path / ".git/objects" / name[:2] / name[2:]).unlink()
    tree = sources.revision(repository.path, "HEAD")
    with pytest.raises(Unreadable, match="does not hold its content"):
        tree.read("teams/a.yaml")
    assert tree.read("teams/b.yaml") == b"other"


def test_path_that_is_not_in_the_revision(repository: GitRepository) -> None:
    repository.write("teams/a.yaml")
    sha = repository.commit()
    with pytest.raises(Unreadable, match=f"no such file in the {sha[:7]}"):
        sources.revision(repository.path, sha).read("teams/b.yaml")


def test_bare_repository_has_revisions_and_no_index(repository: GitRepository, tmp_path: Path) -> None:
    repository.write("teams/a.yaml", "a")
    repository.commit()
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    assert sources.revision(tmp_path / "bare.git", "main").read("teams/a.yaml") == b"a"
    with pytest.raises(UsageError, match="is a bare repository"):
        sources.index(tmp_path / "bare.git")


def test_linked_worktree(repository: GitRepository, tmp_path: Path) -> None:
    repository.write("teams/a.yaml", "main")
    repository.commit()
    repository.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    side = GitRepository(tmp_path / "side")
    side.write("teams/a.yaml", "side")
    side.commit()
    assert sources.revision(side.path, "HEAD").read("teams/a.yaml") == b"side"
    assert sources.index(side.path).read("teams/a.yaml") == b"side"
    assert sources.working_tree(side.path).files() == ["teams/a.yaml"]


def test_no_repository_says_how_to_make_one(tmp_path: Path) -> None:
    for read in (sources.index, lambda root: sources.revision(root, "HEAD")):
        with pytest.raises(UsageError, match="is not in a Git repository") as failure:
            read(tmp_path)
        assert "init" in failure.value.hint


def test_many_files_are_read_at_once(repository: GitRepository) -> None:
    contents = {"teams/a.yaml": "a\n", "teams/empty.yaml": "", "teams/b.yaml": "b blob 3\n\n", "teams/c.yaml": "a\n"}
    for path, content in contents.items():
        repository.write(path, content)
    repository.commit()
    tree, other = (sources.revision(repository.path, "HEAD") for _ in range(2))
    tree.blobs["teams/gone.yaml"] = other.blobs["teams/gone.yaml"] = "0" * 40
    tree.fetch([*tree.files(), "teams/nowhere.yaml"])
    tree.fetch(tree.files())
    for path, content in contents.items():
        assert tree.read(path) == other.read(path) == content.encode()
    with pytest.raises(sources.Unreadable, match="does not hold its content"):
        tree.read("teams/gone.yaml")
