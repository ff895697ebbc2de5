"""`ringfence cache`: what the cache holds, and its removal."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_kit import FLOWS, Cli, process

from git_repository import GitRepository
from ringfence import cache


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_where_and_how_much(folder: Path, small: GitRepository, ringfence: Cli):
    process("check", FLOWS)
    cache.store().put("flows", {"a": b"1", "b": b"2"})
    (folder / "of somebody else").write_bytes(b"")
    size = sum(path.stat().st_blocks * 512 for path in folder.iterdir())
    done = ringfence("cache", "--format", "json")
    kinds = {"flows": 2, "valid": 1}
    assert done.json == {"folder": str(folder), "why": "", "bytes": size, "kinds": kinds, "cleared": 0}
    lines = ringfence("cache").out.splitlines()
    assert [lines[0], *map(str.split, lines[2:5])] == [str(folder), ["KIND", "ENTRIES"], ["flows", "2"], ["valid", "1"]]
    assert lines[-1] == f"3 entries, {size / 1e3:.0f} kB"

    (folder / "values-0.sqlite").write_bytes(b"of an old release")
    assert ringfence("cache", "--clear").out.splitlines()[-1].endswith("kB removed")
    assert [path.name for path in folder.iterdir()] == ["of somebody else"]
    assert ringfence("cache", "--format", "json").json["kinds"] == {}


def test_no_cache_yet(folder: Path, ringfence: Cli):
    done = ringfence("cache")
    assert (done.code, done.out) == (0, f"not used: {folder} does not exist\n0 entries, 0 kB\n")
    assert not folder.exists()


@pytest.mark.parametrize("clear", [[], ["--clear"]])
def test_a_place_that_others_may_write_is_left_alone(folder: Path, clear: list[str], ringfence: Cli):
    cache.store().put("flows", {"a": b"1"})
    folder.chmod(0o777)
    done = ringfence("cache", *clear, "--format", "json")
    assert done.json == {"folder": "", "why": f"others may write {folder}", "bytes": 0, "kinds": {}, "cleared": 0}
    assert list(folder.iterdir())


def test_off(monkeypatch: pytest.MonkeyPatch, ringfence: Cli):
    monkeypatch.setenv("RINGFENCE_CACHE", "off")
    assert ringfence("cache").out == "not used: RINGFENCE_CACHE is off\n0 entries, 0 kB\n"
