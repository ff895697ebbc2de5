"""Rules and policies that others make superfluous, and those that are not."""

from __future__ import annotations

from kit import admin, codes, found, policy, told, workload

from ringfence.connectivity import Profile
from ringfence.values.addresses import AddressSet
from small_repository import place

ALL_IN = "podSelector: {}, policyTypes: [Ingress]"
WEB = "podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]"


def from_app(name: str, ports: str = "") -> str:
    return f"{{from: [{{podSelector: {{matchLabels: {{app: {name}}}}}}}]{', ports: ' + ports if ports else ''}}}"


def test_places_of_the_rule_and_of_what_makes_it_redundant():
    text = policy("web", f"{WEB}, ingress: [{{from: [{{podSelector: {{}}}}]}}, {from_app('api')}]")
    [item] = found(text)
    assert item.check.code == "RF751"
    assert item.where == place(text, from_app("api"), "all.yaml")
    assert item.related == ((place(text, "{from: [{podSelector: {}}]}", "all.yaml"), "allow rule"),)
    assert item.message == (
        "ingress[1] of NetworkPolicy shop/web adds nothing: ingress[0] of NetworkPolicy shop/web allows all that it "
        "matches"
    )


def test_of_two_equal_rules_only_the_later_is_reported():
    [item] = found(policy("web", f"{WEB}, ingress: [{from_app('api')}, {from_app('api')}]"))
    assert "ingress[1] of" in item.message


def test_ports_count():
    narrow, wide = "[{port: 80}]", "[{port: 80, endPort: 90}]"
    assert codes(policy("web", f"{WEB}, ingress: [{from_app('api', wide)}, {from_app('api', narrow)}]")) == ["RF751"]
    other = "[{port: 80, protocol: UDP}]"
    assert codes(policy("web", f"{WEB}, ingress: [{from_app('api', wide)}, {from_app('api', other)}]")) == []


def test_several_rules_can_cover_one_together():
    ports = ("[{port: 80}]", "[{port: 81}]", "[{port: 80, endPort: 81}]")
    rules = [f"{{from: [{{podSelector: {{}}}}], ports: {one}}}" for one in ports]
    [item] = found(policy("web", f"{WEB}, ingress: [{', '.join(rules)}]"))
    assert "ingress[2] of" in item.message
    assert len(item.related) == 2


def test_labels_of_the_declared_workloads_only():
    both = "app: api, tier: back"
    rules = f"ingress: [{from_app('api')}, {{from: [{{podSelector: {{matchLabels: {{tier: back}}}}}}]}}]"
    [item] = told(workload("web"), workload("api", both), policy("web", f"{WEB}, {rules}"))
    assert item[0] == "RF751"
    assert "adds nothing among the workloads declared here" in item[1]
    others = workload("db", "tier: back"), workload("old", "app: api")
    assert codes(workload("web"), workload("api", both), *others, policy("web", f"{WEB}, {rules}")) == []
    assert codes(policy("web", f"{WEB}, {rules}")) == []


def test_a_policy_that_repeats_another_is_reported_as_a_whole():
    [item] = found(policy("a", ALL_IN), policy("b", WEB))
    assert item.message == "NetworkPolicy shop/b adds nothing: NetworkPolicy shop/a isolates the same pods"
    rule = f"ingress: [{from_app('api')}]"
    [item] = found(policy("a", f"{ALL_IN}, {rule}"), policy("b", f"{WEB}, {rule}"))
    assert item.message.endswith(
        "isolates the same pods, and ingress[0] of NetworkPolicy shop/a allows all that it allows"
    )


def test_a_default_deny_is_never_superfluous_because_all_present_pods_have_policies():
    mine = policy("web", f"{WEB}, ingress: [{from_app('web')}]")
    assert codes(workload("web"), policy("default-deny", ALL_IN), mine) == []


def test_isolation_in_one_direction_is_not_that_in_the_other():
    both = "podSelector: {}, policyTypes: [Ingress, Egress]"
    assert codes(policy("a", ALL_IN), policy("b", both)) == ["RF751"]
    assert codes(policy("a", ALL_IN), policy("b", "podSelector: {}, policyTypes: [Egress]")) == []


def test_a_deny_that_comes_too_late():
    allow = "{action: Allow, from: [{namespaces: {}}]}"
    deny = "{action: Deny, from: [{namespaces: {matchLabels: {trust: low}}}]}"
    [item] = found(admin("guard", f"ingress: [{allow}, {deny}]"))
    assert item.check.code == "RF750"
    assert item.message == (
        "ingress[1] of AdminNetworkPolicy guard (deny) never decides: all that it matches is decided first by "
        "ingress[0] of AdminNetworkPolicy guard"
    )
    assert codes(admin("guard", f"ingress: [{deny}, {allow}]")) == []
    assert codes(admin("one", f"ingress: [{allow}]", 1), admin("two", f"ingress: [{deny}]", 2)) == ["RF750"]
    assert codes(admin("one", f"ingress: [{allow}]", 2), admin("two", f"ingress: [{deny}]", 1)) == []


def test_a_pass_leaves_nothing_for_later_rules_of_its_tier_but_all_for_the_next():
    rules = "ingress: [{action: Pass, from: [{namespaces: {}}]}, {action: Deny, from: [{namespaces: {}}]}]"
    deny = policy("web", WEB)
    assert [code for code, message in told(admin("guard", rules), deny)] == ["RF750"]


def test_a_tier_before_decides_all_that_a_network_policy_allows():
    deny = admin("guard", "ingress: [{action: Deny, from: [{namespaces: {}}]}]")
    codes_and_text = told(deny, policy("web", f"{WEB}, ingress: [{from_app('api')}]"))
    assert [code for code, _ in codes_and_text] == ["RF750"]
    assert "ingress[0] of NetworkPolicy shop/web (allow)" in codes_and_text[0][1]


def test_a_baseline_rule_for_pods_that_network_policies_isolate():
    baseline = (
        "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {name: default}\n"
        "spec: {subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}, "
        "ingress: [{action: Deny, from: [{namespaces: {}}]}]}\n"
    )
    [item] = found(baseline, policy("all", ALL_IN))
    assert item.check.code == "RF750"
    assert "decided first by NetworkPolicy shop/all, which isolates the pods" in item.message


def test_addresses_of_pods_are_no_sure_match():
    rules = "ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}]}, {from: [{podSelector: {}}]}]"
    pods = AddressSet.of(["10.0.0.0/8"])
    for match, expected in ((None, []), (False, []), (True, ["RF751"])):
        assert codes(policy("web", f"{WEB}, {rules}"), profile=Profile("p", match, pods)) == expected
