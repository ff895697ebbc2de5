"""NetworkPolicies of large clusters as the few pods that nearly each of them speaks of.

A set of ends is as long as the cluster is large, and there are as many sets as pods. So the sets are not kept: what is
said of a few ends is told by their numbers, and only what is said of many is resolved as in a small cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from ringfence.connectivity.resolve import Applied, Direction, Gate, Resolver
from ringfence.connectivity.scattered import Few, few
from ringfence.connectivity.space import Peer, Space
from ringfence.manifests import NetworkPolicy, PodsPeer, Selector
from ringfence.values.known import Known

_NEW: Few = (), ()
"""Stands for what was not looked at yet: the object, not what it holds."""


class Brief(Struct, frozen=True):
    """Rules with few peers in one direction of a policy that selects few pods, and isolates them."""

    direction: Direction
    subjects: Few
    rules: Sequence[tuple[Few, tuple[Gate, ...]]]


class Briefs:
    """Makes policies brief, as long as one evaluation takes; they say nothing sure about the pods in `blind`."""

    def __init__(self, resolver: Resolver, space: Space, blind: int) -> None:
        self._resolver = resolver
        self._space = space
        self._blind = blind
        self._peers: dict[Peer, Few | None] = {}
        # a pod is the subject of one policy and a peer in many
        self._pods: Known[tuple[str, Selector], Few | None] = Known(lambda key: space.few(*key))
        self._alone: Known[Selector, str | None] = Known(space.namespace_of)

    def of(self, policy: NetworkPolicy) -> Iterator[Brief | Applied]:
        """What a policy says, all that can be told so in brief."""
        subjects = _doubted(self._pods[policy.namespace, policy.selector], self._blind)
        if subjects is None or policy.left_out_ingress or policy.left_out_egress:
            yield from self._resolver.apply(policy)
            return
        for direction, rules in ((Direction.INGRESS, policy.ingress), (Direction.EGRESS, policy.egress)):
            if rules is None:
                continue
            told, others = [], []
            for rule in rules:
                if (peers := self._of(policy.namespace, rule.peers)) is None:
                    others.append(self._resolver.rule(policy.namespace, rule))
                else:
                    told.append((peers, self._resolver.gates(rule.ports)))
            yield Brief(direction, subjects, told)
            if others:
                found = self._space.select(policy.namespace, policy.selector)
                yield Applied(policy, direction, found, tuple(others))

    def _of(self, namespace: str, peers: Sequence[Peer]) -> Few | None:
        """The peers of a rule, None for many."""
        if len(peers) == 1:
            return self._one(namespace, peers[0])
        parts = [part for peer in peers if (part := self._one(namespace, peer)) is not None]
        if not peers or len(parts) < len(peers):
            return None
        certain = dict.fromkeys(at for part in parts for at in part[0])
        perhaps = dict.fromkeys(at for part in parts for at in part[1] if at not in certain)
        return tuple(certain), tuple(perhaps)

    def _one(self, namespace: str, peer: Peer) -> Few | None:
        found = self._peers.get(peer, _NEW)
        if found is not _NEW:
            return found
        host = self._space.host
        if not isinstance(peer, PodsPeer):
            found = few(self._space.peers(namespace, peer))
        elif peer.namespaces is None:
            return _doubted(self._pods[namespace, peer.pods], host)
        elif (alone := self._alone[peer.namespaces]) is not None:
            found = self._pods[alone, peer.pods]
        else:
            found = few(self._space.peers(namespace, peer, keep=False))
        found = self._peers[peer] = _doubted(found, host)
        return found


def _doubted(found: Few | None, where: int) -> Few | None:
    """A set of which some members are no longer sure."""
    if not where or found is None:
        return found
    certain, perhaps = found
    unsure = tuple(at for at in certain if where >> at & 1)
    return tuple(at for at in certain if at not in unsure), perhaps + unsure
