"""One test for each statement on Cilium v2 in the project's semantics, and of those where engines disagree about it."""

from __future__ import annotations

from typing import Any

import pytest
from made import app, namespace, pod, policy, tcp, world

from ringfence.connectivity import Connectivity, Place, Profile
from ringfence.values.addresses import AddressSet

Object = dict[str, Any]

CILIUM = Profile("cilium", ip_blocks_match_pods=False)
NODES = AddressSet.of(["192.0.2.0/24"])
ALL = "all ports"
NONE = "nothing"
PODS = [pod("a/x"), pod("a/y"), pod("b/z"), namespace("b", team="b")]
OWN = "k8s:io.kubernetes.pod.namespace"


def cnp(id_: str, selects: Object | str | None = None, **spec: Any) -> Object:
    """A CiliumNetworkPolicy, or without a namespace in its name a clusterwide one."""
    space, _, name = id_.rpartition("/")
    selector = {} if selects is None else app(selects) if isinstance(selects, str) else selects
    kind = "CiliumNetworkPolicy" if space else "CiliumClusterwideNetworkPolicy"
    meta = {"name": name, **({"namespace": space} if space else {})}
    body = {"endpointSelector": selector, **spec}
    return {"apiVersion": "cilium.io/v2", "kind": kind, "metadata": meta, "spec": body}


def group(name: str, *cidrs: str, **labels: str) -> Object:
    meta = {"name": name, "labels": labels}
    return {"apiVersion": "cilium.io/v2", "kind": "CiliumCIDRGroup", "metadata": meta, "spec": {"externalCIDRs": cidrs}}


def ports(*numbers: int | str, protocol: str = "TCP", **more: Any) -> list[Object]:
    return [{"ports": [{"port": str(number), "protocol": protocol} for number in numbers], **more}]


def cluster(*objects: Object, profile: Profile = CILIUM, representatives: bool = False) -> Connectivity:
    return world(*PODS, *objects, profile=profile, representatives=representatives)


def allowed(result: Connectivity, source: str, destination: str) -> str:
    """What is allowed; nothing may be undefined."""
    assert not result.undefined(source, destination), result.reasons(source, destination)
    return str(result.ports(source, destination))


def doubtful(result: Connectivity, source: str, destination: str) -> tuple[str, str, str]:
    """What is allowed, what is undefined, and the first reason."""
    return (
        str(result.ports(source, destination)),
        str(result.undefined(source, destination)),
        result.reasons(source, destination)[0],
    )


# 1. Default deny starts per direction when a policy with that section selects the endpoint.


def test_1_default_deny_starts_per_direction_with_a_section():
    result = cluster(cnp("a/p", "x", ingress=[{}]))
    assert (allowed(result, "b/z", "a/x"), allowed(result, "a/x", "b/z")) == (NONE, ALL)
    assert allowed(result, "b/z", "a/y") == ALL
    result = cluster(cnp("a/p", "x", egress=[{}]))
    assert (allowed(result, "b/z", "a/x"), allowed(result, "a/x", "b/z")) == (ALL, NONE)


def test_1_a_clusterwide_policy_selects_in_every_namespace():
    result = cluster(cnp("p", ingress=[{}]))
    assert {allowed(result, "1.1.1.1", name) for name in ("a/x", "a/y", "b/z")} == {NONE}
    result = cluster(cnp("p", {"matchLabels": {OWN: "b"}}, ingress=[{}]))
    assert (allowed(result, "1.1.1.1", "a/x"), allowed(result, "1.1.1.1", "b/z")) == (ALL, NONE)


def test_1_default_deny_without_a_rule_differs_by_release():
    result = cluster(cnp("a/p", "x", egress=[{}], enableDefaultDeny={"ingress": True, "egress": True}))
    _, undefined, reason = doubtful(result, "b/z", "a/x")
    assert undefined == ALL
    assert reason == "whether `enableDefaultDeny` isolates for ingress without a rule there differs by release"


# 2. `egress: [{}]` denies all, the opposite of NetworkPolicy.


def test_2_an_empty_rule_denies_all():
    assert allowed(cluster(cnp("a/p", egress=[{}])), "a/x", "b/z") == NONE
    assert allowed(cluster(policy("a/p", egress=[{}], policyTypes=["Egress"])), "a/x", "b/z") == ALL


