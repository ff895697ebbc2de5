"""Which declarations allow what was seen, and how often each was used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from msgspec.structs import replace

from ringfence.model.types import Cluster, Flow, Grant, Model, Peer, Workload
from ringfence.observe.mapping import Mapped
from ringfence.observe.results import Talk, Use
from ringfence.values.ports import PortSet
from ringfence.verify.declared import says_names


class Declared:
    """The flows and grants of a cluster, to ask which of them allow what was seen."""

    def __init__(self, model: Model, cluster: Cluster) -> None:
        self._model = model
        self._names = says_names(cluster)
        self._uses: list[Use] = []
        self._at: dict[tuple[str, str], list[int]] = defaultdict(list)
        for flow, leg in model.legs_in(cluster):
            self._add(flow, leg.source.id, leg.destination.id, PortSet.of(leg.ports))
        for grant in model.grants_in(cluster):
            ends = ("*", grant.peer.name) if grant.to_peer else (grant.peer.name, "*")
            self._add(grant, *ends, PortSet.of(grant.ranges))

    def _add(self, cause: Flow | Grant, source: str, destination: str, ports: PortSet) -> None:
        self._at[source, destination].append(len(self._uses))
        self._uses.append(Use(cause, source, destination, ports))

    def uses(self) -> tuple[Use, ...]:
        """Every declaration with what was counted for it."""
        return tuple(self._uses)

    def count(self, talk: Talk) -> bool:
        """Whether some declaration allows it; each that does counts it."""
        found = False
        for source in self._ends(talk.source, outward=False):
            for destination in self._ends(talk.destination, outward=True):
                for index in self._at.get((source, destination), ()):
                    use = self._uses[index]
                    if self._ports(use, talk.destination).contains(talk.protocol, talk.port):
                        found = True
                        self._uses[index] = (
                            replace(use, usage=use.usage.plus(talk.usage))
                            if talk.verdict == "allowed"
                            else replace(use, denied=use.denied.plus(talk.usage))
                        )
        return found

    def may_count(self, talk: Talk) -> bool:
        """Whether a declaration may allow it, as far as the log knows an end outside; each that may notes it."""
        if not (talk.source.is_vague or talk.destination.is_vague):
            return False
        outside = [peer.name for peer in self._model.peers.values() if not peer.is_pods]
        found = False
        for source in outside if talk.source.is_vague else self._ends(talk.source, outward=False):
            for destination in outside if talk.destination.is_vague else self._ends(talk.destination, outward=True):
                for index in self._at.get((source, destination), ()):
                    use = self._uses[index]
                    if self._ports(use, talk.destination).contains(talk.protocol, talk.port):
                        found = True
                        self._uses[index] = replace(use, perhaps=use.perhaps.plus(talk.usage))
        return found

    def _ports(self, use: Use, destination: Mapped) -> PortSet:
        """The ports of a declaration; of a grant by port names, those that the workload has."""
        workload = self._model.workloads.get(destination.end or "")
        if not isinstance(use.cause, Grant) or not use.cause.port_names or workload is None:
            return use.ports
        named = [port for name in use.cause.port_names if (port := workload.port(name))]
        return use.ports | PortSet.of(item for port in named for item in port.ranges)

    def _ends(self, mapped: Mapped, *, outward: bool) -> list[str]:
        """The names under which declarations speak of an end; `outward`: it is called."""
        own = [mapped.end] if mapped.kind == "workload" and mapped.end else []
        if mapped.is_managed:
            own.append("*")
        return [*own, *mapped.pods, *self._outside(mapped, outward=outward)]

    def _outside(self, mapped: Mapped, *, outward: bool) -> Iterator[str]:
        """The peers outside that policies take the end for: by names where those can be said, else by addresses."""
        for name in dict.fromkeys((*mapped.by_name, *mapped.by_address)):
            by_name = outward and self._names and self._model.peers[name].names
            # where the log lacks what policies go by, what it has must do
            if name in (mapped.by_name if (mapped.named if by_name else not mapped.located) else mapped.by_address):
                yield name


def port_of(end: Workload | Peer | None, protocol: str, port: int) -> str | None:
    """The name that an end gives to a port, or None."""
    for named in end.ports if end else ():
        if any(item.protocol == protocol and item.first <= port <= item.last for item in named.ranges):
            return named.name
    return None
