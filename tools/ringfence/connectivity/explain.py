"""Why a pair may or may not talk: the policies that isolate each end, the rules that match, what is not settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ringfence.connectivity.cluster import Endpoint
from ringfence.connectivity.reasons import Reasons
from ringfence.connectivity.resolve import Action, Direction, Resolved, Tier
from ringfence.connectivity.walk import PointWalk, Step
from ringfence.findings import Location
from ringfence.values.ports import ALL_PORTS, FIRST, LAST, NO_PORTS, PROTOCOLS, PortRange, PortSet

if TYPE_CHECKING:
    from ringfence.connectivity.result import Connectivity


class Isolation(Struct, frozen=True):
    """A policy that isolates an end in a direction; `certain` is false where it depends on what is not known."""

    policy: str
    where: Location
    certain: bool

    def __str__(self) -> str:
        return f"{self.policy} ({self.where})"


class Match(Struct, frozen=True):
    """A rule that lets the pair through on some ports. `index` counts from 0 in the object's list."""

    policy: str
    index: int
    where: Location
    ports: PortSet
    certain: bool

    def __str__(self) -> str:
        return f"[{self.index}] ({self.where}) {'allows' if self.certain else 'may allow'} {self.ports}"


class Half(Struct, frozen=True):
    """One direction: the `subject` is the end whose policies speak.

    Open when nothing isolates it; else only what `matches` let through. `reasons` say why `undefined` is not settled.
    Where the cluster has tiers, `steps` are the way through them; `isolated_by` and `matches` then speak of all tiers.
    """

    direction: Direction
    subject: str
    isolated_by: tuple[Isolation, ...]
    matches: tuple[Match, ...]
    allowed: PortSet
    undefined: PortSet
    reasons: tuple[str, ...]
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        if self.steps:
            how = " \u2192 ".join(map(str, self.steps))
        elif self.matches:
            how = "; ".join(f"{item.policy} {self.direction}{item}" for item in self.matches)
        elif self.isolated_by:
            how = f"isolated by {', '.join(map(str, self.isolated_by))}, no rule matches"
        else:
            how = "no policy isolates it, open"
        doubt = f" [not settled: {'; '.join(self.reasons)}]" if self.reasons else ""
        return f"{self.direction} of {self.subject}: {how}{doubt}"


class Explanation(Struct, frozen=True):
    """The whole answer for a pair. `allowed` = what both halves allow; `itself` for a pod with itself.

    `restricted` are ports among `allowed` and `undefined` that are restricted above layer 4, each with what restricts.
    """

    source: str
    destination: str
    egress: Half | None
    ingress: Half | None
    allowed: PortSet
    undefined: PortSet
    itself: bool = False
    restricted: tuple[tuple[str, PortSet], ...] = ()

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
        head += "".join(f" [L7-restricted: {what} on {ports}]" for what, ports in self.restricted)
        if self.itself:
            return f"{head}; a pod always reaches itself"
        return "; ".join([head, *(str(half) for half in (self.egress, self.ingress) if half)])


class Explainer:
    """Explains pairs of one result, point by point. It reads resolved policies, not the table of rows."""

    def __init__(self, result: Connectivity) -> None:
        self._result = result
        self._space = result.space
        self._reasons = Reasons(result.space, result.opaque)

    def explain(
        self, source: int, destination: int, pair: tuple[PortSet, PortSet], protocol: str | None, port: int | None
    ) -> Explanation:
        """The explanation of a pair of positions whose answer is `pair`, limited to some ports."""
        focus = PortSet.of(
            PortRange(name, port or FIRST, port or LAST) for name in PROTOCOLS if protocol is None or name == protocol
        )
        allowed, undefined = (ports & focus for ports in pair)
        names = self._reasons.name(source), self._reasons.name(destination)
        if source == destination and self._space.endpoints[source].kind == "Pod":
            return Explanation(*names, None, None, allowed, undefined, itself=True)
        egress = self._half(Direction.EGRESS, source, destination, focus)
        ingress = self._half(Direction.INGRESS, destination, source, focus)
        above = self._result.restrictions.at(source, destination) if self._result.restrictions else {}
        shown = ((what, self._result.atoms.ports(mask) & (allowed | undefined)) for what, mask in above.items())
        restricted = tuple((what, ports) for what, ports in shown if ports)
        return Explanation(*names, egress, ingress, allowed, undefined, restricted=restricted)

    def _half(self, direction: Direction, subject: int, peer: int, focus: PortSet) -> Half | None:
        """One direction; None for an end outside the cluster, about which policies say nothing."""
        end = self._space.end(subject)
        tiers = self._result.tiers.get(direction)
        if not isinstance(end, Endpoint):
            half = self._tiered(tiers, direction, subject, peer, focus) if tiers else None
            return half if half and half.reasons else None  # of the host firewall nothing certain is known
        if tiers:
            return self._tiered(tiers, direction, subject, peer, focus)
        isolations, matches, reasons = [], [], []
        unsettled = NO_PORTS
        destination = peer if direction is Direction.EGRESS else subject
        for item in self._result.applied[direction].get(end.namespace, ()):
            if not item.subjects[1] >> subject & 1:
                continue
            certain = bool(item.subjects[0] >> subject & 1) and not self._space.host >> subject & 1
            if item.isolates:
                isolations.append(Isolation(item.policy.id, item.policy.where, certain))
            if not certain:
                reasons.append(self._reasons.unsure_subject(item, subject))
            for rule in item.rules:
                for sure, ports in self._rule(rule, item.subjects[0] >> subject & 1, peer, destination):
                    ports &= focus
                    if not ports:
                        continue
                    matches.append(Match(item.policy.id, rule.rule.index, rule.rule.where, ports, sure))
                    if not sure:
                        unsettled |= ports
                        reasons += self._reasons.unsure_rule(rule, subject, peer, destination)
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
        if doubts := self._reasons.doubts(direction, subject, peer, bool(isolations)):
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

    def _tiered(self, tiers: list[Tier], direction: Direction, subject: int, peer: int, focus: PortSet) -> Half:
        atoms = self._result.atoms
        walk = PointWalk(self._space, self._reasons, atoms, direction, subject, peer)
        for tier in tiers:
            walk.through(tier, self._result.opaque)
        sure, possible = (ports & focus for ports in walk.end(self._result.opaque))
        steps = tuple(replace(step, ports=step.ports & focus) for step in walk.steps if step.ports & focus)
        ends = (step for step in steps if step.is_end)
        isolations = tuple(Isolation(*policy, step.certain) for step in ends for policy in step.policies)
        matches = tuple(
            Match(name, step.rule, where, step.ports, step.certain)
            for step in steps
            for name, where in step.policies
            if step.action is Action.ALLOW and not step.is_end
        )
        undefined = possible - sure
        doubts = [*walk.reasons, *self._reasons.doubts(direction, subject, peer, True)]
        reasons = tuple(dict.fromkeys(doubts)) if undefined else ()
        return Half(direction, self._reasons.name(subject), isolations, matches, sure, undefined, reasons, steps)

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


__all__ = ["ALL_PORTS", "Explainer", "Explanation", "Half", "Isolation", "Match"]