def test_2_an_empty_rule_beside_another_adds_nothing():
    result = cluster(cnp("a/p", egress=[{}, {"toEndpoints": [{"matchLabels": {OWN: "b"}}]}]))
    assert (allowed(result, "a/x", "b/z"), allowed(result, "a/x", "a/y")) == (ALL, NONE)


# 3. `fromEndpoints: [{}]`, an empty list, an absent L3 part.


def test_3_an_empty_selector_is_the_same_namespace_or_everything_managed():
    confined = cluster(cnp("a/p", "x", ingress=[{"fromEndpoints": [{}]}]))
    assert [allowed(confined, end, "a/x") for end in ("a/y", "b/z", "1.1.1.1")] == [ALL, NONE, NONE]
    wide = cluster(cnp("p", "x", ingress=[{"fromEndpoints": [{}]}]))
    assert [allowed(wide, end, "a/x") for end in ("a/y", "b/z", "1.1.1.1")] == [ALL, ALL, NONE]


def test_3_an_empty_list_selects_nothing():
    result = cluster(cnp("a/p", "x", ingress=[{"fromEndpoints": []}], egress=[{"toCIDR": [], "toPorts": ports(80)}]))
    assert (allowed(result, "a/y", "a/x"), allowed(result, "a/x", "1.1.1.1")) == (NONE, NONE)


def test_3_an_absent_l3_part_with_ports_is_any_peer():
    result = cluster(cnp("a/p", "x", ingress=[{"toPorts": ports(80)}]))
    assert {allowed(result, end, "a/x") for end in ("a/y", "b/z", "1.1.1.1", "2001:db8::1")} == {"80/TCP"}


def test_3_a_namespace_or_a_label_of_namespaces_in_the_selector_takes_the_place_of_the_own_one():
    for key, value in ((OWN, "b"), ("k8s:io.cilium.k8s.namespace.labels.team", "b")):
        result = cluster(cnp("a/p", "x", ingress=[{"fromEndpoints": [{"matchLabels": {key: value}}]}]))
        assert (allowed(result, "b/z", "a/x"), allowed(result, "a/y", "a/x")) == (ALL, NONE)
    other = {"matchExpressions": [{"key": OWN, "operator": "NotIn", "values": ["b"]}]}
    result = cluster(cnp("a/p", "x", ingress=[{"fromEndpoints": [other]}]))
    assert (allowed(result, "b/z", "a/x"), allowed(result, "a/y", "a/x")) == (NONE, ALL)


def test_3_sources_of_labels():
    for key in ("app", "any:app", "k8s:app", "any.app"[:3] + ":app"):
        result = cluster(cnp("a/p", "x", ingress=[{"fromEndpoints": [{"matchLabels": {key: "y"}}]}]))
        assert allowed(result, "a/y", "a/x") == ALL
    for key in ("container:app", "reserved:app"):
        result = cluster(cnp("a/p", "x", ingress=[{"fromEndpoints": [{"matchLabels": {key: "y"}}]}]))
        assert allowed(result, "a/y", "a/x") == NONE


def test_3_the_host_as_a_reserved_label():
    result = cluster(cnp("a/p", "x", egress=[{"toEndpoints": [{"matchLabels": {"reserved:host": ""}}]}]))
    assert (allowed(result, "a/x", "entity:host"), allowed(result, "a/x", "a/y")) == (ALL, NONE)


def test_3_service_accounts_where_they_are_known():
    mine, other = pod("a/x"), pod("a/y")
    other["spec"]["serviceAccountName"] = "web"
    rule = {"fromEndpoints": [{"matchLabels": {"io.cilium.k8s.policy.serviceaccount": "web"}}]}
    result = world(mine, other, pod("a/w"), cnp("a/p", "x", ingress=[rule]), profile=CILIUM)
    assert (allowed(result, "a/y", "a/x"), allowed(result, "a/w", "a/x")) == (ALL, NONE)


def test_3_the_name_of_the_cluster_is_not_known():
    rule = {"fromEndpoints": [{"matchLabels": {"io.cilium.k8s.policy.cluster": "east"}}]}
    found = doubtful(cluster(cnp("a/p", "x", ingress=[rule])), "a/y", "a/x")
    assert found == (NONE, ALL, "the name of the cluster is not known")
    present = {"matchExpressions": [{"key": "io.cilium.k8s.policy.cluster", "operator": "Exists"}]}
    assert allowed(cluster(cnp("a/p", "x", ingress=[{"fromEndpoints": [present]}])), "a/y", "a/x") == ALL


