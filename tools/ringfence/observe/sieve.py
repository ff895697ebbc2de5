"""Lines of a file, in batches, without those that no engine should see: over-long, not UTF-8, or with NUL bytes.

Memory is bounded by the size of a piece and of the longest line allowed, whatever the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ringfence.observe.compressed import BadFileError
from ringfence.observe.troubles import Troubles

LONGEST = 1 << 20
"""Bytes of a line. Records of flows have one or two thousand."""

Batch = tuple[Sequence[int], Sequence[bytes]]
"""Numbers of lines, from 1, and the lines."""


def batches(pieces: Iterable[bytes], where: str, troubles: Troubles, longest: int = LONGEST) -> Iterator[Batch]:
    """The good lines of a file. What is wrong with others, or ends the file early, is counted."""
    number, rest, skipping = 1, b"", 0
    try:
        for piece in pieces:
            if skipping:
                head, found, piece = piece.partition(b"\n")
                skipping += len(head)
                if not found:
                    continue
                _too_long(troubles, where, number, skipping, rest)
                number, rest, skipping = number + 1, b"", 0
            whole, found, after = piece.rpartition(b"\n")
            if found:
                block = rest + whole
                yield _sifted(block, number, where, troubles, longest)
                number += block.count(b"\n") + 1
                rest = after
            else:
                rest += after
            if len(rest) > longest:
                skipping, rest = len(rest), rest[:200]
    except BadFileError as error:
        troubles.add(where, error.kind, line=number, example=error.why)
    except OSError as error:
        troubles.add(where, "unreadable", line=number, example=error.strerror or str(error))
    if skipping:
        _too_long(troubles, where, number, skipping, rest)
    elif rest:
        yield _sifted(rest, number, where, troubles, longest)


def _too_long(troubles: Troubles, where: str, line: int, size: int, start: bytes) -> None:
    troubles.add(where, "line-too-long", line=line, example=f"{size} bytes: {start[:80].decode('utf-8', 'replace')}")


def _sifted(block: bytes, number: int, where: str, troubles: Troubles, longest: int) -> Batch:
    if not block.strip(b"\r\n"):
        return [], []
    lines: Sequence[bytes] = block.split(b"\n")
    if number == 1:
        lines = [lines[0].removeprefix(b"\xef\xbb\xbf"), *lines[1:]]
    numbers: Sequence[int] = range(number, number + len(lines))
    if b"\n\n" in block:
        numbers, lines = zip(*((at, line) for at, line in zip(numbers, lines, strict=True) if line), strict=True)
    if (block.isascii() or _is_text(block)) and b"\0" not in block and len(max(lines, key=len)) <= longest:
        return numbers, lines
    kept: list[int] = []
    good: list[bytes] = []
    for line, text in zip(numbers, lines, strict=True):
        if len(text) > longest:
            _too_long(troubles, where, line, len(text), text)
        elif b"\0" in text:
            troubles.add(where, "nul-bytes", line=line, example=text)
        elif not _is_text(text):
            troubles.add(where, "not-utf8", line=line, example=text)
        else:
            kept.append(line)
            good.append(text)
    return kept, good


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
