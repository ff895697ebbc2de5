"""Ports of rules as Cilium resolves them.

A port name of an ingress rule is looked up at the pod itself. One of an egress rule is looked up among all pods of the
cluster: where they have one number for it, the rule is for that number at every peer, named there or not; where they
have several, it is for none, or since newer releases for that of the chosen peers. Source: Cilium
`pkg/types/portmap.go` and `pkg/endpoint/policy.go`.
"""

from __future__ import annotations

from ringfence.connectivity.resolve import Direction, Gate, Resolver
from ringfence.connectivity.space import Space
from ringfence.manifests import PolicyPort
from ringfence.values.ports import FIRST, LAST


def gates(
    entries: tuple[PolicyPort, ...] | None, direction: Direction, resolver: Resolver, space: Space
) -> tuple[tuple[Gate, ...], list[tuple[int, str]]]:
    """What entries of ports let through (None: every port; none of them: nothing), and why something is not sure."""
    if entries is None:
        return resolver.gates(()), []
    if direction is Direction.INGRESS:
        return (resolver.gates(entries) if entries else ()), []
    numbers = tuple(item for item in entries if not item.name)
    found = list(resolver.gates(numbers)) if numbers else []
    doubts = []
    for item in entries:
        if not item.name:
            continue
        known = resolver.named(item.protocol, item.name)
        for number in known:
            sure = space.all_pods & ~space.unknown if len(known) == 1 else 0
            found.append(Gate(sure, -1, resolver.atoms.mask(item.protocol, number, number)))
        if space.unknown:
            found.append(Gate(0, space.unknown, resolver.atoms.mask(item.protocol, FIRST, LAST)))
        words = f"Cilium looks the port name {item.name} of an egress rule up among all pods"
        if len(known) > 1:
            listed = ", ".join(map(str, known))
            doubts.append((space.everything, f"{words}, which have several numbers for it: {listed}"))
        elif known:
            doubts.append(
                (space.everything & ~space.all_pods, f"{words}; whether it holds for addresses differs by release")
            )
    return tuple(found), doubts
