"""Every document of a repository with its place; what cannot be read is reported and noted as lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from ringfence import documents, schema
from ringfence.documents import Document
from ringfence.findings import Finding
from ringfence.model import layout, rows
from ringfence.model.clean import Clean
from ringfence.model.layout import Place
from ringfence.model.node import Node
from ringfence.model.remembered import Remembered
from ringfence.model.rows import Flows, Space
from ringfence.sources import Tree, Unreadable

ROOTS = ("policies", "teams")


class Read(Struct):
    """The documents by kind, in the order of their paths, and the folders of which some document is lost.

    A name that is missing may stand in a lost document, so it is not reported as unknown there. Those of flows and of
    namespaces are in `flows` and `spaces` alone.
    """

    flows: list[tuple[Place, Flows]] = field(default_factory=list)
    spaces: list[tuple[Place, Space]] = field(default_factory=list)
    by_kind: dict[str, list[tuple[Place, Node]]] = field(default_factory=lambda: defaultdict(list))
    lost: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    files: int = 0


def files(tree: Tree) -> list[str]:
    """The files of `teams/` and `policies/` that the model is answerable for."""
    return [path for root in ROOTS for path in sorted(tree.files(root)) if layout.is_read(path)]


def read(tree: Tree, paths: Sequence[str], shared: Remembered) -> Read:
    """All documents of `files`. A broken file hides no other.

    `shared` are documents of which nothing is to be said, as read before from this or another tree; what is read now
    is added.
    """
    result = Read()
    known = shared.read(tree, [path for path in paths if not path.startswith(layout.ADOPTED)])
    for root in ROOTS:
        # a thing that is no file may have held documents: its folder counts as lost
        for problem in tree.problems(root):
            if not problem.where.path.startswith(layout.RENDERED):
                result.findings.append(problem)
                result.lost.add(_folder(problem.where.path))
    for path in paths:
        _file(tree, path, result, known, shared)
    return result


def flows(tree: Tree, paths: Sequence[str], shared: Remembered) -> Iterator[tuple[Place, Flows]]:
    """Of some files, those that hold flows and of which nothing is to be said. `read` does not read them again."""
    known = shared.read(tree, paths)
    for path in paths:
        place, result = layout.place(path), Read()
        if isinstance(place, Place):
            document = known.get(path) or _read(tree, path, place, result, shared)
            if isinstance(document, Flows) and not result.findings:
                yield place, document


def _file(tree: Tree, path: str, result: Read, known: dict[str, Clean], shared: Remembered) -> None:
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
    document = known.get(path) or _read(tree, path, place, result, shared)
    if document is None:
        result.lost.add(_folder(path))
    elif isinstance(document, Flows):
        result.flows.append((place, document))
    elif isinstance(document, Space):
        result.spaces.append((place, document))
    else:
        _document(path, place, document, result)


def _document(path: str, place: Place, document: Document, result: Read) -> None:
    """A document of another kind, where it may stand there."""
    node = Node.root(document)
    kind = node.get("kind").text()
    if kind in place.kinds:
        result.by_kind[kind].append((place, node))
        return
    result.lost.add(_folder(path))
    if misplaced := layout.misplaced(kind, place, document):
        result.findings.append(misplaced)


def _read(tree: Tree, path: str, place: Place, result: Read, shared: Remembered) -> Clean | None:
    """The document of a file, with what is wrong with it."""
    try:
        raw = tree.read(path)
    except Unreadable as error:
        result.findings.append(error.finding)
        return None
    document, findings = documents.read(path, raw)
    if document is None:
        result.findings += findings
        return None
    findings = [*findings, *schema.validate(document)]
    result.findings += findings
    read = rows.of(document, place) or document
    if not findings:
        shared.note(tree, path, raw, read)
    return read


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
