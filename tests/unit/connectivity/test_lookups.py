"""Lookups, explanations, differences and the JSON form, on clusters small enough to read."""

from __future__ import annotations

import json

import pytest
from made import EXTERNAL, MATCHES, allowed, app, deployment, namespace, pod, policy, space, tcp, world

from ringfence.connectivity import (
    ClusterState,
    Direction,
    Endpoint,
    Profile,
    diff,
    diff_to_json,
    evaluate,
    explanation_to_json,
    is_manifest,
    names,
    to_json,
)
from ringfence.errors import UsageError
from ringfence.values.addresses import EVERYWHERE, AddressSet

DENY = policy("a/deny", policyTypes=["Ingress", "Egress"])
ALLOW = policy(
    "a/allow", "x", ingress=[{"ports": [tcp(1)]}, {"from": [{"namespaceSelector": space("b")}], "ports": [tcp(80)]}]
)
PODS = [pod("a/x"), pod("a/y"), deployment("b/z")]


def test_explanation_names_the_rule_and_its_place():
    told = world(*PODS, DENY, ALLOW).explain("b/z", "a/x", "TCP", 80)
    assert told.egress
    assert told.ingress
    assert (told.egress.isolated_by, told.egress.matches) == ((), ())
    assert [item.policy for item in told.ingress.isolated_by] == ["a/allow", "a/deny"]
    (match,) = told.ingress.matches
    assert (match.policy, match.index, match.where.path, match.certain) == ("a/allow", 1, "all.yaml", True)
    assert match.where.line > told.ingress.isolated_by[0].where.line > 1
    assert told.line == (
        f"b/z[Deployment] -> a/x[Pod]: 80/TCP; egress of b/z[Deployment]: no policy isolates it, open; "
        f"ingress of a/x[Pod]: a/allow ingress[1] ({match.where}) allows 80/TCP"
    )


def test_explanation_of_a_denial():
    told = world(*PODS, DENY).explain("a/x", "b/z")
    assert not told.allowed
    assert told.egress
    where = told.egress.isolated_by[0].where
    assert f"egress of a/x[Pod]: isolated by a/deny ({where}), no rule matches" in told.line


def test_explanation_with_an_end_outside():
    told = world(*PODS, DENY).explain("203.0.113.1", "a/x")
    assert told.egress is None
    assert told.ingress
    assert told.source == ", ".join(EVERYWHERE.ranges())


def test_explanation_as_data():
    result = world(*PODS, DENY, ALLOW)
    data = explanation_to_json(result.explain("b/z", "a/x", "TCP"))
    assert json.loads(json.dumps(data)) == data
    assert data["allowed"] == {"TCP": [[1, 1], [80, 80]]}
    assert [(item["policy"], item["rule"]) for item in data["ingress"]["matches"]] == [("a/allow", 0), ("a/allow", 1)]


def test_lookup_of_an_unknown_end_teaches():
    result = world(*PODS)
    with pytest.raises(UsageError, match="no pod or workload b/y") as caught:
        result.ports("a/x", "b/y")
    assert caught.value.hint.startswith("did you mean ")
    with pytest.raises(UsageError, match="is no address"):
        result.ports("a/x", "10.0.0.300")
    with pytest.raises(UsageError, match="both ends lie outside"):
        result.ports("1.1.1.1", "8.8.8.8")


def test_lookup_of_a_name_that_two_workloads_share():
    twins = [deployment("a/x"), pod("a/x")]
    with pytest.raises(UsageError, match="a/x names several workloads") as caught:
        world(*twins).ports("a/x", "1.1.1.1")
    assert "a/x[Deployment], a/x[Pod]" in caught.value.hint
    assert allowed(world(*twins), "a/x[Pod]", "a/x[Deployment]") == "all ports"


def test_lookup_of_addresses_that_the_cluster_gives_out():
    profile = Profile("p", pods=AddressSet.of(["10.0.0.0/8"]))
    with pytest.raises(UsageError, match="pod or service addresses"):
        world(*PODS, profile=profile).ports("a/x", "10.1.1.1")


def test_lookup_of_a_range_is_what_holds_for_all_of_it():
    rules = [
        {"to": [{"ipBlock": {"cidr": "10.0.0.0/9"}}], "ports": [tcp(80, 90)]},
        {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [tcp(85, 95)]},
    ]
    result = world(*PODS, policy("a/p", policyTypes=["Egress"], egress=rules))
    assert allowed(result, "a/x", "10.0.0.0/9") == "80-95/TCP"
    assert allowed(result, "a/x", "10.0.0.0/8") == "85-95/TCP"
    assert allowed(result, "a/x", "0.0.0.0/0") == "nothing"
    assert str(result.ports("a/x", AddressSet.of(["10.128.0.0/9"]))) == "85-95/TCP"


