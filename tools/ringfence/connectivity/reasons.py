"""Why something is not settled, in words: facts that no file holds, and what is left to the network plugin."""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.connectivity.cluster import Endpoint
from ringfence.connectivity.resolve import Applied, Direction, Resolved
from ringfence.connectivity.space import Space
from ringfence.manifests import AdminRule, BlockPeer, NamesPeer, NetworksPeer, NodesPeer, Opaque, Rule
from ringfence.values.addresses import AddressSet


class Reasons:
    """Words for the ends, policies and rules of one cluster."""

    def __init__(self, space: Space, opaque: Iterable[Opaque]) -> None:
        self._space = space
        self._opaque = tuple(opaque)

    def name(self, position: int) -> str:
        """What stands at a position."""
        end = self._space.end(position)
        return ", ".join(end.ranges()) if isinstance(end, AddressSet) else str(end)

    def unsure_subject(self, item: Applied, subject: int) -> str:
        """Why a policy may or may not select a pod."""
        if self._space.host >> subject & 1:
            doubt = f"whether {item.policy.id} selects it is left to the plugin"
            return f"{self.name(subject)} uses the host's network; {doubt}"
        if found := next((why for where, why in item.doubts if where >> subject & 1), ""):
            return found
        return f"{self.name(subject)} stands for pods with unknown labels, which {item.policy.id} may select"

    def unsure_rule(self, rule: Resolved, subject: int, peer: int, destination: int) -> list[str]:
        """Why a rule may or may not match an end."""
        reasons = [why for where, why in rule.doubts if (where >> subject | where >> peer) & 1]
        if reasons:
            return reasons
        name = self.name(peer)
        if rule.peers[0] >> peer & 1:
            if self._space.unknown >> destination & 1:
                reasons.append(f"the named ports of {self.name(destination)} are not known")
            elif any(gate.sure != gate.possible for gate in rule.gates):
                reasons.append(f"{self.name(destination)} has a port name with two numbers")
        elif (self._space.unknown & ~self._space.named) >> peer & 1:
            reasons.append(f"{name} stands for pods with unknown labels")
        elif isinstance(rule.rule, AdminRule) and rule.rule.unclear:
            reasons.append(f"what a rule ({rule.rule.where}) matches is not clear: {rule.rule.unclear}")
        elif found := [item for item in _peers(rule) if isinstance(item, NodesPeer | NamesPeer)]:
            listed = ", ".join(map(str, found))
            reasons.append(f"whether {name} belongs to {listed} ({rule.rule.where}) is not known")
        elif self._space.host >> peer & 1:
            reasons.append(f"{name} uses the host's network; how policies see it is left to the plugin")
        else:
            blocks = ", ".join(str(item) for item in _peers(rule) if isinstance(item, BlockPeer | NetworksPeer))
            by_plugin = any(isinstance(item, BlockPeer) for item in _peers(rule))
            if by_plugin and self._space.profile.ip_blocks_match_pods is None:
                reasons.append(f"whether ipBlock {blocks} matches pods is not known of the network plugin")
            else:
                reasons.append(f"whether the address of {name} lies in ipBlock {blocks} is not known")
        return reasons

    def doubts(self, direction: Direction, subject: int, peer: int, isolated: bool) -> list[str]:
        """What makes everything possible in a direction, whatever the rules say."""
        end = self._space.end(subject)
        reasons = [
            f"{item.what} ({item.where}): {item.why}"
            for item in self._opaque
            if isinstance(end, Endpoint) and item.namespace in ("", end.namespace)
        ]
        if isolated and self._space.host >> peer & 1:
            reasons.append(f"{self.name(peer)} uses the host's network; how policies see it is left to the plugin")
        if isolated and direction is Direction.INGRESS and self._space.nodes >> peer & 1:
            reasons.append("a node always reaches the pods that it runs")
        return reasons


def _peers(rule: Resolved) -> tuple[object, ...]:
    return rule.rule.peers if isinstance(rule.rule, Rule | AdminRule) else ()
