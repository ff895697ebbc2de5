"""One test for each statement on AdminNetworkPolicy and ClusterNetworkPolicy in the project's semantics."""

from __future__ import annotations

from typing import Any

import pytest
from made import EXTERNAL, MATCHES, allowed, app, deployment, namespace, pod, policy, space, tcp, verdict, world

from ringfence.connectivity import Connectivity, Profile, from_directory
from ringfence.manifests import Manifests, parse_files

Object = dict[str, Any]
ALL, NONE = "all ports", "nothing"
PODS = [pod("a/x"), pod("a/y"), pod("b/z", ports=[("web", "TCP", 80), ("web", "UDP", 81)])]
FORMS = ["v1alpha1", "v1alpha2"]


def admin(name: str, priority: int | None = 10, form: str = "v1alpha1", tier: str = "Admin", **spec: Any) -> Object:
    """A policy of either form; rules say Allow, and Accept is written where the form wants it."""
    kind = "ClusterNetworkPolicy" if form == "v1alpha2" else "AdminNetworkPolicy"
    if form == "v1alpha2":
        spec["tier"] = tier
        for item in (*spec.get("ingress", []), *spec.get("egress", [])):
            item["action"] = item["action"].replace("Allow", "Accept")
    elif tier == "Baseline":
        kind, name, priority = "BaselineAdminNetworkPolicy", "default", None
    spec = {"subject": {"namespaces": {}}, **spec}
    if priority is not None:
        spec["priority"] = priority
    api = f"policy.networking.k8s.io/{form}"
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec}


def rule(action: str, side: str, *peers: Object, **more: Any) -> Object:
    return {"action": action, side: list(peers) or [{"namespaces": {}}], **more}


def ingress(action: str, *peers: Object, **more: Any) -> list[Object]:
    return [rule(action, "from", *peers, **more)]


def egress(action: str, *peers: Object, **more: Any) -> list[Object]:
    return [rule(action, "to", *peers, **more)]


def pods_of(name: str) -> Object:
    return {"pods": {"namespaceSelector": {}, "podSelector": app(name)}}


def read(*objects: Object) -> Manifests:
    from made import files

    return parse_files(files(*objects))


def codes(*objects: Object) -> list[str]:
    return [finding.check.code for finding in read(*objects).findings]


def z_from(*objects: Object, profile: Profile = EXTERNAL) -> Connectivity:
    return world(*PODS, *objects, profile=profile)


# AdminNetworkPolicy and BaselineAdminNetworkPolicy


@pytest.mark.parametrize(("priority", "found"), [(0, []), (1000, []), (1001, ["RF708"]), (-1, ["RF708"])])
@pytest.mark.parametrize("form", FORMS)
def test_anp_1_priority_is_0_to_1000(form: str, priority: int, found: list[str]):
    assert codes(admin("p", priority, form)) == found


@pytest.mark.parametrize("form", FORMS)
def test_anp_1_lower_priority_comes_first(form: str):
    deny, allow = admin("deny", 4, form, ingress=ingress("Deny")), admin("allow", 3, form, ingress=ingress("Allow"))
    assert verdict(z_from(deny, allow), "a/x", "b/z") == "allowed"
    deny["spec"]["priority"] = 2
    assert verdict(z_from(deny, allow), "a/x", "b/z") == "denied"


@pytest.mark.parametrize("form", FORMS)
def test_anp_1_cnp_8_equal_priorities_are_undefined_only_where_both_match_and_disagree(form: str):
    deny = admin("deny", 5, form, ingress=ingress("Deny", pods_of("x")))
    allow = admin("allow", 5, form, ingress=ingress("Allow", {"namespaces": space("a")}))
    result = z_from(deny, allow, policy("b/np", ingress=[]))
    assert verdict(result, "a/x", "b/z") == "undefined"
    assert verdict(result, "a/y", "b/z") == "allowed"
    assert result.reasons("a/x", "b/z") == ("allow and deny in tier Admin have no order, and they disagree",)
    agreeing = admin("other", 5, form, ingress=ingress("Deny"))
    assert verdict(z_from(deny, agreeing), "a/x", "b/z") == "denied"


