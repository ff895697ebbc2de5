"""Atomic replacement of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.errors import OutputError
from ringfence.values.files import replace


def test_a_new_file_and_a_changed_one(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    replace(path, b"one")
    path.chmod(0o600)
    replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["b.txt"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"untouched")
    link = tmp_path / "link"
    link.symlink_to(target)
    replace(link, b"new")
    assert target.read_bytes() == b"untouched"
    assert link.read_bytes() == b"new"
    assert not link.is_symlink()


def test_a_folder_in_the_way_is_an_error_that_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        replace(path, b"new")
    assert [item.name for item in tmp_path.iterdir()] == ["file"]
