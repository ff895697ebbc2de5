"""Connections of a graph in the order of time, and what else a log shows: retries, replies, nodes, scans, denials."""

from __future__ import annotations

import datetime
import ipaddress
import random
import zlib
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ringfence.observe.simulate.graph import Actor, Edge, Graph

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
REPLICAS = 2
NODES = 3


class Noise(Struct, frozen=True):
    """How much there is of each, as a share of the connections (0 to 1).

    `both` records each connection where it leaves and where it arrives.
    """

    retries: float = 0.0
    replies: float = 0.0
    nodes: float = 0.0
    scans: float = 0.0
    denied: float = 0.0
    both: bool = False


QUIET = Noise()
USUAL = Noise(retries=0.1, replies=0.5, nodes=0.1, scans=0.1, denied=0.05, both=True)


class Instance(Struct, frozen=True):
    """One pod, node or address: what a record says of a side."""

    actor: Actor
    pod: str
    address: str
    node: str
    entity: str = ""


class Record(Struct, frozen=True):
    """One line of a log. `point` is where it was recorded: at the `source` or the `destination`."""

    time: datetime.datetime
    source: Instance
    destination: Instance
    protocol: str
    source_port: int
    port: int
    denied: bool = False
    reply: bool = False
    point: Literal["source", "destination"] = "destination"


def records(
    graph: Graph,
    *,
    connections: int,
    start: datetime.datetime,
    length: datetime.timedelta,
    noise: Noise = USUAL,
    seed: int = 0,
) -> Iterator[Record]:
    """The records of so many connections, those of noise beside them; every edge is met if there are enough of them."""
    made = _Maker(graph, random.Random(seed), noise)  # noqa: S311 - play
    edges = list(graph.edges)
    made.random.shuffle(edges)
    for number in range(connections if edges else 0):
        time = start + length * (number / max(1, connections - 1))
        yield from made.connection(edges[number % len(edges)], time)
        yield from made.noise(time)


class _Maker:
    def __init__(self, graph: Graph, source: random.Random, noise: Noise) -> None:
        self.random, self._noise, self._graph = source, noise, graph
        self._pods = ipaddress.ip_network(graph.pod_network)
        self._nodes = [
            Instance(Actor(""), "", str(address), f"node-{number + 1}", "host")
            for number, address in enumerate(_first(graph.node_network, NODES))
        ]
        self._allowed = {(edge.source.end, edge.destination.end) for edge in graph.edges}
        self._served: dict[Actor, tuple[str, int]] = {}
        for edge in graph.edges:
            if edge.destination.is_pods:
                self._served.setdefault(edge.destination, (edge.protocol, edge.port))
        self._known: dict[tuple[Actor, int], Instance] = {}

    def connection(self, edge: Edge, time: datetime.datetime) -> Iterator[Record]:
        """One connection with its retries and replies."""
        ends = (self._one(edge.source), self._one(edge.destination))
        first = Record(time, *ends, edge.protocol, self._ephemeral(), edge.port)
        yield from self._seen(first)
        if self.random.random() < self._noise.retries:
            yield from self._seen(replace(first, time=time + datetime.timedelta(seconds=1)))
        if self.random.random() < self._noise.replies:
            yield from self._seen(_reply(first))

    def noise(self, time: datetime.datetime) -> Iterator[Record]:
        """What happens beside a connection."""
        noise, served = self._noise, list(self._served)
        if not served:
            return
        if self.random.random() < noise.nodes:
            probed = self.random.choice(served)
            yield Record(time, self.random.choice(self._nodes), self._one(probed), *self._port(probed))
        if self.random.random() < noise.scans:
            target = self._one(self.random.choice(self._graph.pods or served))
            where = f"{self.random.choice((45, 91, 185))}.{self.random.randrange(256)}.{self.random.randrange(256)}.9"
            scanner = Instance(Actor("", addresses=(where,)), "", where, "", "world")
            port = self.random.choice((21, 22, 23, 445, 1433, 2375, 3389, 11211))
            yield Record(time, scanner, target, "TCP", self._ephemeral(), port, denied=self.random.random() < 0.5)
        if self.random.random() < noise.denied:
            caller, called = self.random.choice(self._graph.pods or served), self.random.choice(served)
            if caller != called and (caller.end, called.end) not in self._allowed:
                denied = Record(time, self._one(caller), self._one(called), *self._port(called), denied=True)
                yield replace(denied, point="source")

    def _port(self, actor: Actor) -> tuple[str, int, int]:
        protocol, port = self._served[actor]
        return protocol, self._ephemeral(), port

    def _seen(self, record: Record) -> Iterator[Record]:
        """The record at each point that looks: pods are watched, what is outside is not."""
        points = [replace(record, point="source")] if record.source.pod else []
        points += [replace(record, point="destination")] if record.destination.pod else []
        yield from points if self._noise.both else points[-1:]

    def _ephemeral(self) -> int:
        return self.random.randrange(32768, 61000)

    def _one(self, actor: Actor) -> Instance:
        number = self.random.randrange(REPLICAS if actor.is_pods else max(1, len(actor.addresses)))
        found = self._known.get((actor, number))
        if found is None:
            found = self._known[actor, number] = self._made(actor, number)
        return found

    def _made(self, actor: Actor, number: int) -> Instance:
        if not actor.is_pods:
            address = actor.addresses[number]
            return Instance(actor, "", address, "", "world")
        own = random.Random(zlib.crc32(f"{actor.namespace}/{actor.workload}".encode()))  # noqa: S311 - play
        hashed = "".join(own.choice(_SAFE) for _ in range(9))
        suffix = "".join(own.choice(_SAFE) for _ in range(5 * (number + 1)))[-5:]
        address = str(self._pods[2 + len(self._known) % (self._pods.num_addresses - 3)])
        return Instance(actor, f"{actor.workload}-{hashed}-{suffix}", address, f"node-{own.randrange(NODES) + 1}")


def _reply(record: Record) -> Record:
    return replace(
        record,
        source=record.destination,
        destination=record.source,
        source_port=record.port,
        port=record.source_port,
        reply=True,
        time=record.time + datetime.timedelta(milliseconds=2),
    )


def _first(network: str, number: int) -> Sequence[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    held = ipaddress.ip_network(network)
    return [held[min(item + 2, held.num_addresses - 1)] for item in range(number)]
