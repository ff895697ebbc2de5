"""One test for each statement on NetworkPolicy v1 and on the three-valued verdict in the project's semantics."""

from __future__ import annotations

import pytest
from made import (
    EXTERNAL,
    MATCHES,
    allowed,
    app,
    deployment,
    namespace,
    pod,
    policy,
    space,
    tcp,
    verdict,
    world,
)

from ringfence.connectivity import Profile
from ringfence.values.addresses import AddressSet

ALL = "all ports"
NONE = "nothing"
PODS = [pod("a/x"), pod("a/y"), pod("b/z")]
BLOCK = {"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.2.0/24"]}}


# The three values


def test_verdict_allowed_denied_undefined_with_reason():
    bad = policy("a/bad", "x", ingress=[{"ports": [{"port": 70000}]}])
    result = world(*PODS, bad, policy("b/deny", ingress=[]))
    assert verdict(result, "a/y", "b/z") == "denied"
    assert verdict(result, "b/z", "a/x") == "undefined"
    assert verdict(result, "b/z", "203.0.113.1") == "allowed"
    (reason,) = result.reasons("b/z", "a/x")
    assert "NetworkPolicy a/bad (all.yaml:" in reason
    assert "70000" in reason


def test_object_that_cannot_be_modelled_makes_undefined_what_it_could_touch():
    confined = {
        "apiVersion": "networking.gke.io/v1alpha1",
        "kind": "FQDNNetworkPolicy",
        "metadata": {"name": "c", "namespace": "a"},
    }
    result = world(*PODS, pod("c/w"), confined)
    assert (
        verdict(result, "b/z", "a/x")
        == verdict(result, "a/x", "b/z")
        == verdict(result, "a/x", "1.1.1.1")
        == "undefined"
    )
    assert verdict(result, "b/z", "c/w") == "allowed"
    wide = {
        "apiVersion": "policy.networking.k8s.io/v1alpha2",
        "kind": "ClusterNetworkPolicy",
        "metadata": {"name": "w"},
    }
    result = world(*PODS, policy("b/deny", ingress=[]), wide)
    assert {verdict(result, s, d) for s in ("a/x", "b/z", "1.1.1.1") for d in ("a/y",)} == {"undefined"}
    assert verdict(result, "a/x", "b/z") == "undefined"


def test_what_may_deny_also_unsettles_what_other_policies_allow():
    good = policy("b/good", ingress=[{"from": [{"namespaceSelector": space("a")}]}])
    strange = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "NetworkPolicy",
        "metadata": {"name": "s", "namespace": "b"},
    }
    assert verdict(world(*PODS, good), "a/x", "b/z") == "allowed"
    assert verdict(world(*PODS, good, strange), "a/x", "b/z") == "undefined"


def test_refused_policy_takes_nothing_away_that_another_one_allows():
    good = policy("b/good", ingress=[{"from": [{"namespaceSelector": space("a")}], "ports": [tcp(80)]}])
    result = world(*PODS, good, policy("b/bad", ingress=[{"from": [{}]}]))
    assert verdict(result, "a/x", "b/z", 80) == "allowed"
    assert verdict(result, "a/x", "b/z", 81) == "undefined"


def test_profile_without_enforcement_leaves_everything_open():
    result = world(
        *PODS, policy("a/deny", policyTypes=["Ingress", "Egress"]), profile=Profile("flannel", enforces=False)
    )
    assert allowed(result, "b/z", "a/x") == allowed(result, "a/x", "8.8.8.8") == ALL


def test_peers_are_never_invented():
    dns = {"to": [{"namespaceSelector": space("kube-system")}], "ports": [{"protocol": "UDP", "port": 53}]}
    result = world(*PODS, policy("a/dns", egress=[dns], policyTypes=["Egress"]))
    assert {str(row.destination) for row in result.rows() if str(row.source) == "a/x[Pod]"} == set()
    assert [item.id for item in result.endpoints] == ["a/x", "a/y", "b/z"]


