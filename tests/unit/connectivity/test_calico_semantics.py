"""Each fact of Calico v3 that an engine must reproduce, one test or more a fact, named after it."""

from __future__ import annotations

from typing import Any

import pytest
from made import Object, allowed, app, files, namespace, pod, policy, verdict

from ringfence.connectivity import ClusterState, Connectivity, Profile, evaluate, from_directory, promoted
from ringfence.values.addresses import AddressSet

API = "projectcalico.org/v3"
SPACES = [namespace("a", team="x"), namespace("b", team="y")]
PODS = [
    pod("a/x", ports=[("web", "TCP", 80)], address="10.0.0.1"),
    pod("a/y", address="10.0.0.2"),
    pod("b/z", ports=[("web", "TCP", 8080)], address="10.0.1.3"),
]


def np(id_: str, selector: str = "all()", **spec: Any) -> Object:
    space, name = id_.split("/")
    body = {"selector": selector, **spec}
    return {"apiVersion": API, "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": space}, "spec": body}


def gnp(name: str, selector: str = "all()", **spec: Any) -> Object:
    body = {"selector": selector, **spec}
    return {"apiVersion": API, "kind": "GlobalNetworkPolicy", "metadata": {"name": name}, "spec": body}


def tier(name: str, order: float | None = None, **spec: Any) -> Object:
    body = {**({} if order is None else {"order": order}), **spec}
    return {"apiVersion": API, "kind": "Tier", "metadata": {"name": name}, "spec": body}


def netset(name: str, nets: list[str], space: str = "", **labels: str) -> Object:
    meta = {"name": name, "labels": labels, **({"namespace": space} if space else {})}
    kind = "NetworkSet" if space else "GlobalNetworkSet"
    return {"apiVersion": API, "kind": kind, "metadata": meta, "spec": {"nets": nets}}


def account(id_: str, **labels: str) -> Object:
    space, name = id_.split("/")
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": space, "labels": labels},
    }


def rule(action: str, source: Object | None = None, destination: Object | None = None, **more: Any) -> Object:
    sides = {"source": source, "destination": destination}
    return {"action": action, **{key: value for key, value in sides.items() if value is not None}, **more}


def of(selector: str) -> Object:
    return {"selector": selector}


def staged(item: Object, action: str = "Set") -> Object:
    kind = "KubernetesNetworkPolicy" if item["apiVersion"].startswith("networking") else item["kind"]
    return {**item, "apiVersion": API, "kind": f"Staged{kind}", "spec": {**item["spec"], "stagedAction": action}}


def state(*objects: Object, profile: Profile | None = None) -> ClusterState:
    return from_directory(files(*SPACES, *objects), profile or Profile())


def cluster(*objects: Object, profile: Profile | None = None, representatives: bool = False) -> Connectivity:
    return evaluate(state(*PODS, *objects, profile=profile), representatives)


def codes(*objects: Object, profile: Profile | None = None) -> list[str]:
    return [item.check.code for item in state(*PODS, *objects, profile=profile).findings]


# 1. Tiers go by order, those without order last, ties by name


def test_1_tiers_go_by_order():
    late, early = tier("one", 20), tier("two", 10)
    deny, allow = gnp("one.p", tier="one", ingress=[rule("Deny")]), gnp("two.p", tier="two", ingress=[rule("Allow")])
    assert verdict(cluster(late, early, deny, allow), "a/x", "a/y") == "allowed"


@pytest.mark.parametrize(("before", "after"), [(5e5, "allowed"), (5e6, "denied")])
def test_1_the_default_tier_has_order_1_000_000(before: float, after: str):
    mine = gnp("mine.p", tier="mine", ingress=[rule("Allow")])
    assert verdict(cluster(tier("mine", before), mine, np("a/deny")), "b/z", "a/x") == after


@pytest.mark.parametrize(("order", "expected"), [(999, "allowed"), (1001, "denied")])
def test_1_administrators_policies_stand_at_1_000(order: float, expected: str):
    deny: Object = {
        "subject": {"namespaces": {}},
        "priority": 5,
        "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}],
    }
    admin = {
        "apiVersion": "policy.networking.k8s.io/v1alpha1",
        "kind": "AdminNetworkPolicy",
        "metadata": {"name": "deny"},
        "spec": deny,
    }
    mine = gnp("mine.p", tier="mine", ingress=[rule("Allow")])
    assert verdict(cluster(tier("mine", order), mine, admin), "a/x", "b/z") == expected


