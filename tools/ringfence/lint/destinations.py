"""The declared pods that the ports of a rule are for."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.connectivity import Direction, Endpoint, bits
from ringfence.lint.evidence import Evidence
from ringfence.lint.views import Rule
from ringfence.manifests import AdminPolicy, AdminRule, NetworkPolicy, PodsPeer, PolicyPort
from ringfence.manifests import Rule as NetworkRule


def with_ports(seen: Evidence) -> Iterator[tuple[Rule, tuple[PolicyPort, ...], list[Endpoint]]]:
    """Each rule that lists ports, and the declared pods that it lists them for, where labels pick them all.

    All of the pods declare ports of their containers.
    """
    for rule in seen.views.rules:
        ruling = rule.rule.rule
        if isinstance(ruling, NetworkRule | AdminRule) and ruling.ports:
            pods = _destinations(seen, rule, ruling)
            if pods and all(item.declares for item in pods):
                yield rule, ruling.ports, pods


def _destinations(seen: Evidence, rule: Rule, ruling: NetworkRule | AdminRule) -> list[Endpoint]:
    """The declared pods that a rule's ports are for; none where labels do not pick them all."""
    space, policy = seen.result.space, rule.applied.policy
    namespace = policy.namespace if isinstance(policy, NetworkPolicy) else ""
    if rule.applied.direction is Direction.EGRESS:
        peers = list(ruling.peers)
    elif isinstance(policy, NetworkPolicy):
        peers = [PodsPeer(policy.selector, None)]
    else:
        peers = [policy.subject] if isinstance(policy, AdminPolicy) else []
    found = 0
    for peer in peers:
        if not isinstance(peer, PodsPeer) or not _picks(peer):
            return []
        here = space.peers(namespace, peer)[1] & seen.declared
        if not here:
            return []
        found |= here
    return [space.endpoints[position] for position in bits.positions(found)]


def _picks(peer: PodsPeer) -> bool:
    """Whether a peer names pods by a label that they must have."""
    return any(item.operator == "In" for item in peer.pods.requirements)
