"""The names that a file may speak of, and whether it holds flows only, judged by its bytes and never too few."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_WORD = re.compile(r"[a-z0-9][-a-z0-9]*")
_WORDS = re.compile(rb"[a-z0-9][-a-z0-9]*")
_FLOWS = re.compile(rb"(?:(?:#[^\n]*)?\n)*(?:---\n)?apiVersion: [^\n#'\"]*\nkind: Flows *\n")


def words(contents: Iterable[bytes]) -> set[str]:
    """Every text in some files that has the form of a name; one that is written with an escape too."""
    found: set[str] = set()
    for raw in contents:
        found.update(map(bytes.decode, set(_WORDS.findall(raw))))
        if b"\\" in raw:
            from ringfence import documents

            document, _ = documents.read("", raw)
            found.update(word for text in _texts(document.data if document else None) for word in _WORD.findall(text))
    return found


def only_flows(raw: bytes) -> bool:
    """Whether a file certainly holds flows and no namespace: it says so at its start."""
    return _FLOWS.match(raw) is not None


def _texts(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)