def test_3_labels_that_cilium_leaves_out_of_identities_are_undefined():
    rule = {"fromEndpoints": [{"matchLabels": {"pod-template-hash": "1"}}]}
    hashed = pod("a/y", {"pod-template-hash": "1"})
    result = world(pod("a/x"), pod("a/w"), hashed, cnp("a/p", "x", ingress=[rule]), profile=CILIUM)
    _, undefined, reason = doubtful(result, "a/y", "a/x")
    assert undefined == ALL
    assert reason.startswith("Cilium leaves the label pod-template-hash out of identities")
    assert allowed(result, "a/w", "a/x") == NONE


# 4. Deny beats every allow. A deny-only policy turns default deny on unless `enableDefaultDeny` says false.


def test_4_deny_beats_every_allow_of_every_kind():
    deny = cnp("d", "x", ingressDeny=[{"fromEndpoints": [{"matchLabels": {"app": "y"}}], "toPorts": ports(80)}])
    allow = cnp("a/p", "x", ingress=[{"fromEndpoints": [{}]}])
    also = policy("a/np", "x", ingress=[{}])
    result = cluster(deny, allow, also)
    assert allowed(result, "a/y", "a/x") == "1-79/TCP, 81-65535/TCP, all UDP, all SCTP"
    assert allowed(result, "b/z", "a/x") == ALL


def test_4_a_policy_that_only_denies_isolates():
    rule = {"fromEndpoints": [{"matchLabels": {"app": "y"}}]}
    assert allowed(cluster(cnp("a/p", "x", ingressDeny=[rule])), "b/z", "a/x") == NONE
    open_ = cluster(cnp("a/p", "x", ingressDeny=[rule], enableDefaultDeny={"ingress": False}))
    assert (allowed(open_, "b/z", "a/x"), allowed(open_, "a/y", "a/x")) == (ALL, NONE)
    assert allowed(cluster(cnp("a/p", "x", ingressDeny=[{}])), "b/z", "a/x") == NONE


def test_4_one_policy_that_isolates_is_enough():
    rule = {"fromEndpoints": [{"matchLabels": {"app": "y"}}]}
    result = cluster(
        cnp("a/p", "x", ingress=[rule], enableDefaultDeny={"ingress": False}), policy("a/np", "x", ingress=[])
    )
    assert (allowed(result, "a/y", "a/x"), allowed(result, "b/z", "a/x")) == (ALL, NONE)


# 5. Ports.


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"port": "0"}, ALL),
        ({"port": "0", "protocol": "UDP"}, "all UDP"),
        ({"port": "80"}, "80/TCP, 80/UDP, 80/SCTP"),
        ({"port": "80", "protocol": "ANY"}, "80/TCP, 80/UDP, 80/SCTP"),
        ({"port": "80", "endPort": 90, "protocol": "TCP"}, "80-90/TCP"),
        ({"port": "90", "endPort": 80, "protocol": "TCP"}, "90/TCP"),
        ({"port": "web", "endPort": 99, "protocol": "TCP"}, "8080/TCP"),
    ],
)
def test_5_port_zero_any_end_port(entry: Object, expected: str):
    named = pod("a/x", ports=[("web", "TCP", 8080)])
    result = world(named, pod("a/y"), cnp("a/p", "x", ingress=[{"toPorts": [{"ports": [entry]}]}]), profile=CILIUM)
    assert allowed(result, "a/y", "a/x") == expected


def test_5_at_most_40_ports_a_rule():
    result = cluster(cnp("a/p", "x", ingress=[{"toPorts": ports(*range(1, 42))}]))
    assert "RF740" in {item.check.code for item in result.cluster.findings}
    assert str(result.undefined("a/y", "a/x")) == ALL


def test_5_an_item_without_ports_and_a_rule_for_icmp_open_no_port():
    result = cluster(cnp("a/p", "x", ingress=[{"toPorts": [{}]}, {"icmps": [{"fields": [{"type": 8}]}]}]))
    assert allowed(result, "a/y", "a/x") == NONE


def test_5_a_port_name_of_ingress_is_the_pods_own():
    pods = [pod("a/x", {"app": "s"}, [("web", "TCP", 80)]), pod("a/y", {"app": "s"}, [("web", "TCP", 81)])]
    result = world(*pods, pod("b/z"), cnp("a/p", "s", ingress=[{"toPorts": ports("web")}]), profile=CILIUM)
    assert (allowed(result, "b/z", "a/x"), allowed(result, "b/z", "a/y")) == ("80/TCP", "81/TCP")


