"""Cilium's policies lowered to tiers: what is denied first, then everything that is allowed.

All policies of a cluster, NetworkPolicies too, are one repository without an order. A deny beats every allow; what is
not allowed is denied for pods that some policy isolates in that direction. The place of administrators' policies beside
it is nowhere defined by releases that have Cilium's own: they are as `admin` has them, around both tiers. Sources:
Cilium's documentation of policies, `pkg/policy` and `pkg/k8s/network_policy.go` (1.19, 1.20).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ringfence.connectivity import bits
from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.cilium import patterns
from ringfence.connectivity.cilium.peers import Peers
from ringfence.connectivity.cilium.ports import gates
from ringfence.connectivity.resolve import Action, Applied, Direction, Resolved, Resolver, Tier
from ringfence.connectivity.space import Space
from ringfence.manifests import BlockPeer, NetworkPolicy, PolicyPort
from ringfence.manifests import Rule as NetworkRule
from ringfence.manifests.cilium import CidrGroup, CiliumPolicy, NamePeer, Rule, Spec
from ringfence.manifests.cilium import Direction as Section

DENY, ALLOW = "Cilium deny", "Cilium"
"""The names of the two tiers."""


class _Name(NamedTuple):
    """A name of a rule: its position, and the pods for which the rule means it."""

    peers: Fuzzy
    subjects: Fuzzy
    doubts: tuple[tuple[int, str], ...]


class Lowering:
    """The policies of one cluster, ready to be lowered, one direction at a time.

    NetworkPolicies are translated as Cilium does: rules that `policyTypes` leaves out are in force, blocks match no
    nodes, and port names of egress are looked up among all pods.
    """

    def __init__(
        self,
        objects: Iterable[CiliumPolicy | CidrGroup],
        policies: Iterable[NetworkPolicy],
        resolver: Resolver,
        space: Space,
    ) -> None:
        listed = list(objects)
        self._policies = sorted(
            (item for item in listed if isinstance(item, CiliumPolicy)), key=lambda item: (item.kind, item.id)
        )
        self._others = sorted(policies, key=lambda item: item.id)
        self._resolver = resolver
        self._space = space
        self._peers = Peers(space, (item for item in listed if isinstance(item, CidrGroup)))
        self._seen = self._visible()

    def tiers(self, direction: Direction) -> tuple[Tier, Tier]:
        """What is denied, and what is allowed, in one direction."""
        deny: list[Applied] = []
        allow = list(self._network_policies(direction))
        for policy in self._policies:
            for spec in policy.specs:
                section = spec.ingress if direction is Direction.INGRESS else spec.egress
                if spec.nodes:
                    deny += self._of_nodes(policy, spec, section, direction)
                elif section.allow or section.deny or section.default_deny:
                    one, other = self._applied(policy, spec, section, direction)
                    deny += [one] if one.rules else []
                    allow.append(other)
        return Tier(DENY, (tuple(deny),), Action.PASS), Tier(ALLOW, (tuple(allow),), Action.DENY, doubted=True)

    def _applied(
        self, policy: CiliumPolicy, spec: Spec, section: Section, direction: Direction
    ) -> tuple[Applied, Applied]:
        subjects, doubts = self._peers.select(spec.selector)
        denied = [item for rule in section.deny for item in self._rule(rule, direction, Action.DENY)]
        allowed = [item for rule in section.allow for item in self._rule(rule, direction, Action.ALLOW)]
        chosen = subjects
        if section.default_deny and not (section.allow or section.deny):
            chosen = 0, subjects[1]
            why = f"whether `enableDefaultDeny` isolates for {direction} without a rule there differs by release"
            doubts = [*doubts, (chosen[1], why)]
        words = tuple(doubts)
        return (
            Applied(policy, direction, subjects, tuple(denied), isolates=False, doubts=words),
            Applied(policy, direction, chosen, tuple(allowed), isolates=section.default_deny, doubts=words),
        )

    def _rule(self, rule: Rule, direction: Direction, action: Action) -> Iterator[Resolved]:
        """A rule, once for each way in which it is restricted above its open ports."""
        found, doubts = self._peers.of(rule.peers)
        for above, entries, asked in _by_restriction(rule, action):
            through, unsure = gates(entries, direction, self._resolver, self._space)
            if not through:
                continue
            words = (*doubts, *unsure)
            parts = tuple(
                (which, gates(ports, direction, self._resolver, self._space)[0]) for which, ports in asked.items()
            )
            sure = found[0]
            if any(isinstance(peer, NamePeer) for peer in rule.peers or ()):
                for name in self._named(found[0]):
                    why = (*name.doubts, *unsure)
                    yield Resolved(rule, name.peers, False, through, Action.ALLOW, name.subjects, why, above, parts)
                sure &= ~self._peers.world
            yield Resolved(rule, (sure, found[1]), rule.peers is None, through, action, None, words, above, parts)

    def _named(self, found: int) -> Iterator[_Name]:
        """The names among some positions, for the pods whose questions for them the agent sees."""
        every = self._space.all_pods
        for name, where in self._peers.names.items():
            if where & found:
                seen = self._seen_for(name)
                words = f"no DNS rule (`rules: {{dns: ...}}`) shows the agent what {name} is for the pod"
                yield _Name((where, where), (seen, every), ((every & ~seen, words),))

    def _visible(self) -> dict[str, int]:
        """The patterns of DNS rules, each with the pods whose questions it lets the agent see."""
        found: dict[str, int] = {}
        for policy in self._policies:
            for spec in policy.specs:
                subjects = self._peers.select(spec.selector)[0][0] if not spec.nodes else 0
                for rule in spec.egress.allow:
                    for name in (name for item in rule.ports or () for name in item.dns):
                        pattern = patterns.plain(name.name or name.pattern)
                        found[pattern] = found.get(pattern, 0) | subjects
        return found

    def _seen_for(self, name: str) -> int:
        result = 0
        for pattern, subjects in self._seen.items():
            if patterns.covers(pattern, name):
                result |= subjects
        return result

    def _of_nodes(self, policy: CiliumPolicy, spec: Spec, section: Section, direction: Direction) -> Iterator[Applied]:
        """A policy of the host firewall: nothing certain is known of connections with nodes."""
        rules = (*section.allow, *section.deny)
        nodes = self._peers.nodes
        if (rules or section.default_deny) and nodes:
            why = f"{policy.id} is for nodes: whether the agent heeds it, and which nodes it selects, is not known"
            doubt = ((nodes, why),)
            rule = rules[0] if rules else Rule((), None, (), "", 0, spec.where)
            everyone = 0, self._space.everything
            one = Resolved(rule, everyone, True, self._resolver.gates(()), Action.DENY, doubts=doubt)
            yield Applied(policy, direction, (0, nodes), (one,), isolates=False, doubts=doubt)

    def _network_policies(self, direction: Direction) -> Iterator[Applied]:
        for policy in self._others:
            ingress = direction is Direction.INGRESS
            rules = policy.ingress if ingress else policy.egress
            if rules is None:
                rules = (policy.left_out_ingress if ingress else policy.left_out_egress) or None
            if rules is not None:
                subjects = self._space.select(policy.namespace, policy.selector)
                resolved = (part for rule in rules for part in self._network_rule(policy.namespace, rule, direction))
                yield Applied(policy, direction, subjects, tuple(resolved))

    def _network_rule(self, namespace: str, rule: NetworkRule, direction: Direction) -> Iterator[Resolved]:
        """A rule with its blocks and port names as Cilium takes them."""
        found, doubts = bits.EMPTY, []
        for peer in rule.peers:
            if isinstance(peer, BlockPeer):
                one, why = self._peers.addresses(peer.addresses)
                doubts += why
            else:
                sure, possible = self._space.peers(namespace, peer)
                one = sure & ~self._space.host, possible
            found = bits.either(found, one)
        if not rule.peers:
            found = (self._space.everything,) * 2
        through, unsure = gates(rule.ports or None, direction, self._resolver, self._space)
        if through:
            yield Resolved(rule, found, not rule.peers, through, doubts=(*doubts, *unsure))


_Entries = tuple[PolicyPort, ...] | None
"""Entries of ports; None is every port."""


def _by_restriction(rule: Rule, action: Action) -> list[tuple[str, _Entries, dict[frozenset[str], _Entries]]]:
    """The entries of ports of a rule by what restricts them above, and there by what passes."""
    asked = f"authentication: {rule.authentication}" if rule.authentication else ""
    if action is Action.DENY:
        asked = ""
    own = frozenset((asked,)) if asked else frozenset()
    if rule.ports is None:
        return [(asked, None, {own: None} if own else {})]
    found: dict[str, tuple[PolicyPort, ...]] = {}
    parts: dict[str, dict[frozenset[str], _Entries]] = {}
    for item in rule.ports:
        above = item.l7 or asked
        found[above] = (*found.get(above, ()), *item.ports)
        here = parts.setdefault(above, {})
        if above:
            which = frozenset(f"{asked} {part}" for part in item.parts) if item.l7 else own
            here[which] = (*(here.get(which) or ()), *item.ports)
    return [(above, entries, parts[above]) for above, entries in found.items()]