@pytest.mark.parametrize(("order", "expected"), [(1e7 - 1, "allowed"), (1e7 + 1, "denied")])
def test_1_baseline_stands_at_10_000_000(order: float, expected: str):
    deny: Object = {"subject": {"namespaces": {}}, "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}]}
    baseline = {
        "apiVersion": "policy.networking.k8s.io/v1alpha1",
        "kind": "BaselineAdminNetworkPolicy",
        "metadata": {"name": "default"},
        "spec": deny,
    }
    mine = gnp("mine.p", tier="mine", ingress=[rule("Allow")])
    assert verdict(cluster(tier("mine", order), mine, baseline), "a/x", "b/z") == expected


def test_1_a_tier_without_order_is_last_and_ties_go_by_name():
    last, first = tier("a-last"), tier("z-first", 2e7)
    deny = gnp("a-last.p", tier="a-last", ingress=[rule("Deny")])
    allow = gnp("z-first.p", tier="z-first", ingress=[rule("Allow")])
    assert verdict(cluster(last, first, deny, allow), "a/x", "a/y") == "allowed"
    assert verdict(cluster(tier("a-last", 5), tier("z-first", 5), deny, allow), "a/x", "a/y") == "denied"


# 2. The end of a tier


def test_2_the_end_of_a_tier_is_for_pods_that_one_of_its_policies_selects_in_that_direction():
    mine = gnp("mine.p", "app == 'x'", tier="mine", ingress=[rule("Deny", of("app == 'nobody'"))])
    result = cluster(tier("mine", 5), mine)
    assert verdict(result, "a/y", "a/x") == "denied"
    assert verdict(result, "a/x", "a/y") == "allowed"
    assert verdict(result, "a/y", "b/z") == "allowed"


def test_2_the_default_action_of_a_tier_is_deny_unless_it_says_pass():
    mine = gnp("mine.p", tier="mine", types=["Ingress"])
    assert verdict(cluster(tier("mine", 5), mine), "a/y", "a/x") == "denied"
    assert verdict(cluster(tier("mine", 5, defaultAction="Pass"), mine), "a/y", "a/x") == "allowed"


# 3. Pass and Log


def test_3_pass_goes_to_the_next_tier_that_applies_then_to_the_profile_which_allows():
    passing = gnp("mine.p", tier="mine", ingress=[rule("Pass", of("app == 'y'"))])
    result = cluster(tier("mine", 5), tier("other", 6), passing)
    assert verdict(result, "a/y", "a/x") == "allowed"
    assert verdict(result, "b/z", "a/x") == "denied"
    assert verdict(cluster(tier("mine", 5), passing, np("a/deny")), "a/y", "a/x") == "denied"
    in_default = gnp("p", ingress=[rule("Pass")])
    assert verdict(cluster(in_default), "a/y", "a/x") == "allowed"


def test_3_log_goes_on_with_the_next_rule():
    result = cluster(np("a/p", ingress=[rule("Log"), rule("Allow", of("app == 'y'"))]))
    assert verdict(result, "a/y", "a/x") == "allowed"
    assert verdict(result, "b/z", "a/x") == "denied"
    assert verdict(cluster(np("a/p", ingress=[rule("Log")])), "a/y", "a/x") == "denied"


# 4. NetworkPolicies


def test_4_network_policies_are_policies_of_the_default_tier_at_order_1000():
    plain = policy("a/plain", "x", ingress=[{"from": [{"podSelector": app("y")}]}])
    deny = rule("Deny", of("app == 'y'"))
    assert verdict(cluster(plain, np("a/p", order=999, ingress=[deny])), "a/y", "a/x") == "denied"
    assert verdict(cluster(plain, np("a/p", order=1001, ingress=[deny])), "a/y", "a/x") == "allowed"
    assert verdict(cluster(plain, np("a/p", ingress=[rule("Allow")])), "b/z", "a/x") == "allowed"


def test_4_at_order_1000_itself_releases_disagree():
    plain = policy("a/plain", "x", ingress=[{"from": [{"podSelector": app("y")}]}])
    deny = np("a/p", order=1000, ingress=[rule("Deny", of("app == 'y'"))])
    result = cluster(plain, deny)
    assert verdict(result, "a/y", "a/x") == "undefined"
    assert result.reasons("a/y", "a/x") == ("a/p and a/plain in tier tier default have no order, and they disagree",)
    assert verdict(result, "b/z", "a/x") == "denied"


def test_4_policies_of_one_order_go_by_name_and_those_without_order_last():
    deny, allow = np("a/m", order=5, ingress=[rule("Deny")]), gnp("k", order=5, ingress=[rule("Allow")])
    assert verdict(cluster(deny, allow), "a/y", "a/x") == "allowed"
    assert verdict(cluster(deny, gnp("n", order=5, ingress=[rule("Allow")])), "a/y", "a/x") == "denied"
    assert verdict(cluster(deny, gnp("a", ingress=[rule("Allow")])), "a/y", "a/x") == "denied"


# 5. Types


def test_5_types_follow_the_rules_unlike_in_a_network_policy():
    egress, ingress = [rule("Allow", None, of("app == 'y'"))], [rule("Allow", of("app == 'y'"))]
    only_egress = cluster(np("a/p", "app == 'x'", egress=egress))
    assert (verdict(only_egress, "a/x", "b/z"), verdict(only_egress, "b/z", "a/x")) == ("denied", "allowed")
    none = cluster(np("a/p", "app == 'x'"))
    assert (verdict(none, "a/x", "b/z"), verdict(none, "b/z", "a/x")) == ("allowed", "denied")
    both = cluster(np("a/p", "app == 'x'", egress=egress, ingress=ingress))
    assert (verdict(both, "a/x", "b/z"), verdict(both, "b/z", "a/x")) == ("denied", "denied")
    limited = cluster(np("a/p", "app == 'x'", types=["Ingress"], egress=egress))
    assert (verdict(limited, "a/x", "b/z"), verdict(limited, "b/z", "a/x")) == ("allowed", "denied")


# 6. What selectors of rules see


def test_6_rules_of_a_namespaced_policy_see_their_own_namespace():
    named = np("a/p", "app == 'x'", ingress=[rule("Allow", of("app in {'y', 'z'}"))])
    assert verdict(cluster(named), "a/y", "a/x") == "allowed"
    assert verdict(cluster(named), "b/z", "a/x") == "denied"


def test_6_a_namespace_selector_opens_them_to_others():
    source = {"selector": "app == 'z'", "namespaceSelector": "team == 'y'"}
    assert verdict(cluster(np("a/p", ingress=[rule("Allow", source)])), "b/z", "a/x") == "allowed"
    assert verdict(cluster(np("a/p", ingress=[rule("Allow", source)])), "a/y", "a/x") == "denied"


def test_6_all_is_any_namespaced_workload_and_global_is_what_has_no_namespace():
    sets = netset("far", ["203.0.113.0/24"], far="yes"), netset("near", ["198.51.100.0/24"], "a", far="yes")
    every = cluster(*sets, np("a/p", "app == 'x'", ingress=[rule("Allow", {"namespaceSelector": "all()"})]))
    assert verdict(every, "b/z", "a/x") == verdict(every, "198.51.100.1", "a/x") == "allowed"
    assert verdict(every, "203.0.113.1", "a/x") == "denied"
    outside = cluster(*sets, np("a/p", "app == 'x'", ingress=[rule("Allow", {"namespaceSelector": "global()"})]))
    assert verdict(outside, "b/z", "a/x") == verdict(outside, "198.51.100.1", "a/x") == "denied"
    assert verdict(outside, "203.0.113.1", "a/x") == "allowed"


def test_6_a_rule_without_selector_matches_any_packet_and_all_only_known_endpoints():
    assert verdict(cluster(gnp("p", ingress=[rule("Allow")])), "8.8.8.8", "a/x") == "allowed"
    result = cluster(gnp("p", ingress=[rule("Allow", of("all()"))]))
    assert verdict(result, "8.8.8.8", "a/x") == "denied"
    assert verdict(result, "b/z", "a/x") == "allowed"


# 7. Labels


@pytest.mark.parametrize("selector", ["missing != 'v'", "missing not in {'v'}", "!has(missing)"])
def test_7_negative_conditions_hold_where_the_label_is_missing(selector: str):
    assert verdict(cluster(np("a/p", ingress=[rule("Allow", of(selector))])), "a/y", "a/x") == "allowed"


@pytest.mark.parametrize("selector", ["missing == 'v'", "missing in {'v'}", "has(missing)", "missing contains 'v'"])
def test_7_positive_conditions_fail_where_the_label_is_missing(selector: str):
    assert verdict(cluster(np("a/p", ingress=[rule("Allow", of(selector))])), "a/y", "a/x") == "denied"


def test_7_labels_of_namespaces_are_pcns():
    assert (
        verdict(cluster(gnp("p", "app == 'x'", ingress=[rule("Allow", of("pcns.team == 'y'"))])), "b/z", "a/x")
        == "allowed"
    )
    result = cluster(gnp("p", "all()", namespaceSelector="team == 'y'", types=["Ingress"]))
    assert (verdict(result, "a/x", "b/z"), verdict(result, "b/z", "a/x")) == ("denied", "allowed")


def test_7_service_accounts_are_meant_by_name_and_by_label():
    runner = pod("a/r", address="10.0.0.9")
    runner["spec"]["serviceAccountName"] = "runner"
    accounts = account("a/runner", role="job"), account("a/default"), account("b/default")
    both = {"serviceAccounts": {"names": ["runner"], "selector": "role == 'job'"}}
    other = {"serviceAccounts": {"names": ["runner"], "selector": "role == 'web'"}}
    assert verdict(cluster(runner, *accounts, np("a/p", ingress=[rule("Allow", both)])), "a/r", "a/x") == "allowed"
    assert verdict(cluster(runner, *accounts, np("a/p", ingress=[rule("Allow", other)])), "a/r", "a/x") == "denied"
    assert verdict(cluster(runner, *accounts, np("a/p", ingress=[rule("Allow", both)])), "a/y", "a/x") == "denied"
    by_label = np("a/p", ingress=[rule("Allow", of("pcsa.role == 'job'"))])
    assert verdict(cluster(runner, *accounts, by_label), "a/r", "a/x") == "allowed"
    subject = np("a/p", serviceAccountSelector="role == 'job'")
    result = cluster(runner, *accounts, subject)
    assert (verdict(result, "a/x", "a/r"), verdict(result, "a/r", "a/x")) == ("denied", "allowed")


def test_7_labels_of_accounts_that_nobody_declared_are_not_known_and_names_are():
    by_name = np("a/p", ingress=[rule("Allow", {"serviceAccounts": {"names": ["default"]}})])
    assert verdict(cluster(by_name), "a/y", "a/x") == "allowed"
    by_label = np("a/p", ingress=[rule("Allow", {"serviceAccounts": {"selector": "has(role)"}})])
    result = cluster(by_label)
    assert verdict(result, "a/y", "a/x") == "undefined"
    (reason,) = result.reasons("a/y", "a/x")
    assert reason == (
        "whether an end matches the selectors of the source of a rule (all.yaml:126:4) is not known: "
        "the labels of its service account are not declared"
    )
    subject = cluster(np("a/p", serviceAccountSelector="has(role)"))
    assert verdict(subject, "a/y", "a/x") == "undefined"
    assert "the labels of its service account are not known" in subject.reasons("a/y", "a/x")[0]


# 8. Ports, protocols and networks


def test_8_ports_belong_to_a_protocol_and_a_colon_makes_a_range():
    result = cluster(np("a/p", ingress=[rule("Allow", protocol="TCP", destination={"ports": [80, "90:92"]})]))
    assert allowed(result, "a/y", "a/x") == "80/TCP, 90-92/TCP"
    assert codes(np("a/p", ingress=[rule("Allow", destination={"ports": [80]})])) == ["RF732"]


def test_8_ports_are_taken_away_by_not_ports():
    only = rule("Allow", protocol="UDP", destination={"ports": ["1:100"], "notPorts": [50, "90:99"]})
    assert allowed(cluster(np("a/p", ingress=[only])), "a/y", "a/x") == "1-49/UDP, 51-89/UDP, 100/UDP"


def test_8_named_ports_are_those_of_each_destination():
    by_name = [rule("Allow", protocol="TCP", destination={"ports": ["web"]})]
    result = cluster(gnp("p", egress=by_name))
    assert allowed(result, "a/y", "a/x") == "80/TCP"
    assert allowed(result, "a/y", "b/z") == "8080/TCP"
    assert allowed(result, "a/x", "a/y") == allowed(result, "a/x", "8.8.8.8") == "nothing"
    without = cluster(gnp("p", egress=[rule("Allow", protocol="TCP", destination={"notPorts": ["web"]})]))
    assert allowed(without, "a/y", "a/x") == "1-79/TCP, 81-65535/TCP"
    assert allowed(without, "a/x", "8.8.8.8") == "all TCP"


def test_8_named_ports_are_not_looked_up_in_network_sets():
    far = netset("far", ["10.0.0.1/32"], far="yes")
    named = rule("Allow", protocol="TCP", destination={"selector": "far == 'yes'", "ports": ["web"]})
    assert allowed(cluster(far, gnp("p", egress=[named])), "a/y", "a/x") == "nothing"
    number = rule("Allow", protocol="TCP", destination={"selector": "far == 'yes'", "ports": [80]})
    assert allowed(cluster(far, gnp("p", egress=[number])), "a/y", "a/x") == "80/TCP"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"protocol": "SCTP"}, "all SCTP"),
        ({"protocol": 17}, "all UDP"),
        ({"notProtocol": "TCP"}, "all UDP, all SCTP"),
        ({"protocol": "ICMP"}, "nothing"),
        ({"protocol": "ICMP", "icmp": {"type": 8}}, "nothing"),
        ({"notProtocol": "ICMP"}, "all ports"),
        ({"protocol": "TCP", "http": {"methods": ["GET"]}}, "all TCP"),
    ],
)
def test_8_protocols(more: Object, expected: str):
    assert allowed(cluster(np("a/p", ingress=[rule("Allow", **more)])), "a/y", "a/x") == expected


