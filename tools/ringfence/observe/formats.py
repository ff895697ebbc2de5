"""Which form a file has, from its first bytes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Literal

Form = Literal["parquet", "lines", "csv", "json-array", "empty", "unknown"]

PARQUET = b"PAR1"
_CRI = re.compile(rb"^[0-9TZ:.+-]+ std(out|err) [FP] ")
_DELIMITERS = (",", "\t", ";", "|")
_LONGEST_HEADER = 1 << 16
_NAME = re.compile(r"[A-Za-z_@][\w .@/:-]*")


def form(start: bytes) -> Form:
    """The form of text, decompressed, or of a Parquet file."""
    if start.startswith(PARQUET):
        return "parquet"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        return "empty"
    if text.startswith(b"{") or _CRI.match(text):
        return "lines"
    if text.startswith(b"["):
        return "json-array"
    if header(text):
        return "csv"
    # A line of JSON may be further down: a truncated line is the usual first one of a rotated log.
    return "lines" if b"\n{" in start or start.rstrip().endswith(b"}") else "unknown"


def header(start: bytes) -> tuple[str, list[str]] | None:
    """The delimiter and the names of columns of CSV; None if the first line is no header."""
    line = start.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
    if len(line) > _LONGEST_HEADER:
        return None
    try:
        text = line.decode().rstrip("\r")
    except UnicodeDecodeError:
        return None
    delimiter = max(_DELIMITERS, key=text.count)
    names = next(csv.reader([text], delimiter=delimiter), [])
    good = len(names) > 3 and all(_NAME.fullmatch(name.strip()) for name in names)
    return (delimiter, names) if good and len(set(names)) == len(names) else None


def peeked(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first piece that has more than blanks in it, and all pieces."""
    seen: list[bytes] = []
    for piece in pieces:
        seen.append(piece)
        if piece.strip():
            break
        del seen[:-1]

    def again() -> Iterator[bytes]:
        yield from seen
        yield from pieces

    return seen[-1] if seen else b"", again()
