"""The dialect `calico`: bundles to NetworkPolicy objects of projectcalico.org/v3 in a tier of their own, as plain data.

Every team namespace has a policy here that selects all its pods in both directions, so the tier decides about them
alone: what no rule allows, its default action denies. Everything that the server would write is explicit (tier, order,
types, the label with the tier), so that nothing drifts after the first sync.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from ringfence.compile.bundle import BlockPeer, Bundle, PodsPeer, Rule
from ringfence.compile.parts import (
    DIRECTIONS,
    FIRST_WAVE,
    PERMISSIVE,
    PERMISSIVE_NAME,
    POLICY,
    Part,
    at_stage,
    whole,
)
from ringfence.model.types import METADATA_NAME, Labels
from ringfence.values.ports import PortRange

GROUP, VERSION, KIND = "projectcalico.org", "v3", "NetworkPolicy"
STAGED = "StagedNetworkPolicy"
TIER = "ringfence"
"""It is in front of every name too, which Calico up to 3.31 requires."""
TIER_ORDER = 100_000
"""After the tiers of cluster-wide admin policies (`kube-admin` and `adminnetworkpolicy`: 1,000), before `default`
(1,000,000): a NetworkPolicy that somebody else adds to a team's namespace can neither open nor close anything there."""
ORDER = 1000
"""Of every policy: they only allow, so which of them comes first makes no difference."""
TIER_ANNOTATIONS = (
    ("argocd.argoproj.io/sync-options", "Prune=confirm"),
    ("argocd.argoproj.io/sync-wave", "-20"),
)
"""A tier comes before its policies, and is only taken away by a person: its policies would go with it."""
TIER_LABEL = "projectcalico.org/tier"
ALL = "all()"


class Entry(NamedTuple):
    """One Calico rule: it allows one protocol, with pods of one namespace or addresses of one family as the other end.

    `namespaces` and `selector` are selectors, empty for addresses; `nets` and `not_nets` are CIDRs, empty for pods;
    `ports` are those of the destination, numbers or `first:last`.
    """

    protocol: str
    namespaces: str
    selector: str
    nets: tuple[str, ...]
    not_nets: tuple[str, ...]
    ports: tuple[int | str, ...]


def object_labels(bundle: Bundle) -> Labels:
    """The labels of every object of a bundle, sorted by key."""
    return (
        ("app.kubernetes.io/managed-by", "ringfence"),
        (TIER_LABEL, TIER),
        ("ringfence.dev/team", bundle.team),
    )


def tier() -> dict[str, Any]:
    """The tier that holds every policy."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Tier",
        "metadata": {
            "name": TIER,
            "labels": {"app.kubernetes.io/managed-by": "ringfence"},
            "annotations": dict(TIER_ANNOTATIONS),
        },
        "spec": {"order": TIER_ORDER, "defaultAction": "Deny"},
    }


def objects(bundle: Bundle) -> list[dict[str, Any]]:
    """The objects of a bundle, in its order."""
    return [whole(part, as_rules) for part in parts(bundle)]


def parts(bundle: Bundle) -> list[Part]:
    """The objects of a bundle without their rules. The server drops empty lists, so they are never written.

    A direction at stage `audit` stands in a staged policy, which only reports. Where one is `permissive`, a policy
    before all others passes on whatever comes, so that the tier has no say in it.
    """
    staged = at_stage(bundle, "audit")
    enforced = tuple(direction for direction in DIRECTIONS if direction not in staged)
    result = []
    for direction in at_stage(bundle, "permissive"):
        name = PERMISSIVE_NAME.format(direction)
        head = _head(bundle, KIND, name, (), (direction,), FIRST_WAVE)
        head["spec"] |= {"order": 0, direction: [{"action": "Pass"}]}
        result.append(Part(PERMISSIVE, name, head))
    for policy in bundle.policies:
        sections = {"ingress": policy.ingress, "egress": policy.egress}
        for kind, file, directions in ((KIND, policy.name, enforced), (STAGED, f"{policy.name}.staged", staged)):
            if directions:
                head = _head(bundle, kind, policy.name, policy.selector, directions)
                result.append(Part(POLICY, file, head, tuple((item, sections[item]) for item in directions)))
    return result


def _head(
    bundle: Bundle, kind: str, name: str, labels: Labels, directions: tuple[str, ...], annotations: Labels = ()
) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": kind,
        "metadata": {
            "name": f"{TIER}.{name}",
            "namespace": bundle.namespace_name,
            "labels": dict(object_labels(bundle)),
            **({"annotations": dict(annotations)} if annotations else {}),
        },
        "spec": {
            **({"stagedAction": "Set"} if kind == STAGED else {}),
            "tier": TIER,
            "order": ORDER,
            "selector": selector(labels),
            "types": [direction.capitalize() for direction in directions],
        },
    }


def as_rules(rule: Rule, direction: str) -> list[dict[str, Any]]:
    """The Calico rules of one rule of a direction, `ingress` or `egress`."""
    return [_as_rule(entry, direction) for entry in entries(rule)]


def entries(rule: Rule) -> tuple[Entry, ...]:
    """The Calico rules of one rule: one for each other end and protocol, in the order of peers and ports."""
    by_protocol = [
        (protocol, tuple(map(_port, ports)))
        for protocol, ports in itertools.groupby(rule.ports, key=lambda item: item.protocol)
    ]
    return tuple(Entry(protocol, *ends, ports) for ends in _ends(rule) for protocol, ports in by_protocol)


def selector(labels: Labels) -> str:
    """A selector of Calico's language. Values of Kubernetes labels hold no quotes."""
    return " && ".join(f"{key} == '{value}'" for key, value in labels) or ALL


def _ends(rule: Rule) -> Iterator[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    for peer in rule.peers:
        if isinstance(peer, PodsPeer):
            yield f"{METADATA_NAME} == '{peer.namespace}'", selector(peer.labels), (), ()
    blocks = [peer for peer in rule.peers if isinstance(peer, BlockPeer)]
    # Blocks are disjoint and each exception lies in one of them, so all of a family can stand in one rule, and they
    # must not stand beside the other family's.
    for family in (False, True):
        mine = [block for block in blocks if (":" in block.cidr) is family]
        if mine:
            yield "", "", tuple(item.cidr for item in mine), tuple(text for item in mine for text in item.excepts)


def _as_rule(entry: Entry, direction: str) -> dict[str, Any]:
    other: dict[str, Any] = {}
    if entry.nets:
        other["nets"] = list(entry.nets)
        if entry.not_nets:
            other["notNets"] = list(entry.not_nets)
    else:
        other = {"namespaceSelector": entry.namespaces, "selector": entry.selector}
    ports = {"ports": list(entry.ports)}
    ends = {"source": other, "destination": ports} if direction == "ingress" else {"destination": {**other, **ports}}
    return {"action": "Allow", "protocol": entry.protocol, **ends}


def _port(item: PortRange) -> int | str:
    return item.first if item.last == item.first else f"{item.first}:{item.last}"
