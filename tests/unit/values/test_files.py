"""Atomic replacement of a file."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ringfence.errors import OutputError
from ringfence.values.files import replace, replace_all


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


def test_several_files_are_written_and_removed(tmp_path: Path) -> None:
    old, gone, new = tmp_path / "old", tmp_path / "gone", tmp_path / "folder" / "new"
    old.write_bytes(b"1")
    gone.write_bytes(b"2")
    replace_all({old: b"3", gone: None, new: b"4", tmp_path / "never": None})
    left = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"old": b"3", "new": b"4"}


def test_all_of_several_files_or_none(tmp_path: Path) -> None:
    old, gone, wrong = tmp_path / "old", tmp_path / "gone", tmp_path / "wrong"
    old.write_bytes(b"1")
    old.chmod(0o640)
    gone.write_bytes(b"2")
    wrong.mkdir()
    with pytest.raises(OutputError, match=r"cannot write .*wrong"):
        replace_all({old: b"3", gone: None, tmp_path / "new": b"4", wrong: b"5"})
    assert sorted(item.name for item in tmp_path.iterdir()) == ["gone", "old", "wrong"]
    assert (old.read_bytes(), old.stat().st_mode & 0o777, gone.read_bytes()) == (b"1", 0o640, b"2")


def test_ctrl_c_waits_until_all_files_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.replace

    def interrupted(source: str, target: Path) -> None:
        signal.raise_signal(signal.SIGINT)
        real(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace_all({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"1", "b": b"2"}
