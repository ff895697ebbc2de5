"""The dialect `cilium`: bundles to CiliumNetworkPolicy objects (cilium.io/v2) as plain data.

Everything is explicit: whether a direction closes (`enableDefaultDeny`), the namespace of each peer, the source of each
label. A direction without rules is `[{}]`, which allows nothing; the agent refuses an empty list. Sources: Cilium's
policy language documentation and `pkg/policy/api`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ringfence.compile.bundle import BlockPeer, Bundle, NamesPeer, PodsPeer, Rule
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
from ringfence.model.types import Labels
from ringfence.values.ports import PortRange

GROUP, VERSION, KIND = "cilium.io", "v2", "CiliumNetworkPolicy"
NAMESPACE_LABEL = "k8s:io.kubernetes.pod.namespace"
"""The label of every endpoint's identity that holds the name of its namespace."""
MOST_PORTS = 40
"""How many ports one item of `toPorts` holds: the CRD refuses more."""
CLOSED: tuple[dict[str, Any], ...] = ({},)
"""The rules of a direction that allows nothing."""
WORLD = frozenset(("0.0.0.0/0", "::/0"))

SIDE = {"ingress": "from", "egress": "to"}
"""What the keys of the other end begin with, by direction."""

_Port = tuple[str, int, str]
"""The first port as text, the last as a number (0: there is only one), the protocol."""


class Entry(NamedTuple):
    """One Cilium rule; exactly one of the first four fields says who the other end is.

    `endpoints` are labels with their sources; `cidrs` pairs of a CIDR and its exceptions; `entities` names such as
    `world`; `names` DNS names, of which those with a `*` are patterns. `ports` are the items of `toPorts`; `dns` says
    that DNS queries on them are read, which rules by name need.
    """

    endpoints: tuple[Labels, ...] = ()
    cidrs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    entities: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    ports: tuple[tuple[_Port, ...], ...] = ()
    dns: bool = False


def object_labels(bundle: Bundle) -> Labels:
    """The labels of every object of a bundle, sorted by key."""
    return (("app.kubernetes.io/managed-by", "ringfence"), ("ringfence.dev/team", bundle.team))


def objects(bundle: Bundle) -> list[dict[str, Any]]:
    """The objects of a bundle, in its order."""
    return [whole(part, as_rules) for part in parts(bundle)]


def parts(bundle: Bundle) -> list[Part]:
    """The objects of a bundle without their rules.

    At stage `audit` a direction does not close: rules only mark what they would allow. Where one is `permissive`, a
    policy of its own allows everything.
    """
    result = []
    for direction in at_stage(bundle, "permissive"):
        name = PERMISSIVE_NAME.format(direction)
        head = _head(bundle, name, (), (), FIRST_WAVE)
        head["spec"][direction] = [{f"{SIDE[direction]}Entities": ["all"]}]
        result.append(Part(PERMISSIVE, name, head))
    closing = tuple(direction for direction in DIRECTIONS if direction not in at_stage(bundle, "audit"))
    for policy in bundle.policies:
        sections = (("ingress", policy.ingress), ("egress", policy.egress))
        result.append(Part(POLICY, policy.name, _head(bundle, policy.name, policy.selector, closing), sections, CLOSED))
    return result


def _head(
    bundle: Bundle, name: str, labels: Labels, closing: tuple[str, ...], annotations: Labels = ()
) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "metadata": {
            "name": f"ringfence-{name}",
            "namespace": bundle.namespace_name,
            "labels": dict(object_labels(bundle)),
            **({"annotations": dict(annotations)} if annotations else {}),
        },
        "spec": {
            "endpointSelector": _selector(of_pods(labels)),
            "enableDefaultDeny": {direction: direction in closing for direction in DIRECTIONS},
        },
    }


def of_pods(labels: Labels) -> Labels:
    """Labels of pods with the source that Cilium gives them."""
    return tuple((f"k8s:{key}", value) for key, value in labels)


def as_rules(rule: Rule, direction: str) -> list[dict[str, Any]]:
    """The Cilium rules of one rule of a direction, `ingress` or `egress`."""
    return [_as_rule(entry, direction) for entry in entries(rule)]


def entries(rule: Rule) -> tuple[Entry, ...]:
    """The Cilium rules of one rule: one for each kind of other end, since one rule must not hold two of them."""
    ports = tuple(
        tuple((str(item.first), item.last if item.last != item.first else 0, item.protocol) for item in chunk)
        for chunk in _chunks(rule.ports)
    )
    return tuple(entry._replace(ports=ports) for entry in _ends(rule))


def _chunks(ports: Sequence[PortRange]) -> Iterator[Sequence[PortRange]]:
    for start in range(0, len(ports), MOST_PORTS):
        yield ports[start : start + MOST_PORTS]


def _ends(rule: Rule) -> Iterator[Entry]:
    for kind, group in itertools.groupby(rule.peers, key=type):
        peers = list(group)
        if kind is PodsPeer:
            yield Entry(
                endpoints=tuple(
                    tuple(sorted(((NAMESPACE_LABEL, peer.namespace), *of_pods(peer.labels))))
                    for peer in peers
                    if isinstance(peer, PodsPeer)
                ),
                dns=rule.dns,
            )
        elif kind is NamesPeer:
            yield Entry(names=tuple(name for peer in peers if isinstance(peer, NamesPeer) for name in peer.names))
        else:
            cidrs = tuple((peer.cidr, peer.excepts) for peer in peers if isinstance(peer, BlockPeer))
            if {cidr for cidr, _ in cidrs} == WORLD and not any(excepts for _, excepts in cidrs):
                yield Entry(entities=("world",))
            else:
                yield Entry(cidrs=cidrs)


def _as_rule(entry: Entry, direction: str) -> dict[str, Any]:
    side = SIDE[direction]
    rule: dict[str, Any] = {}
    if entry.endpoints:
        rule[f"{side}Endpoints"] = [_selector(labels) for labels in entry.endpoints]
    elif entry.cidrs:
        rule[f"{side}CIDRSet"] = [
            {"cidr": cidr, "except": list(excepts)} if excepts else {"cidr": cidr} for cidr, excepts in entry.cidrs
        ]
    elif entry.entities:
        rule[f"{side}Entities"] = list(entry.entities)
    else:
        rule["toFQDNs"] = [{"matchPattern" if "*" in name else "matchName": name} for name in entry.names]
    rule["toPorts"] = [_to_ports(ports, dns=entry.dns) for ports in entry.ports]
    return rule


def _to_ports(ports: tuple[_Port, ...], *, dns: bool) -> dict[str, Any]:
    item: dict[str, Any] = {"ports": [_port(*port) for port in ports]}
    if dns:
        item["rules"] = {"dns": [{"matchPattern": "*"}]}
    return item


def _port(first: str, last: int, protocol: str) -> dict[str, Any]:
    return {"port": first, "endPort": last, "protocol": protocol} if last else {"port": first, "protocol": protocol}


def _selector(labels: Labels) -> dict[str, Any]:
    return {"matchLabels": dict(labels)} if labels else {}
