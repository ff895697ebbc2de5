"""Git's objects, read from one `git cat-file` that stays open."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ringfence import asking

LEAST = 4096
"""Bytes that a pipe takes on any system, whether its reader reads or not."""

BLOB, TREE = "blob", "tree"

_PART = 1 << 16
"""Bytes that are taken from a pipe at once."""


class Object(NamedTuple):
    """An object: its id, its kind and its bytes; all are empty where there is none."""

    id: str = ""
    kind: str = ""
    raw: bytes = b""


class Ended(Exception):  # noqa: N818 - never leaves this package
    """Git ended with a status, and what it complained of, while it was asked."""

    def __init__(self, status: int, errors: bytes) -> None:
        super().__init__(errors)
        self.status, self.errors = status, errors


class Objects:
    """The objects of the repository around a folder. For one thread of one process."""

    _owner = -1  # `__del__` asks, also where Ctrl-C came before `__init__`

    def __init__(self, folder: Path) -> None:
        """Start Git."""
        import subprocess

        self._owner = os.getpid()
        self._process = subprocess.Popen(
            ["git", *asking.EXACT, "cat-file", "--batch"],
            cwd=folder,
            env=asking.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        names, self._output, self._complaints = (pipe.fileno() for pipe in pipes if pipe)
        self._most = _room(names)
        self._said, self._errors = bytearray(), bytearray()
        # Git waits for whoever takes neither, and may complain of each object
        self._either = select.poll()
        for pipe in (self._output, self._complaints):
            self._either.register(pipe, select.POLLIN)

    def read(self, names: Iterable[str]) -> list[Object]:
        """The objects with some ids or other names, in their order. Raises `Ended`."""
        found: list[Object] = []
        part: list[str] = []
        size = 0
        for name in names:
            size += len(name) + 1
            if size > self._most and part:
                found += self._ask(part)
                part, size = [], len(name) + 1
            part.append(name)
        return found + self._ask(part)

    def _ask(self, names: list[str]) -> list[Object]:
        assert self._process.stdin  # noqa: S101 - a pipe
        try:
            self._process.stdin.write("".join(f"{name}\n" for name in names).encode())
            self._process.stdin.flush()
            return [self._next() for _ in names]
        except BrokenPipeError:
            raise self._ended() from None

    def _next(self) -> Object:
        while (end := self._said.find(b"\n")) < 0:
            self._hear()
        id_, *kind, size = self._take(end).split(b" ")
        if not (kind and size.isdigit()):
            return Object()  # missing, or several start with these letters
        while len(self._said) <= int(size):
            self._hear()
        return Object(id_.decode("ascii"), kind[0].decode("ascii"), self._take(int(size)))

    def _take(self, size: int) -> bytes:
        """So many bytes of what was heard; the end of line behind them goes."""
        part = bytes(self._said[:size])
        del self._said[: size + 1]
        return part

    def _hear(self) -> None:
        """Wait for something more. Raises `Ended`."""
        for pipe, _ in self._either.poll():
            part = os.read(pipe, _PART)
            if pipe == self._complaints:
                self._errors += part
                if not part:
                    self._either.unregister(pipe)
            elif part:
                self._said += part
            else:
                raise self._ended()

    def _ended(self) -> Ended:
        _, errors = self._process.communicate()
        return Ended(self._process.returncode, bytes(self._errors) + errors)

    def __del__(self) -> None:
        if os.getpid() == self._owner:
            with contextlib.suppress(Exception):  # Git may not have started, and the interpreter may be ending
                self._process.terminate()
                self._process.communicate()


def _room(pipe: int) -> int:
    """The bytes that an empty pipe takes at least."""
    try:
        import fcntl

        return fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
    except (ImportError, AttributeError, OSError):
        return LEAST
