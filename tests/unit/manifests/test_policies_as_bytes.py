"""Each form of a peer goes through bytes and comes back as what it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ringfence.manifests import NetworkPolicy, parse_files
from ringfence.manifests.rows import from_rows, to_rows

APP = {"matchLabels": {"app": "a"}}
TERMS = {
    "matchExpressions": [{"key": "k", "operator": "NotIn", "values": ["b", "a"]}, {"key": "m", "operator": "Exists"}]
}
PEERS = {
    "pods": {"podSelector": APP},
    "all pods": {"podSelector": {}},
    "pods of namespaces": {"podSelector": APP, "namespaceSelector": TERMS},
    "namespaces": {"namespaceSelector": APP},
    "all namespaces": {"namespaceSelector": {}},
    "pods of all namespaces": {"podSelector": TERMS, "namespaceSelector": {}},
    "a block": {"ipBlock": {"cidr": "10.0.0.0/8"}},
    "a block but for another": {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}},
    "a block but for several": {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/24"]}},
    "IPv6": {"ipBlock": {"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48"]}},
}


def policy(name: str, **spec: Any) -> NetworkPolicy:
    whole = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "n"},
        "spec": {"podSelector": APP, **spec},
    }
    found = parse_files({"all.yaml": json.dumps(whole).encode()})
    (only,) = found.policies
    assert found.findings == []
    return only


def again(item: NetworkPolicy) -> NetworkPolicy:
    (items,) = from_rows(to_rows([[item]]))
    assert items is not None
    (same,) = items
    return same


@pytest.mark.parametrize("way", ["from", "to"])
@pytest.mark.parametrize("name", PEERS)
def test_a_peer(name: str, way: str) -> None:
    direction = {"from": "ingress", "to": "egress"}[way]
    item = policy(
        "one", **{direction: [{way: [PEERS[name]], "ports": [{"port": 80}]}]}, policyTypes=["Egress", "Ingress"]
    )
    same = again(item)
    assert same == item
    assert repr(same) == repr(item)
    (rule,) = (item.ingress if way == "from" else item.egress) or ()
    (read,) = (same.ingress if way == "from" else same.egress) or ()
    assert [type(peer) for peer in read.peers] == [type(peer) for peer in rule.peers]
    assert [str(peer) for peer in read.peers] == [str(peer) for peer in rule.peers]


def test_peers_differ_from_each_other() -> None:
    items = [policy("one", egress=[{"to": [peer]}]) for peer in PEERS.values()]
    (found,) = from_rows(to_rows([items]))
    assert found == items
    assert len(set(found)) == len(PEERS)


@pytest.mark.parametrize("types", [["Ingress"], ["Egress"], ["Egress", "Ingress"]])
@pytest.mark.parametrize(
    "rules", [{}, {"egress": []}, {"ingress": [{}]}, {"egress": [{"ports": [{"port": 1}]}], "ingress": []}]
)
def test_what_is_allowed_to_nobody_and_to_everybody(types: list[str], rules: dict[str, Any]) -> None:
    item = policy("one", policyTypes=types, **{way: rules[way] for way in rules if way.capitalize() in types})
    assert again(item) == item
