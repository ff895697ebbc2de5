"""Random small clusters as Kubernetes objects, dense enough that policies meet."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

from hypothesis import strategies as st

Object = dict[str, Any]

NAMESPACES = ("a", "b", "c")
ADDRESSES = (
    "10.1.0.1",
    "10.1.1.9",
    "10.2.0.1",
    "8.8.8.8",
    "203.0.113.77",
    "0.0.0.1",
    "255.255.255.255",
    "2001:db8::5",
    "::",
)
PORTS = (1, 79, 80, 81, 90, 91, 443, 8080, 65535)
BLOCKS = (
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.1.0/24",
    "203.0.113.64/26",
    "8.8.8.8/32",
    "::/0",
    "2001:db8::/32",
)
INSIDE = {
    "0.0.0.0/0": ("10.0.0.0/8", "8.0.0.0/6"),
    "10.0.0.0/8": ("10.1.0.0/16", "10.1.1.0/24"),
    "10.1.0.0/16": ("10.1.1.0/24", "10.1.0.0/25"),
    "::/0": ("2001:db8::/32",),
}

pairs = st.dictionaries(st.sampled_from(["app", "tier", "k"]), st.sampled_from(["x", "y", ""]), max_size=3)


@st.composite
def expressions(draw: st.DrawFn) -> Object:
    operator = draw(st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]))
    term: Object = {"key": draw(st.sampled_from(["app", "tier", "k"])), "operator": operator}
    if operator in ("In", "NotIn"):
        term["values"] = draw(st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=2))
    return term


@st.composite
def selectors(draw: st.DrawFn, *, of_namespaces: bool = False) -> Object:
    kind = draw(st.integers(0, 5))
    if of_namespaces and kind == 0:
        return {"matchLabels": {"kubernetes.io/metadata.name": draw(st.sampled_from(NAMESPACES))}}
    if kind <= 2:
        return {}
    result: Object = {}
    if kind != 4:
        result["matchLabels"] = draw(
            st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["x", "y"]), max_size=1)
        )
    if kind != 3:
        result["matchExpressions"] = draw(st.lists(expressions(), max_size=2))
    return result


@st.composite
def peers(draw: st.DrawFn) -> Object:
    kind = draw(st.integers(0, 3))
    if kind == 0:
        cidr = draw(st.sampled_from(BLOCKS))
        block: Object = {"cidr": cidr}
        if cidr in INSIDE and draw(st.booleans()):
            block["except"] = draw(st.lists(st.sampled_from(INSIDE[cidr]), min_size=1, max_size=2, unique=True))
        return {"ipBlock": block}
    if kind == 1:
        return {"podSelector": draw(selectors())}
    if kind == 2:
        return {"namespaceSelector": draw(selectors(of_namespaces=True))}
    return {"namespaceSelector": draw(selectors(of_namespaces=True)), "podSelector": draw(selectors())}


@st.composite
def ports(draw: st.DrawFn) -> Object:
    entry: Object = {}
    if draw(st.booleans()):
        entry["protocol"] = draw(st.sampled_from(["TCP", "UDP", "SCTP"]))
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return entry
    if kind == 1:
        return {**entry, "port": draw(st.sampled_from(["web", "dns"]))}
    first = draw(st.sampled_from(PORTS))
    entry["port"] = first
    if kind == 2:
        entry["endPort"] = draw(st.sampled_from([number for number in PORTS if number >= first]))
    return entry


@st.composite
def rules(draw: st.DrawFn, key: str) -> Object:
    rule: Object = {}
    if draw(st.integers(0, 4)):
        rule[key] = draw(st.lists(peers(), max_size=3))
    if draw(st.integers(0, 2)):
        rule["ports"] = draw(st.lists(ports(), max_size=3))
    return rule


@st.composite
def policies(draw: st.DrawFn, name: str) -> Object:
    spec: Object = {"podSelector": draw(selectors())}
    if draw(st.booleans()):
        spec["policyTypes"] = draw(
            st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"], ["Egress", "Ingress"]])
        )
    if draw(st.integers(0, 3)):
        spec["ingress"] = draw(st.lists(rules("from"), max_size=3))
    if draw(st.integers(0, 3)):
        spec["egress"] = draw(st.lists(rules("to"), max_size=3))
    meta = {"name": name, "namespace": draw(st.sampled_from(NAMESPACES))}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


@st.composite
def pods(draw: st.DrawFn, number: int) -> Object:
    listed = draw(
        st.lists(
            st.tuples(st.sampled_from(["web", "dns"]), st.sampled_from(["TCP", "UDP"]), st.sampled_from(PORTS)),
            max_size=3,
            unique_by=lambda item: item[:2],
        )
    )
    entries = [{"name": name, "protocol": protocol, "containerPort": port} for name, protocol, port in listed]
    meta = {"name": f"p{number}", "namespace": draw(st.sampled_from(NAMESPACES)), "labels": draw(pairs)}
    address = draw(st.sampled_from(["10.1.0", "10.1.1", "10.2.0"])) + f".{number + 1}"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": {"containers": [{"name": "c", "ports": entries}]},
        "status": {"podIPs": [{"ip": address}]},
    }


@st.composite
def clusters(draw: st.DrawFn, max_policies: int = 4) -> list[Object]:
    """Objects: some namespaces (others only named by pods), two to five pods, some policies."""
    named = draw(st.lists(st.sampled_from(NAMESPACES), unique=True))
    spaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": draw(pairs)}} for name in named
    ]
    count = draw(st.integers(2, 5))
    found = [draw(pods(number)) for number in range(count)]
    total = draw(st.integers(0, max_policies))
    return [*spaces, *found, *(draw(policies(f"np-{number}")) for number in range(total))]


def names(objects: list[Object]) -> list[str]:
    """The pods, as `namespace/name`."""
    return [f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in objects if item["kind"] == "Pod"]


def points(objects: list[Object]) -> list[tuple[str, str]]:
    """Every pod with every pod, and with some addresses either way."""
    pods = names(objects)
    return [*product(pods, pods), *product(pods, ADDRESSES), *product(ADDRESSES, pods)]


def files(objects: list[Object]) -> dict[str, bytes]:
    """The objects as a file of manifests."""
    return {"all.yaml": "\n---\n".join(map(json.dumps, objects)).encode()}
