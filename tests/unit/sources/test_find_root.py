from __future__ import annotations

from pathlib import Path

import pytest

from ringfence import sources
from ringfence.errors import UsageError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "repository"
    (made / "policies").mkdir(parents=True)
    (made / "policies" / "ringfence.yaml").touch()
    (made / "teams" / "shop").mkdir(parents=True)
    return made


@pytest.mark.parametrize("start", ["", "teams/shop", "policies", "policies/ringfence.yaml"])
def test_found_from_anywhere_inside(root: Path, start: str) -> None:
    assert sources.find_root(root / start) == root


def test_found_through_a_link_to_the_repository(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert sources.find_root(tmp_path / "link" / "teams") == root


def test_relative_start(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "teams")
    assert sources.find_root(Path()) == root


def test_nearest_root_wins(root: Path) -> None:
    inner = root / "tests" / "case"
    (inner / "policies").mkdir(parents=True)
    (inner / "policies" / "ringfence.yaml").touch()
    assert sources.find_root(inner) == inner


def test_outside_says_what_is_missing_and_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as failure:
        sources.find_root(tmp_path)
    assert "policies/ringfence.yaml" in failure.value.message
    assert "ringfence init" in failure.value.hint


def test_missing_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="absent does not exist"):
        sources.find_root(tmp_path / "absent")


def test_yml_instead_of_yaml_says_how_to_rename(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "ringfence.yml").touch()
    with pytest.raises(UsageError) as failure:
        sources.find_root(tmp_path)
    assert "ringfence.yml has the wrong name" in failure.value.message
    assert "git mv" in failure.value.hint


def test_mark_that_is_a_broken_link_or_folder_is_still_the_root(tmp_path: Path) -> None:
    (tmp_path / "policies" / "ringfence.yaml").mkdir(parents=True)
    assert sources.find_root(tmp_path) == tmp_path