def test_8_networks_match_addresses_of_pods_and_others():
    result = cluster(np("a/p", ingress=[rule("Allow", {"nets": ["10.0.1.0/24", "203.0.113.0/24"]})]))
    assert verdict(result, "b/z", "a/x") == verdict(result, "203.0.113.5", "a/x") == "allowed"
    assert verdict(result, "a/y", "a/x") == verdict(result, "8.8.8.8", "a/x") == "denied"


def test_8_a_rule_is_read_for_each_ip_version_by_itself():
    result = cluster(np("a/p", ingress=[rule("Allow", {"notNets": ["10.0.0.0/8"]})]))
    assert verdict(result, "8.8.8.8", "a/x") == "allowed"
    assert verdict(result, "2001:db8::1", "a/x") == "denied"
    only = cluster(np("a/p", ingress=[rule("Allow", ipVersion=6)]))
    assert (verdict(only, "8.8.8.8", "a/x"), verdict(only, "2001:db8::1", "a/x")) == ("denied", "allowed")
    assert verdict(only, "a/y", "a/x") == "denied"


def test_8_without_the_address_of_a_pod_its_networks_are_not_known():
    hidden = pod("a/h")
    rules = np("a/p", ingress=[rule("Allow", {"nets": ["10.0.1.0/24"]})])
    result = cluster(hidden, rules)
    assert verdict(result, "a/h", "a/x") == "undefined"
    assert result.reasons("a/h", "a/x") == (
        "whether an address lies in the nets of the source of a rule (all.yaml:146:4) is not known",
    )
    known = Profile(pods=AddressSet.of(["10.0.1.0/25"]))
    assert verdict(cluster(hidden, rules, profile=known), "a/h", "a/x") == "allowed"


