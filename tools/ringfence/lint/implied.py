"""Whether a rule matches wherever another does, by what both say: true of pods that nobody has declared, too.

Labels of pods to come are unknown, and so is whether the address of a pod lies in a block. That a rule for `app: web`
is met wherever one for `app: web, tier: front` is met, is known all the same.
"""

from __future__ import annotations

from ringfence.connectivity import Connectivity
from ringfence.connectivity.labels import follows
from ringfence.connectivity.resolve import Applied
from ringfence.lint.views import Rule
from ringfence.manifests import (
    AdminPolicy,
    AdminRule,
    BlockPeer,
    NetworkPolicy,
    NetworksPeer,
    PodsPeer,
    PolicyPort,
    Selector,
)
from ringfence.manifests import Rule as NetworkRule


class Implied:
    """Compares rules and subjects of one cluster, where their dialect is NetworkPolicy or an administrator's."""

    def __init__(self, result: Connectivity) -> None:
        self._space = result.space
        self._known: dict[tuple[int, int], bool] = {}
        self._subjects: dict[tuple[int, int], bool] = {}

    def by(self, rule: Rule, other: Rule) -> bool:
        """Whether `other` matches every connection that `rule` matches."""
        key = rule.number, other.number
        if (found := self._known.get(key)) is None:
            found = self._known[key] = self._by(rule, other)
        return found

    def subject(self, one: Applied, other: Applied) -> bool:
        """Whether `other` selects every pod that `one` selects."""
        if one is other:
            return True
        key = id(one), id(other)
        if (found := self._subjects.get(key)) is None:
            found = self._subjects[key] = self._subject(one, other)
        return found

    def _subject(self, one: Applied, other: Applied) -> bool:
        narrow, wide = _subject(one), _subject(other)
        if narrow is None or wide is None:
            return False
        return self._pods(narrow[0], narrow[1], wide[0], wide[1])

    def peers(self, rule: Rule) -> list[int]:
        """For each peer that a rule names, the positions that it may stand for."""
        ruling = rule.rule.rule
        if isinstance(ruling, NetworkRule | AdminRule):
            namespace = _namespace(rule.applied)
            return [self._space.peers(namespace, peer)[1] for peer in ruling.peers]
        return [rule.rule.peers[1]]

    def _by(self, rule: Rule, other: Rule) -> bool:
        one, two = rule.rule.rule, other.rule.rule
        if not isinstance(one, NetworkRule | AdminRule) or not isinstance(two, NetworkRule | AdminRule):
            return False
        if any(isinstance(item, AdminRule) and (item.closed or item.unclear) for item in (one, two)):
            return False
        if type(one) is not type(two) or not _ports(one.ports, two.ports):
            return False
        if not self.subject(rule.applied, other.applied):
            return False
        here, there = _namespace(rule.applied), _namespace(other.applied)
        if not one.peers or not two.peers:
            return not two.peers
        return all(any(self._peer(here, peer, there, wide) for wide in two.peers) for peer in one.peers)

    def _peer(self, here: str, peer: object, there: str, wide: object) -> bool:
        if peer == wide and (here == there or not isinstance(peer, PodsPeer)):
            return True
        if isinstance(peer, PodsPeer) and isinstance(wide, PodsPeer):
            return self._pods(here, peer, there, wide)
        if isinstance(peer, BlockPeer | NetworksPeer) and type(peer) is type(wide):
            return peer.addresses <= wide.addresses
        return False

    def _pods(self, here: str, peer: PodsPeer, there: str, wide: PodsPeer) -> bool:
        if not implies(peer.pods, wide.pods):
            return False
        if wide.namespaces is None:
            return peer.namespaces is None and here == there
        if peer.namespaces is None:
            return wide.namespaces.matches(dict(self._space.namespaces.get(here, ())))
        return implies(peer.namespaces, wide.namespaces)


def implies(narrow: Selector, wide: Selector) -> bool:
    """Whether labels that meet one selector meet the other: each condition of it follows from one condition."""
    return all(any(follows(known, item) for known in narrow.requirements) for item in wide.requirements)


def _subject(item: Applied) -> tuple[str, PodsPeer] | None:
    policy = item.policy
    if isinstance(policy, NetworkPolicy):
        return policy.namespace, PodsPeer(policy.selector, None)
    return ("", policy.subject) if isinstance(policy, AdminPolicy) else None


def _namespace(item: Applied) -> str:
    return item.policy.namespace if isinstance(item.policy, NetworkPolicy) else ""


def _ports(narrow: tuple[PolicyPort, ...], wide: tuple[PolicyPort, ...]) -> bool:
    """Whether every port of some entries is among those of others; no entry is every port."""
    if not narrow or not wide:
        return not wide
    return all(
        any(
            one.protocol == two.protocol
            and one.name == two.name
            and (one.name != "" or two.first <= one.first <= one.last <= two.last)
            for two in wide
        )
        for one in narrow
    )
