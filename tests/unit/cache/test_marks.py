"""What is noted is known, nothing else ever is, and the file stays small."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.cache import marks, place, tools


def digests(first: int, count: int) -> list[bytes]:
    return [tools.digest(b"%d" % number) for number in range(first, first + count)]


def test_what_is_noted_is_known(tmp_path: Path):
    folder = str(tmp_path)
    assert marks.known(folder, digests(0, 10)) == set()
    marks.note(folder, digests(0, 10))
    marks.note(folder, digests(5, 10))
    assert marks.known(folder, digests(0, 20)) == set(digests(0, 15))
    assert marks.count(folder) == 15
    assert not place.distrusted(str(tmp_path / marks.FILE))


def test_the_file_is_bounded_and_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(marks, "_start", lambda digest: digest[0] % 16 * marks._ROW)
    folder = str(tmp_path)
    for turn in range(20):
        marks.note(folder, digests(20 * turn, 20))
    assert (tmp_path / marks.FILE).stat().st_size == 16 * marks._ROW
    assert marks.count(folder) == 64
    newest = [digest for digest in digests(0, 400) if digest[0] % 16 == 3]
    assert marks.known(folder, newest) == set(newest[-4:])


def test_at_most_four_mebibytes(tmp_path: Path):
    marks.note(str(tmp_path), [b"\xff" * 16])
    assert (tmp_path / marks.FILE).stat().st_size == 4 * 1024 * 1024 - 48


def test_no_folder():
    marks.note("", digests(0, 1))
    assert marks.known("", digests(0, 1)) == set()
    assert marks.count("") == 0


def test_damage_makes_nothing_known(tmp_path: Path):
    folder = str(tmp_path)
    noted, others = digests(0, 500), digests(500, 500)
    marks.note(folder, noted)
    file = tmp_path / marks.FILE
    content = bytearray(file.read_bytes())
    chance = random.Random(3)  # noqa: S311
    for turn in range(20):
        for _ in range(turn * 3000):
            content[chance.randrange(len(content))] = chance.randrange(256)
        file.write_bytes(content[: chance.randrange(len(content))] if turn % 2 else content)
        known = marks.known(folder, noted + others)
        assert known <= set(noted)
    marks.note(folder, noted)
    assert marks.known(folder, noted) == set(noted)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write(tmp_path: Path, mode: int):
    marks.note(str(tmp_path), digests(0, 3))
    (tmp_path / marks.FILE).chmod(mode)
    assert marks.known(str(tmp_path), digests(0, 3)) == set()


def test_a_link_and_a_pipe(tmp_path: Path):
    real, other = tmp_path / "real", tmp_path / "other"
    real.mkdir()
    other.mkdir()
    marks.note(str(real), digests(0, 3))
    (other / marks.FILE).symlink_to(real / marks.FILE)
    assert marks.known(str(other), digests(0, 3)) == set()
    marks.note(str(other), digests(3, 3))
    assert marks.count(str(real)) == 3
    (other / marks.FILE).unlink()
    os.mkfifo(other / marks.FILE)
    assert marks.known(str(other), digests(0, 3)) == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can give a file away")
def test_a_file_of_another_user(tmp_path: Path):
    marks.note(str(tmp_path), digests(0, 3))
    os.chown(tmp_path / marks.FILE, 65534, 65534)
    assert marks.known(str(tmp_path), digests(0, 3)) == set()


RUN = """
import resource, sys
from ringfence.cache import marks, tools
folder, first, limit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
for turn in range(10):
    some = [tools.digest(b"%d" % number) for number in range(first + turn * 300, first + turn * 300 + 300)]
    marks.note(folder, some)
    assert len(marks.known(folder, some)) > (-1 if limit else 250)
"""


def test_several_runs_at_once(tmp_path: Path):
    runs = [subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path), str(first), "0"]) for first in (0, 1500, 3000)]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert marks.known(str(tmp_path), digests(6000, 3000)) == set()
    assert len(marks.known(str(tmp_path), digests(0, 6000))) > 5000


def test_a_file_that_may_not_grow(tmp_path: Path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    subprocess.run([sys.executable, "-c", RUN, str(tmp_path), "0", "1000000"], check=True)
    assert (tmp_path / marks.FILE).stat().st_size <= 1_000_000
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before
    marks.note(str(tmp_path), digests(0, 3000))
    assert len(marks.known(str(tmp_path), digests(0, 3000))) == 3000
