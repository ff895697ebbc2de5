"""Documents as bytes and back, for other processes and runs. Places are laid out where the first one is asked for."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from functools import partial
from typing import Any

from ringfence.documents.document import Document, Lines, Places

_INTEGERS = "I"


def pack(document: Document) -> bytes:
    """A document of a whole file, as it was read, in bytes; its path is not in them."""
    import msgpack

    marks: list[int] = []
    if isinstance(document.data, dict | list):
        _collect(document.data, document.places, marks)
    parts = [document.data, document.root, _bytes(document.lines.starts), _bytes(marks)]
    packed: bytes = msgpack.packb(parts)
    return packed


def unpack(path: str, raw: bytes) -> Document:
    """The document of bytes that `pack` gave."""
    import msgpack

    data, root, starts, marks = msgpack.unpackb(raw)
    return Document(path, data, root, partial(_laid_out, data, marks), Lines(starts=_integers(starts)))


def pack_all(documents: Iterable[Document]) -> bytes:
    """Several documents, with their paths."""
    import msgpack

    packed: bytes = msgpack.packb([(document.path, pack(document)) for document in documents])
    return packed


def unpack_all(raw: bytes) -> list[Document]:
    """The documents of bytes that `pack_all` gave."""
    import msgpack

    return [unpack(path, packed) for path, packed in msgpack.unpackb(raw)]


def _collect(node: Any, places: Places, marks: list[int]) -> None:
    """The places of a list or mapping, and then those of each one in it."""
    marks += places[id(node)]
    for part in node.values() if isinstance(node, dict) else node:
        if isinstance(part, dict | list):
            _collect(part, places, marks)


def _laid_out(data: Any, raw: bytes) -> Places:
    marks = _integers(raw)
    places: dict[int, array[int]] = {}

    def lay(node: Any, at: int) -> int:
        parts = node.values() if isinstance(node, dict) else node
        end = at + len(node) * (2 if isinstance(node, dict) else 1)
        places[id(node)] = marks[at:end]
        for part in parts:
            if isinstance(part, dict | list):
                end = lay(part, end)
        return end

    if isinstance(data, dict | list):
        lay(data, 0)
    return places


def _bytes(numbers: Any) -> bytes:
    packed = array(_INTEGERS, numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _integers(raw: bytes) -> array[int]:
    numbers = array(_INTEGERS)
    numbers.frombytes(raw)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