def test_8_both_sides_of_a_rule_count_in_both_directions():
    result = cluster(gnp("p", egress=[rule("Allow", of("app == 'x'"), of("app == 'z'"))]))
    assert (verdict(result, "a/x", "b/z"), verdict(result, "a/y", "b/z")) == ("allowed", "denied")
    result = cluster(gnp("p", ingress=[rule("Allow", of("app == 'x'"), {"nets": ["10.0.1.3/32"]})]))
    assert (verdict(result, "a/x", "b/z"), verdict(result, "a/x", "a/y")) == ("allowed", "denied")


def test_8_who_matches_not_selector_is_taken_away_whatever_its_namespace():
    far = netset("far", ["203.0.113.0/24"], far="yes")
    result = cluster(far, gnp("p", "app == 'x'", ingress=[rule("Allow", {"notSelector": "app == 'z' || has(far)"})]))
    assert verdict(result, "a/y", "a/x") == verdict(result, "8.8.8.8", "a/x") == "allowed"
    assert verdict(result, "b/z", "a/x") == verdict(result, "203.0.113.5", "a/x") == "denied"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"source": {"ports": [53]}, "protocol": "UDP"}, "the rule looks at source ports"),
        ({"source": {"services": {"name": "s"}}}, "the rule means the Service a/s, whose endpoints are not known"),
        ({"notICMP": {"type": 8}}, "the rule has `notICMP` without a protocol"),
    ],
)
def test_8_what_no_file_says_is_undefined_with_the_reason(more: Object, why: str):
    result = cluster(np("a/p", ingress=[rule("Allow", **more)]))
    assert verdict(result, "a/y", "a/x", 80, "UDP") == "undefined"
    assert result.reasons("a/y", "a/x")[0].startswith(why)


