"""Exposure: what is open to the world and to pods that nobody declared."""

from __future__ import annotations

from typing import Any

from made import EXTERNAL, Profile, app, deployment, files, namespace, pod, policy, space, tcp

from ringfence.connectivity import from_directory
from ringfence.connectivity.exposure import Exposure, exposure

Object = dict[str, Any]
Rows = dict[tuple[str, str], str]


def found(*objects: Object, profile: Profile = EXTERNAL) -> Exposure:
    return exposure(from_directory(files(*objects), profile))


def pods_of(*objects: Object, direction: str = "ingress", profile: Profile = EXTERNAL) -> Rows:
    """The rows of one direction that are about pods: workload and peer to ports; undefined ports after a `?`."""
    return {
        (row.workload.id, str(row.peer)): f"{row.ports}{f' ? {row.undefined}' if row.undefined else ''}"
        for row in found(*objects, profile=profile).rows
        if not row.is_world and str(row.direction) == direction
    }


def ingress(*rules: Object) -> Object:
    return policy("shop/db", "db", policyTypes=["Ingress"], ingress=list(rules))


DB = deployment("shop/db")


def test_without_a_policy_everything_is_open_and_unprotected():
    result = found(DB)
    every = [(str(row.direction), str(row.ports), row.is_world) for row in result.rows]
    assert every == [(way, "all ports", world) for way in ("ingress", "egress") for world in (True, False)]
    assert [(end.id, str(way)) for end, way in result.unprotected] == [("shop/db", "ingress"), ("shop/db", "egress")]


def test_a_rule_for_labels_that_nobody_has_yet():
    rules = ingress({"from": [{"podSelector": app("tomorrow")}], "ports": [tcp(5432)]})
    assert pods_of(DB, rules) == {("shop/db", "pods with app=tomorrow of shop"): "5432/TCP"}


def test_the_words_for_each_kind_of_peer():
    team = {"matchLabels": {"team": "a"}}
    rules = [
        {"from": [{"namespaceSelector": {}}], "ports": [tcp(1)]},
        {"from": [{"podSelector": {}}], "ports": [tcp(2)]},
        {"from": [{"namespaceSelector": team}], "ports": [tcp(3)]},
        {"from": [{"namespaceSelector": team, "podSelector": app("x")}], "ports": [tcp(4)]},
        {"from": [{"namespaceSelector": {}, "podSelector": app("y")}], "ports": [tcp(5)]},
        {"from": [{"namespaceSelector": space("other")}], "ports": [tcp(6)]},
        {"from": [{"namespaceSelector": space("unseen")}], "ports": [tcp(7)]},
    ]
    assert pods_of(DB, namespace("other"), ingress(*rules)) == {
        ("shop/db", "any pod of any namespace"): "1/TCP",
        ("shop/db", "any pod of shop"): "1-2/TCP",
        ("shop/db", "any pod of other"): "1/TCP, 6/TCP",
        ("shop/db", "any pod of namespaces with team=a"): "1/TCP, 3/TCP",
        ("shop/db", "pods with app=x of namespaces with team=a"): "1/TCP, 3-4/TCP",
        ("shop/db", "pods with app=y of any namespace"): "1/TCP, 5/TCP",
        ("shop/db", "any pod of namespaces with kubernetes.io/metadata.name=unseen"): "1/TCP, 7/TCP",
    }


def test_a_set_of_pods_is_named_only_where_it_fares_unlike_the_larger():
    other = policy("shop/other", "other", policyTypes=["Ingress"], ingress=[{"from": [{"podSelector": app("x")}]}])
    assert pods_of(DB, deployment("shop/other"), other) == {
        ("shop/db", "any pod of any namespace"): "all ports",
        ("shop/other", "pods with app=x of shop"): "all ports",
    }


