"""Where the cache lies, and that a place which others could write is never used."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ringfence import cache
from ringfence.cache import place, tools
from ringfence.cache.rows import FILE

NOBODY = 65534


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("RINGFENCE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def works() -> bool:
    """Whether the store of this user keeps a value."""
    store = cache.store()
    store.put("flows", {"a": b"1"})
    return cache.store().get("flows", ["a"]) == {"a": b"1"}


def test_it_lies_in_the_home_folder_for_the_user_alone(tmp_path: Path):
    folder = tmp_path / (("Library/Caches" if sys.platform == "darwin" else ".cache") + "/ringfence")
    before = os.umask(0)
    try:
        assert works()
    finally:
        os.umask(before)
    assert cache.store().path == str(folder / FILE)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not (folder / FILE).stat().st_mode & 0o022


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has a place of its own")
def test_the_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.find().folder == str(tmp_path / "xdg" / "ringfence")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache.find().folder == str(tmp_path / ".cache" / "ringfence")
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "own"))
    assert cache.find().folder == str(tmp_path / "own")


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("RINGFENCE_CACHE", "off", "RINGFENCE_CACHE is off"),
        ("RINGFENCE_CACHE", "no", "RINGFENCE_CACHE is 'no', which is neither `off` nor an absolute path"),
        ("HOME", "", "neither XDG_CACHE_HOME nor HOME is set"),
        ("HOME", None, "neither XDG_CACHE_HOME nor HOME is set"),
        ("HOME", "relative", "neither XDG_CACHE_HOME nor HOME is set"),
        ("HOME", "/proc/no/such", "/proc/no/such/.cache/ringfence cannot be made: No such file or directory"),
    ],
)
def test_without_a_place_there_is_no_cache(name: str, text: str | None, why: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(name, text) if text is not None else monkeypatch.delenv(name)
    assert (cache.find().folder, cache.find().why) == ("", why)
    assert cache.store().why == why
    assert not works()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "own"))
    assert works()
    return tmp_path / "own"


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_may_write(folder: Path, mode: int):
    folder.chmod(mode)
    assert cache.store().why == f"others may write {folder}"
    assert not works()


@pytest.mark.parametrize("mode", [0o620, 0o606])
def test_a_file_that_others_may_write(folder: Path, mode: int):
    (folder / FILE).chmod(mode)
    assert cache.store().why == f"others may write {folder / FILE}"
    assert not works()


@pytest.mark.parametrize("name", ["", FILE])
def test_a_link_in_its_place(folder: Path, name: str):
    there = folder / name
    there.rename(folder.parent / "elsewhere")
    there.symlink_to(folder.parent / "elsewhere")
    assert cache.store().why == f"{there} is a symbolic link"
    assert not works()


def test_something_else_in_its_place(folder: Path):
    (folder / FILE).unlink()
    (folder / FILE).mkdir()
    assert cache.store().why == f"{folder / FILE} is not a regular file"
    (folder / FILE).rmdir()
    os.mkfifo(folder / FILE)
    assert cache.store().why == f"{folder / FILE} is not a regular file"
    (folder / FILE).unlink()
    folder.rmdir()
    folder.write_bytes(b"")
    assert cache.store().why == f"{folder} is not a folder"


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can give a file away")
@pytest.mark.parametrize("name", ["", FILE])
def test_what_belongs_to_another_user(folder: Path, name: str):
    os.chown(folder / name, NOBODY, NOBODY)
    assert cache.store().why == f"{folder / name if name else folder} belongs to another user"
    assert not works()


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a cache of a user whom permissions bind, in a place that this user can reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "own"
        monkeypatch.setenv("RINGFENCE_CACHE", str(folder))
        assert works()
        if os.geteuid() == 0:
            for part in (folder, folder / FILE):
                os.chown(part, NOBODY, NOBODY)
        yield folder
        folder.chmod(0o700)


def seen_by_its_user() -> str:
    """Why there is no store for that user, or what is in it: asked in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        store = cache.store()
        store.put("flows", {"b": b"2"})
        os.write(writing, f"{store.why or store.get('flows', ['a', 'b'])}".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        answer = stream.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return answer


@pytest.mark.parametrize(("of_folder", "of_file"), [(0o500, 0o600), (0o700, 0o400), (0o500, 0o400)])
def test_what_may_only_be_read_is_read(bound: Path, of_folder: int, of_file: int):
    assert seen_by_its_user() == "{'a': b'1', 'b': b'2'}"
    before = (bound / FILE).read_bytes()
    (bound / FILE).chmod(of_file)
    bound.chmod(of_folder)
    assert seen_by_its_user() == "{'a': b'1', 'b': b'2'}"
    assert (bound / FILE).read_bytes() == before


def test_an_empty_folder_that_may_only_be_read(bound: Path):
    (bound / FILE).unlink()
    bound.chmod(0o500)
    assert seen_by_its_user() == "{}"


def test_a_folder_that_may_not_be_entered(bound: Path):
    bound.chmod(0)
    assert seen_by_its_user() == f"{bound / FILE} cannot be looked at: Permission denied"


def test_a_cache_that_cannot_be_made_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "file" / "below"))
    assert cache.find().why == f"{tmp_path}/file/below cannot be looked at: Not a directory"


def test_the_tool_is_its_files_and_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = tmp_path / "site" / "ringfence"
    (package / "model").mkdir(parents=True)
    (package / "model" / "loading.py").write_text("a = 1\n")
    monkeypatch.setattr(tools, "_PACKAGE", str(package))
    monkeypatch.setattr(tools, "_CHECKOUT", str(tmp_path))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    seen = [identity(monkeypatch)]
    assert identity(monkeypatch) == seen[0]

    def changed() -> None:
        found = identity(monkeypatch)
        assert found not in seen
        seen.append(found)

    (package / "model" / "loading.py").write_text("a = 22\n")
    changed()
    (package / "model" / "more.py").write_text("")
    changed()
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "flows.schema.json").write_text("{}")
    changed()
    (tmp_path / "site" / "pyyaml-6.0.3.dist-info").mkdir()
    changed()
    (tmp_path / "site" / "yaml").mkdir()
    (tmp_path / "site" / "yaml" / "_yaml.cpython-311.so").write_bytes(b"")
    changed()
    record = tmp_path / "site" / "ringfence-0.1.0.dist-info" / "RECORD"
    record.parent.mkdir()
    record.write_text("ringfence/model/loading.py,sha256=abc,7\n")
    changed()
    installed = seen[-1]
    (package / "model" / "more.py").write_text("rewritten by an installer: other times, the same release")
    assert identity(monkeypatch) == installed
    record.write_text("ringfence/model/loading.py,sha256=def,7\n")
    changed()


def identity(monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(tools, "_known", [])
    return tools.tool()


def test_parts_of_a_digest_do_not_run_together():
    assert len({tools.digest(*parts) for parts in ((b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""))}) == 4


def test_the_way_to_the_place_imports_next_to_nothing():
    watch = "import sys; before = set(sys.modules); from ringfence import cache; cache.find(); cache.tool(); "
    watch += "print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {
        "__future__",
        "_blake2",
        "ringfence",
        "ringfence.cache",
        "ringfence.cache.marks",
        "ringfence.cache.place",
        "ringfence.cache.tools",
    }


def test_names():
    assert place.OFF == cache.OFF == "off"