def test_5_a_port_name_of_egress_is_looked_up_among_all_pods():
    to = {"toEndpoints": [{"matchLabels": {"app": "s"}}], "toPorts": ports("web")}
    one = [pod("a/x"), pod("a/s", {"app": "s"}, [("web", "TCP", 80)]), pod("a/t", {"app": "s"})]
    result = world(*one, cnp("a/p", "x", egress=[to]), profile=CILIUM)
    assert (allowed(result, "a/x", "a/s"), allowed(result, "a/x", "a/t")) == ("80/TCP", "80/TCP")
    result = world(*one, pod("b/z", ports=[("web", "TCP", 81)]), cnp("a/p", "x", egress=[to]), profile=CILIUM)
    sure, undefined, reason = doubtful(result, "a/x", "a/s")
    assert (sure, undefined) == (NONE, "80-81/TCP")
    assert reason.endswith("among all pods, which have several numbers for it: 80, 81")


@pytest.mark.parametrize(("profile", "reached"), [(CILIUM, "80/TCP"), (Profile("calico"), NONE)])
def test_5_so_is_that_of_a_network_policy_which_others_look_up_at_the_destination(profile: Profile, reached: str):
    pods = [pod("a/x"), pod("a/s", {"app": "s"}, [("web", "TCP", 80)]), pod("a/t", {"app": "s"})]
    to = {"to": [{"podSelector": app("s")}], "ports": [{"port": "web"}]}
    result = world(*pods, policy("a/np", "x", egress=[to]), profile=profile)
    assert (allowed(result, "a/x", "a/s"), allowed(result, "a/x", "a/t")) == ("80/TCP", reached)


# 6. Entities; CIDR rules do not match pods or nodes.


@pytest.mark.parametrize(
    ("entity", "reached"),
    [
        ("all", {"a/y", "b/z", "1.1.1.1", "192.0.2.1", "entity:host", "entity:kube-apiserver"}),
        ("cluster", {"a/y", "b/z", "192.0.2.1", "entity:host", "entity:kube-apiserver"}),
        ("none", set()),
        ("health", set()),
    ],
)
def test_6_entities(entity: str, reached: set[str]):
    known = Profile("cilium", ip_blocks_match_pods=False, nodes=NODES)
    also = cnp("b/places", egressDeny=[{"toEntities": ["host", "kube-apiserver"]}])
    result = cluster(cnp("a/p", "x", egress=[{"toEntities": [entity]}]), also, profile=known)
    ends = ("a/y", "b/z", "1.1.1.1", "192.0.2.1", "entity:host", "entity:kube-apiserver")
    assert {end for end in ends if allowed(result, "a/x", end) == ALL} == reached


def test_6_the_world_is_what_lies_outside():
    known = Profile("cilium", ip_blocks_match_pods=False, nodes=NODES)
    result = cluster(cnp("a/p", "x", egress=[{"toEntities": ["world"]}]), profile=known)
    ends = ("a/y", "1.1.1.1", "2001:db8::1", "192.0.2.1")
    assert [allowed(result, "a/x", end) for end in ends] == [NONE, ALL, ALL, NONE]


def test_6_which_node_a_pod_runs_on_is_not_known():
    known = Profile("cilium", ip_blocks_match_pods=False, nodes=NODES)
    result = cluster(cnp("a/p", "x", egress=[{"toEntities": ["host"]}]), profile=known)
    assert allowed(result, "a/x", "entity:host") == ALL
    assert doubtful(result, "a/x", "192.0.2.1")[1:] == (
        ALL,
        "which node a pod runs on is not known: its own is `host`, the others are `remote-node`",
    )
    both = cluster(cnp("a/p", "x", egress=[{"toEntities": ["host", "remote-node"]}]), profile=known)
    assert allowed(both, "a/x", "192.0.2.1") == ALL


def test_6_where_the_api_server_is_is_not_known():
    deny = cnp("a/d", "x", egressDeny=[{"toEntities": ["kube-apiserver"]}], enableDefaultDeny={"egress": False})
    result = cluster(deny, profile=Profile("cilium", ip_blocks_match_pods=False, nodes=NODES))
    assert (allowed(result, "a/x", "entity:kube-apiserver"), allowed(result, "a/x", "1.1.1.1")) == (NONE, ALL)
    assert doubtful(result, "a/x", "192.0.2.1")[1:] == (
        ALL,
        "whether the API server is a node or lies outside is not known",
    )


