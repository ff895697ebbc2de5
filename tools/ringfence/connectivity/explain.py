"""Why a pair may or may not talk: the policies that isolate each end, the rules that match, what is not settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ringfence.connectivity.cluster import Endpoint
from ringfence.connectivity.resolve import Applied, Direction, Resolved
from ringfence.findings import Location
from ringfence.manifests import BlockPeer
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import ALL_PORTS, FIRST, LAST, NO_PORTS, PROTOCOLS, PortRange, PortSet

if TYPE_CHECKING:
    from ringfence.connectivity.result import Connectivity


@dataclass(frozen=True, slots=True)
class Isolation:
    """A policy that isolates an end in a direction; `certain` is false where it depends on what is not known."""

    policy: str
    where: Location
    certain: bool

    def __str__(self) -> str:
        return f"{self.policy} ({self.where})"


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that lets the pair through on some ports. `index` counts from 0 in the object's list."""

    policy: str
    index: int
    where: Location
    ports: PortSet
    certain: bool

    def __str__(self) -> str:
        return f"[{self.index}] ({self.where}) {'allows' if self.certain else 'may allow'} {self.ports}"


@dataclass(frozen=True, slots=True)
class Half:
    """One direction: the `subject` is the end whose policies speak.

    Open when nothing isolates it; else only what `matches` let through. `reasons` say why `undefined` is not settled.
    """

    direction: Direction
    subject: str
    isolated_by: tuple[Isolation, ...]
    matches: tuple[Match, ...]
    allowed: PortSet
    undefined: PortSet
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        if self.matches:
            how = "; ".join(f"{item.policy} {self.direction}{item}" for item in self.matches)
        elif self.isolated_by:
            how = f"isolated by {', '.join(map(str, self.isolated_by))}, no rule matches"
        else:
            how = "no policy isolates it, open"
        doubt = f" [not settled: {'; '.join(self.reasons)}]" if self.reasons else ""
        return f"{self.direction} of {self.subject}: {how}{doubt}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole answer for a pair. `allowed` = what both halves allow; `itself` for a pod with itself."""

    source: str
    destination: str
    egress: Half | None
    ingress: Half | None
    allowed: PortSet
    undefined: PortSet
    itself: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why something is undefined, each reason once."""
        if not self.undefined:
            return ()
        halves = [half for half in (self.egress, self.ingress) if half]
        return tuple(dict.fromkeys(reason for half in halves for reason in half.reasons))

    @property
    def line(self) -> str:
        """The answer as one line."""
        head = f"{self.source} -> {self.destination}: {self.allowed}"
        if self.undefined:
            head += f" (undefined: {self.undefined})"
        if self.itself:
            return f"{head}; a pod always reaches itself"
        return "; ".join([head, *(str(half) for half in (self.egress, self.ingress) if half)])


class Explainer:
    """Explains pairs of one result, point by point. It reads resolved policies, not the table of rows."""

    def __init__(self, result: Connectivity) -> None:
        self._result = result
        self._space = result.space

    def explain(
        self, source: int, destination: int, pair: tuple[PortSet, PortSet], protocol: str | None, port: int | None
    ) -> Explanation:
        """The explanation of a pair of positions whose answer is `pair`, limited to some ports."""
        focus = PortSet.of(
            PortRange(name, port or FIRST, port or LAST) for name in PROTOCOLS if protocol is None or name == protocol
        )
        allowed, undefined = (ports & focus for ports in pair)
        names = self._name(source), self._name(destination)
        if source == destination and self._space.endpoints[source].kind == "Pod":
            return Explanation(*names, None, None, allowed, undefined, itself=True)
        egress = self._half(Direction.EGRESS, source, destination, focus)
        ingress = self._half(Direction.INGRESS, destination, source, focus)
        return Explanation(*names, egress, ingress, allowed, undefined)

    def _name(self, position: int) -> str:
        end = self._space.end(position)
        return str(end) if isinstance(end, Endpoint) else ", ".join(end.ranges())

    def _half(self, direction: Direction, subject: int, peer: int, focus: PortSet) -> Half | None:
        """One direction; None for an end outside the cluster, about which policies say nothing."""
        end = self._space.end(subject)
        if isinstance(end, AddressSet):
            return None
        isolations, matches, reasons = [], [], []
        unsettled = NO_PORTS
        destination = peer if direction is Direction.EGRESS else subject
        for item in self._result.applied[direction].get(end.namespace, ()):
            if not item.subjects[1] >> subject & 1:
                continue
            certain = bool(item.subjects[0] >> subject & 1) and not self._space.host >> subject & 1
            isolations.append(Isolation(item.policy.id, item.policy.where, certain))
            if not certain:
                reasons.append(self._unsure_subject(item, subject))
            for rule in item.rules:
                for sure, ports in self._rule(rule, item.subjects[0] >> subject & 1, peer, destination):
                    ports &= focus
                    if not ports:
                        continue
                    matches.append(Match(item.policy.id, rule.rule.index, rule.rule.where, ports, sure))
                    if not sure:
                        unsettled |= ports
                        reasons += self._unsure_rule(rule, peer, destination)
        touching = [item for item in self._result.opaque if item.namespace in ("", end.namespace)]
        allowed = NO_PORTS
        if any(item.may_deny for item in touching):
            pass
        elif isolations:
            for match in matches:
                if match.certain:
                    allowed |= match.ports
        elif not touching:
            allowed = focus
        if isolations and not any(item.certain for item in isolations):
            unsettled = focus
        if doubts := self._doubts(direction, subject, peer, bool(isolations)):
            reasons += doubts
            unsettled = focus
        return Half(
            direction,
            str(end),
            tuple(isolations),
            tuple(matches),
            allowed & focus,
            unsettled - allowed,
            tuple(dict.fromkeys(reasons)) if unsettled - allowed else (),
        )

    def _rule(self, rule: Resolved, chosen: int, peer: int, destination: int) -> list[tuple[bool, PortSet]]:
        """What a rule lets through between two positions: (surely?, ports)."""
        if not rule.peers[1] >> peer & 1:
            return []
        sure_peer = bool(chosen and rule.peers[0] >> peer & 1)
        found = {True: NO_PORTS, False: NO_PORTS}
        for gate in rule.gates:
            if gate.possible == -1 or gate.possible >> destination & 1:
                sure = sure_peer and (gate.sure == -1 or bool(gate.sure >> destination & 1))
                found[sure] |= self._result.atoms.ports(gate.mask)
        return [(True, found[True]), (False, found[False] - found[True])]

    def _unsure_subject(self, item: Applied, subject: int) -> str:
        if self._space.host >> subject & 1:
            doubt = f"whether {item.policy.id} selects it is left to the plugin"
            return f"{self._name(subject)} uses the host's network; {doubt}"
        return f"{self._name(subject)} stands for pods with unknown labels, which {item.policy.id} may select"

    def _unsure_rule(self, rule: Resolved, peer: int, destination: int) -> list[str]:
        reasons = []
        name = self._name(peer)
        if rule.peers[0] >> peer & 1:
            if self._space.unknown >> destination & 1:
                reasons.append(f"the named ports of {self._name(destination)} are not known")
            elif any(gate.sure != gate.possible for gate in rule.gates):
                reasons.append(f"{self._name(destination)} has a port name with two numbers")
        elif self._space.unknown >> peer & 1:
            reasons.append(f"{name} stands for pods with unknown labels")
        elif not self._space.host >> peer & 1:
            blocks = ", ".join(str(item) for item in rule.rule.peers if isinstance(item, BlockPeer))
            if self._space.profile.ip_blocks_match_pods is None:
                reasons.append(f"whether ipBlock {blocks} matches pods is not known of the network plugin")
            else:
                reasons.append(f"whether the address of {name} lies in ipBlock {blocks} is not known")
        return reasons

    def _doubts(self, direction: Direction, subject: int, peer: int, isolated: bool) -> list[str]:
        """What makes everything possible in a direction, whatever the rules say."""
        end = self._space.endpoints[subject]
        reasons = [
            f"{item.what} ({item.where}): {item.why}"
            for item in self._result.opaque
            if item.namespace in ("", end.namespace)
        ]
        if isolated and self._space.host >> peer & 1:
            reasons.append(f"{self._name(peer)} uses the host's network; how policies see it is left to the plugin")
        if isolated and direction is Direction.INGRESS and self._space.nodes >> peer & 1:
            reasons.append("a node always reaches the pods that it runs")
        return reasons


__all__ = ["ALL_PORTS", "Explainer", "Explanation", "Half", "Isolation", "Match"]