@pytest.mark.parametrize("form", FORMS)
def test_anp_2_the_first_rule_that_matches_decides(form: str):
    first, second = rule("Deny", "from", pods_of("x")), rule("Allow", "from")
    deny = policy("b/np", ingress=[])
    assert verdict(z_from(deny, admin("p", 5, form, ingress=[first, second])), "a/x", "b/z") == "denied"
    assert verdict(z_from(deny, admin("p", 5, form, ingress=[second, first])), "a/x", "b/z") == "allowed"


@pytest.mark.parametrize("form", FORMS)
def test_anp_2_egress_allow_does_not_open_the_ingress_of_the_destination(form: str):
    closed = policy("b/np", ingress=[]), policy("a/np", policyTypes=["Egress"])
    assert verdict(z_from(*closed, admin("out", 5, form, egress=egress("Allow"))), "a/x", "b/z") == "denied"
    both = admin("both", 5, form, egress=egress("Allow"), ingress=ingress("Allow"))
    assert verdict(z_from(*closed, both), "a/x", "b/z") == "allowed"


@pytest.mark.parametrize("form", FORMS)
def test_anp_3_pass_goes_to_network_policy_then_to_baseline(form: str):
    tiers = (
        admin("pass", 1, form, ingress=ingress("Pass")),
        admin("deny", 2, form, ingress=ingress("Deny")),
        admin("base", 3, form, "Baseline", ingress=ingress("Deny")),
    )
    assert verdict(z_from(*tiers), "a/x", "b/z") == "denied"
    opened = policy("b/np", ingress=[{"ports": [tcp(80)]}])
    assert allowed(z_from(*tiers, opened), "a/x", "b/z") == "80/TCP"
    assert verdict(z_from(*tiers[:2]), "a/x", "b/z") == "allowed"


@pytest.mark.parametrize("form", FORMS)
def test_anp_4_implicit_deny_of_network_policy_is_final(form: str):
    base = admin("base", 3, form, "Baseline", ingress=ingress("Allow"))
    assert verdict(z_from(base, policy("b/np", ingress=[])), "a/x", "b/z") == "denied"


@pytest.mark.parametrize("form", FORMS)
def test_anp_4_baseline_is_asked_in_each_direction_for_pods_that_nothing_isolates_there(form: str):
    base = admin("base", 3, form, "Baseline", ingress=ingress("Deny"), egress=egress("Deny"))
    inward = policy("b/np", ingress=[{}])
    result = z_from(base, inward)
    assert verdict(result, "b/z", "a/x") == "denied"
    assert verdict(result, "8.8.8.8", "b/z") == "allowed"
    assert verdict(result, "a/x", "b/z") == "denied"
    assert verdict(z_from(base, inward, policy("a/np", egress=[{}], policyTypes=["Egress"])), "a/x", "b/z") == "allowed"


def test_anp_5_baseline_is_one_object_named_default_without_pass():
    base = admin("", tier="Baseline", ingress=ingress("Deny"))
    assert codes(base) == []
    assert codes({**base, "metadata": {"name": "other"}}) == ["RF708"]
    assert codes(base, base) == ["RF704"]
    assert codes(admin("", tier="Baseline", ingress=ingress("Pass"))) == ["RF708"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("profile", "found"), [(MATCHES, "denied"), (Profile("silent"), "denied"), (EXTERNAL, "allowed")]
)
def test_anp_5_networks_match_pod_addresses_unless_the_plugin_is_known_not_to(form: str, profile: Profile, found: str):
    objects = [pod("a/x", address="10.1.0.1"), pod("b/z", address="10.1.0.2")]
    deny = admin("deny", 5, form, egress=egress("Deny", {"networks": ["10.1.0.2/32"]}))
    assert verdict(world(*objects, deny, profile=profile), "a/x", "b/z") == found
    assert verdict(world(*objects, deny, profile=profile), "a/x", "10.1.0.2") == "denied"


@pytest.mark.parametrize("form", FORMS)
def test_anp_5_cnp_7_host_network_pods_are_neither_subject_nor_peer(form: str):
    host = pod("b/h", host=True)
    subject = admin("deny", 5, form, egress=egress("Deny"))
    result = world(pod("a/x"), host, subject)
    assert verdict(result, "b/h", "a/x") == "allowed"
    assert verdict(result, "a/x", "b/h") == "allowed"