# Services


def service(id_: str, selector: dict[str, str] | None, *ports: Object) -> Object:
    space, name = id_.split("/")
    spec = {"selector": selector, "ports": list(ports)}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": space}, "spec": spec}


def test_services_mean_the_pods_behind_them_at_their_ports():
    named = {"port": 80, "targetPort": "web"}, {"port": 53, "protocol": "UDP"}
    rules = gnp("p", "app == 'y'", egress=[rule("Allow", None, {"services": {"name": "s", "namespace": "b"}})])
    result = cluster(service("b/s", {"app": "z"}, *named), rules)
    assert allowed(result, "a/y", "b/z") == "8080/TCP, 53/UDP"
    assert allowed(result, "a/y", "a/x") == allowed(result, "a/y", "8.8.8.8") == "nothing"
    number = cluster(service("b/s", {"app": "z"}, {"port": 80, "targetPort": 9090}), rules)
    assert allowed(number, "a/y", "b/z") == "9090/TCP"


def test_services_as_sources_mean_addresses_alone():
    rules = np("a/p", "app == 'x'", ingress=[rule("Allow", {"services": {"name": "s", "namespace": "b"}})])
    result = cluster(service("b/s", {"app": "z"}, {"port": 80}), rules)
    assert (allowed(result, "b/z", "a/x"), allowed(result, "a/y", "a/x")) == ("all ports", "nothing")


