"""Values come back as they were put, or not at all, whatever happens to the file and to the runs that write it."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ringfence.cache import rows
from ringfence.cache.rows import FILE, Store

KEYS = [f"{number:040x}" for number in range(60)]


def value(key: str, size: int = 900) -> bytes:
    return (hashlib.sha256(key.encode()).digest() * (size // 32 + 1))[:size]


VALUES = {key: value(key) for key in KEYS}

WRITER = """
import hashlib, sys
from ringfence.cache.rows import Store
def value(key, size=900):
    return (hashlib.sha256(key.encode()).digest() * (size // 32 + 1))[:size]
folder, first, count, rounds = sys.argv[1], *map(int, sys.argv[2:])
print("ready", flush=True)
for turn in range(rounds):
    store = Store(folder, tool=b"t")
    keys = [f"{number:040x}" for number in range(first, first + count)]
    store.put("flows", {key: value(key) for key in keys})
    found = store.get("flows", keys)
    assert all(found[key] == value(key) for key in found), "a wrong value"
    assert not store.get("other", keys), "a value of another kind"
    store.close()
"""


def writer(folder: Path, first: int, count: int, rounds: int) -> subprocess.Popen[str]:
    run = [sys.executable, "-c", WRITER, str(folder), str(first), str(count), str(rounds)]
    return subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def fresh(folder: Path, tool: bytes = b"t", **options: int) -> Store:
    return Store(str(folder), tool=tool, **options)


def test_what_is_put_comes_back_by_kind_key_and_tool(tmp_path: Path):
    store = fresh(tmp_path)
    store.put("flows", VALUES)
    store.put("empty", {"": b""})
    again = fresh(tmp_path)
    assert again.get("flows", [*KEYS, "more"]) == VALUES
    assert again.get("empty", [""]) == {"": b""}
    assert again.get("teams", KEYS[:2]) == {}
    assert (again.hits, again.misses) == ({"flows": 60, "empty": 1, "teams": 0}, {"flows": 1, "empty": 0, "teams": 2})
    assert fresh(tmp_path, b"another").get("flows", KEYS) == {}
    assert again.kinds() == {"empty": (1, 0), "flows": (60, 60 * 900)}


def test_a_later_value_replaces_an_earlier_one(tmp_path: Path):
    store = fresh(tmp_path)
    store.put("flows", {"a": b"1"})
    store.put("flows", {"a": b"2"})
    assert store.get("flows", ["a"]) == {"a": b"2"}


def test_a_key_that_is_no_text(tmp_path: Path):
    store = fresh(tmp_path)
    keys = {f"/srv/{os.fsdecode(name)}/network-policies": name for name in (b"\xff", b"\xfe", "\xff".encode())}
    store.put("flows", keys)
    assert fresh(tmp_path).get("flows", keys) == keys


def test_many_keys_at_once(tmp_path: Path):
    many = {str(number): b"%d" % number for number in range(3 * rows._BATCH + 7)}
    store = fresh(tmp_path)
    store.put("flows", many)
    assert store.get("flows", many) == many


def test_without_a_folder_nothing_is_kept():
    store = Store("", "the reason")
    store.put("flows", VALUES)
    assert store.get("flows", KEYS[:3]) == {}
    assert (store.why, store.kinds(), store.misses["flows"]) == ("the reason", {}, 3)


def test_a_value_under_the_row_of_another_key_is_no_value(tmp_path: Path):
    store = fresh(tmp_path)
    store.put("flows", {"a": b"of a", "b": b"of b"})
    with sqlite3.connect(store.path) as database:
        first, second = (row[0] for row in database.execute("SELECT id FROM entries"))
        database.execute("UPDATE entries SET id = 0 WHERE id = ?", (first,))
        database.execute("UPDATE entries SET id = ? WHERE id = ?", (first, second))
        database.execute("UPDATE entries SET id = ? WHERE id = 0", (second,))
    database.close()
    assert fresh(tmp_path).get("flows", ["a", "b"]) == {}


def test_several_runs_at_once(tmp_path: Path):
    running = [writer(tmp_path, first, 40, 12) for first in (0, 20, 40, 60)]
    for one in running:
        _, errors = one.communicate(timeout=60)
        assert (one.returncode, errors) == (0, "")
    everything = [f"{number:040x}" for number in range(100)]
    found = fresh(tmp_path).get("flows", everything)
    assert found == {key: value(key) for key in found}
    assert len(found) >= 40  # whoever found the file busy went on without


def test_a_busy_file_does_not_hold_up_a_run(tmp_path: Path):
    store = fresh(tmp_path)
    store.put("flows", {"a": b"1"})
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    start = time.monotonic()
    store.put("flows", {"b": b"2"})
    assert store.get("flows", ["a"]) == {}
    assert time.monotonic() - start < 10 * rows._WAIT
    other.execute("ROLLBACK")
    other.close()
    assert store.get("flows", ["a", "b"]) == {"a": b"1"}


def test_a_run_killed_while_it_writes(tmp_path: Path):
    fresh(tmp_path).put("flows", VALUES)
    chance = random.Random(6)  # noqa: S311
    for _ in range(6):
        one = writer(tmp_path, 1000, 3000, 1000)
        assert one.stdout
        one.stdout.readline()
        time.sleep(chance.uniform(0.03, 0.2))
        one.send_signal(signal.SIGKILL)
        one.communicate()
        store = fresh(tmp_path)
        assert store.get("flows", KEYS) == VALUES
        keys = [f"{number:040x}" for number in range(1000, 4000)]
        found = store.get("flows", keys)
        assert found == {key: value(key) for key in found}
        store.put("flows", {"new": b"new"})
        assert store.get("flows", ["new"]) == {"new": b"new"}


def test_no_byte_of_the_file_is_believed(tmp_path: Path):
    store = fresh(tmp_path)
    store.put("flows", VALUES)
    store.close()
    intact = Path(store.path).read_bytes()
    chance = random.Random(7)  # noqa: S311
    places = [*range(110), *(chance.randrange(len(intact)) for _ in range(150))]
    for place in places:
        damaged = bytearray(intact)
        damaged[place] ^= chance.randrange(1, 256)
        check_damaged(tmp_path, bytes(damaged))


@pytest.mark.parametrize("kept", [0, 1, 50, 100, 8192, 20_000, 30_000])
def test_a_file_cut_short(tmp_path: Path, kept: int):
    store = fresh(tmp_path)
    store.put("flows", VALUES)
    store.close()
    check_damaged(tmp_path, Path(store.path).read_bytes()[:kept])


@pytest.mark.parametrize("content", [b"no database", os.urandom(40_000), b"\0" * 40_000])
def test_another_file_in_its_place(tmp_path: Path, content: bytes):
    check_damaged(tmp_path, content)


def check_damaged(folder: Path, content: bytes) -> None:
    """Nothing wrong is handed out of a file of these bytes, and it is soon of use again."""
    (folder / FILE).write_bytes(content)
    store = fresh(folder)
    found = store.get("flows", KEYS)
    assert found == {key: VALUES[key] for key in found}
    store.put("flows", VALUES)
    found = store.get("flows", KEYS)
    assert found == {key: VALUES[key] for key in found}
    if found != VALUES:  # noticed only now, and removed
        store.put("flows", VALUES)
        assert store.get("flows", KEYS) == VALUES
    store.kinds()
    store.close()


def test_a_table_of_another_form(tmp_path: Path):
    database = sqlite3.connect(tmp_path / FILE)
    database.executescript("CREATE TABLE entries (a); CREATE INDEX by_age ON entries (a)")
    database.close()
    store = fresh(tmp_path)
    store.put("flows", VALUES)
    store.put("flows", VALUES)
    assert store.get("flows", KEYS) == VALUES


def test_the_size_is_bounded(tmp_path: Path):
    most = 1 << 20
    store = fresh(tmp_path, max_bytes=most)
    for start in range(0, 6000, 100):
        keys = [str(number) for number in range(start, start + 100)]
        store.put("flows", {key: value(key) for key in keys})
        assert (tmp_path / FILE).stat().st_size <= most
        assert len(store.get("flows", keys)) == 100
    store.put("flows", {"large": b"x" * most})
    assert store.get("flows", ["large"]) == {}


def test_what_was_used_least_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    most = 1 << 20
    week = rows._this_week()
    monkeypatch.setattr(rows, "_this_week", lambda: week - 2)
    fresh(tmp_path, max_bytes=most).put("flows", VALUES)
    monkeypatch.setattr(rows, "_this_week", lambda: week - 1)
    assert len(fresh(tmp_path, max_bytes=most).get("flows", KEYS[:30])) == 30
    monkeypatch.setattr(rows, "_this_week", lambda: week)
    store = fresh(tmp_path, max_bytes=most)
    turn = 0
    while len(left := peek(tmp_path)) == len(KEYS) or not turn:
        store.put("flows", {f"{turn}/{key}": value(key, 3000) for key in KEYS})
        turn += 1
    # half of them went, the other half was wanted later
    assert left == set() or left == set(KEYS[:30])
    assert turn > 1


def peek(folder: Path) -> set[str]:
    """The keys of `VALUES` that are there, without the use that a look-up is."""
    probe = fresh(folder)
    with sqlite3.connect(probe.path) as database:
        there = {row[0] for row in database.execute("SELECT id FROM entries")}
    database.close()
    return {key for key in KEYS if probe._id("flows", key) in there}


def test_what_nobody_uses_goes_and_so_does_what_another_tool_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    week = rows._this_week()
    monkeypatch.setattr(rows, "_this_week", lambda: week - rows.KEPT_WEEKS - 1)
    fresh(tmp_path).put("old", VALUES)
    monkeypatch.undo()
    fresh(tmp_path, b"another").put("flows", VALUES)
    store = fresh(tmp_path)
    store.put("flows", {"a": b"1"})
    assert store.kinds() == {"flows": (61, 60 * 900 + 1)}

    small = fresh(tmp_path, max_bytes=300_000)
    for kind in ("first", "second", "third"):
        small.put(kind, {key: value(key, 1000) for key in KEYS})
        assert len(small.get(kind, KEYS)) == 60
    assert len(fresh(tmp_path, b"another").get("flows", KEYS)) < 60


def test_a_child_leaves_the_file_of_its_parent_alone(tmp_path: Path):
    store = fresh(tmp_path)
    store.put("flows", VALUES)
    child = os.fork()
    if not child:
        store.put("flows", {"child": b""})
        os._exit(1 if store.get("flows", KEYS) else 0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.get("flows", [*KEYS, "child"]) == VALUES


FILL = """
import os, resource, sys
from ringfence.cache.rows import Store
folder, limit = sys.argv[1], int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
store = Store(folder, tool=b"t")
assert not store.get("flows", ["a"])
for number in range(40):
    store.put("flows", {f"{number}/{key}": bytes([number]) * 2000 for key in range(20)})
    found = store.get("flows", [f"{number}/{key}" for key in range(20)])
    assert all(set(item) == {number} for item in found.values())
print(sum(count for count, _ in store.kinds().values()))
"""


def fill(folder: Path, limit: int = 0) -> int:
    run = [sys.executable, "-c", FILL, str(folder), str(limit)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return int(done.stdout)


@pytest.mark.parametrize("limit", [1, 4096, 20_000, 300_000])
def test_a_file_that_may_not_grow(tmp_path: Path, limit: int):
    assert fill(tmp_path, limit) < 800
    store = fresh(tmp_path)
    store.put("flows", VALUES)
    store.put("flows", VALUES)
    assert store.get("flows", KEYS) == VALUES
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a disk here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk(small_disk: Path):
    assert 0 < fill(small_disk) < 800
    store = fresh(small_disk)
    store.put("flows", VALUES)
    found = store.get("flows", KEYS)
    assert found == {key: VALUES[key] for key in found}
    assert store.get("flows", ["0/0"]) == {"0/0": b"\0" * 2000}


def test_a_store_that_was_never_made_is_let_go() -> None:
    """Ctrl-C comes between the making of an object and its `__init__`; what `__del__` raises is printed."""
    made = Store.__new__(Store)
    made.__del__()
    assert vars(made) == {"_open": None}
