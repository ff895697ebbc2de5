"""Isolation that others undo, allows of one side, orders that nothing defines, pods and plugins that heed no policy."""

from __future__ import annotations

from kit import admin, codes, found, policy, told, workload

from ringfence.connectivity import Profile

DENY = policy("default-deny", "podSelector: {}, policyTypes: [Ingress, Egress]")
WEB = "podSelector: {matchLabels: {app: web}}"
API = "podSelector: {matchLabels: {app: api}}"
OPEN = "podSelector: {}, policyTypes: [Ingress], ingress: [{}]"


def test_a_list_of_peers_beside_an_allow_all():
    mine = policy("web", f"{WEB}, policyTypes: [Ingress], ingress: [{{from: [{{{API}}}]}}]")
    [item] = found(mine, policy("tests", OPEN))
    assert item.check.code == "RF755"
    assert item.message == (
        "NetworkPolicy shop/web denies nothing in ingress: every connection of the pods that it selects is allowed by "
        "ingress[0] of NetworkPolicy shop/tests"
    )
    assert codes(mine, policy("tests", OPEN.replace("[{}]", "[{ports: [{port: 80}]}]"))) == []
    assert codes(mine, policy("tests", OPEN, "other")) == []


def test_an_administrator_that_allows_everything_before():
    everyone = "ingress: [{action: Allow, from: [{namespaces: {}}]}]"
    assert codes(admin("open", everyone), policy("web", f"{WEB}, policyTypes: [Ingress]")) == []
    mine = policy("web", f"{WEB}, policyTypes: [Egress]")
    all_networks = "egress: [{action: Allow, to: [{namespaces: {}}, {networks: [0.0.0.0/0, '::/0']}]}]"
    assert codes(admin("open", all_networks), mine) == ["RF755"]


def test_an_allow_that_the_other_end_denies():
    pods = workload("web", ports="{containerPort: 80}"), workload("api", ports="{containerPort: 80}")
    mine = policy("api", f"{API}, policyTypes: [Ingress], ingress: [{{from: [{{{WEB}}}], ports: [{{port: 80}}]}}]")
    [item] = found(*pods, DENY, mine)
    assert item.check.code == "RF754"
    assert item.message == (
        "ingress[0] of NetworkPolicy shop/api allows nothing: shop/web[Deployment] to shop/api[Deployment] on 80/TCP "
        "is denied in egress (shop/default-deny), and so is all else that it matches"
    )
    for port, expected in (("80", []), ("81", ["RF754", "RF758", "RF754"])):
        egress = f"egress: [{{to: [{{{API}}}], ports: [{{port: {port}}}]}}]"
        other = policy("web", f"{WEB}, policyTypes: [Egress], {egress}")
        assert sorted(codes(*pods, DENY, mine, other)) == sorted(expected)


def test_an_allow_of_which_a_part_takes_effect():
    mine = policy(
        "api", f"{API}, policyTypes: [Ingress], ingress: [{{from: [{{{WEB}}}, {{namespaceSelector: {{}}}}]}}]"
    )
    assert codes(workload("web"), workload("api"), DENY, mine) == []


def test_equal_priorities_where_policies_meet_and_disagree():
    deny = "ingress: [{action: Deny, from: [{namespaces: {matchLabels: {team: a}}}]}]"
    spaces = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {team: a}}\n"
    pods = workload("web"), workload("a", namespace="a"), spaces
    allow = "ingress: [{action: Allow, from: [{namespaces: {}}], ports: [{portNumber: {port: 80}}]}]"
    [item] = found(*pods, admin("one", deny), admin("two", allow))
    assert item.check.code == "RF752"
    assert "a/a[Deployment] to " in item.message
    assert "on 80/TCP is allow by the first, deny by the second" in item.message
    assert codes(*pods, admin("one", deny), admin("two", allow, 11)) == []
    assert (
        codes(
            *pods,
            admin("one", deny),
            admin("two", allow.replace("namespaces: {}", "namespaces: {matchLabels: {team: b}}")),
        )
        == []
    )
    assert "RF752" not in codes(*pods, admin("one", deny), admin("two", deny))


def test_equal_priorities_do_not_matter_where_an_earlier_policy_decides():
    deny = "ingress: [{action: Deny, from: [{namespaces: {}}]}]"
    allow = "ingress: [{action: Allow, from: [{namespaces: {}}]}]"
    assert "RF752" in codes(admin("one", deny), admin("two", allow))
    assert "RF752" not in codes(admin("first", deny, 1), admin("one", deny), admin("two", allow))


def test_pods_on_the_host_network():
    meta = "metadata: {name: agent, namespace: shop, labels: {app: web}}"
    pod = f"apiVersion: v1\nkind: Pod\n{meta}\nspec: {{hostNetwork: true}}\n"
    mine = policy("web", f"{WEB}, policyTypes: [Ingress]")
    [item] = found(pod, mine)
    assert (item.check.code, "shop/agent[Pod]" in item.message) == ("RF756", True)
    assert codes(pod, workload("web"), mine) == []
    assert codes(pod, mine, profile=Profile(host_network_as_pods=True)) == []
    subject = "subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}"
    one = admin("x", "ingress: []").replace("subject: {namespaces: {}}", subject)
    assert codes(pod, one.replace("ingress: []", "ingress: [{action: Deny, from: [{namespaces: {}}]}]")) == ["RF756"]


def test_a_plugin_that_enforces_nothing_is_said_once_a_kind():
    flannel = Profile("flannel", enforces=False)
    deny = admin("guard", "ingress: [{action: Deny, from: [{namespaces: {}}]}]")
    [one, two] = told(DENY, policy("web", WEB), deny, profile=flannel)
    assert [one[0], two[0]] == ["RF757", "RF757"]
    assert "NetworkPolicy shop/default-deny, shop/web" in one[1]
    assert codes(DENY, profile=Profile("antrea")) == []
