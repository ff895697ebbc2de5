"""Atomic replacement of files."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from ringfence.errors import OutputError


def replace(path: Path, content: bytes) -> None:
    """Write a file so that any reader sees the old or the new bytes whole; keeps its mode.

    A symlink is replaced, never followed. Raises `OutputError`; the old content is then untouched.
    """
    replace_all({path: content})


def replace_all(contents: Mapping[Path, bytes | None]) -> None:
    """Write several files, or remove those whose content is None: all of them, or none.

    Everything is on the disk under temporary names before the first file is replaced, Ctrl-C is held back until the
    last one is, and what was replaced is put back when a later one fails. Links are replaced, never followed. Raises
    `OutputError`; the old content is then untouched.
    """
    temporary: dict[Path, str] = {}
    current = None
    try:
        for current, content in contents.items():
            if content is not None:
                current.parent.mkdir(parents=True, exist_ok=True)
                temporary[current] = _staged(current, content)
        before = {path: path.read_bytes() for path in contents if path.is_file() and not path.is_symlink()}
        done: list[Path] = []
        with unbroken():
            try:
                for current, content in contents.items():
                    if content is None:
                        current.unlink(missing_ok=True)
                    else:
                        os.replace(temporary[current], current)  # noqa: PTH105 - a temporary name
                        del temporary[current]
                    done.append(current)
            except OSError:
                _put_back(done, before)
                raise
    except OSError as error:
        hint = "the old file is untouched" if len(contents) == 1 else "the old files are untouched"
        raise OutputError(f"cannot write {current}: {error.strerror or error}", hint) from error
    finally:
        for name in temporary.values():
            with contextlib.suppress(OSError):
                os.unlink(name)  # noqa: PTH108


@contextlib.contextmanager
def unbroken() -> Iterator[None]:
    """Hold Ctrl-C and termination back until the block is done; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = {one: signal.signal(one, lambda got, _: held.append(got)) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        for got in held:
            signal.raise_signal(got)


def _staged(path: Path, content: bytes) -> str:
    """A temporary file beside a path, with the content and the mode that the path is to have."""
    handle, temporary = tempfile.mkstemp(prefix=".ringfence-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        mode = path.stat().st_mode & 0o777 if path.is_file() and not path.is_symlink() else 0o644
        os.chmod(temporary, mode)  # noqa: PTH101 - a temporary name, not a path of ours
    except BaseException:
        os.unlink(temporary)  # noqa: PTH108
        raise
    return temporary


def _put_back(done: list[Path], before: Mapping[Path, bytes]) -> None:
    for path in done:
        with contextlib.suppress(OSError):
            if path in before:
                os.replace(_staged(path, before[path]), path)  # noqa: PTH105
            else:
                path.unlink()
