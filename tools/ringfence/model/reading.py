"""Every document of a repository with its place; what cannot be read is reported and noted as lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from ringfence import documents, schema
from ringfence.documents import Document
from ringfence.findings import Finding
from ringfence.model import layout
from ringfence.model.layout import Place
from ringfence.model.node import Node
from ringfence.sources import Tree, Unreadable
from ringfence.values import workers

ROOTS = ("policies", "teams")
MANY = 300
"""From so many files on, a copy of this process is worth its making."""
AT_ONCE = 100
"""Files that a process reads before it takes the next ones."""


@dataclass(slots=True)
class Read:
    """The documents by kind, in the order of their paths, and the folders of which some document is lost.

    A name that is missing may stand in a lost document, so it is not reported as unknown there.
    """

    by_kind: dict[str, list[tuple[Place, Node]]] = field(default_factory=lambda: defaultdict(list))
    lost: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    files: int = 0


def read(tree: Tree) -> Read:
    """All documents of `teams/` and `policies/`. A broken file hides no other."""
    result = Read()
    known = _clean(tree, [path for root in ROOTS for path in tree.files(root)])
    for root in ROOTS:
        # a thing that is no file may have held documents: its folder counts as lost
        for problem in tree.problems(root):
            if not problem.where.path.startswith(layout.RENDERED):
                result.findings.append(problem)
                result.lost.add(_folder(problem.where.path))
        for path in sorted(tree.files(root)):
            if layout.is_read(path):
                _file(tree, path, result, known)
    return result


def _clean(tree: Tree, paths: Sequence[str]) -> dict[str, Document]:
    """Documents of which nothing is to be said, by path, read with copies of this process where there are many.

    What is missing here is read by the one who says what is wrong with it.
    """
    paths = [path for path in paths if layout.is_read(path) and not path.startswith(layout.ADOPTED)]
    if len(paths) < MANY or workers.processors() < 2:
        return {}
    from ringfence.documents import packed

    def read(part: Sequence[str]) -> list[Document]:
        return [document for path in part if (document := _one_clean(tree, path))]

    first = read(paths[:1])  # what is imported and compiled now need not be in each copy
    parts = [paths[start : start + AT_ONCE] for start in range(1, len(paths), AT_ONCE)]
    found = workers.spread(read, parts, packed.pack_all, packed.unpack_all)
    return {document.path: document for part in (first, *found) for document in part}


def _one_clean(tree: Tree, path: str) -> Document | None:
    if isinstance(layout.place(path), Finding):
        return None
    try:
        document, findings = documents.read(path, tree.read(path))
    except Unreadable:
        return None
    return document if document is not None and not findings and not schema.validate(document) else None


def _file(tree: Tree, path: str, result: Read, known: dict[str, Document]) -> None:
    result.files += 1
    place = layout.place(path)
    if isinstance(place, Finding):
        result.findings.append(place)
        if path.endswith((".yaml", ".yml")):
            result.lost.add(_folder(path))
        return
    if path.startswith(layout.ADOPTED):
        _manifest(tree, path, place, result)
        return
    document = known.get(path)
    if document is None:
        document = _read(tree, path, result)
    if document is None:
        result.lost.add(_folder(path))
        return
    node = Node.root(document)
    kind = node.get("kind").text()
    if kind in place.kinds:
        result.by_kind[kind].append((place, node))
        return
    result.lost.add(_folder(path))
    if misplaced := layout.misplaced(kind, place, document):
        result.findings.append(misplaced)


def _read(tree: Tree, path: str, result: Read) -> Document | None:
    """The document of a file, with what is wrong with it."""
    try:
        document, findings = documents.read(path, tree.read(path))
    except Unreadable as error:
        result.findings.append(error.finding)
        return None
    result.findings += findings
    if document is not None:
        result.findings += schema.validate(document)
    return document


def _manifest(tree: Tree, path: str, place: Place, result: Read) -> None:
    """The objects of a file of adopted policies; that they are policies is found later."""
    try:
        found, findings = documents.read_many(path, tree.read(path))
    except Unreadable as error:
        found, findings = [], [error.finding]
    result.findings += findings
    result.by_kind["Adopted"] += [(place, Node.root(document)) for document in found]


def _folder(path: str) -> str:
    """The folder whose names a document may hold: `policies/catalog`, `teams/checkout/shop`."""
    parts = path.split("/")
    return "/".join(parts[: 2 if parts[0] == "policies" else 3])
