"""Assertions on plain manifests: what a file says must, and must not, be allowed, as it stands there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ringfence import documents, schema
from ringfence.documents import Document
from ringfence.documents.document import Route
from ringfence.findings import Finding, Location
from ringfence.values.ports import ALL_PORTS, PROTOCOLS, PortRange, PortSet
from ringfence.verify.assertionpages import NOTHING, REPEATED

KIND = "Assertions"
WORLD = "world"


class Term(Struct, frozen=True):
    """One end that a statement names: by `text`, or (no text) by the labels of pods and of their namespaces."""

    where: Location
    text: str = ""
    namespace: str = ""
    namespace_labels: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        if self.text:
            return self.text
        parts = [f"{key}={value}" for key, value in self.labels] or ["pods"]
        spaces = [self.namespace] if self.namespace else [f"{key}={value}" for key, value in self.namespace_labels]
        return ",".join(parts) + (f" in {','.join(spaces)}" if spaces else "")


class Statement(Struct, frozen=True):
    """What must (`must`) or must not be allowed between all of the sources and all of the destinations."""

    name: str
    must: bool
    sources: tuple[Term, ...]
    destinations: tuple[Term, ...]
    ports: PortSet
    reason: str
    where: Location

    def __str__(self) -> str:
        ends = (", ".join(map(str, terms)) for terms in (self.sources, self.destinations))
        ports = "" if self.ports == ALL_PORTS else f" on {self.ports}"
        return f"{'must' if self.must else 'must not'} {' → '.join(ends)}{ports}"


def read(path: str, raw: bytes) -> tuple[list[Statement], list[Finding]]:
    """The statements of a file, in their order, and what is wrong with it; with an error there are no statements."""
    document, findings = documents.read(path, raw)
    if document is None:
        return [], findings
    findings = schema.validate(document)
    if not findings and document.data["kind"] != KIND:
        message = f"this declares {document.data['kind']}; only {KIND} can be held against manifests"
        findings.append(schema.codes.UNKNOWN_KIND.at(document.at("kind"), message, hint=f"write `kind: {KIND}`"))
    findings = findings or list(_turned(document))
    return ([], findings) if findings else (list(_statements(document)), [])


def _turned(document: Document) -> Iterator[Finding]:
    """A finding for each range of ports that ends below its start: it would stand for no port."""
    for key in ("must", "mustNot"):
        for index, data in enumerate(document.data.get(key, ())):
            for number, item in enumerate(data.get("ports", ())):
                ports, _, protocol = str(item).partition("/")
                first, dash, last = ports.partition("-")
                if dash and int(last) < int(first):
                    message = f"the range `{item}` ends below its start, so `{data['name']}` says nothing about it"
                    hint = f"swap them: `{last}-{first}/{protocol}`"
                    yield NOTHING.at(document.at(key, index, "ports", number), message, hint=hint, subject=data["name"])


def repeated(statements: Iterable[Statement]) -> list[Finding]:
    """A finding for each statement whose name another has already."""
    first: dict[str, Statement] = {}
    findings = []
    for item in statements:
        known = first.setdefault(item.name, item)
        if known is not item:
            message = f"the name `{item.name}` is taken, so a report would not say which statement it means"
            related = ((known.where, "the first statement of that name"),)
            findings.append(REPEATED.at(item.where, message, hint="rename one", subject=item.name, related=related))
    return findings


def _statements(document: Document) -> Iterator[Statement]:
    for key in ("must", "mustNot"):
        for index, data in enumerate(document.data.get(key, ())):
            route: Route = (key, index)
            yield Statement(
                data["name"],
                key == "must",
                tuple(_terms(document, data["from"], (*route, "from"))),
                tuple(_terms(document, data["to"], (*route, "to"))),
                _ports(data.get("ports")),
                data.get("reason", ""),
                document.at(*route),
            )


def _terms(document: Document, data: object, route: Route) -> Iterator[Term]:
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _terms(document, item, (*route, index))
    elif isinstance(data, dict):
        labels = (tuple(sorted(data.get(key, {}).items())) for key in ("namespaceLabels", "labels"))
        yield Term(document.at(*route), "", data.get("namespace", ""), *labels)
    else:
        yield Term(document.at(*route), str(data))


def _ports(data: list[str | int] | None) -> PortSet:
    """The ports as the schema takes them: `443` (TCP), `53/UDP`, `30000-30100/TCP`."""
    if data is None:
        return ALL_PORTS
    ranges = []
    for item in data:
        numbers, _, protocol = str(item).partition("/")
        first, _, last = numbers.partition("-")
        ranges.append(PortRange(protocol or PROTOCOLS[0], int(first), int(last or first)))
    return PortSet.of(ranges)
