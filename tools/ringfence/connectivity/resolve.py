"""Policies resolved to positions and port masks: whom each selects, and for each rule which peers and which ports.

This is the neutral form that every dialect is lowered to. NetworkPolicy v1 needs one tier whose rules only allow; a
dialect with tiers adds its own lowering here and its `Action`s, and the engine evaluates tier after tier.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ringfence.connectivity.atoms import Atoms
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.cluster import ClusterState
from ringfence.connectivity.space import Space
from ringfence.manifests import NetworkPolicy, PolicyPort, Rule
from ringfence.values.ports import FIRST, LAST, PROTOCOLS, PortRange


class Action(enum.Enum):
    """What a rule does with what it matches. NetworkPolicy v1 has only ALLOW."""

    ALLOW = "allow"


class Direction(enum.StrEnum):
    """Which of its connections a policy speaks of, seen from the pods that it selects."""

    INGRESS = "ingress"
    EGRESS = "egress"


@dataclass(frozen=True, slots=True)
class Gate:
    """Ports at some destinations: `mask` where the destination is in `sure` or `possible` (-1: any destination)."""

    sure: int
    possible: int
    mask: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """A rule as positions: `peers` it matches, through which `gates`. `any_peer`: it names none."""

    rule: Rule
    peers: Fuzzy
    any_peer: bool
    gates: tuple[Gate, ...]
    action: Action = Action.ALLOW


@dataclass(frozen=True, slots=True)
class Applied:
    """One direction of a policy: the pods that it isolates, and its rules."""

    policy: NetworkPolicy
    direction: Direction
    subjects: Fuzzy
    rules: tuple[Resolved, ...]


class Resolver:
    """Resolves the policies of one cluster in one space."""

    def __init__(self, cluster: ClusterState, space: Space) -> None:
        self._space = space
        wanted = {(port.protocol, port.name) for port in _ports(cluster.policies) if port.name}
        self._named = self._named_ports(wanted)
        numbers = [
            PortRange(port.protocol, port.first, port.last) for port in _ports(cluster.policies) if not port.name
        ]
        targets = (PortRange(protocol, n, n) for (protocol, _), at in self._named.items() for n in at)
        self.atoms = Atoms({*numbers, *targets})
        self._gates: dict[tuple[PolicyPort, ...], tuple[Gate, ...]] = {}

    def apply(self, policy: NetworkPolicy) -> Iterator[Applied]:
        """The directions that a policy isolates."""
        subjects = self._space.select(policy.namespace, policy.selector)
        for direction, rules in ((Direction.INGRESS, policy.ingress), (Direction.EGRESS, policy.egress)):
            if rules is not None:
                yield Applied(policy, direction, subjects, tuple(self._rule(policy.namespace, rule) for rule in rules))

    def _rule(self, namespace: str, rule: Rule) -> Resolved:
        gates = self._gates.get(rule.ports)
        if gates is None:
            gates = self._gates[rule.ports] = tuple(self._gates_of(rule.ports))
        if not rule.peers:
            return Resolved(rule, (self._space.everything,) * 2, True, gates)
        sure = possible = 0
        for peer in rule.peers:
            one, other = self._space.peers(namespace, peer)
            sure |= one
            possible |= other
        return Resolved(rule, (sure & ~self._space.host, possible), False, gates)

    def _gates_of(self, ports: tuple[PolicyPort, ...]) -> Iterator[Gate]:
        if not ports:
            yield Gate(-1, -1, self.atoms.everything)
            return
        numeric = 0
        for port in ports:
            if not port.name:
                numeric |= self.atoms.mask(port.protocol, port.first, port.last)
                continue
            for number, (sure, possible) in self._named.get((port.protocol, port.name), {}).items():
                yield Gate(sure, possible, self.atoms.mask(port.protocol, number, number))
            if self._space.unknown:
                yield Gate(0, self._space.unknown, self.atoms.mask(port.protocol, FIRST, LAST))
        if numeric:
            yield Gate(-1, -1, numeric)

    def _named_ports(self, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], dict[int, Fuzzy]]:
        """For each named port: the numbers that it has, and where. One pod with two numbers for a name is unsure."""
        result: dict[tuple[str, str], dict[int, Fuzzy]] = {key: defaultdict(lambda: (0, 0)) for key in wanted}
        for position, item in enumerate(self._space.endpoints):
            keys = [(port.protocol, port.name) for port in item.ports]
            for port in item.ports:
                key = (port.protocol, port.name)
                if key in wanted:
                    sure, possible = result[key][port.number]
                    bit = 1 << position
                    result[key][port.number] = (sure | (bit if keys.count(key) == 1 else 0), possible | bit)
        return {key: dict(sorted(at.items())) for key, at in result.items()}


def _ports(policies: Iterable[NetworkPolicy]) -> Iterator[PolicyPort]:
    for policy in policies:
        for rule in (*(policy.ingress or ()), *(policy.egress or ())):
            yield from rule.ports


__all__ = ["PROTOCOLS", "Action", "Applied", "Direction", "Gate", "Resolved", "Resolver"]
