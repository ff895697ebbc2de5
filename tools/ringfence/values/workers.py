"""Work shared with copies of this process, made by `fork`: as many as there are processors, this one included.

Knows parts, results and bytes. A copy sees all that this process holds, so nothing is sent to it. What a copy fails at
is done again here, where it fails as it would without copies. Where `fork` is not safe, all is done here.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NoReturn, TypeVar

from ringfence.values import garbage

Part = TypeVar("Part")
Result = TypeVar("Result")

MOST = 8
"""Processes at most."""

_TURN = struct.Struct("<I")
_DONE = struct.Struct("<IIQQ")
"""Which copy has done which part, and where in its file the result is: offset and length, `_FAILED` for none."""
_FAILED = (1 << 64) - 1


def processors() -> int:
    """How many processes pay off on this machine."""
    return min(len(os.sched_getaffinity(0)), MOST) if sys.platform == "linux" else 1


@garbage.ignored()
def spread(
    work: Callable[[Part], Result],
    parts: Sequence[Part],
    pack: Callable[[Result], bytes],
    unpack: Callable[[bytes], Result],
    processes: int | None = None,
) -> list[Result]:
    """The results of all parts, in their order; whoever is free takes the next part. Results of copies travel packed.

    `work` must give the same in every process, and must leave nothing behind that matters, nor garbage in cycles: no
    process looks for any. Raises what it raises, and `RuntimeError` where a copy is ended from outside.
    """
    processes = min(processors() if processes is None else processes, len(parts))
    if processes < 2:
        return [work(part) for part in parts]
    results: dict[int, Result] = {}
    with _crew(processes - 1, len(parts), lambda index: pack(work(parts[index]))) as crew:
        for index in crew.turns():
            results[index] = work(parts[index])
            results.update((other, unpack(raw)) for other, raw in crew.done(wait=False))
        while len(results) + len(crew.failed) < len(parts):
            results.update((other, unpack(raw)) for other, raw in crew.done(wait=True))
    for index in crew.failed:
        results[index] = work(parts[index])
    return [results[index] for index in range(len(parts))]


@contextlib.contextmanager
def beside(
    work: Callable[[], Result], pack: Callable[[Result], bytes], unpack: Callable[[bytes], Result]
) -> Iterator[Callable[[], Result]]:
    """Have a copy of this process work beside what is done meanwhile; what is given waits for the result.

    It is called once at most. Raises what the work raises: where the copy fails, or is ended from outside, all is done
    here.
    """
    if processors() < 2:
        yield work
        return
    with _crew(1, 1, lambda _: pack(work())) as crew:

        def result() -> Result:
            if any(True for _ in crew.turns()):  # no copy has begun
                return work()
            told = None
            with contextlib.suppress(RuntimeError):
                told = next(crew.done(wait=True), None)
            return unpack(told[1]) if told else work()

        yield result


@contextlib.contextmanager
def aside(work: Callable[[], object]) -> Iterator[None]:
    """Have a copy of this process work beside what is done meanwhile, and wait for it.

    What it gives or raises is lost. Without another processor, all is done here, one after the other.
    """
    pids: list[int] = []
    try:
        if processors() > 1:
            with contextlib.suppress(OSError):  # no more processes for this user
                _copy(work, pids)
        yield
        if not pids:
            work()
    except BaseException:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        raise
    finally:
        for pid in pids:
            os.waitpid(pid, 0)


class _Crew:
    """What is shared with the copies: whose turn it is, who has done what, and a file of results for each."""

    def __init__(self, copies: int, parts: int) -> None:
        self.stores = [_file() for _ in range(copies)]
        self.failed: list[int] = []
        self._turns = _file()
        os.write(self._turns, b"".join(map(_TURN.pack, range(parts))))
        os.lseek(self._turns, 0, os.SEEK_SET)
        self._done, self._report = os.pipe()

    def turns(self) -> Iterator[int]:
        """The parts that nobody else takes. The processes have one position in the file."""
        while turn := os.read(self._turns, _TURN.size):
            yield _TURN.unpack(turn)[0]

    def done(self, *, wait: bool) -> Iterator[tuple[int, bytes]]:
        """Parts that copies have done, with the packed results."""
        import select

        while select.select([self._done], [], [], None if wait else 0)[0]:
            told = os.read(self._done, _DONE.size)
            if not told:  # no copy is left
                if wait:
                    raise RuntimeError("a copy of this process was ended before its work was done")
                return
            copy, index, offset, length = _DONE.unpack(told)
            if length == _FAILED:
                self.failed.append(index)
                return
            yield index, os.pread(self.stores[copy], length, offset)
            wait = False

    def toil(self, copy: int, work: Callable[[int], bytes]) -> None:
        """The work of a copy, until there is none left or nobody to do it for."""
        os.close(self._done)
        master, offset = os.getppid(), 0
        for index in self.turns():
            try:
                raw = work(index)
                written = 0
                while written < len(raw):
                    written += os.pwrite(self.stores[copy], raw[written:], offset + written)
            except Exception:  # noqa: BLE001 - done again by the one who asked, who then says what is wrong
                os.write(self._report, _DONE.pack(copy, index, 0, _FAILED))
                return
            os.write(self._report, _DONE.pack(copy, index, offset, len(raw)))
            offset += len(raw)
            if os.getppid() != master:
                return

    def begin(self) -> None:
        """From now on only copies report."""
        os.close(self._report)

    def close(self) -> None:
        """Give everything back."""
        for descriptor in (*self.stores, self._turns, self._done):
            os.close(descriptor)


@contextlib.contextmanager
def _crew(copies: int, parts: int, work: Callable[[int], bytes]) -> Iterator[_Crew]:
    """Copies at work, which end with the block however it is left."""
    crew = _Crew(copies, parts)
    pids: list[int] = []
    try:
        for copy in range(copies):
            try:
                _copy(partial(crew.toil, copy, work), pids)
            except OSError:
                break  # no more processes for this user
        crew.begin()
        yield crew
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        crew.close()


def _copy(work: Callable[[], object], pids: list[int]) -> None:
    """Make a copy that works; its number is there before Ctrl-C can come. Raises `OSError`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        pid = os.fork()
        if not pid:
            _leave(work, before)
        pids.append(pid)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave(work: Callable[[], object], signals: Iterable[int]) -> NoReturn:
    """What a copy does, which is to hear some signals again.

    It says nothing, and leaves the way it came: no cleaning up that is this process's.
    """
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
        gc.disable()
        work()
    finally:
        os._exit(0)


def _file() -> int:
    """A file without a name, in memory where there is such a thing."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("ringfence")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