def test_6_worlds_of_one_family_are_refused_by_the_server():
    result = cluster(cnp("a/p", "x", egress=[{"toEntities": ["world-ipv4"]}]))
    assert [item.check.code for item in result.cluster.findings] == ["RF740"]
    assert str(result.undefined("a/x", "1.1.1.1")) == ALL


def test_6_cidrs_match_neither_pods_nor_nodes():
    known = Profile("cilium", ip_blocks_match_pods=False, nodes=NODES)
    near = pod("a/w", address="10.1.2.3")
    for rule in ({"toCIDR": ["0.0.0.0/0"]}, {"toCIDRSet": [{"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}]}):
        result = cluster(near, cnp("a/p", "x", egress=[rule]), profile=known)
        assert [allowed(result, "a/x", end) for end in ("1.1.1.1", "a/w", "a/y")] == [ALL, NONE, NONE]
        assert [allowed(result, "a/x", end) for end in ("192.0.2.1", "2001:db8::1")] == [NONE, NONE]


def test_6_exceptions_count_for_their_own_entry():
    sets = [{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}, {"cidr": "10.1.2.0/24"}]
    result = cluster(cnp("a/p", "x", egress=[{"toCIDRSet": sets}]))
    assert [allowed(result, "a/x", f"10.{end}") for end in ("0.0.1", "1.0.1", "1.2.1")] == [ALL, NONE, ALL]


def test_6_groups_of_cidrs_by_name_and_by_labels():
    groups = [group("office", "203.0.113.0/24", site="east"), group("depot", "198.51.100.0/24", site="west")]
    one = {"cidrGroupRef": "office", "except": ["203.0.113.128/25"]}
    result = cluster(*groups, cnp("a/p", "x", egress=[{"toCIDRSet": [one]}]))
    ends = ("203.0.113.1", "203.0.113.200", "198.51.100.1")
    assert [allowed(result, "a/x", end) for end in ends] == [ALL, NONE, NONE]
    west = {"cidrGroupSelector": {"matchLabels": {"site": "west"}}}
    result = cluster(*groups, cnp("a/p", "x", egress=[{"toCIDRSet": [west]}]))
    assert [allowed(result, "a/x", end) for end in ends] == [NONE, NONE, ALL]


def test_6_a_group_that_is_not_there_is_undefined():
    result = cluster(cnp("a/p", "x", egress=[{"toCIDRSet": [{"cidrGroupRef": "office"}]}]))
    assert doubtful(result, "a/x", "1.1.1.1")[1:] == (ALL, "the CiliumCIDRGroup office is not among the manifests")
    assert allowed(result, "a/x", "a/y") == NONE


# 7. `toFQDNs`.

DNS = {"toEndpoints": [{"matchLabels": {"app": "y"}}], "toPorts": ports(53, protocol="ANY")}


def asking(*names: str) -> Object:
    found = [{"matchPattern" if "*" in name else "matchName": name} for name in names]
    return {**DNS, "toPorts": ports(53, protocol="ANY", rules={"dns": found})}


def named(*names: str, **more: Any) -> Object:
    found = [{"matchPattern" if "*" in name else "matchName": name} for name in names]
    return {"toFQDNs": found, **more}


def test_7_names_are_reached_by_name_and_their_addresses_are_not_known():
    to = named("api.x.io", toPorts=ports(443))
    result = cluster(cnp("a/p", "x", egress=[to, asking("*")]))
    assert allowed(result, "a/x", "dns:api.x.io") == "443/TCP"
    assert allowed(result, "a/x", "a/y") == "53/TCP, 53/UDP, 53/SCTP"
    assert doubtful(result, "a/x", "1.1.1.1") == (NONE, "443/TCP", "whether it belongs to api.x.io is not known")
    rows = [str(row.destination) for row in result.rows() if str(row.source) == "a/x[Pod]"]
    assert rows[-1] == "dns:api.x.io"


def test_7_a_name_that_no_rule_allows_is_denied():
    result = cluster(cnp("a/p", "x", egress=[named("api.x.io"), asking("*")]), cnp("b/q", egress=[named("b.io")]))
    assert allowed(result, "a/x", "dns:b.io") == NONE


def test_7_without_a_dns_rule_for_the_same_endpoints_it_is_undefined():
    for others in ([], [asking("*.y.io")]):
        result = cluster(cnp("a/p", "x", egress=[named("api.x.io"), *others]), cnp("b/q", egress=[asking("*")]))
        assert doubtful(result, "a/x", "dns:api.x.io")[1:] == (
            ALL,
            "no DNS rule (`rules: {dns: ...}`) shows the agent what api.x.io is for the pod",
        )
    elsewhere = cluster(cnp("a/p", "x", egress=[named("api.x.io")]), cnp("all", egress=[asking("*.x.io")]))
    assert allowed(elsewhere, "a/x", "dns:api.x.io") == ALL


def test_7_a_pattern_is_for_one_label_and_its_place_for_what_no_narrower_one_is():
    both = cluster(
        cnp("a/p", "x", egress=[named("*.x.io"), asking("*")]),
        cnp("b/q", egress=[named("api.x.io"), named("a.b.x.io"), asking("*")]),
    )
    ends = ("dns:*.x.io", "dns:api.x.io", "dns:a.b.x.io")
    assert [allowed(both, "a/x", end) for end in ends] == [ALL, ALL, NONE]
    assert [allowed(both, "b/z", end) for end in ends] == [NONE, ALL, ALL]


def test_7_a_name_lies_in_the_world_and_may_lie_in_any_cidr():
    places = cnp("b/q", egress=[named("api.x.io"), asking("*")])
    result = cluster(places, cnp("a/p", "x", egress=[{"toEntities": ["world"]}]))
    assert allowed(result, "a/x", "dns:api.x.io") == ALL
    result = cluster(places, cnp("a/p", "x", egress=[{"toCIDR": ["10.0.0.0/8"]}]))
    assert doubtful(result, "a/x", "dns:api.x.io")[1] == ALL


def test_7_names_can_be_held_apart_from_addresses():
    from msgspec.structs import replace

    from ringfence.connectivity import evaluate

    before = cluster(cnp("a/p", "x", egress=[named("api.x.io", toPorts=ports(443)), asking("*")]))
    state = replace(before.cluster, names_apart=True, places=(Place("dns", "b.io"),))
    result = evaluate(state)
    assert allowed(result, "a/x", "1.1.1.1") == allowed(result, "a/x", "dns:b.io") == NONE
    assert allowed(result, "a/x", "dns:api.x.io") == "443/TCP"


def test_7_not_beside_another_l3_member_and_not_at_ingress():
    for spec in (
        {"egress": [{**named("x.io"), "toEntities": ["world"]}]},
        {"ingress": [{"fromFQDNs": [{"matchName": "x.io"}]}]},
    ):
        found = {item.check.code for item in cluster(cnp("a/p", "x", **spec)).cluster.findings}
        assert found & {"RF741", "RF742"}


# 8. An L7 rule leaves the port open at L4 and restricts above it.

HTTP = {"rules": {"http": [{"method": "GET"}]}}


def restricted(result: Connectivity, source: str, destination: str) -> dict[str, str]:
    return {kind: str(where) for kind, where in result.restricted(source, destination).items()}


def test_8_an_l7_rule_leaves_the_port_open_and_marks_it():
    result = cluster(cnp("a/p", "x", ingress=[{"toPorts": [*ports(80, **HTTP), *ports(90)]}]))
    assert allowed(result, "a/y", "a/x") == "80/TCP, 90/TCP"
    assert restricted(result, "a/y", "a/x") == {"http": "80/TCP"}
    (row,) = (row for row in result.rows() if (str(row.source), str(row.destination)) == ("a/y[Pod]", "a/x[Pod]"))
    assert [(kind, str(where)) for kind, where in row.restricted] == [("http", "80/TCP")]
    assert "[L7-restricted: http on 80/TCP]" in result.explain("a/y", "a/x", "TCP", 80).line
    assert "L7-restricted" not in result.explain("a/y", "a/x", "TCP", 90).line


def test_8_a_rule_without_l7_for_the_same_peer_and_port_lifts_it():
    l7 = cnp("a/p", "x", ingress=[{"toPorts": ports(80, **HTTP)}])
    for other in (
        cnp("a/q", "x", ingress=[{"fromEndpoints": [{"matchLabels": {"app": "y"}}]}]),
        policy("a/q", "x", ingress=[{"from": [{"podSelector": app("y")}], "ports": [tcp(80)]}]),
    ):
        result = cluster(l7, other)
        assert restricted(result, "a/y", "a/x") == {}
        assert restricted(result, "b/z", "a/x") == {"http": "80/TCP"}


def test_8_it_restricts_without_default_deny_too():
    result = cluster(cnp("a/p", "x", ingress=[{"toPorts": ports(80, **HTTP)}], enableDefaultDeny={"ingress": False}))
    assert allowed(result, "a/y", "a/x") == ALL
    assert restricted(result, "a/y", "a/x") == {"http": "80/TCP"}


def test_8_a_denied_port_is_not_marked():
    deny = cnp("a/d", "x", ingressDeny=[{"toPorts": ports(80)}])
    result = cluster(cnp("a/p", "x", ingress=[{"toPorts": ports(80, **HTTP)}]), deny)
    assert (allowed(result, "a/y", "a/x"), restricted(result, "a/y", "a/x")) == (NONE, {})


def test_8_authentication_marks_too():
    result = cluster(
        cnp("a/p", "x", ingress=[{"fromEndpoints": [{}], "authentication": {"mode": "required"}}]),
    )
    assert restricted(result, "a/y", "a/x") == {"authentication: required": ALL}


# Beside other policies


def test_a_policy_that_the_agent_refuses_has_no_effect():
    result = cluster(cnp("a/p", "x", ingress=[]))
    assert [item.check.code for item in result.cluster.findings] == ["RF742"]
    assert allowed(result, "b/z", "a/x") == ALL


def test_a_policy_that_the_server_refuses_makes_undefined_what_it_could_touch():
    result = cluster(cnp("a/p", "x", ingress=[{"toPorts": [{"ports": [{"port": 80}]}]}]))
    assert doubtful(result, "b/z", "a/y")[1] == ALL
    assert allowed(result, "b/z", "b/z") == ALL


def test_requirements_differ_by_release():
    result = cluster(cnp("a/p", "x", ingress=[{"fromRequires": [{"matchLabels": {"app": "y"}}]}]))
    assert "`fromRequires` is gone since Cilium 1.20" in doubtful(result, "b/z", "a/x")[2]


def test_a_policy_for_nodes_is_not_about_pods():
    wide = {**cnp("n", ingress=[{}], egress=[{}])}
    wide["spec"]["nodeSelector"] = wide["spec"].pop("endpointSelector")
    known = Profile("cilium", ip_blocks_match_pods=False, nodes=NODES)
    result = cluster(wide, profile=known)
    assert allowed(result, "a/x", "b/z") == allowed(result, "1.1.1.1", "b/z") == ALL
    sure, undefined, reason = doubtful(result, "a/x", "192.0.2.1")
    assert (sure, undefined) == (NONE, ALL)
    assert reason.startswith("n is for nodes: whether the agent heeds it")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"toServices": [{"k8sService": {"serviceName": "s", "namespace": "a"}}]}, "what stands behind the Services"),
        ({"toGroups": [{"aws": {"securityGroupsIds": ["sg"]}}]}, "which addresses the cloud provider gives"),
    ],
)
def test_what_no_manifest_holds_is_undefined(rule: Object, reason: str):
    result = cluster(cnp("a/p", "x", egress=[rule]))
    assert doubtful(result, "a/x", "1.1.1.1")[2].startswith(reason)


