"""Objects from a Git that stays open, whatever it does meanwhile."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from git_repository import GitRepository
from ringfence.sources import objects
from ringfence.sources.objects import Ended, Object, Objects

MANY = 1200


def blobs(repository: GitRepository, number: int = 2) -> list[str]:
    """The ids of so many files of HEAD."""
    for index in range(number):
        repository.write(f"file-{index:04}", f"content of {index}\n")
    repository.commit()
    return [line.split()[2] for line in repository.git("ls-tree", "HEAD").split("\n")]


def test_objects_of_any_size_in_the_order_of_their_names(repository: GitRepository) -> None:
    large = bytes(range(256)) * 10_000
    (repository.path / "large").write_bytes(large)
    (repository.path / "empty").write_bytes(b"")
    empty, *some, big = blobs(repository, 3)
    reader = Objects(repository.path)
    missing = "0" * 40
    found = reader.read([*some, big, missing, "no/such", empty] * MANY)
    one_round = [*(f"content of {index}\n".encode() for index in range(3)), large, b"", b"", b""]
    kinds = [*("blob",) * 4, "", "", "blob"]
    assert [(item.kind, item.raw) for item in found[:7]] == list(zip(kinds, one_round, strict=True))
    assert found == found[:7] * MANY
    assert reader.read([]) == []
    (tree,) = reader.read(["HEAD^{tree}"])
    assert (tree.id, tree.kind) == (repository.git("rev-parse", "HEAD^{tree}"), "tree")


def test_names_that_nobody_has(repository: GitRepository) -> None:
    one, other = blobs(repository)
    wanted = ["no such name", one, "HEAD:no 12", "12", other[:-1], "HEAD:file-0001 ", other]
    found = Objects(repository.path).read(wanted)
    assert [item.id for item in found] == ["", one, "", "", other, "", other]
    assert [item for item in found if not item.id] == [Object()] * 4


class Listened(Objects):
    """A reader that tells how many objects it asked for at once."""

    def __init__(self, folder: Path, most: int) -> None:
        super().__init__(folder)
        self._most = most
        self.asked: list[int] = []

    def _ask(self, names: list[str]) -> list[Object]:
        self.asked.append(len(names))
        return super()._ask(names)


@pytest.mark.parametrize(
    ("room", "asked"),
    [
        (41 * 3, [3, 3, 3, 1]),  # 40 letters and the end of line
        (41 * 4 - 1, [3, 3, 3, 1]),
        (41 * 4, [4, 4, 2]),
        (41 * 10, [10]),
        (41, [1] * 10),
        (7, [1] * 10),  # what does not fit is asked for alone
    ],
)
def test_no_more_is_asked_at_once_than_the_pipe_takes(repository: GitRepository, room: int, asked: list[int]) -> None:
    ids = blobs(repository, 10)
    reader = Listened(repository.path, room)
    assert [item.id for item in reader.read(ids)] == ids
    assert reader.asked == asked


def test_the_room_of_what_is_no_pipe_is_the_least() -> None:
    with Path(os.devnull).open() as file:
        assert objects._room(file.fileno()) == objects.LEAST == 4096
    ends = os.pipe()
    try:
        assert objects._room(ends[1]) >= objects.LEAST
    finally:
        for end in ends:
            os.close(end)


def test_another_process_does_not_end_the_git_of_this_one(repository: GitRepository) -> None:
    ids = blobs(repository)
    reader = Objects(repository.path)
    child = os.fork()
    if not child:
        try:
            reader.__del__()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert [item.id for item in reader.read(ids)] == ids


def test_complaints_of_each_object_hold_nobody_up(repository: GitRepository) -> None:
    """They are more than a pipe takes."""
    ids = blobs(repository, MANY)
    for id_ in ids:
        path = repository.path / ".git" / "objects" / id_[:2] / id_[2:]
        path.chmod(0o600)
        path.write_bytes(b"damaged")
    assert Objects(repository.path).read(ids) == [Object()] * MANY


def test_a_git_that_is_gone_has_ended(repository: GitRepository) -> None:
    ids = blobs(repository)
    reader = Objects(repository.path)
    assert [item.raw for item in reader.read(ids)] == [b"content of 0\n", b"content of 1\n"]
    reader._process.kill()
    reader._process.wait()
    with pytest.raises(Ended) as raised:
        reader.read(ids)
    assert raised.value.status == -signal.SIGKILL


def test_a_git_that_goes_while_it_is_asked_has_ended(repository: GitRepository) -> None:
    ids = blobs(repository)
    reader = Objects(repository.path)
    os.kill(reader._process.pid, signal.SIGSTOP)
    timer = threading.Timer(0.2, reader._process.kill)
    timer.start()
    with pytest.raises(Ended):
        reader.read(ids)
    timer.join()


def test_why_git_ended_is_told(repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text("#!/bin/sh\nread name\necho $name blob 100\necho half of it\necho fatal: no such luck >&2\nexit 7\n")
    git.chmod(0o700)
    monkeypatch.setenv("PATH", str(git.parent), prepend=os.pathsep)
    with pytest.raises(Ended) as raised:
        Objects(repository.path).read(["a", "b"])
    assert (raised.value.status, raised.value.errors) == (7, b"fatal: no such luck\n")


def test_all_that_git_complains_of_is_told(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says before and after it is known to have ended, in that order."""
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text("#!/bin/sh\nread name\necho one >&2\nsleep 0.1\nexec >&-\nsleep 0.1\necho two >&2\nexit 7\n")
    git.chmod(0o700)
    monkeypatch.setenv("PATH", str(git.parent), prepend=os.pathsep)
    with pytest.raises(Ended) as raised:
        Objects(repository.path).read(["a"])
    assert (raised.value.status, raised.value.errors) == (7, b"one\ntwo\n")


def test_a_reader_that_was_never_made_is_let_go() -> None:
    """Ctrl-C comes between the making of an object and its `__init__`; what `__del__` raises is printed."""
    made = Objects.__new__(Objects)
    made.__del__()
    assert vars(made) == {}
