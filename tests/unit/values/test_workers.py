"""Work shared with copies of the process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ringfence.values import workers
from ringfence.values.workers import spread


def _packed(result: tuple[int, int]) -> bytes:
    return b"%d %d" % result


def _unpacked(raw: bytes) -> tuple[int, int]:
    one, other = raw.split()
    return int(one), int(other)


def _square(part: int) -> tuple[int, int]:
    time.sleep(0.01)
    return part * part, os.getpid()


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_results_come_in_the_order_of_parts_from_several_processes(processes: int) -> None:
    results = spread(_square, range(40), _packed, _unpacked, processes)
    assert [one for one, _ in results] == [number * number for number in range(40)]
    assert len({process for _, process in results}) == processes
    assert os.getpid() in {process for _, process in results}


def test_results_may_be_large() -> None:
    results = spread(lambda part: b"%d" % part * 3_000_000, range(1, 9), bytes, bytes, 3)
    assert [len(raw) for raw in results] == [3_000_000] * 8
    assert [raw[:1] for raw in results] == [b"%d" % part for part in range(1, 9)]


def test_nothing_is_shared_where_there_is_one_part_or_none() -> None:
    assert spread(_square, [3], _packed, _unpacked, 4) == [(9, os.getpid())]
    assert spread(_square, [], _packed, _unpacked, 4) == []


def test_one_process_where_fork_is_not_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert workers.processors() == 1
    assert {process for _, process in spread(_square, range(4), _packed, _unpacked)} == {os.getpid()}


def test_one_process_where_no_other_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError("too many processes")

    monkeypatch.setattr(os, "fork", refused)
    assert {process for _, process in spread(_square, range(4), _packed, _unpacked, 3)} == {os.getpid()}


def test_a_failure_is_raised_here_as_it_is() -> None:
    def failing(part: int) -> tuple[int, int]:
        time.sleep(0.01)
        if part == 7:
            raise LookupError("seven")
        return part, 0

    with pytest.raises(LookupError, match="seven"):
        spread(failing, range(20), _packed, _unpacked, 2)
    _no_copies()


def test_what_only_a_copy_fails_at_is_done_here() -> None:
    here = os.getpid()

    def elsewhere(part: int) -> tuple[int, int]:
        time.sleep(0.01)
        if os.getpid() != here:
            raise MemoryError
        return part, os.getpid()

    assert spread(elsewhere, range(10), _packed, _unpacked, 3) == [(part, here) for part in range(10)]


def test_a_copy_that_is_killed_ends_the_work() -> None:
    here = os.getpid()

    def killed(part: int) -> tuple[int, int]:
        time.sleep(0.01)
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return part, here

    with pytest.raises(RuntimeError, match="was ended"):
        spread(killed, range(10), _packed, _unpacked, 2)
    _no_copies()


def _no_copies() -> None:
    """No child of this process is one of its copies; a Git that an earlier test left may still wait to be let go."""
    mine = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ends meanwhile
            name, _, rest = (path / "stat").read_text().rpartition(")")
            if int(rest.split()[1]) == os.getpid() and not name.endswith("(git"):
                mine.append(name)
    assert mine == []


SLEEPING = """
import time
from pathlib import Path
from ringfence.values.workers import spread
print("ready", flush=True)
spread(lambda part: time.sleep(2) or b"", range(99), bytes, bytes, 3)
"""


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_copies_end_with_the_one_who_asked(sign: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEPING], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"ready\n"
        time.sleep(0.3)
        run.send_signal(sign)
        assert run.wait(10) == -sign
        # copies hold the other end of the pipe open as long as they live
        assert run.stdout.read() == b""


@pytest.mark.parametrize("copies", [True, False])
def test_what_is_done_beside_is_there_when_it_is_asked_for(copies: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "processors", lambda: 2 if copies else 1)
    with workers.beside(os.getpid, _as_text, int) as found:
        time.sleep(0.1)  # the copy begins
        assert (found() == os.getpid()) is not copies
    _no_copies()


def test_without_a_copy_it_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "processors", lambda: 2)
    monkeypatch.setattr(os, "fork", _refused)
    with workers.beside(os.getpid, _as_text, int) as found:
        assert found() == os.getpid()


def test_what_fails_beside_fails_here_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> int:
        raise ValueError(f"process {os.getpid()}")

    monkeypatch.setattr(workers, "processors", lambda: 2)
    with workers.beside(work, _as_text, int):
        time.sleep(0.1)  # nobody asks
    with workers.beside(work, _as_text, int) as found:
        time.sleep(0.1)
        with pytest.raises(ValueError, match=f"process {os.getpid()}"):
            found()
    _no_copies()


def test_what_is_killed_beside_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getpid()

    def work() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()

    monkeypatch.setattr(workers, "processors", lambda: 2)
    with workers.beside(work, _as_text, int) as found:
        time.sleep(0.1)
        assert found() == here


PRESSED = """
import os, signal, time
from ringfence.values import workers
fork = os.fork
def pressed():
    pid = fork()
    os.kill(os.getpid(), signal.SIGINT)
    return pid
os.fork, workers.processors = pressed, lambda: 2
def work():
    time.sleep(3)
    return 1
try:
    with {}:
        print("no Ctrl-C came")
except KeyboardInterrupt:
    try:
        print(os.waitpid(-1, os.WNOHANG))
    except ChildProcessError:
        print("no copy is left")
"""


@pytest.mark.parametrize("made", ["workers.beside(work, bytes, len)", "workers.aside(work)"])
def test_ctrl_c_while_a_copy_is_made_ends_both_without_a_word(made: str) -> None:
    """A terminal tells it to both at once."""
    done = subprocess.run([sys.executable, "-c", PRESSED.format(made)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("no copy is left\n", "", 0)


def test_a_run_that_ends_early_ends_what_is_done_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> int:
        time.sleep(30)
        return 1

    monkeypatch.setattr(workers, "processors", lambda: 2)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), workers.beside(work, _as_text, int):
        raise KeyboardInterrupt
    assert time.monotonic() - start < 10
    _no_copies()


def _as_text(number: int) -> bytes:
    return str(number).encode()


def test_what_is_done_aside_is_done_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        time.sleep(0.1)
        (tmp_path / "done").write_text(str(os.getpid()))

    for processors in (2, 1):
        monkeypatch.setattr(workers, "processors", lambda number=processors: number)
        with workers.aside(work):
            assert not (tmp_path / "done").exists()
        assert ((tmp_path / "done").read_text() != str(os.getpid())) is (processors > 1)
        (tmp_path / "done").unlink()
    monkeypatch.setattr(workers, "processors", lambda: 2)
    monkeypatch.setattr(os, "fork", _refused)
    with workers.aside(work):
        assert not (tmp_path / "done").exists()
    assert (tmp_path / "done").read_text() == str(os.getpid())


def _refused() -> int:
    raise BlockingIOError("too many processes")


def test_what_fails_aside_is_nobodys_business(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        raise ValueError

    monkeypatch.setattr(workers, "processors", lambda: 2)
    with workers.aside(work):
        pass


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_run_that_ends_early_ends_what_is_done_aside(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "processors", lambda: 2)
    start = time.monotonic()
    with pytest.raises(error), workers.aside(lambda: time.sleep(30)):
        raise error
    assert time.monotonic() - start < 10
    _no_copies()
