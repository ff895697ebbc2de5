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


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A folder that is in no Git repository."""
    for path in ("policies/ringfence.yaml", "teams/shop/team.yaml", "teams/shop/shop/flows.yaml", "README.md"):
        full = tmp_path / "plain" / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(path)
    return tmp_path / "plain"


def test_lists_sorted_files_below_a_folder(plain: Path) -> None:
    tree = sources.working_tree(plain)
    assert tree.files() == [
        "README.md",
        "policies/ringfence.yaml",
        "teams/shop/shop/flows.yaml",
        "teams/shop/team.yaml",
    ]
    assert tree.files("teams/shop") == ["teams/shop/shop/flows.yaml", "teams/shop/team.yaml"]
    assert tree.files("team") == []
    assert tree.files("README.md") == ["README.md"]
    assert tree.problems() == []


def test_reads_bytes(plain: Path) -> None:
    (plain / "teams/shop/team.yaml").write_bytes(b"\xff\r\n")
    assert sources.working_tree(plain).read("teams/shop/team.yaml") == b"\xff\r\n"


def test_tracked_and_untracked_files_are_listed_and_ignored_ones_are_not(repository: GitRepository) -> None:
    repository.write(".gitignore", "*.log\nteams/scratch/\n")
    repository.write("teams/shop/tracked.yaml")
    repository.write("teams/shop/kept.log")
    repository.git("add", "--force", "teams/shop/kept.log")
    repository.commit()
    repository.write("teams/shop/new.yaml")
    repository.write("teams/shop/noise.log")
    repository.write("teams/scratch/a/b.yaml")
    tree = sources.working_tree(repository.path)
    assert tree.files("teams") == ["teams/shop/kept.log", "teams/shop/new.yaml", "teams/shop/tracked.yaml"]


def test_deleted_tracked_file_is_not_listed(repository: GitRepository) -> None:
    repository.write("teams/a.yaml")
    repository.write("teams/b.yaml")
    repository.commit()
    (repository.path / "teams/a.yaml").unlink()
    assert sources.working_tree(repository.path).files("teams") == ["teams/b.yaml"]


def test_root_below_the_top_of_the_git_repository(repository: GitRepository) -> None:
    repository.write(".gitignore", "*.log")
    repository.write("net work/teams/a.yaml")
    repository.write("net work/teams/a.log")
    repository.write("other/teams/b.yaml")
    assert sources.working_tree(repository.path / "net work").files("teams") == ["teams/a.yaml"]


def test_root_that_an_outer_repository_ignores_is_read_whole(repository: GitRepository) -> None:
    repository.write(".gitignore", ".demo/")
    repository.write(".demo/shop/teams/a.yaml")
    assert sources.working_tree(repository.path / ".demo/shop").files() == ["teams/a.yaml"]


def test_root_of_the_same_name_as_an_ignored_folder_in_it(repository: GitRepository) -> None:
    repository.write(".gitignore", "/teams/")
    repository.write("teams/teams/a.yaml")
    assert sources.working_tree(repository.path / "teams").files() == ["teams/a.yaml"]


@pytest.mark.parametrize("name", ["[ab]*", ":(top)x", "-C"])
def test_root_whose_name_looks_like_a_pattern(repository: GitRepository, name: str) -> None:
    repository.write(".gitignore", "*.log")
    repository.write(f"{name}/teams/a.yaml")
    repository.write(f"{name}/teams/a.log")
    assert sources.working_tree(repository.path / name).files() == ["teams/a.yaml"]


def test_variables_of_a_hook_elsewhere_change_nothing(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write(".gitignore", "*.log")
    repository.write("teams/a.log")
    repository.write("teams/a.yaml")
    other = tmp_path / "other"
    other.mkdir()
    GitRepository(other).git("init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert sources.working_tree(repository.path).files("teams") == ["teams/a.yaml"]


def test_without_git_installed_nothing_is_ignored(repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write(".gitignore", "*.log")
    repository.write("teams/a.log")
    monkeypatch.setenv("PATH", "")
    assert sources.working_tree(repository.path).files("teams") == ["teams/a.log"]


def test_broken_repository_is_a_failure_that_names_it(plain: Path) -> None:
    (plain / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(UsageError, match=r"Git cannot read the repository at .*plain"):
        sources.working_tree(plain).files()


@pytest.mark.parametrize(
    "name", ["a b.yaml", "a'b.yaml", 'a"b.yaml', "ä.yaml", "шлях.yaml", "-n.yaml", "a\\b.yaml", "*.yaml"]
)
def test_unusual_names_are_read(repository: GitRepository, name: str) -> None:
    repository.write(".gitignore", "*.log")
    repository.write(f"teams/{name}", "content")
    tree = sources.working_tree(repository.path)
    assert tree.files("teams") == [f"teams/{name}"]
    assert tree.read(f"teams/{name}") == b"content"
    assert tree.problems() == []


@pytest.mark.parametrize("name", [b"a\nb.yaml", b"a\x1bb.yaml", b"a\x7f.yaml", b"\xff.yaml", "a\u2028b.yaml".encode()])
def test_unprintable_names_are_findings_in_printable_words(repository: GitRepository, name: bytes) -> None:
    folder = repository.path / "teams"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).touch()
    tree = sources.working_tree(repository.path)
    assert tree.files("teams") == []
    (finding,) = tree.problems("teams")
    assert finding.check.code == "RF044"
    assert finding.where.path.isprintable()
    assert finding.where.path.startswith("teams/")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("../outside.yaml", "out of the repository"),
        ("/etc/passwd", "out of the repository"),
        ("loop.yaml", "back to itself"),
        ("absent.yaml", "to nothing"),
        ("real.yaml", "to teams/real.yaml"),
    ],
)
def test_links_are_findings_and_not_followed(plain: Path, target: str, says: str) -> None:
    (plain / "teams/real.yaml").touch()
    (plain.parent / "outside.yaml").touch()
    name = "teams/loop.yaml" if target == "loop.yaml" else "teams/link.yaml"
    (plain / name).symlink_to(target if target != "../outside.yaml" else "../../outside.yaml")
    tree = sources.working_tree(plain)
    assert codes(tree, "teams") == [("RF040", name)]
    assert says in tree.problems("teams")[0].message
    assert name not in tree.files("teams")
    with pytest.raises(Unreadable, match="symbolic link"):
        tree.read(name)


def test_linked_folder_is_a_finding_of_everything_below_it(plain: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (plain / "policies").rename(elsewhere)
    (plain / "policies").symlink_to(elsewhere)
    tree = sources.working_tree(plain)
    assert tree.files("policies") == []
    assert tree.files("policies/clusters") == []
    assert codes(tree, "policies") == codes(tree, "policies/clusters") == [("RF040", "policies")]
    with pytest.raises(Unreadable, match="symbolic link"):
        tree.read("policies/ringfence.yaml")


def test_reading_outside_the_root_is_refused(plain: Path) -> None:
    (plain.parent / "secret").touch()
    with pytest.raises(Unreadable):
        sources.working_tree(plain).read("../secret")


def test_pipe_is_a_finding_and_does_not_hang(plain: Path) -> None:
    os.mkfifo(plain / "teams/pipe.yaml")
    tree = sources.working_tree(plain)
    assert codes(tree, "teams") == [("RF042", "teams/pipe.yaml")]
    with pytest.raises(Unreadable, match="a pipe"):
        tree.read("teams/pipe.yaml")


def test_folder_in_the_place_of_a_file(plain: Path) -> None:
    (plain / "teams/shop/team.yaml").unlink()
    (plain / "teams/shop/team.yaml").mkdir()
    (plain / "teams/shop/team.yaml/inner.yaml").touch()
    tree = sources.working_tree(plain)
    assert codes(tree, "teams") == [("RF043", "teams/shop/team.yaml")]
    assert tree.files("teams") == ["teams/shop/shop/flows.yaml"]
    with pytest.raises(Unreadable, match="it is a folder"):
        tree.read("teams/shop/team.yaml")


def test_nested_repository_is_a_finding(repository: GitRepository) -> None:
    repository.write("teams/shop/team.yaml")
    repository.git("init", "--quiet", "teams/shop")
    tree = sources.working_tree(repository.path)
    assert codes(tree) == [("RF045", "teams/shop")]
    assert tree.files() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_no_permission_is_a_finding(plain: Path) -> None:
    (plain / "teams/shop/team.yaml").chmod(0)
    (plain / "policies").chmod(0)
    try:
        tree = sources.working_tree(plain)
        assert codes(tree) == [("RF041", "policies"), ("RF041", "teams/shop/team.yaml")]
        with pytest.raises(Unreadable, match="Permission denied"):
            tree.read("teams/shop/team.yaml")
    finally:
        (plain / "policies").chmod(0o755)


def test_missing_file_and_too_large_file(plain: Path) -> None:
    tree = sources.working_tree(plain)
    with pytest.raises(Unreadable, match="No such file") as failure:
        tree.read("teams/absent.yaml")
    assert failure.value.finding.check.code == "RF041"
    with (plain / "teams/large.yaml").open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    with pytest.raises(Unreadable, match="larger than 16 MiB"):
        tree.read("teams/large.yaml")


def test_name_with_a_null_byte_is_unreadable(plain: Path) -> None:
    with pytest.raises(Unreadable, match="null byte"):
        sources.working_tree(plain).read("teams/\0")


def test_plain_folder_is_listed_whole(repository: GitRepository) -> None:
    """`folder` reads manifests that need not belong to the repository around them."""
    repository.write(".gitignore", "*.yaml\n")
    repository.write("manifests/a.yaml", "a")
    tree = sources.folder(repository.path / "manifests")
    assert (tree.files(), tree.read("a.yaml")) == (["a.yaml"], b"a")


def test_some_folders_only(repository: GitRepository) -> None:
    for path in ("teams/a.yaml", "teams/a.tmp", "policies/b.yaml", "policies/rendered/c.yaml", "other/d.yaml"):
        repository.write(path)
    repository.write(".gitignore", "*.tmp\n")
    tree = sources.working_tree(repository.path, ("teams", "policies"), ("policies/rendered",))
    assert tree.files() == ["policies/b.yaml", "teams/a.yaml"]
    assert tree.files("policies") == ["policies/b.yaml"]
