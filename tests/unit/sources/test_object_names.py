"""The ids that Git has for what is on disk: none where the two could differ by more than the ends of lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from git_repository import GitRepository
from ringfence import sources

UNDER = "policies/rendered"
PATHS = tuple(f"{UNDER}/{name}.yaml" for name in ("a", "b"))

Edit = Callable[[GitRepository], object]


@pytest.fixture(params=["", "inner"])
def repository(repository: GitRepository, request: pytest.FixtureRequest) -> GitRepository:
    made = GitRepository(repository.path / request.param)
    for path in (*PATHS, sources.MARK):
        made.write(path, f"kind: {path}\n")
    repository.commit("Start")
    return made


def names(repository: GitRepository) -> dict[str, str]:
    found = sources.names(sources.working_tree(repository.path), UNDER)
    for path, name in found.items():
        raw = (repository.path / path).read_bytes()
        assert name in (sources.name_of(raw), sources.name_of(raw.replace(b"\r\n", b"\n"))), path
    return found


def attributes(text: str) -> Edit:
    """Attributes that are set once the files are there, so that Git does not look at them again."""
    return lambda repository: (repository.path / ".gitattributes").write_text(text)


def crlf(repository: GitRepository) -> None:
    path = repository.path / PATHS[0]
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    repository.git("add", PATHS[0])


def edited(repository: GitRepository) -> None:
    repository.write(PATHS[0], "kind: other\n")


def link(repository: GitRepository) -> None:
    (repository.path / PATHS[0]).unlink()
    (repository.path / PATHS[0]).symlink_to("b.yaml")


def staged(repository: GitRepository) -> None:
    edited(repository)
    repository.git("add", PATHS[0])


def intended(repository: GitRepository) -> None:
    repository.write(f"{UNDER}/c.yaml", "kind: c\n")
    repository.git("add", "--intent-to-add", f"{UNDER}/c.yaml")


@pytest.mark.parametrize(
    ("edits", "known"),
    [
        ([], PATHS),
        ([edited], PATHS[1:]),
        ([staged], PATHS),
        ([staged, lambda repository: repository.write(PATHS[0], "kind: again\n")], PATHS[1:]),
        ([intended], PATHS),
        ([lambda repository: repository.write(f"{UNDER}/c.yaml", "c")], PATHS),
        ([lambda repository: repository.git("rm", "--cached", PATHS[0])], PATHS[1:]),
        ([lambda repository: (repository.path / PATHS[0]).unlink()], PATHS[1:]),
        ([link], PATHS[1:]),
        ([edited, lambda repository: repository.git("update-index", "--assume-unchanged", PATHS[0])], PATHS[1:]),
        ([lambda repository: repository.git("update-index", "--skip-worktree", PATHS[0]), edited], PATHS[1:]),
        ([attributes("*.yaml text=auto eol=lf\n"), crlf], PATHS),
        ([lambda repository: repository.git("config", "core.autocrlf", "input"), crlf], PATHS),
        ([attributes("* -text\n")], PATHS),
        ([attributes("a.yaml text\n")], PATHS[1:]),
        ([attributes("a.yaml ident\n")], PATHS[1:]),
        ([attributes("a.yaml filter=lfs\n")], PATHS[1:]),
        ([attributes("a.yaml working-tree-encoding=UTF-16\n")], PATHS[1:]),
        ([attributes("a.yaml crlf=input\n")], PATHS[1:]),
        ([attributes("a.yaml eol=crlf\n")], PATHS[1:]),
    ],
)
def test_which_files_on_disk_are_known(repository: GitRepository, edits: list[Edit], known: tuple[str, ...]) -> None:
    for edit in edits:
        edit(repository)
    assert tuple(sorted(names(repository))) == known


def test_a_tree_of_git_knows_all_its_files(repository: GitRepository) -> None:
    tree = sources.revision(repository.path, "HEAD")
    assert {path: sources.name_of(tree.read(path)) for path in PATHS}.items() <= sources.names(tree, UNDER).items()


def test_without_git_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / UNDER).mkdir(parents=True)
    (tmp_path / PATHS[0]).write_text("a")
    assert sources.names(sources.working_tree(tmp_path), UNDER) == {}


def test_unless_git_is_to_be_asked_nothing_is_known(repository: GitRepository) -> None:
    assert sources.names(sources.working_tree(repository.path), UNDER, ask=False) == {}
