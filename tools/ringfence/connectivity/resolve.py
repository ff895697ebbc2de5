"""Policies resolved to positions and port masks: whom each selects, and for each rule which peers and which ports.

This is the neutral form that every dialect is lowered to: tiers in order, in each tier groups of policies in order, in
each policy rules in order. The first rule that matches decides: it allows, denies, or passes on to the next tier. What
no rule decides goes to the tier's end, if one of its policies selects the pod; after the last tier it is allowed.
A dialect adds a lowering module (see `admin`); the engine stays as it is.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Protocol

from msgspec import Struct

from ringfence.connectivity import bits, dialects
from ringfence.connectivity.atoms import Atoms
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.cluster import ClusterState
from ringfence.connectivity.space import Peer, Space
from ringfence.findings import Location
from ringfence.manifests import NetworkPolicy, PolicyPort, Rule
from ringfence.values.ports import FIRST, LAST, PROTOCOLS, PortRange


class Action(enum.StrEnum):
    """What a rule does with what it matches: PASS leaves it to the next tier. NetworkPolicy v1 has only ALLOW."""

    ALLOW = "allow"
    DENY = "deny"
    PASS = "pass"  # noqa: S105 -- an action, no password


class Direction(enum.StrEnum):
    """Which of its connections a policy speaks of, seen from the pods that it selects."""

    INGRESS = "ingress"
    EGRESS = "egress"


class Policy(Protocol):
    """What the engine asks of a policy of any dialect."""

    @property
    def id(self) -> str:
        """Its name in answers: `namespace/name`, or the name alone."""

    @property
    def where(self) -> Location:
        """The place that declares it."""


class Ruling(Protocol):
    """What the engine asks of a rule of any dialect."""

    @property
    def index(self) -> int:
        """Its number in the object's list, from 0."""

    @property
    def where(self) -> Location:
        """The place that declares it."""


class Gate(Struct, frozen=True):
    """Ports at some destinations: `mask` where the destination is in `sure` or `possible` (-1: any destination)."""

    sure: int
    possible: int
    mask: int


class Resolved(Struct, frozen=True):
    """A rule as positions: `peers` it matches, through which `gates`. `any_peer`: it names none.

    `subjects` narrows the pods of the policy, None for all of them. `doubts` say in words why a match is not sure: each
    counts where the peer or the subject is among its positions. `above` is what restricts the connection above the open
    port (`http`, `dns`, ...), empty for nothing; `parts` are what passes there, each set through its own gates.
    """

    rule: Ruling
    peers: Fuzzy
    any_peer: bool
    gates: tuple[Gate, ...]
    action: Action = Action.ALLOW
    subjects: Fuzzy | None = None
    doubts: tuple[tuple[int, str], ...] = ()
    above: str = ""
    parts: tuple[tuple[frozenset[str], tuple[Gate, ...]], ...] = ()


class Applied(Struct, frozen=True):
    """One direction of a policy: the pods that it selects, and its rules in order.

    `isolates`: the end of its tier applies to these pods. `doubts` say why it may select those at some positions.
    """

    policy: Policy
    direction: Direction
    subjects: Fuzzy
    rules: tuple[Resolved, ...]
    isolates: bool = True
    doubts: tuple[tuple[int, str], ...] = ()

    def subjects_of(self, rule: Resolved) -> Fuzzy:
        """The pods for which a rule of the policy speaks."""
        return self.subjects if rule.subjects is None else bits.both(self.subjects, rule.subjects)


class Tier(Struct, frozen=True):
    """One direction of a tier: groups of policies in order; the policies of one group have no order among them.

    `end` is what becomes of connections that no rule decides, of pods that some policy of the tier selects. Those of
    other pods go to the next tier. `doubted`: NetworkPolicies that the server refuses could allow something here.
    """

    name: str
    groups: tuple[tuple[Applied, ...], ...]
    end: Action
    doubted: bool = False


_ANY_PLUGIN = ("unspecified", "kubernetes-generic", "gke-dataplane-v2")
"""Profiles of plugins that may be Cilium."""


class Resolver:
    """Resolves the policies of one cluster in one space; its ports also do for those of the cluster `beside`."""

    def __init__(self, cluster: ClusterState, space: Space, beside: ClusterState | None = None) -> None:
        self._space = space
        self._may_be_cilium = cluster.profile.name.partition("@")[0] in _ANY_PLUGIN
        entries = [*_entries(cluster), *(_entries(beside) if beside else ())]
        self._named = self._named_ports({(port.protocol, port.name) for port in entries if port.name})
        numbers = [PortRange(port.protocol, port.first, port.last) for port in entries if not port.name]
        targets = (PortRange(protocol, n, n) for (protocol, _), at in self._named.items() for n in at)
        self.atoms = Atoms({*numbers, *targets})
        self._gates: dict[tuple[PolicyPort, ...], tuple[Gate, ...]] = {}

    def apply(self, policy: NetworkPolicy) -> Iterator[Applied]:
        """The directions that a policy isolates, or may isolate under a plugin that nobody names."""
        subjects = self._space.select(policy.namespace, policy.selector)
        for direction, rules, left_out in (
            (Direction.INGRESS, policy.ingress, policy.left_out_ingress),
            (Direction.EGRESS, policy.egress, policy.left_out_egress),
        ):
            if rules is not None:
                yield Applied(policy, direction, subjects, tuple(self.rule(policy.namespace, rule) for rule in rules))
            elif left_out and self._may_be_cilium:
                words = f"`policyTypes` of {policy.id} leaves {direction} out; Cilium enforces its rules all the same"
                resolved = tuple(self.rule(policy.namespace, rule) for rule in left_out)
                yield Applied(policy, direction, subjects, resolved, isolates=False)
                yield Applied(policy, direction, (0, subjects[1]), (), doubts=((subjects[1], words),))

    def covers(self, cluster: ClusterState) -> bool:
        """Whether the atoms and port names that are known do for the policies of another cluster, alike in its pods."""
        return all(
            (port.protocol, port.name) in self._named
            if port.name
            else self.atoms.has(port.protocol, port.first, port.last)
            for port in _entries(cluster)
        )

    def rule(self, namespace: str, rule: Rule) -> Resolved:
        """A rule of a policy in some namespace."""
        gates = self.gates(rule.ports)
        if not rule.peers:
            return Resolved(rule, (self._space.everything,) * 2, True, gates)
        return Resolved(rule, bits.sure_less(self.peers(namespace, rule.peers), self._space.host), False, gates)

    def peers(self, namespace: str, peers: Iterable[Peer]) -> Fuzzy:
        """The positions that some peers stand for together."""
        found: Fuzzy | None = None
        for peer in peers:
            part = self._space.peers(namespace, peer)
            found = part if found is None else bits.either(found, part)  # a set of one peer stays one object
        return found or bits.EMPTY

    def named(self, protocol: str, name: str) -> dict[int, Fuzzy]:
        """The numbers that a name of a port has, each with the pods where it has it."""
        return self._named.get((protocol, name), {})

    def gates(self, ports: tuple[PolicyPort, ...]) -> tuple[Gate, ...]:
        """What some entries of ports let through; none means every port."""
        found = self._gates.get(ports)
        if found is None:
            found = self._gates[ports] = tuple(self._gates_of(ports))
        return found

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


def _entries(cluster: ClusterState) -> Iterator[PolicyPort]:
    """The entries of ports of all policies."""
    for ports in {rule.ports for rule in cluster.rules()}:
        yield from ports
    yield from dialects.ports(cluster)


__all__ = ["PROTOCOLS", "Action", "Applied", "Direction", "Gate", "Resolved", "Resolver", "Tier"]
