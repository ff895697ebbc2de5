"""Random policies of Cilium to lie on top of random clusters: every member that has a meaning offline."""

from __future__ import annotations

from typing import Any

from clusters import BLOCKS, INSIDE, NAMESPACES, PORTS, clusters
from hypothesis import strategies as st

Object = dict[str, Any]

ENTITIES = ("all", "world", "cluster", "host", "remote-node", "health", "none")
PLACES = ("entity:host", "entity:remote-node", "entity:health", "dns:api.x.io", "dns:b.api.x.io")
NAMES = (
    {"matchName": "api.x.io"},
    {"matchName": "b.api.x.io"},
    {"matchPattern": "*.x.io"},
    {"matchPattern": "*.api.x.io"},
    {"matchPattern": "a*.x.io"},
    {"matchPattern": "*"},
)
GROUPS = ("office", "partner")

keys = st.sampled_from(
    ["app", "tier", "k", "any:app", "k8s:tier", "k8s:io.cilium.k8s.namespace.labels.app", "reserved:host"]
)
values = st.sampled_from(["x", "y", ""])


@st.composite
def endpoints(draw: st.DrawFn, *, peers: bool) -> Object:
    """An endpoint selector; of a subject, without what only nodes and the world have."""
    kind = draw(st.integers(0, 5))
    if kind <= (1 if peers else 3):
        return {}
    usable = keys if peers else keys.filter(lambda key: not key.startswith("reserved"))
    selector: Object = {"matchLabels": draw(st.dictionaries(usable, values, max_size=1))}
    if kind == 3:
        selector["matchExpressions"] = [
            {"key": draw(usable), "operator": draw(st.sampled_from(["In", "NotIn"])), "values": ["x", "z"]}
        ]
    if kind == 4:
        selector["matchExpressions"] = [
            {"key": draw(usable), "operator": draw(st.sampled_from(["Exists", "DoesNotExist"]))}
        ]
    if kind == 5 and peers:
        selector["matchLabels"]["k8s:io.kubernetes.pod.namespace"] = draw(st.sampled_from(NAMESPACES))
    return selector


@st.composite
def cidrs(draw: st.DrawFn) -> Object:
    if draw(st.integers(0, 2)) == 0:
        return {"cidrGroupRef": draw(st.sampled_from(GROUPS))}
    cidr = draw(st.sampled_from(BLOCKS))
    block: Object = {"cidr": cidr}
    if cidr in INSIDE and draw(st.booleans()):
        block["except"] = draw(st.lists(st.sampled_from(INSIDE[cidr]), min_size=1, max_size=2, unique=True))
    return block


@st.composite
def port_rules(draw: st.DrawFn, *, deny: bool, egress: bool) -> Object:
    entries = []
    for _ in range(draw(st.integers(0, 2))):
        entry: Object = {"port": draw(st.sampled_from(["0", *["web", "dns"] * 4, *map(str, PORTS)]))}
        if draw(st.integers(0, 2)):
            entry["protocol"] = draw(st.sampled_from(["TCP", "UDP", "SCTP", "ANY"]))
        if draw(st.integers(0, 3)) == 0:
            entry["endPort"] = draw(st.sampled_from(PORTS))
        entries.append(entry)
    above = 0 if deny else draw(st.integers(0, 6))
    if above == 1:
        return {"ports": [{"port": "80", "protocol": "TCP"}], "rules": {"http": [{"method": "GET"}]}}
    if above == 2 and egress:
        return {"ports": [{"port": "79", "protocol": "ANY"}], "rules": {"dns": [draw(st.sampled_from(NAMES))]}}
    return {"ports": entries}


@st.composite
def rules(draw: st.DrawFn, *, deny: bool, egress: bool) -> Object:
    """One rule; `{}` among them."""
    way = "to" if egress else "from"
    rule: Object = {}
    kind = draw(st.integers(0, 9 if egress and not deny else 6))
    if kind in (1, 2):
        rule[f"{way}Endpoints"] = draw(st.lists(endpoints(peers=True), max_size=2))
    elif kind in (3, 4):
        rule[f"{way}Entities"] = draw(st.lists(st.sampled_from(ENTITIES), max_size=2, unique=True))
    elif kind == 5:
        rule[f"{way}CIDR"] = draw(st.lists(st.sampled_from(BLOCKS), max_size=2))
    elif kind == 6:
        rule[f"{way}CIDRSet"] = draw(st.lists(cidrs(), max_size=2))
    elif kind >= 7:
        rule["toFQDNs"] = draw(st.lists(st.sampled_from(NAMES), max_size=2))
    if draw(st.integers(0, 2)):
        rule["toPorts"] = draw(st.lists(port_rules(deny=deny, egress=egress), min_size=1, max_size=2))
    elif draw(st.integers(0, 9)) == 0:
        rule["icmps"] = [{"fields": [{"type": 8}]}]
    return rule


@st.composite
def policies(draw: st.DrawFn, name: str) -> Object:
    spec: Object = {"endpointSelector": draw(endpoints(peers=False))}
    for section in ("ingress", "egress", "ingressDeny", "egressDeny"):
        if draw(st.integers(0, 1)) == 0:
            deny, egress = section.endswith("Deny"), section.startswith("egress")
            spec[section] = draw(st.lists(rules(deny=deny, egress=egress), min_size=1, max_size=2))
    if len(spec) == 1:
        spec["ingress"] = [{}]
    if draw(st.integers(0, 2)) == 0:
        sides = [side for side in ("ingress", "egress") if side in spec or f"{side}Deny" in spec]
        spec["enableDefaultDeny"] = {side: draw(st.booleans()) for side in sides}
    confined = draw(st.booleans())
    meta: Object = {"name": name}
    if confined:
        meta["namespace"] = draw(st.sampled_from(NAMESPACES))
    kind = "CiliumNetworkPolicy" if confined else "CiliumClusterwideNetworkPolicy"
    return {"apiVersion": "cilium.io/v2", "kind": kind, "metadata": meta, "spec": spec}


@st.composite
def ciliated_clusters(draw: st.DrawFn) -> list[Object]:
    """A cluster with NetworkPolicies, one to four policies of Cilium, and two CIDRGroups."""
    objects = draw(clusters(2))
    for name in GROUPS:
        blocks = draw(st.lists(st.sampled_from(BLOCKS[1:]), min_size=1, max_size=2, unique=True))
        spec = {"externalCIDRs": blocks}
        objects.append(
            {"apiVersion": "cilium.io/v2", "kind": "CiliumCIDRGroup", "metadata": {"name": name}, "spec": spec}
        )
    return [*objects, *(draw(policies(f"c-{number}")) for number in range(draw(st.integers(1, 4))))]