def test_host_network_pods_are_nodes_to_cilium():
    host = pod("b/h", host=True)
    result = cluster(host, cnp("b/p", {}, ingress=[{}]), cnp("a/p", "x", egress=[{"toEntities": ["cluster"]}]))
    assert allowed(result, "a/x", "b/h") == ALL


def test_network_policies_are_part_of_the_same_repository():
    result = cluster(
        policy("a/np", "x", ingress=[{"from": [{"podSelector": app("y")}], "ports": [tcp(80)]}]),
        cnp("a/p", "x", ingress=[{"fromEndpoints": [{"matchLabels": {"app": "y"}}], "toPorts": ports(81)}]),
    )
    assert allowed(result, "a/y", "a/x") == "80-81/TCP"
    line = result.explain("a/y", "a/x", "TCP", 80).line
    assert "[Cilium] allowed by (a/np rule 1, all.yaml:" in line


def test_explanations_name_the_tier_the_policy_and_its_place():
    deny = cnp("d", "x", ingressDeny=[{"toPorts": ports(80)}])
    result = cluster(cnp("a/p", "x", ingress=[{"toPorts": ports(80, 81)}]), deny)
    assert "[Cilium deny] denied by (d rule 1, all.yaml:" in result.explain("b/z", "a/x", "TCP", 80).line
    assert "[Cilium] allowed by (a/p rule 1, all.yaml:" in result.explain("b/z", "a/x", "TCP", 81).line
    assert "[Cilium] denied by (d, all.yaml:106:1; a/p, all.yaml:72:1)" in result.explain("b/z", "a/x", "TCP", 82).line