def test_representatives_show_what_can_match_tomorrow():
    rule = {"from": [{"podSelector": app("tomorrow")}], "ports": [tcp(80)]}
    other = {"from": [{"namespaceSelector": {"matchLabels": {"team": "t"}}}], "ports": [tcp(90)]}
    named = {"from": [{"namespaceSelector": space("b")}], "ports": [tcp(70)]}
    new = {"from": [{"namespaceSelector": space("new")}], "ports": [tcp(60)]}
    result = world(*PODS, policy("a/p", "x", ingress=[rule, other, named, new]), representatives=True)
    assert [item.id for item in result.endpoints if item.is_representative] == ["a/*", "b/*", "*/*"]
    assert (allowed(result, "a/*", "a/x"), str(result.undefined("a/*", "a/x"))) == (NONE, "80/TCP")
    assert (allowed(result, "b/*", "a/x"), str(result.undefined("b/*", "a/x"))) == ("70/TCP", NONE)
    assert (allowed(result, "*/*", "a/x"), str(result.undefined("*/*", "a/x"))) == (NONE, "60/TCP, 90/TCP")
    assert allowed(result, "a/*", "a/y") == allowed(result, "*/*", "b/z") == ALL


# NetworkPolicy v1, by the numbers of the statements


def test_01_policy_types_absent_is_ingress_and_egress_only_with_a_rule():
    plain = world(*PODS, policy("a/p"))
    assert (allowed(plain, "b/z", "a/x"), allowed(plain, "a/x", "b/z")) == (NONE, ALL)
    empty = world(*PODS, policy("a/p", egress=[]))
    assert (allowed(empty, "b/z", "a/x"), allowed(empty, "a/x", "b/z")) == (NONE, ALL)
    ruled = world(*PODS, policy("a/p", egress=[{"ports": [tcp(80)]}]))
    assert (allowed(ruled, "b/z", "a/x"), allowed(ruled, "a/x", "b/z")) == (NONE, "80/TCP")


def test_02_egress_section_beside_ingress_type_is_ignored():
    result = world(*PODS, policy("a/p", policyTypes=["Ingress"], egress=[{"ports": [tcp(80)]}]))
    assert allowed(result, "a/x", "b/z") == ALL
    assert [f.check.code for f in result.cluster.findings] == ["RF711"]


def test_03_absent_or_empty_ingress_denies_all():
    for section in ({}, {"ingress": []}):
        assert allowed(world(*PODS, policy("a/p", policyTypes=["Ingress"], **section)), "b/z", "a/x") == NONE


@pytest.mark.parametrize("rule", [{}, {"from": []}, {"ports": []}, {"from": [], "ports": []}])
def test_03_empty_rule_and_empty_lists_mean_everyone_and_every_port(rule):
    result = world(*PODS, policy("a/p", ingress=[rule]))
    assert allowed(result, "b/z", "a/x") == allowed(result, "8.8.8.8", "a/x") == allowed(result, "::1", "a/x") == ALL


def test_04_absent_pod_selector_selects_every_pod():
    absent = policy("a/p", policyTypes=["Ingress"])
    del absent["spec"]["podSelector"]
    result = world(*PODS, absent)
    assert [allowed(result, "b/z", pod_id) for pod_id in ("a/x", "a/y")] == [NONE, NONE]
    assert [f.check.code for f in result.cluster.findings] == ["RF712"]


def test_04_pod_selector_alone_is_the_policys_own_namespace():
    result = world(*PODS, pod("b/y"), policy("a/p", "x", ingress=[{"from": [{"podSelector": app("y")}]}]))
    assert [allowed(result, source, "a/x") for source in ("a/y", "b/y", "b/z")] == [ALL, NONE, NONE]


