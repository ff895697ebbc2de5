"""The peers of the catalogue: named ends outside the teams."""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.findings import Location
from ringfence.model import blocks, dnsnames, ports
from ringfence.model.layout import Place
from ringfence.model.node import Node
from ringfence.model.ports import Report
from ringfence.model.problems import names as problems
from ringfence.model.types import Labels, Peer


def build(found: Iterable[tuple[Place, Node]], broken: set[str], report: Report) -> dict[str, Peer]:
    """The peers by name; the first of two with one name stays, the second is reported."""
    result: dict[str, Peer] = {}
    first: dict[str, Location] = {}
    for _, document in found:
        for name, node in document.get("peers").items():
            peer = _one(name, node, report)
            if name and (other := first.setdefault(name, node.where_key)) != node.where_key:
                report(
                    problems.DUPLICATE_NAME.at(
                        node.where_key,
                        f"peer `{name}` is in the catalogue already; a flow would not know which of the two it means",
                        hint="give one of the two another name",
                        related=[(other, "the other peer")],
                    )
                )
            elif peer is None:
                broken.add(name)
            else:
                result[name] = peer
    return dict(sorted(result.items()))


def labels(node: Node) -> Labels:
    """The label pairs of a mapping, by key."""
    return tuple(sorted((key, value.text()) for key, value in node.items() if isinstance(value.value, str)))


def _one(name: str, node: Node, report: Report) -> Peer | None:
    cidrs = blocks.read(node.get("cidrs"), report)
    excepts = blocks.read(node.get("except"), report)
    blocks.disjoint(cidrs, report)
    blocks.disjoint(excepts, report)
    if cidrs:
        blocks.inside(excepts, cidrs, report)
    names = dnsnames.read(node.get("names"), report)
    namespace = node.string("namespace")
    named = ports.declared(node.get("ports"), report)
    # exactly one of the two is there in a valid document
    outside = bool(cidrs or names)
    if outside == bool(namespace) or bool(names) != node.has("names"):
        return None
    world = node.get("world").value
    return Peer(
        name=name,
        description=node.string("description"),
        owner=node.string("owner"),
        ports=named,
        where=node.where_key,
        addresses=blocks.address_set(cidrs, excepts),
        cidrs=blocks.canonical(cidrs),
        excepts=blocks.canonical(excepts),
        names=names,
        world=outside and world is not False,
        namespace=namespace,
        labels=labels(node.get("labels")),
    )