@pytest.mark.parametrize("peer", [{"networks": ["10.0.0.0/8"]}, {"nodes": {}}, {"domainNames": ["a.example.com"]}])
def test_anp_5_named_port_with_networks_nodes_or_domain_names_is_invalid(peer: Object):
    named = admin("p", egress=egress("Allow", peer, ports=[{"namedPort": "web"}]))
    assert "RF708" in codes(named)
    assert not read(named).admin


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("action", ["Allow", "Deny", "Pass"])
def test_anp_6_cnp_9_an_unknown_field_fails_closed(form: str, action: str):
    """The API's own words of a peer that has no known field: Allow matches nothing, Deny and Pass are "Deny all"."""
    strange = rule(action, "from", {"clusters": {}}, {"namespaces": space("nowhere")})
    objects = [admin("p", 5, form, ingress=[strange, rule("Allow", "from", pods_of("y"))])]
    assert codes(*objects) == ["RF702"]
    result = z_from(policy("b/np", ingress=[]), *objects)
    assert verdict(result, "a/x", "b/z") == "denied"
    assert verdict(result, "a/y", "b/z") == ("allowed" if action == "Allow" else "denied")
    assert verdict(z_from(*objects), "a/x", "b/z") == ("allowed" if action == "Allow" else "denied")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("action", ["Allow", "Deny", "Pass"])
@pytest.mark.parametrize(
    "strange",
    [
        {"from": [{"namespaces": {}, "clusters": {}}]},
        {"from": [{"namespaces": {"matchLabel": {"a": "b"}}}]},
        {"from": [{"namespaces": {}}], "prots": []},
        {"form": [{"namespaces": {}}]},
    ],
)
def test_anp_6_an_unknown_field_of_which_the_api_says_nothing_is_undefined(form: str, action: str, strange: Object):
    """A server that does not know it drops or refuses it, and one that does may mean anything."""
    odd = {**rule(action, "from"), **strange}
    if "from" not in strange:
        del odd["from"]
    first = rule("Deny", "from", pods_of("y"))
    objects = [admin("p", 5, form, ingress=[first, odd, rule("Allow" if action == "Deny" else "Deny", "from")])]
    assert codes(*objects) == ["RF702"]
    result = z_from(*objects)
    assert verdict(result, "a/y", "b/z") == "denied"
    assert verdict(result, "a/x", "b/z") == "undefined"
    assert any("a field that the API does not know" in reason for reason in result.reasons("a/x", "b/z"))


@pytest.mark.parametrize("form", FORMS)
def test_anp_6_an_unknown_field_outside_the_rules_leaves_everything_undefined(form: str):
    strange = admin("p", 5, form, ingress=ingress("Deny"), scope="wide")
    assert codes(strange) == ["RF702"]
    assert verdict(z_from(strange), "a/x", "b/z") == "undefined"


# ClusterNetworkPolicy


def test_cnp_1_tiers_and_several_baselines():
    one = admin("one", 1, "v1alpha2", "Baseline", ingress=ingress("Allow", pods_of("x")))
    two = admin("two", 2, "v1alpha2", "Baseline", ingress=ingress("Deny"))
    assert codes(one, two) == []
    result = z_from(one, two)
    assert verdict(result, "a/x", "b/z") == "allowed"
    assert verdict(result, "a/y", "b/z") == "denied"
    assert codes(admin("p", 1, "v1alpha2", "Middle")) == ["RF708"]


def test_cnp_2_pass_in_baseline_is_the_default_allow():
    one = admin("one", 1, "v1alpha2", "Baseline", ingress=ingress("Pass", pods_of("x")))
    two = admin("two", 2, "v1alpha2", "Baseline", ingress=ingress("Deny"))
    assert verdict(z_from(one, two), "a/x", "b/z") == "allowed"