def test_rows_join_addresses_with_the_same_ports():
    rules = [
        {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [tcp(443)]}
        for cidr in ("10.0.0.0/8", "192.168.0.0/16", "10.1.0.0/16")
    ]
    result = world(pod("a/x"), policy("a/p", policyTypes=["Egress"], egress=rules))
    rows = [(str(row.source), row.destination) for row in result.rows() if not isinstance(row.source, AddressSet)]
    assert rows == [("a/x[Pod]", AddressSet.of(["10.0.0.0/8", "192.168.0.0/16"]))]
    (into,) = [row for row in result.rows() if isinstance(row.source, AddressSet)]
    assert into.source == EVERYWHERE


def test_cluster_put_together_by_hand():
    ends = (Endpoint("a", "x", "Workload", (("app", "x"),)), Endpoint("b", "y", "Workload", (("app", "y"),)))
    result = evaluate(ClusterState(endpoints=ends, profile=MATCHES))
    assert allowed(result, "a/x", "b/y") == "all ports"
    assert result.counts.namespaces == 2
    assert not result.is_isolated("a/x", Direction.EGRESS)


def test_json_form():
    result = world(*PODS, pod("b/r-1", owner=("ReplicaSet", "r")), DENY, ALLOW)
    data = to_json(result)
    assert json.loads(json.dumps(data)) == data
    rows = {(source, destination): ports for source, destination, ports in data["connections"]}
    assert rows["b/z[Deployment]", "a/x[Pod]"] == {"TCP": [[1, 1], [80, 80]]}
    assert (
        rows["b/z[Deployment]", "0.0.0.0-255.255.255.255"]
        == rows["::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "b/z[Deployment]"]
    )
    assert ("b/z[Deployment]", "b/z[Deployment]") not in rows
    assert data["workload_of"] == {"b/r-1": "b/r[ReplicaSet]"}
    assert data["counts"] == {"endpoints": 4, "namespaces": 2, "policies": 2, "connections": len(rows), "undefined": 0}


def test_json_form_of_what_is_undefined():
    bad = policy("a/bad", ingress=[{"from": [{}]}])
    (row,) = [
        row for row in to_json(world(*PODS, bad))["undefined"] if row[0] == "b/z[Deployment]" and row[1] == "a/x[Pod]"
    ]
    assert row[2] == {protocol: [[1, 65535]] for protocol in ("TCP", "UDP", "SCTP")}
    assert row[3][0].startswith("NetworkPolicy a/bad (all.yaml:")


def test_difference_kinds():
    wider = policy("a/allow", "x", ingress=[{"from": [{"namespaceSelector": space("b")}], "ports": [tcp(80, 81)]}])
    before, after = world(*PODS, DENY, ALLOW), world(*PODS, DENY, wider)
    told = {
        (c.kind, str(c.source), str(c.destination)): (str(c.before), str(c.after))
        for c in diff(before, after)
        if isinstance(c.source, Endpoint)
    }
    assert told == {("changed", "b/z[Deployment]", "a/x[Pod]"): ("1/TCP, 80/TCP", "80-81/TCP")}
    outside = [c for c in diff(before, after) if isinstance(c.source, AddressSet)]
    assert [(c.kind, c.source, str(c.closed), str(c.opened)) for c in outside] == [
        ("removed", EVERYWHERE, "1/TCP", "nothing")
    ]


def test_difference_over_addresses_cut_differently():
    def out(*cidrs: str):
        rules = [{"to": [{"ipBlock": {"cidr": cidr}}], "ports": [tcp(443)]} for cidr in cidrs]
        return world(pod("a/x"), policy("a/p", policyTypes=["Egress"], egress=rules))

    assert diff(out("10.0.0.0/9", "10.128.0.0/9"), out("10.0.0.0/8")) == []
    (change,) = diff(out("10.0.0.0/8", "10.3.0.0/16"), out("10.0.0.0/9"))
    assert (change.kind, change.destination) == ("removed", AddressSet.of(["10.128.0.0/9"]))


def test_difference_of_a_workload_that_came():
    before, after = world(pod("a/x")), world(pod("a/x"), deployment("a/new"))
    assert {(c.kind, names(c.source)[0], names(c.destination)[0]) for c in diff(before, after)} == {
        ("added", "a/new[Deployment]", "a/new[Deployment]"),
        ("added", "a/new[Deployment]", "a/x[Pod]"),
        ("added", "a/x[Pod]", "a/new[Deployment]"),
        ("added", "a/new[Deployment]", "0.0.0.0-255.255.255.255"),
        ("added", "0.0.0.0-255.255.255.255", "a/new[Deployment]"),
    }
    assert [row for row in diff_to_json(diff(before, after))["diff"] if row[1] == row[2]] == []
    assert len(diff(before, after, replicas=False)) == 4


def test_a_changed_policy_that_is_not_modelled_is_never_no_change():
    def foreign(port: str) -> dict[str, object]:
        return {
            "apiVersion": "networking.gke.io/v1alpha1",
            "kind": "FQDNNetworkPolicy",
            "metadata": {"name": "c", "namespace": "a"},
            "spec": {"egress": [{"ports": [{"port": port}]}]},
        }

    before, same, after = (world(*PODS, foreign(port)) for port in ("80", "80", "81"))
    assert diff(before, same) == []
    changes = diff(before, after)
    assert {change.kind for change in changes} == {"undefined"}
    assert {
        (str(c.source), str(c.destination))
        for c in changes
        if isinstance(c.destination, Endpoint) and isinstance(c.source, Endpoint)
    } == {
        (source, destination)
        for source, destination in [
            ("a/x[Pod]", "a/y[Pod]"),
            ("a/y[Pod]", "a/x[Pod]"),
            ("a/x[Pod]", "b/z[Deployment]"),
            ("a/y[Pod]", "b/z[Deployment]"),
            ("b/z[Deployment]", "a/x[Pod]"),
            ("b/z[Deployment]", "a/y[Pod]"),
        ]
    }
    data = diff_to_json(changes)
    assert data["diff"] == []
    assert len(data["undefined"]) >= 6


def test_what_is_undefined_on_one_side_only_is_a_change():
    bad = policy("a/bad", "x", ingress=[{"from": [{}]}])
    changes = diff(world(*PODS), world(*PODS, bad))
    (change,) = [c for c in changes if str(c.source) == "b/z[Deployment]" and str(c.destination) == "a/x[Pod]"]
    assert (change.kind, str(change.before), str(change.after), str(change.undefined_after)) == (
        "removed",
        "all ports",
        "nothing",
        "all ports",
    )


def test_a_namespace_label_changes_what_policies_mean():
    rule = {"from": [{"namespaceSelector": {"matchLabels": {"team": "t"}}}]}
    objects = [*PODS, policy("a/p", "x", ingress=[rule])]
    changes = diff(world(*objects, namespace("b")), world(*objects, namespace("b", team="t")))
    assert [(c.kind, str(c.source), str(c.destination)) for c in changes] == [("added", "b/z[Deployment]", "a/x[Pod]")]


def test_pods_of_one_owner_are_one_workload_or_apart():
    hashed = {"app": "web", "pod-template-hash": "5d4f8"}
    replica = pod("a/web-5d4f8-abcde", hashed, owner=("ReplicaSet", "web-5d4f8"))
    result = world(
        replica, pod("a/s-0", owner=("StatefulSet", "s")), pod("a/s-1", {"app": "s-0"}, owner=("StatefulSet", "s"))
    )
    assert [str(item) for item in result.endpoints] == ["a/s[StatefulSet]", "a/web[Deployment]"]


@pytest.mark.parametrize(
    ("path", "yes"),
    [
        ("a.yaml", True),
        ("x/b.yml", True),
        ("c.json", True),
        ("d.txt", False),
        ("x/kustomization.yaml", False),
        ("README", False),
    ],
)
def test_which_files_are_manifests(path: str, yes: bool):
    assert is_manifest(path) is yes


def test_selectors_that_nothing_matches():
    result = world(
        *PODS, policy("a/p", "nobody", ingress=[]), policy("c/p", ingress=[{"from": [{"podSelector": app("x")}]}])
    )
    assert allowed(result, "b/z", "a/x") == "all ports"
    assert result.space.profile is EXTERNAL


def test_owners_are_followed_to_the_top():
    controller = {"kind": "Deployment", "name": "web", "controller": True}
    replicas = deployment("a/web-77")
    replicas["kind"] = "ReplicaSet"
    replicas["metadata"]["ownerReferences"] = [controller]
    one = pod("a/web-77-x", owner=("ReplicaSet", "web-77"))
    for objects in ([replicas, one], [deployment("a/web"), replicas, one]):
        result = world(*objects)
        assert [str(item) for item in result.endpoints] == ["a/web[Deployment]"]
        assert result.cluster.workload_of == {"a/web-77-x": "a/web[Deployment]"}


def test_owners_that_own_each_other_end():
    one, two = deployment("a/one"), deployment("a/two")
    for item, other in ((one, "two"), (two, "one")):
        item["metadata"]["ownerReferences"] = [{"kind": "Deployment", "name": other, "controller": True}]
    assert len(world(one, two).endpoints) <= 2
