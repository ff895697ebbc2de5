"""What was read of one tree, so that of two trees that are much alike what both hold is read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ringfence.documents.document import Document
from ringfence.findings import Location, has_errors
from ringfence.manifests.moved import moved
from ringfence.manifests.objects import Manifests
from ringfence.manifests.types import Opaque


class Known:
    """What the files of some trees hold, each tree given by its bytes by path.

    A file that is not the same in all of them is read document by document, so that those that are the same are read
    once. The objects of a document are shared where it also begins in the same line of a file of the same name, and
    differ in nothing but their places where it does not.
    """

    def __init__(self, trees: Sequence[Mapping[str, bytes]] = ()) -> None:
        self._apart = {path for tree in trees for path in tree if any(tree[path] != other.get(path) for other in trees)}
        self._files: dict[tuple[str, bytes], Manifests] = {}
        self._parts: dict[bytes, _Part | None] = {}

    def file(self, path: str, raw: bytes) -> Manifests:
        """What one file holds by itself; not to be changed."""
        found = self._files.get((path, raw))
        if found is None:
            found = self._by_document(path, raw) if path in self._apart else None
            found = self._files[path, raw] = found or read(path, raw)
        return found

    def _by_document(self, path: str, raw: bytes) -> Manifests | None:
        """What a file holds, document by document; None where anything in it is a finding of the text."""
        from ringfence import documents

        result = Manifests()
        for line, text in documents.split(raw):
            if text not in self._parts:
                found, findings = documents.read_many(path, text)
                self._parts[text] = None if findings else _Part(path, line, found)
            part = self._parts[text]
            if part is None:
                return None
            result.extend(part.at(path, line))
        return result


class _Part:
    """The documents of a part of a file, and what they hold in the place where they were met first."""

    def __init__(self, path: str, line: int, found: list[Document]) -> None:
        self._place = path, line
        self._documents = found
        self._objects = self._read(path, line)

    def at(self, path: str, line: int) -> Manifests:
        """What they hold in some place; not to be changed."""
        if self._place == (path, line):
            return self._objects
        return moved(self._objects, path, line - self._place[1]) or self._read(path, line)

    def _read(self, path: str, line: int) -> Manifests:
        result = Manifests()
        result.add(item.of(path, line) for item in self._documents)
        return result


def read(path: str, raw: bytes) -> Manifests:
    """What one file holds by itself."""
    from ringfence import documents
    from ringfence.documents.codes import AMBIGUOUS_SCALAR

    result = Manifests()
    found, findings = documents.read_many(path, raw)
    result.findings += findings
    if has_errors(item for item in findings if item.check is not AMBIGUOUS_SCALAR):
        import hashlib

        digest = hashlib.sha256(raw).hexdigest()
        result.opaque.append(Opaque(f"file {path}", "it cannot be read", "", True, digest, Location(path)))
    result.add(found)
    return result