def test_cnp_2_accept_not_allow():
    wrong = admin("p", form="v1alpha2", ingress=ingress("Deny"))
    wrong["spec"]["ingress"][0]["action"] = "Allow"
    assert codes(wrong) == ["RF708"]
    right = admin("p", ingress=ingress("Deny"))
    right["spec"]["ingress"][0]["action"] = "Accept"
    assert codes(right) == ["RF708"]


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ({"tcp": {"destinationPort": {"number": 80}}}, "80/TCP"),
        ({"udp": {"destinationPort": {"range": {"start": 5, "end": 9}}}}, "5-9/UDP"),
        ({"sctp": {"destinationPort": {"range": {"start": 1, "end": 65535}}}}, "all SCTP"),
        ({"destinationNamedPort": "web"}, "80/TCP, 81/UDP"),
    ],
)
def test_cnp_3_protocols_hold_exactly_one_of(entry: Object, found: str):
    result = z_from(
        policy("b/np", ingress=[]), admin("p", form="v1alpha2", ingress=ingress("Allow", protocols=[entry]))
    )
    assert allowed(result, "a/x", "b/z") == found


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"tcp": {}},
        {"tcp": {"destinationPort": {}}},
        {"tcp": {"destinationPort": {"number": 1}}, "udp": {"destinationPort": {"number": 1}}},
        {"tcp": {"destinationPort": {"number": 0}}},
        {"tcp": {"destinationPort": {"range": {"start": 5, "end": 5}}}},
        {"tcp": {"destinationPort": {"range": {"start": 6, "end": 5}}}},
    ],
)
def test_cnp_3_other_protocols_are_refused(entry: Object):
    assert codes(admin("p", form="v1alpha2", ingress=ingress("Allow", protocols=[entry]))) == ["RF708"]


@pytest.mark.parametrize(("count", "found"), [(25, []), (26, ["RF708"])])
def test_cnp_4_limits_of_25(count: int, found: list[str]):
    number = {"tcp": {"destinationPort": {"number": 1}}}
    networks = [f"10.{index}.0.0/16" for index in range(count)]
    for spec in (
        {"ingress": ingress("Deny") * count},
        {"egress": egress("Deny") * count},
        {"ingress": ingress("Deny", *[{"namespaces": {}}] * count)},
        {"ingress": ingress("Deny", protocols=[number] * count)},
        {"egress": egress("Deny", {"networks": networks})},
    ):
        assert codes(admin("p", form="v1alpha2", **spec)) == found


@pytest.mark.parametrize("peer", [{"networks": ["10.0.0.0/8"]}, {"nodes": {}}, {"domainNames": ["a.example.com"]}])
@pytest.mark.parametrize("form", FORMS)
def test_cnp_5_ingress_peers_are_namespaces_and_pods_only(form: str, peer: Object):
    assert codes(admin("p", 5, form, ingress=ingress("Deny", peer))) == ["RF702"]


def test_cnp_6_accept_to_everywhere_also_accepts_pods_unless_a_pass_comes_first():
    closed = policy("a/np", policyTypes=["Egress"])
    wide = rule("Allow", "to", {"networks": ["0.0.0.0/0"]})
    objects = [pod("a/x", address="10.1.0.1"), pod("b/z", address="10.1.0.2"), closed]
    result = world(*objects, admin("p", form="v1alpha2", egress=[wide]), profile=MATCHES)
    assert verdict(result, "a/x", "b/z") == verdict(result, "a/x", "8.8.8.8") == "allowed"
    result = world(*objects, admin("p", form="v1alpha2", egress=[rule("Pass", "to"), wide]), profile=MATCHES)
    assert verdict(result, "a/x", "b/z") == "denied"
    assert verdict(result, "a/x", "8.8.8.8") == "allowed"


@pytest.mark.parametrize("form", FORMS)
def test_cnp_7_a_pods_own_address_is_exempt(form: str):
    deny = admin("deny", 1, form, ingress=ingress("Deny"), egress=egress("Deny"))
    result = world(pod("a/x"), deployment("a/d"), deny)
    assert verdict(result, "a/x", "a/x") == "allowed"
    assert verdict(result, "a/d", "a/d") == "denied"


def test_cnp_9_domain_names_are_egress_accept_only_and_not_settled():
    names = {"domainNames": ["*.example.com"]}
    accept = admin("p", form="v1alpha2", egress=egress("Allow", names))
    assert codes(accept) == ["RF709"]
    result = z_from(policy("a/np", policyTypes=["Egress"]), accept)
    assert verdict(result, "a/x", "8.8.8.8") == "undefined"
    assert verdict(result, "a/x", "b/z") == "denied"
    assert "*.example.com" in result.reasons("a/x", "8.8.8.8")[0]


