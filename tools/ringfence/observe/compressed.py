"""Bytes of a file as they were before they were compressed, in pieces, with a bound on what comes out of little."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Iterator
from typing import IO, Protocol

PIECE = 1 << 20
"""Bytes of one piece, at most."""
_READ = 1 << 16
BOMB_RATIO = 300
"""What a byte may become on average. Logs reach 10 to 100; gzip can reach 1000, and others more."""
BOMB_FROM = 1 << 25
"""The ratio is looked at from this many bytes on."""

MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd"}


class BadFileError(Exception):
    """The rest of a file cannot be read. `kind` is the trouble's."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind
        self.why = why


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def feed(self, data: bytes) -> Iterator[bytes]: ...


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._inner.eof:
            yield self._inner.decompress(data, PIECE)
            data = self._inner.unconsumed_tail


class _Bzip2:
    def __init__(self) -> None:
        self._inner = bz2.BZ2Decompressor()

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield self._inner.decompress(data, PIECE)
        while not self._inner.eof and not self._inner.needs_input:
            yield self._inner.decompress(b"", PIECE)


def pieces(file: IO[bytes], start: bytes) -> Iterator[bytes]:
    """The pieces of a file, `start` being what was read of it already. Raises BadFileError once the rest is useless."""
    form = next((name for magic, name in MAGIC.items() if start.startswith(magic)), "")
    if not form:
        yield start + file.read(PIECE)
        while data := file.read(PIECE):
            yield data
        return
    source = _Counted(file, start)
    out = 0
    for piece in _zstd(source) if form == "zstd" else _members(source, _Gzip if form == "gzip" else _Bzip2):
        out += len(piece)
        if out > BOMB_FROM and out > source.taken * BOMB_RATIO:
            why = f"{source.taken} bytes of {form} became {out} and more, over {BOMB_RATIO} times as many"
            raise BadFileError("gzip-bomb", why)
        yield piece


class _Counted:
    def __init__(self, file: IO[bytes], start: bytes) -> None:
        self._file, self._start = file, start
        self.taken = 0
        self.closed = False

    def read(self, size: int = _READ) -> bytes:
        data, self._start = (self._start[:size], self._start[size:]) if self._start else (self._file.read(size), b"")
        self.taken += len(data)
        return data

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Arrow closes what it reads; the file is closed by whom opened it."""


def _members(source: _Counted, make: type[_Gzip] | type[_Bzip2]) -> Iterator[bytes]:
    """Members of gzip or bzip2, one after the other, as `cat a.gz b.gz` makes them."""
    inner: _Decompressor = make()
    fresh = True
    try:
        while data := source.read():
            while data:
                fresh = False
                yield from inner.feed(data)
                if not inner.eof:
                    break
                data = inner.unused_data.lstrip(b"\0")
                inner, fresh = make(), True
                if data and not any(magic.startswith(data[:2]) or data.startswith(magic) for magic in MAGIC):
                    raise BadFileError("trailing-garbage", "what follows the compressed data is not compressed")
    except (zlib.error, OSError, EOFError) as error:
        raise BadFileError("corrupt-file", str(error)) from None
    if not fresh:
        raise BadFileError("truncated-file", "the compressed data ends early")


def _zstd(source: _Counted) -> Iterator[bytes]:
    import pyarrow as arrow

    try:
        with arrow.CompressedInputStream(arrow.PythonFile(source, mode="r"), "zstd") as stream:
            while data := stream.read(_READ):
                yield data
    except OSError as error:
        kind = "truncated-file" if "truncated" in str(error).lower() else "corrupt-file"
        raise BadFileError(kind, str(error)) from None
