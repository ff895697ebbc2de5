"""The flows: ends, ports, environments and dates resolved, and what makes a flow nothing at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ringfence.findings import Location
from ringfence.model import dates, ports, repeated
from ringfence.model.layout import Place
from ringfence.model.names import Names
from ringfence.model.node import Node
from ringfence.model.plain import Plain
from ringfence.model.ports import is_numeric, shorten
from ringfence.model.problems import flows as problems
from ringfence.model.problems import names as name_problems
from ringfence.model.rows import Flows
from ringfence.model.types import End, Flow, Leg, Peer, Workload
from ringfence.values.nearest import nearest
from ringfence.values.ports import Growing, PortRange


def plain(names: Names) -> Plain:
    """What builds the plain flows among these names, once for each document."""
    return Plain(names, _ports)


def build(
    found: Iterable[tuple[Place, Flows]],
    broken: set[str],
    names: Names,
    plain: Plain,
    within: frozenset[str] | None = None,
) -> tuple[Flow, ...]:
    """The flows by namespace and name. A flow of which any part is broken is left out, and its id added to `broken`.

    `within` as for `Plain.flows`.
    """
    spaces: dict[str, dict[str, Flow | Location]] = defaultdict(dict)
    for place, document in found:
        known = spaces[place.namespace]
        for index, flow in plain.flows(place, document, within):
            if flow and flow.name not in known:
                known[flow.name] = flow
            else:
                _unusual(place, document.node(index), known, broken, names)
    spaces = {namespace: spaces[namespace] for namespace in sorted(spaces)}
    kept = (known[name] for known in spaces.values() for name in sorted(known))
    ordered = tuple(flow for flow in kept if isinstance(flow, Flow))
    repeated.check(ordered, names)
    return ordered


def _unusual(place: Place, node: Node, known: dict[str, Flow | Location], broken: set[str], names: Names) -> None:
    """Build a flow of which something may have to be said. `known` are those of the namespace, or where they stand."""
    name = node.string("name")
    id_ = f"{place.namespace}/{name}"
    other = known.get(name)
    if name and other:
        names.report(
            name_problems.DUPLICATE_NAME.at(
                node.get("name").where,
                f"there is a flow `{name}` in namespace {place.namespace} already; waivers and reports point at the "
                "name",
                hint="choose a name that says what the flow is for",
                subject=id_,
                related=[(other.where if isinstance(other, Flow) else other, "the other flow")],
            )
        )
    elif flow := _one(place, name, node, names):
        known[name] = flow
    else:
        known[name] = node.where
        broken.add(id_)


def _one(place: Place, name: str, node: Node, names: Names) -> Flow | None:
    id_ = f"{place.namespace}/{name}"
    sources = ends(node.get("from"), place.namespace, names)
    destinations = ends(node.get("to"), place.namespace, names)
    wanted = node.get("environments")
    environments = names.environment_set(wanted)
    expires = dates.read(node.get("expires"), names.report) if node.has("expires") else None
    listed = node.get("ports")
    per_destination = _ports(listed, destinations, names)
    if not (name and sources and destinations and per_destination and environments) or (
        expires is None and node.has("expires")
    ):
        return None
    legs = list(_legs(id_, sources, destinations, per_destination, names))
    if len(legs) < len(sources) * len(destinations) or not _lives(id_, legs, environments, wanted, names):
        return None
    return Flow(
        namespace=place.namespace,
        name=name,
        team=place.team,
        legs=tuple(leg for _, leg in legs),
        ports_text=tuple(str(item.value) for item in listed.list()),
        environments=environments,
        reason=node.string("reason"),
        expires=expires,
        ticket=node.string("ticket"),
        where=node.where,
    )


def ends(node: Node, here: str, names: Names) -> list[tuple[Node, End]]:
    """The ends of `from` or `to` with their places, in file order; empty where any of them is unknown."""
    if isinstance(node.value, str):
        found = names.end(node, here)
        return [(node, found)] if found else []
    result: list[tuple[Node, End]] = []
    complete = True
    for item in node.one_or_list():
        end = names.end(item, here)
        if end is None:
            complete = False
        elif any(other.id == end.id for _, other in result):
            names.repeated(item, end.id)
        else:
            result.append((item, end))
    return result if complete else []


def _ports(node: Node, destinations: Sequence[tuple[Node, End]], names: Names) -> list[tuple[PortRange, ...]]:
    """The ports of each destination, in the order of the destinations; empty where any of them is unknown."""
    per_destination: list[list[PortRange]] = [[] for _ in destinations]
    covered = [Growing() for _ in destinations]
    complete = True
    for item in node.list():
        # a number is judged even where no destination is known
        number = ports.numeric(item, names.report)
        fresh = not destinations
        found: tuple[PortRange, ...] = ()
        for (_, end), ranges, before in zip(destinations, per_destination, covered, strict=True):
            found = (number,) if number else _named(item, end, names)
            complete = complete and bool(found)
            fresh = before.add(found) or fresh or not found
            ranges.extend(found)
        if not fresh:
            names.repeated(item, ", ".join(map(str, found)))
    result = [ports.canonical(ranges) for ranges in per_destination]
    return result if complete and all(result) else []


def _named(node: Node, end: End, names: Names) -> tuple[PortRange, ...]:
    text = node.text()
    if not text or is_numeric(text):
        return ()
    if port := end.port(text):
        return port.ranges
    known = [port.name for port in end.ports]
    near = nearest(text, known)
    listed = ", ".join(f"`{port.name}` ({', '.join(map(str, port.ranges))})" for port in end.ports)
    names.report(
        name_problems.UNKNOWN_PORT.at(
            node.where,
            f"{end.id} has no port `{shorten(text)}`; it has {listed or 'no named ports'}",
            hint=f"did you mean `{near}`?" if near else "use one of these, or a number such as `8443/TCP`",
            related=[(end.where, end.id)],
        )
    )
    return ()


def _legs(
    id_: str,
    sources: Sequence[tuple[Node, End]],
    destinations: Sequence[tuple[Node, End]],
    per_destination: Sequence[tuple[PortRange, ...]],
    names: Names,
) -> Iterator[tuple[Node, Leg]]:
    """Each pair of ends that can be a leg, with the place of its destination; the others are reported."""
    for _, source in sources:
        for (where, destination), numbers in zip(destinations, per_destination, strict=True):
            if source.id == destination.id:
                message = f"flow {id_} goes from {source.id} to itself; a pod always reaches itself"
                hint = "leave it out; where replicas talk to each other, declare two workloads"
                names.report(problems.FLOW_TO_ITSELF.at(where.where, message, hint=hint, subject=id_))
            elif isinstance(source, Peer) and isinstance(destination, Peer):
                message = f"neither {source.id} nor {destination.id} is a workload, so flow {id_} would open nothing"
                hint = "one end must be a workload of a team"
                names.report(problems.PEER_TO_PEER.at(where.where, message, hint=hint, subject=id_))
            else:
                yield where, Leg(source, destination, numbers)


def shared_environments(leg: Leg, environments: frozenset[str]) -> frozenset[str]:
    """The environments in which both ends of a leg exist."""
    return leg.shared(environments)


def _lives(
    id_: str, legs: Sequence[tuple[Node, Leg]], environments: frozenset[str], wanted: Node, names: Names
) -> bool:
    """Whether each leg holds in some environment of the flow, and each named environment has a leg (else reported)."""
    used: set[str] = set()
    alive = True
    for node, leg in legs:
        shared = leg.shared(environments)
        used |= shared
        if shared:
            continue
        alive = False
        both = leg.shared(names.environments)
        if both:
            why = f"flow {id_} names none of the environments that {leg.source.id} and {leg.destination.id} share"
            hint = f"they share {', '.join(sorted(both))}"
        else:
            why = f"{leg.source.id} and {leg.destination.id} exist in no environment together"
            hint = f"{_lists(leg.source)}; {_lists(leg.destination)}"
        message = f"{why}, so it would silently be nothing"
        names.report(problems.SILENT_FLOW.at(node.where, message, hint=hint, subject=id_))
    for item in wanted.texts():
        if alive and item.value in environments - used:
            message = f"no pair of ends of flow {id_} exists in `{item.value}`, so it would silently be nothing there"
            hint = f"leave `{item.value}` out, or add it to the workloads"
            names.report(problems.SILENT_FLOW.at(item.where, message, hint=hint, subject=id_))
            alive = False
    return alive


def _lists(end: End) -> str:
    where = ", ".join(sorted(end.environments)) if isinstance(end, Workload) else ""
    return f"{end.id} exists in {where or 'none'}"