@pytest.mark.parametrize(("name", "taken"), [("cilium", True), ("unspecified", True), ("calico", False)])
def test_cilium_obeys_them_and_no_other_plugin(name: str, taken: bool):
    result = cluster(cnp("a/p", "x", ingress=[{}]), profile=Profile(name, ip_blocks_match_pods=name == "calico"))
    assert allowed(result, "b/z", "a/x") == (NONE if taken else ALL)


# Where good engines disagree


def test_disagree_1_cidr_peers_of_network_policies_never_match_pods_under_cilium():
    near = pod("b/w", address="10.1.2.3")
    rule = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}
    known = Profile("cilium", ip_blocks_match_pods=False, nodes=NODES)
    result = cluster(near, policy("a/np", "x", egress=[rule], policyTypes=["Egress"]), profile=known)
    assert [allowed(result, "a/x", end) for end in ("1.1.1.1", "b/w", "192.0.2.1")] == [ALL, NONE, NONE]


def test_disagree_2_isolation_by_a_network_policy_is_per_direction_beside_cilium():
    result = cluster(policy("a/np", "x", ingress=[]), cnp("a/p", "x", egress=[{"toEntities": ["world"]}]))
    assert (allowed(result, "a/x", "1.1.1.1"), allowed(result, "a/x", "b/z")) == (ALL, NONE)
    assert allowed(result, "b/z", "a/x") == NONE