@pytest.mark.parametrize("form", FORMS)
def test_nodes_are_settled_only_where_the_profile_knows_their_addresses(form: str):
    from ringfence.values.addresses import AddressSet

    deny = admin("p", 5, form, egress=egress("Deny", {"nodes": {}}))
    assert verdict(z_from(deny), "a/x", "8.8.8.8") == "undefined"
    known = Profile("known", ip_blocks_match_pods=False, nodes=AddressSet.of(["203.0.113.0/24"]))
    result = z_from(deny, profile=known)
    assert verdict(result, "a/x", "8.8.8.8") == "allowed"
    assert verdict(result, "a/x", "203.0.113.9") == "denied"


# Reading and explaining


def test_kinds_are_told_apart_by_api_group():
    other = {**admin("p", form="v1alpha2"), "apiVersion": "networking.k8s.aws/v1alpha1"}
    found = read(other)
    assert not found.admin
    assert [item.check.code for item in found.findings] == ["RF703"]


@pytest.mark.parametrize(
    "spec",
    [
        {"subject": {"namespaces": {"matchExpressions": [{"key": "a", "operator": "IsIn", "values": ["b"]}]}}},
        {"subject": {"namespaces": {"matchExpressions": [{"key": "a", "operator": "In"}]}}},
        {"subject": {"namespaces": {"matchLabels": {"a": "-"}}}},
    ],
)
def test_a_subject_that_nobody_can_read_leaves_everything_undefined(spec: Object):
    found = admin("p", ingress=ingress("Deny"), **spec)
    assert codes(found) == ["RF714"]
    assert verdict(z_from(found), "a/x", "b/z") == "undefined"


def test_a_rule_that_nobody_can_read_is_undefined_where_it_decides():
    port = {"portNumber": {"protocol": "tcp", "port": 80}}
    clear = admin("q", 1, ingress=ingress("Allow", pods_of("y")))
    unclear = admin("p", 2, ingress=ingress("Deny", ports=[port]))
    result = z_from(clear, unclear)
    assert verdict(result, "a/x", "b/z") == "undefined"
    assert "'tcp' is none of" in result.reasons("a/x", "b/z")[0]
    assert verdict(result, "a/y", "b/z") == "allowed"


def test_what_is_not_modelled_unsettles_what_tiers_allow_and_deny():
    foreign = {"apiVersion": "k8s.ovn.org/v1", "kind": "EgressFirewall", "metadata": {"name": "f", "namespace": "a"}}
    tiers = admin("p", ingress=[rule("Deny", "from", pods_of("x")), rule("Allow", "from")])
    result = z_from(tiers, foreign)
    assert verdict(result, "a/y", "b/z") == verdict(result, "b/z", "a/y") == "undefined"
    assert verdict(result, "a/x", "b/z") == "denied"
    assert verdict(result, "8.8.8.8", "b/z") == "allowed"


def test_both_apis_in_one_cluster_have_no_order():
    old, new = admin("old", 1, ingress=ingress("Deny")), admin("new", 2, "v1alpha2", ingress=ingress("Allow"))
    assert verdict(z_from(old, new), "a/x", "b/z") == "undefined"


def test_explanation_walks_the_tiers_in_one_line_a_direction():
    passing = admin("hand-over", ingress=ingress("Pass"))
    result = z_from(passing, policy("b/np", ingress=[]))
    told = result.explain("a/x", "b/z", "TCP", 80)
    assert str(told.ingress) == (
        "ingress of b/z[Pod]: [Admin] Pass (hand-over rule 1, all.yaml:83:4) on 80/TCP"
        " → [NetworkPolicy] denied by (b/np, all.yaml:96:1) on 80/TCP"
    )
    assert str(told.egress) == "egress of a/x[Pod]: no policy decides on 80/TCP: allowed"


def test_replicas_that_no_condition_tells_apart_are_one_workload():
    from made import files

    owner = ("ReplicaSet", "web")
    pods = [pod("a/1", {"app": "p"}, owner=owner), pod("a/2", {"app": "q"}, owner=owner), namespace("a")]
    deny = admin("deny", ingress=ingress("Deny", pods_of("other")))
    assert [str(item) for item in from_directory(files(*pods, deny)).endpoints] == ["a/web[ReplicaSet]"]
    told_apart = admin("deny", ingress=ingress("Deny", pods_of("p")))
    assert len(from_directory(files(*pods, told_apart)).endpoints) == 2
