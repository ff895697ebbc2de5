"""The dialect `kubernetes`: bundles to NetworkPolicy v1 objects (networking.k8s.io/v1) as plain data.

Everything that the API server would default is explicit, so that nothing drifts after the first sync.
"""

from __future__ import annotations

from typing import Any

from ringfence.compile.bundle import BlockPeer, Bundle, NamesPeer, Policy, Rule, RulePeer
from ringfence.compile.parts import FIRST_WAVE, PERMISSIVE, PERMISSIVE_NAME, Part, at_stage
from ringfence.model.types import METADATA_NAME, Labels
from ringfence.values.ports import PortRange

GROUP, VERSION, KIND = "networking.k8s.io", "v1", "NetworkPolicy"
PEERS_KEY = {"ingress": "from", "egress": "to"}
"""The key of a rule's peers, by direction."""


def object_name(policy: Policy) -> str:
    """The name of a policy's object. It is stable: a renamed object is pruned before its successor exists."""
    return f"ringfence-{policy.name}"


def object_labels(bundle: Bundle) -> Labels:
    """The labels of every object of a bundle, sorted by key."""
    return (("app.kubernetes.io/managed-by", "ringfence"), ("ringfence.dev/team", bundle.team))


def objects(bundle: Bundle) -> list[dict[str, Any]]:
    """The NetworkPolicy objects of a bundle, in its order; before them, what keeps a namespace open."""
    opening = (part.head for part in permissive(bundle))
    return [*opening, *(as_object(bundle, policy) for policy in bundle.policies)]


def permissive(bundle: Bundle) -> list[Part]:
    """A policy that allows everything, for each direction that is at stage `permissive`.

    Policies add up, so whatever the bundle closes stays open. There is nothing in the API that only reports, so stage
    `audit` is refused for this dialect before anything is compiled.
    """
    return [_permissive(bundle, direction) for direction in at_stage(bundle, "permissive")]


def _permissive(bundle: Bundle, direction: str) -> Part:
    name = PERMISSIVE_NAME.format(direction)
    head = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {
            "name": f"ringfence-{name}",
            "namespace": bundle.namespace_name,
            "labels": dict(object_labels(bundle)),
            "annotations": dict(FIRST_WAVE),
        },
        "spec": {"podSelector": {}, "policyTypes": [direction.capitalize()], direction: [{}]},
    }
    return Part(PERMISSIVE, name, head)


def as_object(bundle: Bundle, policy: Policy) -> dict[str, Any]:
    """One policy of a bundle as a NetworkPolicy."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {
            "name": object_name(policy),
            "namespace": bundle.namespace_name,
            "labels": dict(object_labels(bundle)),
        },
        "spec": {
            "podSelector": _selector(policy.selector),
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [as_rule(rule, "ingress") for rule in policy.ingress],
            "egress": [as_rule(rule, "egress") for rule in policy.egress],
        },
    }


def as_rule(rule: Rule, direction: str) -> dict[str, Any]:
    """One rule of a direction, `ingress` or `egress`."""
    return {
        PEERS_KEY[direction]: [_peer(peer) for peer in rule.peers],
        "ports": [_port(item) for item in rule.ports],
    }


def _peer(peer: RulePeer) -> dict[str, Any]:
    if isinstance(peer, NamesPeer):
        raise TypeError("this dialect has no names")
    if isinstance(peer, BlockPeer):
        block: dict[str, Any] = {"cidr": peer.cidr}
        if peer.excepts:
            block["except"] = list(peer.excepts)
        return {"ipBlock": block}
    # both selectors in one item: the API reads them as AND
    return {
        "namespaceSelector": {"matchLabels": {METADATA_NAME: peer.namespace}},
        "podSelector": _selector(peer.labels),
    }


def _selector(labels: Labels) -> dict[str, Any]:
    return {"matchLabels": dict(labels)} if labels else {}


def _port(item: PortRange) -> dict[str, Any]:
    port: dict[str, Any] = {"protocol": item.protocol, "port": item.first}
    if item.last != item.first:
        port["endPort"] = item.last
    return port