def test_disagree_3_not_in_matches_an_absent_key():
    term = {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["db"]}]}
    result = cluster(cnp("a/p", "x", ingress=[{"fromEndpoints": [term]}]))
    assert allowed(result, "a/y", "a/x") == ALL


def test_disagree_3_metadata_name_always_exists():
    key = "k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name"
    result = cluster(cnp("a/p", "x", ingress=[{"fromEndpoints": [{"matchLabels": {key: "b"}}]}]))
    assert (allowed(result, "b/z", "a/x"), allowed(result, "a/y", "a/x")) == (ALL, NONE)


def test_disagree_4_an_empty_list_is_nobody_here_and_everyone_in_a_network_policy():
    assert allowed(cluster(cnp("a/p", "x", ingress=[{"fromEndpoints": []}])), "a/y", "a/x") == NONE
    assert allowed(cluster(policy("a/p", "x", ingress=[{"from": []}])), "a/y", "a/x") == ALL


def test_network_policy_02_cilium_enforces_rules_that_policy_types_leaves_out():
    left = policy("a/np", "x", policyTypes=["Ingress"], egress=[{"ports": [tcp(80)]}])
    assert allowed(cluster(left), "a/x", "b/z") == "80/TCP"
    assert allowed(cluster(left, profile=Profile("calico", ip_blocks_match_pods=True)), "a/x", "b/z") == ALL
    found = doubtful(cluster(left, profile=Profile()), "a/x", "b/z")
    assert found == (
        "80/TCP",
        "1-79/TCP, 81-65535/TCP, all UDP, all SCTP",
        "`policyTypes` of a/np leaves egress out; Cilium enforces its rules all the same",
    )


def test_administrators_policies_stand_around_both_tiers():
    def admin(tier: str, action: str) -> Object:
        subject = {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "a"}}}
        rule = {"action": action, "from": [{"namespaces": {}}]}
        spec = {"tier": tier, "priority": 1, "subject": subject, "ingress": [rule]}
        meta = {"name": tier.lower()}
        api = "policy.networking.k8s.io/v1alpha2"
        return {"apiVersion": api, "kind": "ClusterNetworkPolicy", "metadata": meta, "spec": spec}

    open_ = cnp("a/p", "x", ingress=[{"fromEntities": ["all"]}])
    assert allowed(cluster(open_, admin("Admin", "Deny")), "b/z", "a/x") == NONE
    assert allowed(cluster(cnp("a/p", "x", ingress=[{}]), admin("Baseline", "Accept")), "b/z", "a/x") == NONE
    assert allowed(cluster(cnp("a/p", "x", ingress=[{}]), admin("Baseline", "Deny")), "b/z", "a/y") == NONE
