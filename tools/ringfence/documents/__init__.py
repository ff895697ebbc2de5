"""Bytes → data with positions, strictly: the only reader of YAML. Knows no schema.

Whatever the bytes, reading gives a document or findings, never a traceback.
"""

from __future__ import annotations

from itertools import accumulate

from ringfence.documents import codes, simple, text
from ringfence.documents.codes import CHECKS
from ringfence.documents.document import Document
from ringfence.findings import Finding, Location

__all__ = ["CHECKS", "Document", "read", "read_many", "split"]

MAX_DECLARATION = 1 << 20
"""Bytes of one declaration."""

MAX_MANIFEST = 64 << 20
"""Bytes of one file of manifests."""

_DOCUMENT = b"\n---"
_ENDS = (b"\n", b" ", b"\t", b"\r", b"")
"""A document starts with the one at a line's start, and one of the others after it."""


def read(path: str, raw: bytes) -> tuple[Document | None, list[Finding]]:
    """The one document of a declaration, or else at least one finding; never both.

    Unquoted scalars follow the core schema of YAML 1.2 (`documents.scalars` says what is refused of it). The document's
    data can be of any type: that it is a mapping is for a schema to say.
    """
    characters, findings = text.decode(path, raw, MAX_DECLARATION, many=False)
    if characters is None:
        return None, findings
    if not findings and (plain := simple.build(path, characters, many=False)):
        return plain[0], []
    from ringfence.documents import reader

    documents, problems = reader.build(path, characters, many=False)
    findings += problems
    if not findings and (not documents or documents[0].data is None):
        message = "the file holds no document, so it declares nothing"
        findings.append(codes.EMPTY.at(Location(path, 1, 1), message, hint="write a document, or delete the file"))
    return (None, findings) if findings else (documents[0], [])


def read_many(path: str, raw: bytes) -> tuple[list[Document], list[Finding]]:
    """The documents of a file of Kubernetes manifests (YAML or JSON), empty ones left out, and what is wrong.

    As strict as `read` but for what is usual in manifests and means one thing to every cluster: several documents,
    tabs where YAML allows them, a byte order mark, anchors and aliases within limits, numbers and booleans as keys
    (they become text), JSON objects one after the other.

    A cluster's reader (sigs.k8s.io/yaml) follows YAML 1.1 in part. Octal numbers such as `0440` are read as it
    reads them; a word that it or another YAML 1.1 reader takes for a boolean or a number (`yes`, `on`, `y`,
    `20:21`, `1_000`) is a finding, and the data then has it as text. Where there is a finding, the documents may be
    wrong or incomplete.
    """
    characters, findings = text.decode(path, raw, MAX_MANIFEST, many=True)
    if characters is None:
        return [], findings
    if not findings and (plain := simple.build(path, characters, many=True)) is not None:
        return plain, []
    from ringfence.documents import reader

    documents, problems = reader.build(path, characters, many=True)
    if any(problem.check is codes.SYNTAX for problem in problems) and characters.lstrip()[:1] == "{":
        from ringfence.documents import jsonvalues

        several = jsonvalues.read(characters, lambda text: reader.build(path, text, many=True))
        documents, problems = several or (documents, problems)
    return documents, findings + problems


def split(raw: bytes) -> list[tuple[int, bytes]]:
    """A file of manifests in parts that begin with a document, each with the number of whole lines before it.

    Where `read_many` finds nothing wrong in any part, it finds in the file what it finds in the parts: a line that
    starts with `---` begins a document wherever it stands. There is one part where it may not: after a directive, and
    where JSON objects come first.
    """
    json = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
    if json or raw[:1] == b"%" or b"\n%" in raw or len(raw) > MAX_MANIFEST:
        return [(0, raw)]
    starts = [0]
    found = raw.find(_DOCUMENT)
    while found >= 0:
        if raw[found + 4 : found + 5] in _ENDS:
            starts.append(found + 1)
        found = raw.find(_DOCUMENT, found + 4)
    parts = [raw[start:end] for start, end in zip(starts, [*starts[1:], len(raw)], strict=True)]
    lines = accumulate((part.count(b"\n") for part in parts), initial=0)
    return list(zip(lines, parts, strict=False))
