"""Random clusters with policies of Calico, of Kubernetes and of administrators, dense enough that they meet."""

from __future__ import annotations

from typing import Any

from clusters import PORTS, clusters
from hypothesis import strategies as st
from tiered import admin_policies

Object = dict[str, Any]

API = "projectcalico.org/v3"
TIERS = {"early": 100, "second": 2000, "late": 5e6, "last": None}
"""Tiers of their own around those that Calico makes, with their orders."""

V4 = ("10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "203.0.113.64/26", "8.8.8.8/32", "0.0.0.0/0")
V6 = ("2001:db8::/32", "2001:db8:1::/48", "2001:db8:1:1::/64", "::/0")
ACCOUNTS = ("default", "runner")
_KEYS = ("app", "tier", "k")
_VALUES = ("'x'", "'y'", "'z'")


@st.composite
def terms(draw: st.DrawFn, keys: tuple[str, ...]) -> str:
    key, value = draw(st.sampled_from(keys)), draw(st.sampled_from(_VALUES))
    kind = draw(st.integers(0, 6))
    if kind == 0:
        return "all()"
    if kind == 1:
        return draw(st.sampled_from([f"has({key})", f"!has({key})"]))
    if kind == 2:
        listed = ", ".join(draw(st.lists(st.sampled_from(_VALUES), min_size=1, max_size=2, unique=True)))
        return f"{key} {draw(st.sampled_from(['in', 'not in']))} {{{listed}}}"
    return f"{key} {draw(st.sampled_from(['==', '==', '!=', 'contains', 'starts with', 'ends with']))} {value}"


@st.composite
def selectors(draw: st.DrawFn, keys: tuple[str, ...] = (*_KEYS, "pcns.k", "pcsa.k")) -> str:
    """A selector of one to three terms."""
    found = [draw(terms(keys)) for _ in range(draw(st.sampled_from([1, 1, 2, 3])))]
    joined = found[0]
    for item in found[1:]:
        joined = f"({joined}) {draw(st.sampled_from(['&&', '||']))} {draw(st.sampled_from(['', '!']))}({item})"
    return joined


@st.composite
def entities(draw: st.DrawFn, families: tuple[int, ...], namespaced: bool) -> Object:
    entity: Object = {}
    blocks = [block for version in families for block in (V4 if version == 4 else V6)]
    kind = draw(st.integers(0, 11))
    if kind <= 4:
        entity["selector"] = draw(selectors())
    if kind in (4, 5, 6):
        entity["namespaceSelector"] = draw(st.sampled_from(["all()", "k == 'x'", "has(app)", "global()", "!has(tier)"]))
    if kind in (3, 7):
        entity["notSelector"] = draw(selectors())
    if kind in (6, 8):
        names = draw(st.lists(st.sampled_from(ACCOUNTS), max_size=1))
        entity["serviceAccounts"] = {"names": names} if names else {"selector": draw(selectors(("k", "app")))}
        if names and draw(st.booleans()):
            entity["serviceAccounts"]["selector"] = draw(selectors(("k", "app")))
    if kind in (0, 8, 9):
        entity["nets"] = draw(st.lists(st.sampled_from(blocks), min_size=1, max_size=2, unique=True))
    if kind in (1, 9, 10):
        entity["notNets"] = draw(st.lists(st.sampled_from(blocks), min_size=1, max_size=2, unique=True))
    return entity


@st.composite
def port_lists(draw: st.DrawFn) -> list[Any]:
    numbers = sorted(draw(st.lists(st.sampled_from(PORTS), min_size=2, max_size=2, unique=True)))
    choices = ["web", "dns", numbers[0], f"{numbers[0]}:{numbers[1]}"]
    return draw(st.lists(st.sampled_from(choices), min_size=1, max_size=2, unique=True))


@st.composite
def rules(draw: st.DrawFn, namespaced: bool) -> Object:
    rule: Object = {"action": draw(st.sampled_from(["Allow", "Allow", "Deny", "Deny", "Pass", "Log"]))}
    families: tuple[int, ...] = draw(st.sampled_from([(4,), (6,), (4, 6)]))
    if len(families) == 1 and draw(st.integers(0, 3)) == 0:
        rule["ipVersion"] = families[0]
    for side in ("source", "destination"):
        if draw(st.integers(0, 2)):
            rule[side] = draw(entities(families, namespaced))
    icmp = "ICMPv6" if rule.get("ipVersion") == 6 else "ICMP"
    protocol = draw(st.sampled_from([None, None, "TCP", "TCP", "UDP", "SCTP", 17, icmp, "UDPLite"]))
    if protocol is not None:
        rule["protocol"] = protocol
        if protocol not in (icmp, "UDPLite"):
            for key in ("ports", "notPorts"):
                if draw(st.integers(0, 2)) == 0:
                    rule.setdefault("destination", {})[key] = draw(port_lists())
    elif draw(st.integers(0, 3)) == 0:
        rule["notProtocol"] = draw(st.sampled_from(["TCP", icmp, 132]))
    return rule


@st.composite
def policies(draw: st.DrawFn, name: str) -> Object:
    namespaced = draw(st.booleans())
    tier = draw(st.sampled_from(["default", "default", *TIERS]))
    spec: Object = {"tier": tier, "selector": draw(st.sampled_from(["all()", ""])) or draw(selectors())}
    if draw(st.integers(0, 4)):
        spec["order"] = draw(st.sampled_from([10, 20, 999.5, 1000.5]))
    types = draw(st.sampled_from([None, ["Ingress"], ["Egress"], ["Ingress", "Egress"]]))
    if types:
        spec["types"] = types
    for section in ("ingress", "egress"):
        if draw(st.integers(0, 3)):
            spec[section] = draw(st.lists(rules(namespaced), max_size=3))
    if draw(st.integers(0, 4)) == 0:
        spec["serviceAccountSelector"] = draw(selectors(("k", "app")))
    meta = {"name": f"{tier}.{name}"}
    if namespaced:
        meta["namespace"] = draw(st.sampled_from("abc"))
    elif draw(st.integers(0, 3)) == 0:
        spec["namespaceSelector"] = draw(selectors(("k", "app")))
    kind = "NetworkPolicy" if namespaced else "GlobalNetworkPolicy"
    return {"apiVersion": API, "kind": kind, "metadata": meta, "spec": spec}


@st.composite
def network_sets(draw: st.DrawFn, name: str) -> Object:
    labels = draw(st.dictionaries(st.sampled_from(_KEYS), st.sampled_from(["x", "y"]), max_size=2))
    meta: Object = {"name": name, "labels": labels}
    if draw(st.booleans()):
        meta["namespace"] = draw(st.sampled_from("abc"))
    nets = draw(st.lists(st.sampled_from([*V4[1:5], *V6[1:3]]), min_size=1, max_size=2, unique=True))
    kind = "NetworkSet" if "namespace" in meta else "GlobalNetworkSet"
    return {"apiVersion": API, "kind": kind, "metadata": meta, "spec": {"nets": nets}}


@st.composite
def calico_clusters(draw: st.DrawFn, families: tuple[tuple[int, ...], ...] = ((4,), (6,))) -> list[Object]:
    """A cluster with one to four policies of Calico among others. The pods have an address of each family."""
    objects = draw(clusters(2))
    version = draw(st.sampled_from(families))
    spaces = {"a", "b", "c"}
    for item in objects:
        if item["kind"] == "Pod":
            item["spec"]["serviceAccountName"] = draw(st.sampled_from(ACCOUNTS))
            four = item["status"]["podIPs"][0]["ip"]
            six = "2001:db8:{1}:{2}::{3}".format(*four.split("."))
            item["status"]["podIPs"] = [{"ip": {4: four, 6: six}[number]} for number in version]
    for space in sorted(spaces):
        for account in ACCOUNTS:
            labels = draw(st.dictionaries(st.sampled_from(["k", "app"]), st.sampled_from(["x", "y"]), max_size=1))
            meta = {"name": account, "namespace": space, "labels": labels}
            objects.append({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})
    for name, order in TIERS.items():
        spec = {"defaultAction": draw(st.sampled_from(["Deny", "Pass"])), **({} if order is None else {"order": order})}
        objects.append({"apiVersion": API, "kind": "Tier", "metadata": {"name": name}, "spec": spec})
    objects += [draw(network_sets(f"set-{number}")) for number in range(draw(st.integers(0, 2)))]
    names = draw(st.permutations(["a", "b", "c", "d"]))
    objects += [draw(policies(name)) for name in names[: draw(st.integers(1, 4))]]
    if draw(st.integers(0, 2)) == 0:
        objects += draw(admin_policies())
    return objects