@pytest.mark.parametrize("selector", [None, {}])
def test_services_without_a_selector_are_not_known(selector: dict[str, str] | None):
    rules = np("a/p", ingress=[rule("Allow", {"services": {"name": "s"}})])
    assert verdict(cluster(service("a/s", selector, {"port": 80}), rules), "a/y", "a/x") == "undefined"
    twice = service("a/s", {"app": "y"}), service("a/s", {"app": "z"})
    assert verdict(cluster(*twice, rules), "a/y", "a/x") == "undefined"


# Network sets


def test_network_sets_are_peers_by_their_labels():
    far, own = netset("far", ["203.0.113.0/24"], role="db"), netset("own", ["198.51.100.0/24"], "a", role="db")
    elsewhere = netset("elsewhere", ["192.0.2.0/24"], "b", role="db")
    result = cluster(far, own, elsewhere, np("a/p", "app == 'x'", egress=[rule("Allow", None, of("role == 'db'"))]))
    assert verdict(result, "a/x", "198.51.100.1") == "allowed"
    assert verdict(result, "a/x", "203.0.113.1") == verdict(result, "a/x", "192.0.2.1") == "denied"
    result = cluster(far, own, elsewhere, gnp("p", egress=[rule("Allow", None, of("role == 'db'"))]))
    assert {verdict(result, "a/x", end) for end in ("198.51.100.1", "203.0.113.1", "192.0.2.1")} == {"allowed"}
    assert verdict(result, "a/x", "8.8.8.8") == "denied"


def test_a_pod_is_meant_where_a_network_set_holds_its_address():
    far = netset("far", ["10.0.1.0/24"], role="db")
    assert verdict(cluster(far, gnp("p", ingress=[rule("Allow", of("role == 'db'"))])), "b/z", "a/x") == "allowed"


def test_domains_are_no_field_of_the_open_edition():
    far = netset("far", [], role="db")
    far["spec"]["allowedEgressDomains"] = ["example.com"]
    assert codes(far) == ["RF731"]
    result = cluster(far, gnp("p", egress=[rule("Allow", None, of("role == 'db'"))]))
    assert verdict(result, "a/x", "8.8.8.8") == "undefined"
    assert "only the commercial editions" not in result.reasons("a/x", "8.8.8.8")[0]


# 9. Host endpoints


def host(name: str, *addresses: str, **labels: str) -> Object:
    spec = {"node": name, "interfaceName": "*", "expectedIPs": list(addresses)}
    return {"apiVersion": API, "kind": "HostEndpoint", "metadata": {"name": name, "labels": labels}, "spec": spec}


def test_9_connections_with_host_endpoints_are_undefined_unless_the_pods_side_denies():
    result = cluster(host("h", "192.0.2.1"), gnp("p", "app == 'x'", types=["Egress"]))
    assert verdict(result, "a/y", "192.0.2.1") == verdict(result, "192.0.2.1", "a/y") == "undefined"
    assert verdict(result, "a/x", "192.0.2.1") == "denied"
    assert verdict(result, "a/y", "192.0.2.2") == "allowed"
    assert result.reasons("a/y", "192.0.2.1") == (
        "what policies do at the host endpoint h (all.yaml:116:1) is not modelled",
    )


def test_9_host_endpoints_are_peers_by_their_labels():
    allow = gnp("p", "app == 'x'", egress=[rule("Allow", None, of("role == 'node'"))])
    result = cluster(host("h", "192.0.2.1", role="node"), host("g", "192.0.2.7", role="other"), allow)
    assert verdict(result, "a/x", "192.0.2.1") == "undefined"
    assert verdict(result, "a/x", "192.0.2.7") == verdict(result, "a/x", "8.8.8.8") == "denied"
    unknown = cluster(host("h", role="node"), allow)
    assert verdict(unknown, "a/x", "8.8.8.8") == "undefined"


