"""Documents of which nothing is to be said, read with copies of this process where there are many.

Most are documents of flows, of which the copies hand over rows and no document.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ringfence import documents, schema
from ringfence.documents import Document
from ringfence.errors import UsageError
from ringfence.findings import Finding, Location
from ringfence.model import layout, rows
from ringfence.model.layout import Place
from ringfence.model.rows import KINDS, Flows, Listing
from ringfence.sources import Tree, Unreadable
from ringfence.values import workers

MANY = 300
"""From so many files on, a copy of this process is worth its making."""
AT_ONCE = 50
"""Files that a process reads before it takes the next ones."""

Clean = Document | Listing
Part = list[tuple[str, Clean]]


def read(tree: Tree, paths: Sequence[str]) -> dict[str, Clean]:
    """By path, the documents among some files of which nothing is to be said; those of flows as rows.

    What is missing here is read by the one who says what is wrong with it. Few files are all missing.
    """
    if len(paths) < MANY or workers.processors() < 2:
        return {}

    def work(part: Sequence[str]) -> Part:
        return [(path, found) for path in part if (found := _one(tree, path))]

    first = work(paths[:1])  # what is imported and compiled now need not be in each copy
    parts = [paths[start : start + AT_ONCE] for start in range(1, len(paths), AT_ONCE)]
    found = workers.spread(work, parts, pack, partial(unpack, tree))
    return {path: document for part in (first, *found) for path, document in part}


def _one(tree: Tree, path: str) -> Clean | None:
    place = layout.place(path)
    if isinstance(place, Finding):
        return None
    try:
        document, findings = documents.read(path, tree.read(path))
    except Unreadable:
        return None
    if document is None or findings or schema.validate(document):
        return None
    found = rows.of(document, place)
    if found is None:
        return document
    if _says_all(found):
        # a document is large, and what is not in its rows is seldom asked for
        found.again = partial(_again, tree, path, found.rows)
    return found


def _says_all(found: Listing) -> bool:
    """Whether a clean document can be done without."""
    return isinstance(found, Flows) and None not in found.rows


def _again(tree: Tree, path: str, known: Sequence[object]) -> Document:
    """A document that was read before; raises `UsageError` where it is another one by now."""
    try:
        document, _ = documents.read(path, tree.read(path))
    except Unreadable:
        document = None
    place = layout.place(path)
    found = rows.of(document, place) if document and isinstance(place, Place) else None
    if document is None or found is None or found.rows != known:
        raise UsageError(f"{path} was changed while the repository was read", "run it again")
    return document


def pack(part: Part) -> bytes:
    """Clean documents with their paths as bytes, for other processes and runs."""
    import msgpack

    from ringfence.documents import packed

    entries: list[tuple[object, ...]] = []
    for path, found in part:
        if isinstance(found, Document):
            entries.append((path, packed.pack(found)))
        else:
            document = b"" if _says_all(found) else packed.pack(found.again())
            entries.append((path, document, found.ITEMS, found.where, found.rows))
    raw: bytes = msgpack.packb(entries)
    return raw


def unpack(tree: Tree, raw: bytes) -> Part:
    """The same of these bytes; what is not in them is read from a tree when it is asked for."""
    import msgpack

    from ringfence.documents import packed

    listings = {listing.ITEMS: listing for listing in KINDS.values()}
    part: Part = []
    for path, document, *found in msgpack.unpackb(raw, use_list=False):
        whole = partial(packed.unpack, path, document)
        if not found:
            part.append((path, whole()))
            continue
        items, where, known = found
        again = whole if document else partial(_again, tree, path, known)
        part.append((path, listings[items](Location(*where), known, again)))
    return part
