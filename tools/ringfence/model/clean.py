"""Documents of which nothing is to be said, read with copies of this process where there are many; as bytes, and back.

Most are documents of flows and of namespaces, of which rows are handed over and no document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from ringfence import documents, schema
from ringfence.documents import Document
from ringfence.errors import UsageError
from ringfence.findings import Finding, Location
from ringfence.model import layout, rows
from ringfence.model.layout import Place
from ringfence.model.rows import KINDS, Listing
from ringfence.sources import Tree, Unreadable
from ringfence.values import workers

MANY = 300
"""From so many files on, a copy of this process is worth its making, and the cache its opening."""
AT_ONCE = 50
"""Files that a process reads before it takes the next ones."""

Clean = Document | Listing
Part = list[tuple[str, Clean]]


def read(tree: Tree, raws: Mapping[str, bytes]) -> dict[str, Clean]:
    """By path, the documents among some files of which nothing is to be said; `raws` are their bytes.

    What is missing here is read by the one who says what is wrong with it. Few files are all missing.
    """
    if len(raws) < MANY or workers.processors() < 2:
        return {}

    def work(part: Sequence[str]) -> Part:
        return [(path, found) for path in part if (found := _one(tree, path, raws[path]))]

    paths = list(raws)
    first = work(paths[:1])  # what is imported and compiled now need not be in each copy
    parts = [paths[start : start + AT_ONCE] for start in range(1, len(paths), AT_ONCE)]
    found = workers.spread(work, parts, _packed, partial(_unpacked, tree))
    return {path: document for part in (first, *found) for path, document in part}


def _one(tree: Tree, path: str, raw: bytes) -> Clean | None:
    place = layout.place(path)
    if isinstance(place, Finding):
        return None
    document, findings = documents.read(path, raw)
    if document is None or findings or schema.validate(document):
        return None
    found = rows.of(document, place)
    if found is None:
        return document
    if found.says_all:
        # a document is large, and what is not in its rows is seldom asked for
        found = replace(found, again=partial(_again, tree, path, _said(found)))
    return found


def _again(tree: Tree, path: str, known: object) -> Document:
    """A document that was read before; raises `UsageError` where it is another one by now."""
    try:
        document, _ = documents.read(path, tree.read(path))
    except Unreadable:
        document = None
    place = layout.place(path)
    found = rows.of(document, place) if document and isinstance(place, Place) else None
    if document is None or found is None or _said(found) != known:
        raise UsageError(f"{path} was changed while the repository was read", "run it again")
    return document


def _said(found: Listing) -> object:
    return found.ITEMS, found.where, found.rows, found.head


def pack(found: Clean) -> bytes:
    """A clean document as bytes, for other processes and runs; its path is not in them."""
    import msgpack

    from ringfence.documents import packed

    parts: tuple[object, ...]
    if isinstance(found, Document):
        parts = (packed.pack(found),)
    else:
        document = b"" if found.says_all else packed.pack(found.again())
        parts = (document, found.ITEMS, found.where[1:], found.rows, found.head)
    raw: bytes = msgpack.packb(parts)
    return raw


def unpack(tree: Tree, path: str, raw: bytes) -> Clean:
    """The same of these bytes; what is not in them is read from the tree when it is asked for."""
    import msgpack

    from ringfence.documents import packed

    document, *parts = msgpack.unpackb(raw, use_list=False)
    whole = partial(packed.unpack, path, document)
    if not parts:
        return whole()
    items, where, known, head = parts
    found = _LISTINGS[items](Location(path, *where), known, head, whole)
    if not document:
        found = replace(found, again=partial(_again, tree, path, _said(found)))
    return found


_LISTINGS = {listing.ITEMS: listing for listing in KINDS.values()}


def _packed(part: Part) -> bytes:
    import msgpack

    raw: bytes = msgpack.packb([(path, pack(found)) for path, found in part])
    return raw


def _unpacked(tree: Tree, raw: bytes) -> Part:
    import msgpack

    return [(path, unpack(tree, path, row)) for path, row in msgpack.unpackb(raw)]
