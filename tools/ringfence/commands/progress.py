"""What a run is doing, on the terminal, once it has taken a second: one line that the first result replaces.

It is drawn by a timer of the process and not by a thread, which other processes that the run starts could not have.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from typing import Any, TextIO

PATIENCE, AGAIN = 1.0, 0.25
"""Seconds without a line, and between two drawings of it."""

_CLEAR = "\r\x1b[K"


class Line:
    """The line at the bottom of a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._file = stream.fileno()
        self._what = ""
        self._since = time.monotonic()
        self._drawn = False

    def stage(self, what: str) -> None:
        """What is done from now on, in a few words."""
        self._what = what
        if self._drawn:
            self._draw()

    def tick(self, *_: object) -> None:
        """Draw; what the timer calls."""
        if self._what:
            self._drawn = True
            self._draw()

    def end(self) -> None:
        """Take the line away; there is none again."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._what = ""
        if self._drawn:
            self._drawn = False
            self._write(_CLEAR)

    def _draw(self) -> None:
        text = f"{self._what} … {time.monotonic() - self._since:.0f} s"
        with contextlib.suppress(OSError):
            columns = os.get_terminal_size(self._file).columns  # 0 where a terminal does not know
            text = text[: columns - 1] if columns else text
        self._write(f"{_CLEAR}{text}")

    def _write(self, text: str) -> None:
        # straight to the file: the timer may come while the stream is being written to
        with contextlib.suppress(OSError):
            os.write(self._file, text.encode(errors="replace"))


class _Ending:
    """A stream whose first result takes the line away."""

    def __init__(self, stream: TextIO, line: Line) -> None:
        self._stream, self._line = stream, line

    def write(self, text: str) -> int:
        self._line.end()
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


_line: Line | None = None


def stage(what: str) -> None:
    """Say what the run does from now on; without a terminal nothing is shown."""
    if _line is not None:
        _line.stage(what)


@contextlib.contextmanager
def shown(out: TextIO, err: TextIO) -> Iterator[tuple[TextIO, TextIO]]:
    """Show the stages of a run on the terminal that `err` is; the streams to write results to instead of these."""
    global _line
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    _line = line = Line(err)
    signal.signal(signal.SIGALRM, line.tick)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE, AGAIN)
    try:
        yield (_Ending(out, line) if out.isatty() else out), _Ending(err, line)  # type: ignore[misc]
    finally:
        line.end()
        _line = None
        signal.signal(signal.SIGALRM, before)