@pytest.mark.parametrize("flag", ["doNotTrack", "preDNAT"])
def test_9_policies_for_hosts_leave_pods_alone(flag: str):
    deny = gnp("p", applyOnForward=True, types=["Ingress"], **{flag: True})
    assert verdict(cluster(deny), "a/y", "a/x") == "allowed"
    forwarded = gnp("p", applyOnForward=True, types=["Ingress"])
    assert verdict(cluster(forwarded), "a/y", "a/x") == "denied"


def test_9_pods_on_the_hosts_network_are_no_endpoints():
    on_host = pod("a/n", host=True, address="192.0.2.9")
    result = cluster(on_host, gnp("p", types=["Ingress", "Egress"]))
    assert verdict(result, "a/n", "8.8.8.8") == "allowed"
    assert verdict(result, "a/n", "a/x") == "undefined"


# 10. Staged policies


def test_10_staged_policies_have_no_effect_until_they_are_promoted():
    deny = staged(np("a/p", types=["Ingress"]))
    assert codes(deny) == ["RF736"]
    now = state(*PODS, deny)
    assert verdict(evaluate(now), "a/y", "a/x") == "allowed"
    assert verdict(evaluate(promoted(now)), "a/y", "a/x") == "denied"


def test_10_a_staged_policy_takes_the_place_of_the_one_with_its_name():
    old, new = np("a/p", ingress=[rule("Allow")]), staged(np("a/p", ingress=[rule("Allow", of("app == 'y'"))]))
    then = evaluate(promoted(state(*PODS, old, new)))
    assert (verdict(then, "a/y", "a/x"), verdict(then, "b/z", "a/x")) == ("allowed", "denied")
    assert verdict(evaluate(state(*PODS, old, new)), "b/z", "a/x") == "allowed"


@pytest.mark.parametrize(
    ("action", "expected"), [("Delete", "allowed"), ("Learn", "denied"), ("Ignore", "denied"), ("Set", "denied")]
)
def test_10_staged_actions(action: str, expected: str):
    for item in (np("a/p"), gnp("p"), policy("a/p", ingress=[])):
        then = promoted(state(*PODS, item, staged(item, action)))
        assert verdict(evaluate(then), "b/z", "a/x") == expected


def test_10_staged_network_policies_become_network_policies():
    item = staged(policy("a/p", "x", ingress=[{"from": [{"podSelector": app("y")}]}]))
    then = evaluate(promoted(state(*PODS, item)))
    assert (verdict(then, "a/y", "a/x"), verdict(then, "b/z", "a/x")) == ("allowed", "denied")


def test_10_a_staged_policy_that_is_refused_is_undefined_only_if_promoted():
    bad = staged(np("a/p", "app = 'x'"))
    now = state(*PODS, bad)
    assert verdict(evaluate(now), "a/y", "a/x") == "allowed"
    assert verdict(evaluate(promoted(now)), "a/y", "a/x") == "undefined"


# Which plugin obeys


CILIUM: Object = {
    "apiVersion": "cilium.io/v2",
    "kind": "CiliumNetworkPolicy",
    "metadata": {"name": "c", "namespace": "b"},
    "spec": {"endpointSelector": {}, "ingress": [{}]},
}


@pytest.mark.parametrize("plugin", ["antrea", "cilium@1.20"])
def test_another_plugin_does_not_obey_policies_of_calico(plugin: str):
    profile = Profile(plugin, ip_blocks_match_pods=True, dialects=frozenset({"kubernetes", plugin.partition("@")[0]}))
    deny = np("a/p", types=["Ingress"])
    assert verdict(cluster(deny, profile=profile), "a/y", "a/x") == "allowed"
    assert codes(deny, profile=profile) == ["RF725"]
    bad = np("a/p", "app = 'x'")
    assert verdict(cluster(bad, profile=profile), "a/y", "a/x") == "allowed"


@pytest.mark.parametrize("plugin", ["aks-calico", "unspecified", "recorded"])
def test_a_plugin_of_which_nothing_is_known_is_calico_where_policies_of_calico_are(plugin: str):
    profile = Profile(plugin, dialects=frozenset({"kubernetes"}) if plugin == "aks-calico" else None)
    assert verdict(cluster(np("a/p", types=["Ingress"]), profile=profile), "a/y", "a/x") == "denied"
    assert codes(np("a/p", types=["Ingress"]), profile=profile) == []


