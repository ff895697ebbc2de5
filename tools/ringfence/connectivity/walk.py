"""The way of one pair through the tiers, in one direction: the same evaluation as `tiers`, with words for each step."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from ringfence.connectivity import engine
from ringfence.connectivity.atoms import Atoms
from ringfence.connectivity.cluster import Endpoint
from ringfence.connectivity.reasons import Reasons
from ringfence.connectivity.resolve import Action, Applied, Direction, Resolved, Tier
from ringfence.connectivity.space import Space
from ringfence.findings import Location
from ringfence.manifests import Opaque
from ringfence.values.ports import ALL_PORTS, PortSet

_DOES = {Action.ALLOW: "allowed by", Action.DENY: "denied by", Action.PASS: "Pass"}
_ENDS = {Action.ALLOW: "allowed", Action.DENY: "denied", Action.PASS: "passed on"}


class Step(Struct, frozen=True):
    """What one tier does with some ports: the action of a rule, or the tier's end where `rule` is -1.

    `policies` are names with their places: the rule's one, or all that select the pod; none after the last tier.
    """

    tier: str
    action: Action
    policies: tuple[tuple[str, Location], ...]
    rule: int
    ports: PortSet
    certain: bool

    @property
    def is_end(self) -> bool:
        """Whether no rule matched, and the tier's end decides."""
        return self.rule < 0

    def __str__(self) -> str:
        ports = "" if self.ports == ALL_PORTS else f" on {self.ports}"
        rule = "" if self.is_end else f" rule {self.rule + 1}"
        named = "; ".join(f"{name}{rule}, {where}" for name, where in self.policies)
        if not self.policies:
            return f"no policy decides{ports}: allowed"
        if self.is_end:
            return f"[{self.tier}] {'' if self.certain else 'may be '}{_ENDS[self.action]} by ({named}){ports}"
        doubt = "" if self.certain else "may " if self.action is Action.PASS else "may be "
        return f"[{self.tier}] {doubt}{_DOES[self.action]} ({named}){ports}"


class PointWalk:
    """Walks one pair in one direction. `steps` and `reasons` gather on the way."""

    def __init__(
        self, space: Space, reasons: Reasons, atoms: Atoms, direction: Direction, subject: int, peer: int
    ) -> None:
        self._space, self._words, self._atoms = space, reasons, atoms
        self._direction, self._subject, self._peer = direction, subject, peer
        self._destination = peer if direction is Direction.EGRESS else subject
        self._undecided = atoms.everything
        self._came = {Action.ALLOW: 0, Action.DENY: 0, Action.PASS: 0}
        self.steps: list[Step] = []
        self.reasons: list[str] = []

    def through(self, tier: Tier, opaque: Iterable[Opaque]) -> None:
        """Walk one tier; `opaque` what was refused of its policies counts where its end denies."""
        self._came[Action.PASS] = 0
        selecting: list[tuple[Applied, bool]] = []
        for group in tier.groups:
            here = [item for item in group if item.subjects[1] >> self._subject & 1]
            selecting += [(item, self._surely_selects(item)) for item in here if item.isolates]
            self._group(tier, here)
        refused = [item for item in opaque if tier.doubted and not item.may_deny and self._touches(item)]
        if tier.end is not Action.PASS and (selecting or refused):
            self._end(tier, selecting)
            if refused:
                self._came[Action.ALLOW] |= self._undecided
        else:
            refused = []
        sure = any(certain for _, certain in selecting) and tier.end is not Action.PASS
        self._undecided = self._came[Action.PASS] | (0 if sure else self._undecided)

    def end(self, opaque: Iterable[Opaque]) -> tuple[PortSet, PortSet]:
        """What is surely and what is possibly allowed, after the last tier."""
        if self._undecided:
            self.steps.append(Step("", Action.ALLOW, (), -1, self._atoms.ports(self._undecided), True))
        everything = self._atoms.everything
        allowed, denied = self._came[Action.ALLOW] | self._undecided, self._came[Action.DENY]
        if engine.blind_spots(self._space, opaque) >> self._subject & 1:
            allowed = denied = everything
        ingress = self._direction is Direction.INGRESS
        if (self._space.host | (self._space.nodes if ingress else 0)) >> self._peer & 1:
            allowed = everything
        return self._atoms.ports(everything & ~denied), self._atoms.ports(allowed)

    def _group(self, tier: Tier, group: list[Applied]) -> None:
        rest, came = self._undecided, []
        for item in group:
            left = self._undecided
            found = dict.fromkeys(Action, 0)
            for rule in item.rules:
                left = self._rule(tier, item, rule, left, found)
            rest &= left
            came.append((item, found))
        for one, mine in came:
            for action, mask in mine.items():
                self._came[action] |= mask
                others = [it for it, theirs in came if any(theirs[o] & mask for o in Action if o is not action)]
                if others and one is not others[0]:
                    names = " and ".join(sorted({one.policy.id, others[0].policy.id}))
                    self.reasons.append(f"{names} in tier {tier.name} have no order, and they disagree")
        self._undecided = rest

    def _rule(self, tier: Tier, item: Applied, rule: Resolved, left: int, found: dict[Action, int]) -> int:
        """What is left after a rule. A match that is not sure leaves all."""
        sure, possible = self._matched(item, rule)
        for mask, certain in ((left & sure, True), (left & possible & ~sure, False)):
            if mask:
                found[rule.action] |= mask
                policies = ((item.policy.id, rule.rule.where),)
                ports = self._atoms.ports(mask)
                self.steps.append(Step(tier.name, rule.action, policies, rule.rule.index, ports, certain))
                if not certain:
                    self.reasons += self._words.unsure_rule(rule, self._subject, self._peer, self._destination)
                    if not item.subjects[0] >> self._subject & 1:
                        self.reasons.append(self._words.unsure_subject(item, self._subject))
        return left & ~sure

    def _matched(self, item: Applied, rule: Resolved) -> tuple[int, int]:
        """The ports that a rule surely and possibly matches between the two ends."""
        subjects = item.subjects_of(rule)
        if not rule.peers[1] >> self._peer & subjects[1] >> self._subject & 1:
            return 0, 0
        certain = rule.peers[0] >> self._peer & subjects[0] >> self._subject & 1
        sure = possible = 0
        for gate in rule.gates:
            possible |= gate.mask if gate.possible >> self._destination & 1 else 0
            sure |= gate.mask if certain and gate.sure >> self._destination & 1 else 0
        return sure, possible

    def _end(self, tier: Tier, selecting: list[tuple[Applied, bool]]) -> None:
        self._came[tier.end] |= self._undecided
        if not self._undecided:
            return
        for certain in (True, False):
            policies = tuple((item.policy.id, item.policy.where) for item, sure in selecting if sure == certain)
            if policies:
                ports = self._atoms.ports(self._undecided)
                self.steps.append(Step(tier.name, tier.end, policies, -1, ports, certain))
        self.reasons += [self._words.unsure_subject(item, self._subject) for item, sure in selecting if not sure]

    def _surely_selects(self, item: Applied) -> bool:
        return bool((item.subjects[0] & ~self._space.host) >> self._subject & 1)

    def _touches(self, item: Opaque) -> bool:
        end = self._space.end(self._subject)
        return isinstance(end, Endpoint) and item.namespace in ("", end.namespace)
