"""Flows that a person would declare for what was seen and is not declared, each with its evidence.

Nothing is proposed that a log does not prove to be wanted: no scans, no answers, nothing that was denied, nothing to or
from the whole world unless it is asked for. What is left out is kept, with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from ringfence.adopt import entries
from ringfence.adopt.entries import Entry
from ringfence.checks.egress_to_world import is_whole_world
from ringfence.model.flows import shared_environments
from ringfence.model.layout import is_label
from ringfence.model.types import End, Leg, Model, Peer, Workload
from ringfence.observe.declarations import port_of
from ringfence.observe.mapping import Mapped
from ringfence.observe.results import Comparison, Talk
from ringfence.observe.usage import Usage
from ringfence.values.ports import PROTOCOLS, PortRange, PortSet

PortUse = tuple[str, int]
"""Protocol and port."""


class Proposal(Struct, frozen=True):
    """One flow. `sources` and `destination` are written as a flow's file has them, `ports` too.

    `namespace` is that of the file, `called` the id of the destination. `evidence` is what was seen of each source and
    port, as (source, port, usage). `environments` is empty for all. `unnamed` are ports that the destination does not
    declare.
    """

    namespace: str
    name: str
    sources: tuple[str, ...]
    destination: str
    called: str
    ports: tuple[str, ...]
    environments: tuple[str, ...]
    usage: Usage
    evidence: tuple[tuple[str, str, Usage], ...]
    unnamed: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"


class Left(Struct, frozen=True):
    """Something seen that is not proposed, and why."""

    talk: Talk
    why: str


class Proposals(Struct, frozen=True):
    """What to declare: flows by id, new entries of the catalogue by name; and what is left to a person."""

    flows: tuple[Proposal, ...]
    entries: tuple[Entry, ...]
    left: tuple[Left, ...]


class Options(Struct, frozen=True):
    """What is asked for beside the usual.

    `world`: flows from and to what is the whole world; `catalogue`: entries for DNS names that have none, and flows to
    them; `everywhere`: flows hold in every environment of their ends, not only in that of the log.
    """

    world: bool = False
    catalogue: bool = False
    everywhere: bool = False


DEFAULT = Options()


class _Pair(Struct):
    """What was seen from one end to another."""

    source: End
    destination: End
    ports: dict[PortUse, Usage] = field(default_factory=dict)


def propose(comparison: Comparison, model: Model, options: Options = DEFAULT) -> Proposals:
    """The flows and entries for all that breaks or would, or will when adopted policies go, in stable order."""
    known = entries.of(comparison, model)
    pairs: dict[tuple[str, str], _Pair] = {}
    used: dict[str, Entry] = {}
    left: list[Left] = []
    for talk in sorted((*comparison.breaking, *comparison.denied_today), key=lambda talk: talk.sort_key) + list(
        comparison.adopted
    ):
        entry = known.get(talk.destination.label)
        source = _end(talk.source, model, options)
        destination = entry.peer if entry and options.catalogue else _end(talk.destination, model, options)
        if entry and isinstance(destination, str):
            destination = f"{destination}; --catalogue the entry {entry.name}"
        why = source if isinstance(source, str) else destination if isinstance(destination, str) else ""
        if isinstance(source, str) or isinstance(destination, str) or (why := _unsayable(source, destination)):
            left.append(Left(talk, why))
            continue
        if entry and destination is entry.peer:
            used[entry.name] = entry
        pair = pairs.setdefault((source.id, destination.id), _Pair(source, destination))
        port = (talk.protocol, talk.port)
        pair.ports[port] = pair.ports.get(port, Usage()).plus(talk.usage)
    flows = _flows(pairs.values(), comparison, model, options)
    return Proposals(flows, tuple(used[name] for name in sorted(used)), tuple(left))


def _end(mapped: Mapped, model: Model, options: Options) -> End | str:
    """The declared end, or why there is none to write."""
    if mapped.kind == "workload" and mapped.end:
        return model.workloads[mapped.end]
    peer = model.peers.get(mapped.end or "")
    if peer is not None and (not is_whole_world(peer) or options.world):
        return peer
    if peer is not None:
        who = mapped.label if mapped.named else peer.name
        return f"{who} is nobody in particular: --world proposes it"
    if mapped.kind == "pod":
        return f"{mapped.label.removesuffix(' (not declared)')}: {mapped.why}: declare the workload first"
    nameable = mapped.kind == "outside" and not mapped.is_vague
    return f"{mapped.label}: {mapped.why}{'; name it in policies/catalog/' if nameable else ''}"


def _unsayable(source: End, destination: End) -> str:
    if source.id == destination.id:
        return f"replicas of {source.id} call each other: declare two workloads for that"
    if isinstance(source, Peer) and isinstance(destination, Peer):
        return "neither end is a workload"
    if isinstance(source, Peer) and source.only_names:
        return f"{source.id} has only names, and a flow from it needs addresses"
    return ""


def _flows(pairs: Iterable[_Pair], comparison: Comparison, model: Model, options: Options) -> tuple[Proposal, ...]:
    """One flow for a destination and its ports, from all workloads of one namespace that call it so."""
    groups: dict[tuple[str, str, str, tuple[str, ...]], list[_Pair]] = defaultdict(list)
    environment = comparison.cluster.environment
    for pair in sorted(pairs, key=lambda item: (item.source.id, item.destination.id)):
        home = pair.source if isinstance(pair.source, Workload) else pair.destination
        assert isinstance(home, Workload)  # noqa: S101 - one end is
        # another peer is another intent
        apart = pair.source.id if isinstance(pair.source, Peer) else ""
        groups[home.namespace, apart, pair.destination.id, _ports(pair)].append(pair)
    taken = {flow.id for flow in model.flows}
    found = []
    for (namespace, _, _, ports), alike in groups.items():
        destination = alike[0].destination
        legs = [Leg(pair.source, destination, ()) for pair in alike]
        shared = {name for leg in legs for name in shared_environments(leg, model.environments)}
        evidence = tuple(
            (pair.source.id, _text(port), usage) for pair in alike for port, usage in sorted(pair.ports.items())
        )
        usage = Usage()
        for _, _, one in evidence:
            usage = usage.plus(one)
        found.append(
            Proposal(
                namespace,
                _name(namespace, [pair.source for pair in alike], destination, taken, environment),
                tuple(_written(pair.source, namespace, model) for pair in alike),
                _written(destination, namespace, model),
                destination.id,
                ports,
                () if options.everywhere or shared <= {environment} else (environment,),
                usage,
                evidence,
                tuple(port for port in ports if port[0].isdigit() and isinstance(destination, Workload)),
            )
        )
    return tuple(sorted(found, key=lambda item: item.id))


def _ports(pair: _Pair) -> tuple[str, ...]:
    """The ports as a person writes them: by name where all of the name was seen, and by number."""
    names: dict[str, list[PortUse]] = defaultdict(list)
    numbers: list[PortUse] = []
    for protocol, port in pair.ports:
        name = port_of(pair.destination, protocol, port)
        (names[name] if name else numbers).append((protocol, port))
    texts = []
    for name, used in sorted(names.items()):
        declared = pair.destination.port(name)
        ranges = declared.ranges if declared else ()
        if all(any(_inside(one, item) for one in used) for item in ranges):
            texts.append(name)
        else:
            numbers += used
    return (*texts, *map(_text, sorted(numbers, key=lambda item: (PROTOCOLS.index(item[0]), item[1]))))


def _inside(port: PortUse, held: PortRange) -> bool:
    return PortSet.of([held]).contains(*port)


def _text(port: PortUse) -> str:
    return f"{port[1]}/{port[0]}"


def _written(end: End, namespace: str, model: Model) -> str:
    """An end as a flow of the namespace says it."""
    bare = isinstance(end, Workload) and end.namespace == namespace and end.name not in model.peers
    return end.name if bare else end.id


def _name(namespace: str, sources: Sequence[End], destination: End, taken: set[str], environment: str) -> str:
    """A name that nobody has."""
    who = "-and-".join(end.name for end in sources)
    names = [f"to-{destination.name}"]
    if len(sources) <= 2:
        names.insert(0, f"{who}-to-{destination.name}")
    for name in (*names, *(f"{one}-{environment}" for one in names)):
        if is_label(name) and f"{namespace}/{name}" not in taken:
            break
    else:
        number = 1
        while f"{namespace}/learnt-{number}" in taken:
            number += 1
        name = f"learnt-{number}"
    taken.add(f"{namespace}/{name}")
    return name


def edges(proposals: Proposals) -> set[tuple[str, str, str, int]]:
    """What the proposed flows allow, as it was seen: source, destination, protocol, port."""
    found = set()
    for flow in proposals.flows:
        for source, text, _ in flow.evidence:
            number, _, protocol = text.partition("/")
            found.add((source, flow.called, protocol, int(number)))
    return found
