"""Random policies of administrators, v1alpha1 or v1alpha2, to lie on top of random clusters."""

from __future__ import annotations

from typing import Any

from clusters import BLOCKS, PORTS, clusters, selectors
from hypothesis import strategies as st

Object = dict[str, Any]


@st.composite
def _pods(draw: st.DrawFn) -> Object:
    if draw(st.booleans()):
        return {"namespaces": draw(selectors(of_namespaces=True))}
    return {
        "pods": {"namespaceSelector": draw(selectors(of_namespaces=True)), "podSelector": draw(selectors())},
    }


@st.composite
def _ports(draw: st.DrawFn, new: bool, named: bool) -> Object:
    protocol = draw(st.sampled_from(["TCP", "UDP", "SCTP"]))
    kind = draw(st.integers(0, 2 if named else 1))
    first = draw(st.sampled_from(PORTS[:-1]))
    last = draw(st.sampled_from([number for number in PORTS if number > first]))
    if kind == 2:
        return {"destinationNamedPort" if new else "namedPort": draw(st.sampled_from(["web", "dns"]))}
    if new:
        port = {"range": {"start": first, "end": last}} if kind else {"number": first}
        return {protocol.lower(): {"destinationPort": port}}
    if kind:
        return {"portRange": {"protocol": protocol, "start": first, "end": last}}
    return {"portNumber": {"protocol": protocol, "port": first}}


@st.composite
def _rules(draw: st.DrawFn, side: str, new: bool, actions: list[str]) -> Object:
    rule: Object = {"action": draw(st.sampled_from(actions))}
    addresses = side == "to" and draw(st.integers(0, 2)) == 0
    if addresses:
        rule[side] = [{"networks": draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=2, unique=True))}]
    else:
        rule[side] = draw(st.lists(_pods(), min_size=1, max_size=2))
    if draw(st.integers(0, 2)):
        key = "protocols" if new else "ports"
        rule[key] = draw(st.lists(_ports(new, named=not addresses), min_size=1, max_size=2))
    return rule


@st.composite
def _policy(draw: st.DrawFn, name: str, new: bool, tier: str, priority: int) -> Object:
    actions = ["Accept" if new else "Allow", "Deny"]
    actions += ["Pass"] if new or tier == "Admin" else []
    spec: Object = {"subject": draw(_pods())}
    for section, side in (("ingress", "from"), ("egress", "to")):
        spec[section] = draw(st.lists(_rules(side, new, actions), max_size=3))
    if new:
        kind = "ClusterNetworkPolicy"
        spec["tier"] = tier
    else:
        kind = "AdminNetworkPolicy" if tier == "Admin" else "BaselineAdminNetworkPolicy"
    if kind != "BaselineAdminNetworkPolicy":
        spec["priority"] = priority
    api = f"policy.networking.k8s.io/v1alpha{2 if new else 1}"
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec}


@st.composite
def admin_policies(draw: st.DrawFn, *, ordered: bool = True) -> list[Object]:
    """One to three policies with tiers, of one API; not `ordered`: with equal priorities among them."""
    objects = []
    new = draw(st.booleans())
    tiers = draw(st.lists(st.sampled_from(["Admin", "Admin", "Baseline"]), min_size=1 if ordered else 2, max_size=3))
    if not new:
        tiers = [tier for index, tier in enumerate(tiers) if tier == "Admin" or "Baseline" not in tiers[:index]]
    for number, tier in enumerate(tiers):
        priority = 9 - number if ordered else draw(st.integers(4, 5))
        name = "default" if tier == "Baseline" and not new else f"p{number}"
        objects.append(draw(_policy(name, new, tier, priority)))
    return objects


@st.composite
def tiered_clusters(draw: st.DrawFn, *, ordered: bool = True) -> list[Object]:
    """A cluster with one to three policies with tiers; not `ordered`: with equal priorities among them."""
    return [*draw(clusters(3)), *draw(admin_policies(ordered=ordered))]