def test_04_namespace_selector_alone_is_every_pod_there():
    result = world(*PODS, policy("a/p", "x", ingress=[{"from": [{"namespaceSelector": space("b")}]}]))
    assert [allowed(result, source, "a/x") for source in ("a/y", "b/z")] == [NONE, ALL]


def test_04_both_selectors_in_one_item_are_and_two_items_are_or():
    pods = [pod("a/x"), pod("a/y"), pod("b/y"), pod("b/z")]
    one = [{"namespaceSelector": space("b"), "podSelector": app("y")}]
    two = [{"namespaceSelector": space("b")}, {"podSelector": app("y")}]
    both = world(*pods, policy("a/p", "x", ingress=[{"from": one}]))
    either = world(*pods, policy("a/p", "x", ingress=[{"from": two}]))
    sources = ("a/y", "b/y", "b/z")
    assert [allowed(both, source, "a/x") for source in sources] == [NONE, ALL, NONE]
    assert [allowed(either, source, "a/x") for source in sources] == [ALL, ALL, ALL]


@pytest.mark.parametrize("peer", [{}, {"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}])
def test_04_empty_peer_and_block_beside_selector_are_refused(peer):
    result = world(*PODS, policy("a/p", ingress=[{"from": [peer]}]))
    assert [f.check.code for f in result.cluster.findings] == ["RF701"]
    assert verdict(result, "b/z", "a/x") == "undefined"


@pytest.mark.parametrize(
    ("operator", "values", "matched"),
    [
        ("In", ["1", "2"], ["one"]),
        ("NotIn", ["1", "2"], ["other", "without"]),
        ("Exists", None, ["one", "other"]),
        ("DoesNotExist", None, ["without"]),
    ],
)
def test_05_not_in_and_does_not_exist_match_objects_that_lack_the_key(operator, values, matched):
    expression = {"key": "k", "operator": operator, **({"values": values} if values else {})}
    pods = [pod("a/t"), pod("a/one", {"k": "1"}), pod("a/other", {"k": "9"}), pod("a/without", {"app": "q"})]
    rule = {"from": [{"podSelector": {"matchExpressions": [expression]}}]}
    result = world(*pods, policy("a/p", "t", ingress=[rule]))
    assert [name for name in ("one", "other", "without") if result.ports(f"a/{name}", "a/t")] == matched


def test_05_expressions_and_with_match_labels():
    selector = {"matchLabels": {"app": "y"}, "matchExpressions": [{"key": "k", "operator": "DoesNotExist"}]}
    result = world(
        *PODS, pod("a/k", {"app": "y", "k": "v"}), policy("a/p", "x", ingress=[{"from": [{"podSelector": selector}]}])
    )
    assert [allowed(result, source, "a/x") for source in ("a/y", "a/k")] == [ALL, NONE]


def test_06_metadata_name_is_on_every_namespace_whatever_the_file_says():
    lying = namespace("b", **{"kubernetes.io/metadata.name": "a"})
    for objects in ([], [namespace("b", team="t")], [lying]):
        result = world(*PODS, *objects, policy("a/p", "x", ingress=[{"from": [{"namespaceSelector": space("b")}]}]))
        assert [allowed(result, source, "a/x") for source in ("a/y", "b/z")] == [NONE, ALL]


def test_07_protocol_defaults_to_tcp_and_no_port_is_every_port_of_it():
    ports = [{"port": 80}, {"protocol": "UDP"}, {"protocol": "SCTP", "port": 7}]
    result = world(*PODS, policy("a/p", ingress=[{"ports": ports}]))
    assert allowed(result, "b/z", "a/x") == "80/TCP, all UDP, 7/SCTP"


def test_07_other_protocols_are_refused():
    result = world(*PODS, policy("a/p", ingress=[{"ports": [{"protocol": "ICMP"}]}]))
    assert [f.check.code for f in result.cluster.findings] == ["RF701"]


def test_08_named_port_resolves_per_destination_pod_by_name_and_protocol():
    pods = [
        pod("b/s"),
        pod("a/one", ports=[("web", "TCP", 80), ("web", "UDP", 81)]),
        pod("a/two", ports=[("web", "TCP", 8080)]),
        pod("a/none", ports=[("web", "UDP", 80)]),
    ]
    into = world(*pods, policy("a/p", ingress=[{"ports": [{"port": "web"}]}]))
    out = world(*pods, policy("b/p", egress=[{"ports": [{"port": "web"}]}], policyTypes=["Egress"]))
    for result in (into, out):
        assert [allowed(result, "b/s", f"a/{name}") for name in ("one", "two", "none")] == ["80/TCP", "8080/TCP", NONE]


def test_08_named_port_matches_nothing_on_an_ip_peer():
    rule = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": "web"}]}
    result = world(*PODS, policy("a/p", egress=[rule, {"ports": [{"port": "web"}]}], policyTypes=["Egress"]))
    assert allowed(result, "a/x", "8.8.8.8") == NONE


def test_08_port_name_with_two_numbers_is_undefined():
    result = world(
        pod("b/s"),
        pod("a/d", ports=[("web", "TCP", 1), ("web", "TCP", 2)]),
        policy("a/p", ingress=[{"ports": [{"port": "web"}]}]),
    )
    assert (allowed(result, "b/s", "a/d"), str(result.undefined("b/s", "a/d"))) == (NONE, "1-2/TCP")
    assert result.reasons("b/s", "a/d") == ("a/d[Pod] has a port name with two numbers",)


@pytest.mark.parametrize("entry", [{"port": "web", "endPort": 90}, {"endPort": 90}, {"port": 91, "endPort": 90}])
def test_09_end_port_needs_a_numeric_port_not_above_it(entry):
    result = world(*PODS, policy("a/p", ingress=[{"ports": [entry]}]))
    assert [f.check.code for f in result.cluster.findings] == ["RF701"]


def test_09_end_port_is_inclusive():
    assert allowed(world(*PODS, policy("a/p", ingress=[{"ports": [tcp(80, 90)]}])), "b/z", "a/x") == "80-90/TCP"
    assert allowed(world(*PODS, policy("a/p", ingress=[{"ports": [tcp(80, 80)]}])), "b/z", "a/x") == "80/TCP"


def test_10_allowed_is_egress_and_ingress_on_the_same_protocol_and_port():
    out = policy("b/out", policyTypes=["Egress"], egress=[{"ports": [tcp(80, 90), {"protocol": "UDP", "port": 53}]}])
    into = policy("a/in", ingress=[{"ports": [tcp(85, 95), {"port": 53}]}])
    assert allowed(world(*PODS, out, into), "b/z", "a/x") == "85-90/TCP"


def test_11_a_pod_always_reaches_itself():
    result = world(*PODS, policy("a/deny", policyTypes=["Ingress", "Egress"]))
    assert allowed(result, "a/x", "a/x") == ALL
    assert result.explain("a/x", "a/x").itself
    assert not [row for row in result.rows() if row.source == row.destination]


def test_11_replicas_of_one_workload_are_different_pods():
    result = world(
        deployment("a/d"), policy("a/deny", ingress=[{"from": [{"podSelector": app("d")}], "ports": [tcp(80)]}])
    )
    assert allowed(result, "a/d", "a/d") == "80/TCP"
    assert [str(row.source) for row in result.rows() if row.source == row.destination] == ["a/d[Deployment]"]
    assert not [row for row in result.rows(replicas=False) if row.source == row.destination]


def test_11_a_node_always_reaches_the_pods_it_runs():
    profile = Profile("p", ip_blocks_match_pods=False, nodes=AddressSet.of(["10.200.0.0/16"]))
    result = world(*PODS, policy("a/deny", policyTypes=["Ingress", "Egress"]), profile=profile)
    assert verdict(result, "10.200.1.1", "a/x") == "undefined"
    assert result.reasons("10.200.1.1", "a/x") == ("a node always reaches the pods that it runs",)
    assert verdict(result, "10.201.1.1", "a/x") == verdict(result, "a/x", "10.200.1.1") == "denied"


def test_12_host_network_pods_are_undefined():
    result = world(
        *PODS, pod("b/h", host=True), policy("a/p", "x", ingress=[{"from": [{"namespaceSelector": space("b")}]}])
    )
    assert verdict(result, "b/h", "a/x") == "undefined"
    assert "host's network" in result.reasons("b/h", "a/x")[0]
    assert verdict(result, "b/h", "a/y") == verdict(result, "b/h", "b/z") == "allowed"
    selected = world(*PODS, pod("b/h", host=True), policy("b/p", "h", ingress=[{"ports": [tcp(80)]}]))
    assert (verdict(selected, "a/x", "b/h", 80), verdict(selected, "a/x", "b/h", 81)) == ("allowed", "undefined")


def test_12_host_network_pods_can_count_as_ordinary():
    profile = Profile("p", ip_blocks_match_pods=False, host_network_as_pods=True)
    result = world(*PODS, pod("b/h", host=True), policy("b/p", "h", ingress=[{"ports": [tcp(80)]}]), profile=profile)
    assert (verdict(result, "a/x", "b/h", 80), verdict(result, "a/x", "b/h", 81)) == ("allowed", "denied")


BLOCKS = policy("a/p", "x", policyTypes=["Egress"], egress=[{"to": [BLOCK]}])


@pytest.mark.parametrize(("address", "matched"), [("10.1.0.9", True), ("10.1.2.9", False), ("10.2.0.9", False)])
def test_13_ip_block_and_known_pod_addresses_follow_the_profile(address, matched):
    objects = [pod("a/x"), pod("b/z", address=address), BLOCKS]
    assert verdict(world(*objects, profile=MATCHES), "a/x", "b/z") == ("allowed" if matched else "denied")
    assert verdict(world(*objects, profile=EXTERNAL), "a/x", "b/z") == "denied"
    assert verdict(world(*objects, profile=Profile()), "a/x", "b/z") == ("undefined" if matched else "denied")


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        (["10.1.0.0/24"], "allowed"),
        (["10.1.2.0/24"], "denied"),
        (["10.9.0.0/16"], "denied"),
        (["10.1.0.0/16"], "undefined"),
        (["10.1.0.0/24", "fd00::/64"], "undefined"),
        ([], "undefined"),
    ],
)
def test_13_ip_block_and_unknown_pod_addresses_follow_the_pod_cidr(pods, expected):
    profile = Profile("p", ip_blocks_match_pods=True, pods=AddressSet.of(pods))
    result = world(*PODS, BLOCKS, profile=profile)
    assert verdict(result, "a/x", "b/z") == expected
    if expected == "undefined":
        block = "10.1.0.0/16 except 10.1.2.0/24"
        assert result.reasons("a/x", "b/z") == (
            f"whether the address of b/z[Pod] lies in ipBlock {block} is not known",
        )


def test_13_pod_with_addresses_inside_and_outside_a_block_is_undefined():
    result = world(pod("a/x"), pod("b/z", address="10.1.0.9 fd00::9"), BLOCKS, profile=MATCHES)
    assert verdict(result, "a/x", "b/z") == "undefined"


def test_14_except_must_lie_inside_its_cidr():
    for bad in ("11.0.0.0/16", "10.0.0.0/8", "fd00::/64"):
        block = {"ipBlock": {"cidr": "10.0.0.0/8", "except": [bad]}}
        result = world(*PODS, policy("a/p", ingress=[{"from": [block]}]))
        assert [f.check.code for f in result.cluster.findings] == ["RF701"], bad


def test_14_except_subtracts_only_from_its_own_entry():
    peers = [BLOCK, {"ipBlock": {"cidr": "10.1.2.128/25"}}]
    result = world(*PODS, policy("a/p", "x", policyTypes=["Egress"], egress=[{"to": peers}]))
    assert [allowed(result, "a/x", to) for to in ("10.1.0.1", "10.1.2.1", "10.1.2.129", "10.2.0.1")] == [
        ALL,
        NONE,
        ALL,
        NONE,
    ]


def test_15_policies_see_the_target_port_so_services_play_no_part():
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s"},
        "spec": {"ports": [{"port": 80, "targetPort": 8080}]},
    }
    result = world(*PODS, service, policy("a/p", ingress=[{"ports": [tcp(8080)]}]))
    assert allowed(result, "b/z", "a/x") == "8080/TCP"
    assert result.cluster.skipped == {"Service": 1}


