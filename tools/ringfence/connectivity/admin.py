"""Administrators' policies lowered to tiers: Admin before NetworkPolicy, Baseline after it.

Sources: network-policy-api v1alpha1 and v1alpha2. Both tiers end in PASS: what no rule of theirs decides goes on.
The order of a ClusterNetworkPolicy and an AdminNetworkPolicy in one cluster is nowhere defined: they are one group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ringfence.connectivity.bits import Fuzzy
from ringfence.connectivity.resolve import Action, Applied, Direction, Resolved, Resolver, Tier
from ringfence.connectivity.space import Space
from ringfence.manifests import AdminPolicy, AdminRule, PodsPeer

ADMIN, BASELINE = "Admin", "Baseline"

_ACTIONS = {"Allow": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS}


def tier(policies: Iterable[AdminPolicy], name: str, direction: Direction, resolver: Resolver, space: Space) -> Tier:
    """One direction of the tier of a name."""
    here = sorted(
        (item for item in policies if item.tier == name), key=lambda item: (item.priority, item.kind, item.id)
    )
    mixed = len({item.kind == "ClusterNetworkPolicy" for item in here}) > 1
    groups: dict[int, list[Applied]] = defaultdict(list)
    for policy in here:
        rules = policy.ingress if direction is Direction.INGRESS else policy.egress
        if rules:
            sure, possible = resolver.peers("", (policy.subject,))
            subjects = sure & ~space.host, possible & ~space.host
            resolved = tuple(_rule(rule, resolver, space) for rule in rules)
            groups[0 if mixed else policy.priority].append(Applied(policy, direction, subjects, resolved))
    return Tier(name, tuple(tuple(group) for group in groups.values()), Action.PASS)


def _rule(rule: AdminRule, resolver: Resolver, space: Space) -> Resolved:
    action = _ACTIONS[rule.action]
    if rule.closed and action is Action.ALLOW:
        return Resolved(rule, (0, 0), False, resolver.gates(()), action)
    if rule.closed:
        everything = space.everything & ~space.host
        return Resolved(rule, (everything, everything), False, resolver.gates(()), Action.DENY)
    if rule.unclear:
        return Resolved(rule, (0, space.everything), False, resolver.gates(()), action)
    sure = possible = 0
    for peer in rule.peers:
        one, other = _peer(peer, resolver, space)
        sure |= one
        possible |= other
    return Resolved(rule, (sure & ~space.host, possible), False, resolver.gates(rule.ports), action)


def _peer(peer: object, resolver: Resolver, space: Space) -> Fuzzy:
    """Pods on the host's network are no pods to these policies; as addresses and nodes they may be meant."""
    sure, possible = resolver.peers("", (peer,))  # type: ignore[arg-type]
    return (sure & ~space.host, possible & ~space.host) if isinstance(peer, PodsPeer) else (sure, possible)
