"""The guardrails and their sides."""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.findings import Location
from ringfence.model import ports
from ringfence.model.layout import Place
from ringfence.model.names import Names
from ringfence.model.node import Node
from ringfence.model.problems import names as problems
from ringfence.model.types import Guardrail, Side
from ringfence.values.ports import PortRange, PortSet


def build(found: Iterable[tuple[Place, Node]], broken: set[str], names: Names) -> tuple[Guardrail, ...]:
    """The guardrails by name. One of which any part is broken is left out, and its name added to `broken`."""
    result: dict[str, Guardrail] = {}
    first: dict[str, Location] = {}
    for _, document in found:
        for node in document.get("guardrails").list():
            name = node.string("name")
            if name and (other := first.setdefault(name, node.where)) != node.where:
                names.report(
                    problems.DUPLICATE_NAME.at(
                        node.get("name").where,
                        f"there is a guardrail `{name}` already; waivers point at the name",
                        hint="choose a name that says what is guarded",
                        related=[(other, "the other guardrail")],
                    )
                )
            elif guardrail := _one(name, node, names):
                result[name] = guardrail
            else:
                broken.add(name)
    return tuple(result[name] for name in sorted(result))


def _one(name: str, node: Node, names: Names) -> Guardrail | None:
    must = node.has("must")
    statement = node.get("must" if must else "never")
    source, destination = side(statement.get("from"), names), side(statement.get("to"), names)
    ranges: list[PortRange] = []
    complete = True
    for item in statement.get("ports").list():
        if (number := ports.numeric(item, names.report)) is None:
            complete = False
            continue
        if PortSet.of([number]) <= PortSet.of(ranges):
            names.repeated(item, str(number))
        ranges.append(number)
    if not (name and source and destination and complete and must != node.has("never")):
        return None
    return Guardrail(
        name=name,
        must=must,
        source=source,
        destination=destination,
        ports=ports.canonical(ranges),
        reason=node.string("reason"),
        where=node.where,
    )


def side(node: Node, names: Names) -> Side | None:
    """The side of a guardrail, or nothing where a part of it is unknown: left out, it would match other ends."""
    if not isinstance(node.value, dict):
        return None
    resolvers = {
        "environments": names.environment,
        "teams": names.team,
        "namespaces": names.namespace,
        "workloads": names.workload,
        "peers": names.peer,
        "except": names.pattern,
    }
    fields: dict[str, tuple[str, ...]] = {}
    complete = True
    for key, resolve in resolvers.items():
        items = node.get(key)
        fields[key] = tuple(names.listed(items, resolve))
        if node.has(key) and (not isinstance(items.value, list) or len(set(map(str, items.value))) != len(fields[key])):
            complete = False
    if not complete:
        return None
    return Side(
        environments=fields["environments"],
        teams=fields["teams"],
        namespaces=fields["namespaces"],
        workloads=fields["workloads"],
        peers=fields["peers"],
        world=node.get("world").value is True,
        excepts=fields["except"],
    )
