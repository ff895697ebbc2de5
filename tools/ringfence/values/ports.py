"""Sets of (protocol, port) for the protocols that a NetworkPolicy can name: TCP, UDP, SCTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

from ringfence.values import intervals
from ringfence.values.intervals import Intervals

PROTOCOLS = ("TCP", "UDP", "SCTP")
FIRST, LAST = 1, 65535


class PortRange(Struct, frozen=True, order=True):
    """Consecutive ports of one protocol, both ends included (`first == last` for a single port)."""

    protocol: str
    first: int
    last: int

    def __str__(self) -> str:
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{ports}/{self.protocol}"


class PortSet(Struct, frozen=True):
    """An immutable set of ports per protocol; equal sets compare and hash equal."""

    tcp: Intervals = ()
    udp: Intervals = ()
    sctp: Intervals = ()

    @classmethod
    def of(cls, ranges: Iterable[PortRange]) -> PortSet:
        """The set of the given ranges."""
        spans: dict[str, list[tuple[int, int]]] = {protocol: [] for protocol in PROTOCOLS}
        for item in ranges:
            spans[item.protocol].append((item.first, item.last))
        return cls(*(intervals.normal(spans[protocol]) for protocol in PROTOCOLS))

    @classmethod
    def from_json(cls, data: Mapping[str, Iterable[Iterable[int]]]) -> PortSet:
        """The inverse of `to_json`."""
        return cls.of(PortRange(protocol, *span) for protocol, spans in data.items() for span in spans)

    def __iter__(self) -> Iterator[tuple[str, Intervals]]:
        return iter(zip(PROTOCOLS, (self.tcp, self.udp, self.sctp), strict=True))

    def __bool__(self) -> bool:
        return bool(self.tcp or self.udp or self.sctp)

    def __or__(self, other: PortSet) -> PortSet:
        if self == other:
            return self
        return PortSet(
            intervals.union(self.tcp, other.tcp),
            intervals.union(self.udp, other.udp),
            intervals.union(self.sctp, other.sctp),
        )

    def __and__(self, other: PortSet) -> PortSet:
        if self == other:
            return self
        return PortSet(
            intervals.intersection(self.tcp, other.tcp),
            intervals.intersection(self.udp, other.udp),
            intervals.intersection(self.sctp, other.sctp),
        )

    def __sub__(self, other: PortSet) -> PortSet:
        if self == other:
            return NO_PORTS
        return PortSet(
            intervals.difference(self.tcp, other.tcp),
            intervals.difference(self.udp, other.udp),
            intervals.difference(self.sctp, other.sctp),
        )

    def __le__(self, other: PortSet) -> bool:
        return not self - other

    def contains(self, protocol: str, port: int) -> bool:
        """Whether one port of one protocol is in the set."""
        return any(name == protocol and intervals.contains(spans, port) for name, spans in self)

    def ranges(self) -> list[PortRange]:
        """The set as ranges, TCP first, then UDP and SCTP, each ascending."""
        return [PortRange(protocol, low, high) for protocol, spans in self for low, high in spans]

    def to_json(self) -> dict[str, list[list[int]]]:
        """`{"TCP": [[443, 443]]}`; a protocol without a port is absent."""
        return {protocol: [list(span) for span in spans] for protocol, spans in self if spans}

    def __str__(self) -> str:
        return _written(self)


@lru_cache(maxsize=1 << 10)
def _written(ports: PortSet) -> str:
    if not ports:
        return "nothing"
    if ports == ALL_PORTS:
        return "all ports"
    parts = []
    for protocol, spans in ports:
        if spans == ((FIRST, LAST),):
            parts.append(f"all {protocol}")
        elif spans:
            parts.extend(str(PortRange(protocol, low, high)) for low, high in spans)
    return ", ".join(parts)


class Growing:
    """A set of ports that grows by one range after another, however many there are."""

    __slots__ = ("_spans",)

    def __init__(self) -> None:
        self._spans: dict[str, tuple[list[int], list[int]]] = {protocol: ([], []) for protocol in PROTOCOLS}

    def add(self, ranges: Iterable[PortRange]) -> bool:
        """Take ranges in; whether any of their ports is new."""
        new = [intervals.insert(*self._spans[item.protocol], item.first, item.last) for item in ranges]
        return any(new)


NO_PORTS = PortSet()
ALL_PORTS = PortSet(((FIRST, LAST),), ((FIRST, LAST),), ((FIRST, LAST),))