def test_15_service_and_pod_addresses_are_no_external_addresses():
    profile = Profile("p", False, pods=AddressSet.of(["10.0.0.0/8"]), services=AddressSet.of(["172.20.0.0/16"]))
    result = world(*PODS, profile=profile)
    (row,) = [row for row in result.rows() if isinstance(row.destination, AddressSet) and str(row.source) == "a/x[Pod]"]
    assert row.destination == result.externals
    assert not row.destination & (profile.pods | profile.services)


def test_16_replies_are_implicit():
    result = world(
        *PODS, policy("a/p", policyTypes=["Ingress", "Egress"], egress=[{"to": [{"namespaceSelector": space("b")}]}])
    )
    assert (allowed(result, "a/x", "b/z"), allowed(result, "b/z", "a/x")) == (ALL, NONE)


def test_16_policies_add_up():
    one = policy("a/one", "x", ingress=[{"ports": [tcp(80)]}])
    two = policy("a/two", ingress=[{"ports": [tcp(81)]}])
    result = world(*PODS, one, two)
    assert (allowed(result, "b/z", "a/x"), allowed(result, "b/z", "a/y")) == ("80-81/TCP", "81/TCP")


def test_16_isolation_is_per_direction_and_unselected_pods_are_open():
    result = world(*PODS, policy("a/p", "x", policyTypes=["Egress"]))
    assert [allowed(result, *pair) for pair in (("a/x", "b/z"), ("b/z", "a/x"), ("a/y", "b/z"))] == [NONE, ALL, ALL]
    assert result.is_isolated("a/x", "egress")
    assert not result.is_isolated("a/x", "ingress")


