"""Some files of a tree, as a tree."""

from __future__ import annotations

import pytest

from git_repository import GitRepository
from ringfence import sources
from ringfence.affected import Part
from ringfence.sources import Unreadable

PATHS = ["teams-old/a.yaml", "teams.yaml", "teams/a.yaml", "teams/a/é.yaml", "teams/z.yaml", "teams0/a.yaml"]


def test_a_part_is_the_tree_with_these_files(repository: GitRepository) -> None:
    for path in (*PATHS, "teams/other.yaml"):
        repository.write(path, path)
    (repository.path / "teams/link.yaml").symlink_to("a.yaml")
    tree = sources.working_tree(repository.path)
    assert tree.problems("teams")
    part = Part(tree, reversed(PATHS))
    assert part.label == tree.label
    assert part.files() == PATHS
    assert part.files("teams") == PATHS[2:5]
    assert part.files("teams/a") == ["teams/a/é.yaml"]
    assert part.files("team") == part.files("zebra") == []
    assert part.read("teams/a/é.yaml") == "teams/a/é.yaml".encode()
    with pytest.raises(Unreadable):
        part.read("teams/none.yaml")
    assert part.problems() == part.problems("teams") == []


def test_the_files_of_a_part_are_the_callers_to_alter(repository: GitRepository) -> None:
    part = Part(sources.working_tree(repository.path), ["b", "a"])
    part.files().clear()
    part.files("a").clear()
    assert part.files() == ["a", "b"]
