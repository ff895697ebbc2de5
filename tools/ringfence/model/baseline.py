"""The grants of the platform to every pod."""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.findings import Location
from ringfence.model import ports
from ringfence.model.layout import Place
from ringfence.model.names import Names
from ringfence.model.node import Node
from ringfence.model.ports import is_numeric, shorten
from ringfence.model.problems import names as problems
from ringfence.model.types import Grant, Peer
from ringfence.values.nearest import nearest
from ringfence.values.ports import PortRange, PortSet


def build(found: Iterable[tuple[Place, Node]], broken: set[str], names: Names) -> tuple[Grant, ...]:
    """The grants by name. One of which any part is broken is left out, and `baseline/<name>` added to `broken`."""
    result: dict[str, Grant] = {}
    first: dict[str, Location] = {}
    for _, document in found:
        for node in document.get("grants").list():
            name = node.string("name")
            if name and (other := first.setdefault(name, node.where)) != node.where:
                names.report(
                    problems.DUPLICATE_NAME.at(
                        node.get("name").where,
                        f"there is a grant `{name}` already; reports point at the name",
                        hint="choose a name that says what the grant is for",
                        related=[(other, "the other grant")],
                    )
                )
            elif grant := _one(name, node, names):
                result[name] = grant
            else:
                broken.add(f"baseline/{name}")
    return tuple(result[name] for name in sorted(result))


def _one(name: str, node: Node, names: Names) -> Grant | None:
    to_peer = node.has("to")
    environments = names.environment_set(node.get("environments"))
    peer = names.end(node.get("to" if to_peer else "from"), "", peers_only=True)
    if not isinstance(peer, Peer):
        return None
    ranges: list[PortRange] = []
    port_names: list[str] = []
    complete = True
    for item in node.get("ports").list():
        text = item.text()
        found: tuple[PortRange, ...] = ()
        if is_numeric(item.value):
            number = ports.numeric(item, names.report)
            found = (number,) if number else ()
        elif to_peer:
            port = peer.port(text)
            found = port.ranges if port else ()
            if not port:
                _unknown(item, f"peer {peer.name} has no port", (port.name for port in peer.ports), names)
        elif any(workload.port(text) for workload in names.workloads.values()):
            if text in port_names:
                names.repeated(item, text)
            else:
                port_names.append(text)
            continue
        else:
            known = {port.name for workload in names.workloads.values() for port in workload.ports}
            # a lost document may hold the workload that has it
            if not any(folder.startswith("teams/") for folder in names.lost):
                _unknown(item, "no workload has a port", known, names)
        if not found:
            complete = False
        elif PortSet.of(found) <= PortSet.of(ranges):
            names.repeated(item, ", ".join(map(str, found)))
        ranges.extend(found)
    if not (name and complete and environments and (ranges or port_names) and to_peer != node.has("from")):
        return None
    return Grant(
        name=name,
        peer=peer,
        to_peer=to_peer,
        ranges=ports.canonical(ranges),
        port_names=tuple(sorted(port_names)),
        environments=environments,
        reason=node.string("reason"),
        where=node.where,
    )


def _unknown(item: Node, why: str, known: Iterable[str], names: Names) -> None:
    choices = sorted(known)
    near = nearest(item.text(), choices)
    listed = ", ".join(f"`{name}`" for name in choices[:8])
    names.report(
        problems.UNKNOWN_PORT.at(
            item.where,
            f"{why} named `{shorten(item.value)}`, so the grant would open nothing",
            hint=f"did you mean `{near}`?" if near else f"use {listed or 'a number'}, or a number such as `9090/TCP`",
        )
    )