def test_what_follows_from_labels_counts():
    """A pod with app=x has the label app, and one without app is not x."""
    exists = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
    absent = {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}
    other = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["x"]}]}
    either = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["x", "y"]}]}
    rules = [
        {"from": [{"podSelector": selector}], "ports": [tcp(port)]}
        for port, selector in enumerate((exists, absent, other, either, app("x")), 1)
    ]
    whole = policy("shop/all", policyTypes=["Ingress"], ingress=rules)
    assert pods_of(deployment("shop/db", {"role": "db"}), whole) == {
        ("shop/db", "pods with app of shop"): "1/TCP",
        ("shop/db", "pods with !app of shop"): "2-3/TCP",
        ("shop/db", "pods with app not in (x) of shop"): "3/TCP",
        ("shop/db", "pods with app in (x, y) of shop"): "1/TCP, 4/TCP",
        ("shop/db", "pods with app=x of shop"): "1/TCP, 4-5/TCP",
    }


def test_a_declared_namespace_meets_selectors_by_its_labels():
    rules = ingress(
        {"from": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}], "ports": [tcp(80)]},
        {
            "from": [
                {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["a"]}]}}
            ]
        },
    )
    assert pods_of(DB, namespace("ours", team="a"), namespace("theirs", team="b"), rules) == {
        ("shop/db", "any pod of namespaces with team=a"): "80/TCP",
        ("shop/db", "any pod of namespaces with team not in (a)"): "all ports",
    }


def test_pods_like_the_declared_ones_are_left_out():
    rules = ingress({"from": [{"podSelector": app("web")}]}, {"from": [{"podSelector": app("tomorrow")}]})
    cluster = from_directory(files(DB, deployment("shop/web"), rules), EXTERNAL)
    few, all_ = exposure(cluster), exposure(cluster, likes=True)
    named = [
        {str(row.peer): [end.id for end in row.known] for row in result.rows if row.workload.id == "shop/db"}
        for result in (few, all_)
    ]
    assert (few.left_out, all_.left_out) == (1, 0)
    assert "pods with app=web of shop" not in named[0]
    assert named[1]["pods with app=web of shop"] == ["shop/web"]
    assert named[0]["pods with app=tomorrow of shop"] == named[1]["pods with app=tomorrow of shop"] == []


def test_the_other_side_counts():
    """A namespace that denies all by default is closed to whoever may call everything."""
    closed = policy("vault/deny", policyTypes=["Ingress"])
    assert pods_of(DB, namespace("vault"), closed, direction="egress") == {
        ("shop/db", "any pod of any namespace"): "all ports",
        ("shop/db", "any pod of vault"): "nothing",
    }


def test_a_named_port_of_pods_that_nobody_declared_is_undefined():
    rules = policy(
        "shop/db",
        "db",
        policyTypes=["Egress"],
        egress=[{"to": [{"podSelector": app("x")}], "ports": [{"port": "web"}]}],
    )
    result = found(DB, rules)
    (row,) = [row for row in result.rows if str(row.direction) == "egress"]
    assert (str(row.peer), str(row.ports), str(row.undefined)) == ("pods with app=x of shop", "nothing", "all TCP")
    assert row.reasons == ("the named ports of shop/*(app=x)[Any] are not known",)


def test_blocks_of_addresses_may_hold_pods_that_nobody_declared():
    rules = ingress({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]})
    assert pods_of(DB, rules) == {}
    assert pods_of(DB, rules, profile=Profile()) == {("shop/db", "any pod of any namespace"): "nothing ? all ports"}
    world = [row for row in found(DB, rules).rows if row.is_world and str(row.direction) == "ingress"]
    assert [row.peer.ranges() for row in world] == [["10.0.0.0-10.255.255.255"]]


def test_a_pod_that_an_administrator_selects_is_protected():
    admin = {
        "apiVersion": "policy.networking.k8s.io/v1alpha1",
        "kind": "AdminNetworkPolicy",
        "metadata": {"name": "none-from-guests"},
        "spec": {
            "priority": 1,
            "subject": {"namespaces": {}},
            "ingress": [{"name": "x", "action": "Deny", "from": [{"namespaces": {"matchLabels": {"guest": "true"}}}]}],
        },
    }
    result = found(pod("shop/db"), admin)
    assert [str(way) for _, way in result.unprotected] == ["egress"]
    assert pods_of(pod("shop/db"), admin) == {
        ("shop/db", "any pod of any namespace"): "all ports",
        ("shop/db", "any pod of namespaces with guest=true"): "nothing",
    }