def test_with_it_blocks_of_network_policies_match_pods():
    block = policy("a/plain", "x", ingress=[{"from": [{"ipBlock": {"cidr": "10.0.1.0/24"}}]}])
    assert verdict(cluster(block), "b/z", "a/x") == "undefined"
    assert verdict(cluster(block, gnp("p", "app == 'nobody'")), "b/z", "a/x") == "allowed"


def test_policies_of_two_plugins_are_undefined_until_one_is_named():
    deny = np("a/p", types=["Ingress"])
    result = cluster(deny, CILIUM)
    assert codes(deny, CILIUM) == ["RF726"]
    assert verdict(result, "b/z", "a/x") == verdict(result, "a/x", "b/z") == "undefined"
    assert "no profile says which of them runs" in result.reasons("b/z", "a/x")[0]
    profile = Profile("calico", ip_blocks_match_pods=True)
    result = cluster(deny, CILIUM, profile=profile)
    assert (verdict(result, "b/z", "a/x"), verdict(result, "a/x", "b/z")) == ("denied", "allowed")
    assert codes(deny, CILIUM, profile=profile) == ["RF725"]


def test_a_policy_of_a_tier_that_nobody_declares_is_undefined():
    lost = np("a/lost.p", tier="lost", types=["Ingress"])
    assert codes(lost) == ["RF727"]
    result = cluster(lost)
    assert verdict(result, "b/z", "a/x") == "undefined"
    assert "its tier 'lost' is not among the manifests" in result.reasons("b/z", "a/x")[0]
    assert verdict(result, "8.8.8.8", "b/z") == "allowed"
    assert codes(lost, tier("lost", 5)) == []


# Reading and explaining


def test_a_refused_network_policy_unsettles_what_the_default_tier_denies():
    refused = policy("a/refused", ingress=[{"from": [{}]}])
    result = cluster(refused, np("a/p", order=5, ingress=[rule("Deny", of("app == 'y'"))]))
    assert verdict(result, "a/y", "a/x") == "denied"
    assert verdict(result, "b/z", "a/x") == "undefined"
    assert "refused" in result.reasons("b/z", "a/x")[0]


def test_explanation_walks_calicos_tiers_in_one_line_a_direction():
    passing = gnp("mine.p", tier="mine", ingress=[rule("Log"), rule("Pass")])
    deny = np("a/p", "app == 'x'", ingress=[rule("Deny", of("app == 'nobody'")), rule("Allow", of("app == 'y'"))])
    result = cluster(tier("mine", 5), passing, deny)
    assert str(result.explain("a/y", "a/x", "TCP", 80).ingress) == (
        "ingress of a/x[Pod]: [tier mine] Pass (mine.p rule 2, all.yaml:140:4) on 80/TCP"
        " → [tier default] allowed by (a/p rule 2, all.yaml:163:4) on 80/TCP"
    )
    assert str(result.explain("b/z", "a/x", "TCP", 80).ingress).endswith(
        "[tier default] denied by (a/p, all.yaml:147:1) on 80/TCP"
    )
    assert str(result.explain("a/y", "a/x", "TCP", 80).egress) == "egress of a/y[Pod]: no policy isolates it, open"


def test_representatives_have_unknown_labels_and_known_namespaces():
    by_space = gnp("p", "app == 'x'", ingress=[rule("Allow", {"namespaceSelector": "team == 'y'"})])
    result = cluster(by_space, representatives=True)
    assert verdict(result, "b/*", "a/x") == "allowed"
    assert verdict(result, "a/*", "a/x") == "denied"
    assert verdict(result, "*/*", "a/x") == "undefined"
    own = cluster(np("a/p", "app == 'x'", ingress=[rule("Allow", of("role == 'web'"))]), representatives=True)
    assert verdict(own, "a/*", "a/x") == "undefined"
    assert verdict(own, "*/*", "a/x") == verdict(own, "b/*", "a/x") == "denied"


def test_replicas_that_calico_tells_apart_are_kept_apart():
    owner = ("ReplicaSet", "web")
    pods = [pod("a/1", {"app": "p"}, owner=owner), pod("a/2", {"app": "q"}, owner=owner)]
    assert len(from_directory(files(*SPACES, *pods, np("a/p", "app == 'other'"))).endpoints) == 1
    assert len(from_directory(files(*SPACES, *pods, np("a/p", "app == 'p'"))).endpoints) == 2
    assert len(from_directory(files(*SPACES, *pods, staged(np("a/p", "app == 'p'")))).endpoints) == 2