def test_17_replicas_that_policies_tell_apart_are_shown_one_by_one():
    owner = ("DaemonSet", "agent")
    pods = [pod(f"a/agent-{n}", {"app": "agent", "tier": n}, owner=owner) for n in ("edge", "core")]
    differ = world(*PODS, *pods, policy("a/p", {"matchLabels": {"tier": "edge"}}, ingress=[]))
    assert [item.id for item in differ.endpoints if item.name.startswith("agent")] == ["a/agent-core", "a/agent-edge"]
    assert [f.check.code for f in differ.cluster.findings] == ["RF706"]
    alike = world(*PODS, *pods, policy("a/p", "agent", ingress=[]))
    assert [str(item) for item in alike.endpoints if item.name.startswith("agent")] == ["a/agent[DaemonSet]"]
    assert alike.cluster.workload_of == {"a/agent-edge": "a/agent[DaemonSet]", "a/agent-core": "a/agent[DaemonSet]"}


def test_18_ipv4_and_ipv6_are_separate():
    v4 = world(*PODS, policy("a/p", "x", policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]))
    assert (allowed(v4, "a/x", "8.8.8.8"), allowed(v4, "a/x", "2001:db8::1")) == (ALL, NONE)
    v6 = world(*PODS, policy("a/p", "x", policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "::/0"}}]}]))
    assert (allowed(v6, "a/x", "8.8.8.8"), allowed(v6, "a/x", "2001:db8::1")) == (NONE, ALL)
