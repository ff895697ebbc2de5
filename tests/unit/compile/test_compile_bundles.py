from __future__ import annotations

import random

import model_kit as kit
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ringfence import compile  # noqa: A004
from ringfence.compile.bundle import BlockPeer, Bundle, Origin, PodsPeer, Policy, Rule
from ringfence.model.types import Model, Workload

SHOP = kit.namespace("shop", "checkout", "prod")
PAYMENTS = kit.namespace("payments", "money", "prod")
WEB = kit.workload(SHOP, "web", {"app": "web"}, metrics="9090")
API = kit.workload(PAYMENTS, "api", {"app": "api"}, https="8443")
PROD = kit.cluster("prod")


def compiled(model: Model, cluster: str = "prod") -> dict[str, dict[str, Policy]]:
    return {
        bundle.namespace: {policy.name: policy for policy in bundle.policies}
        for bundle in compile.bundles(model, model.clusters[cluster])
    }


def test_a_flow_is_egress_at_its_source_and_ingress_at_its_destination() -> None:
    flow = kit.flow(SHOP, "pay", [WEB], [API], kit.ports("8443"), ["prod"], "Cards")
    found = compiled(kit.model([PROD], [SHOP, PAYMENTS], [WEB, API], [flow]))
    origin = Origin("flow", "shop/pay", "teams/checkout/shop/flows.yaml", "checkout", "Cards")
    to_api = Rule((PodsPeer("payments", (("app", "api"),)),), kit.ports("8443"), (origin,))
    from_web = Rule((PodsPeer("shop", (("app", "web"),)),), kit.ports("8443"), (origin,))
    assert found == {
        "shop": {
            "baseline": Policy("baseline", (), (), ()),
            "web": Policy("web", (("app", "web"),), (), (to_api,)),
        },
        "payments": {
            "baseline": Policy("baseline", (), (), ()),
            "api": Policy("api", (("app", "api"),), (from_web,), ()),
        },
    }


def test_bundles_are_sorted_by_team_and_namespace_with_the_baseline_first() -> None:
    a, z = kit.namespace("a", "zebra", "prod"), kit.namespace("z", "ant", "prod")
    names = [kit.workload(a, name, {"app": name}) for name in ("zoo", "ant", "bar")]
    bundles = compile.bundles(kit.model([PROD], [a, z], names), PROD)
    assert [(item.team, item.namespace) for item in bundles] == [("ant", "z"), ("zebra", "a")]
    assert [policy.name for policy in bundles[1].policies] == ["baseline", "ant", "bar", "zoo"]


def test_team_namespaces_follow_the_pattern_and_catalogue_namespaces_do_not() -> None:
    shared = kit.cluster("shared", "prod", "{namespace}-{environment}")
    dns = kit.pods("dns", "kube-system", app="dns")
    flows = [
        kit.flow(SHOP, "pay", [WEB], [API], kit.ports("8443"), ["prod"]),
        kit.flow(SHOP, "resolve", [WEB], [dns], kit.ports("53/UDP"), ["prod"]),
    ]
    bundles = compile.bundles(kit.model([shared], [SHOP, PAYMENTS], [WEB, API], flows), shared)
    assert [(item.namespace, item.namespace_name) for item in bundles] == [
        ("shop", "shop-prod"),
        ("payments", "payments-prod"),
    ]
    egress = bundles[0].policies[1].egress
    assert [rule.peers for rule in egress] == [
        (PodsPeer("kube-system", (("app", "dns"),)),),
        (PodsPeer("payments-prod", (("app", "api"),)),),
    ]


def test_an_end_from_the_catalogue_has_no_policy() -> None:
    internet = kit.addresses("internet", ["0.0.0.0/0"])
    flow = kit.flow(SHOP, "serve", [internet], [WEB], kit.ports("443"), ["prod"])
    found = compiled(kit.model([PROD], [SHOP], [WEB], [flow]))
    assert found.keys() == {"shop"}
    assert found["shop"]["web"].ingress[0].peers == (BlockPeer("0.0.0.0/0"),)
    assert found["shop"]["web"].egress == ()


def test_equal_rules_merge_with_all_origins_in_order() -> None:
    twin = kit.workload(PAYMENTS, "twin", {"app": "api"})
    flows = [
        kit.flow(SHOP, "second", [WEB], [API], kit.ports("443", "80"), ["prod"]),
        kit.flow(SHOP, "first", [WEB], [twin], kit.ports("80", "443", "80"), ["prod"]),
    ]
    found = compiled(kit.model([PROD], [SHOP, PAYMENTS], [WEB, API, twin], flows))
    (rule,) = found["shop"]["web"].egress
    assert rule.ports == kit.ports("80", "443")
    assert [origin.name for origin in rule.origins] == ["shop/first", "shop/second"]


def test_rules_that_differ_in_ports_stay_apart_and_in_order() -> None:
    flows = [
        kit.flow(SHOP, f"f{index}", [WEB], [API], kit.ports(port), ["prod"])
        for index, port in enumerate(("1000/UDP", "1000/SCTP", "999", "1000", "80-90"))
    ]
    found = compiled(kit.model([PROD], [SHOP, PAYMENTS], [WEB, API], flows))
    ports = [str(rule.ports[0]) for rule in found["shop"]["web"].egress]
    assert ports == ["80-90/TCP", "999/TCP", "1000/TCP", "1000/UDP", "1000/SCTP"]


def test_grants_to_a_peer_and_by_number_stand_in_the_baseline() -> None:
    dns = kit.pods("dns", "kube-system", app="dns")
    grants = [
        kit.grant("dns", dns, ["prod"], to_peer=True, ranges=kit.ports("53/UDP")),
        kit.grant("probe", dns, ["prod"], ranges=kit.ports("9115")),
    ]
    found = compiled(kit.model([PROD], [SHOP], [WEB], grants=grants))
    peer = (PodsPeer("kube-system", (("app", "dns"),)),)
    file = "policies/baseline/platform.yaml"
    assert found["shop"]["baseline"] == Policy(
        "baseline",
        (),
        (Rule(peer, kit.ports("9115"), (Origin("baseline", "probe", file, "platform", "Because"),)),),
        (Rule(peer, kit.ports("53/UDP"), (Origin("baseline", "dns", file, "platform", "Because"),)),),
    )
    assert found["shop"]["web"] == Policy("web", (("app", "web"),), (), ())


def test_a_grant_by_port_name_goes_to_each_workload_that_has_the_name_on_its_own_numbers() -> None:
    other = kit.workload(SHOP, "other", {"app": "other"}, metrics="9100")
    without = kit.workload(SHOP, "without", {"app": "without"}, http="9090")
    prometheus = kit.pods("prometheus", "monitoring")
    grant = kit.grant("scrape", prometheus, ["prod"], names=("metrics",))
    found = compiled(kit.model([PROD], [SHOP], [WEB, other, without], grants=[grant]))["shop"]
    assert [rule.ports for rule in found["web"].ingress] == [kit.ports("9090")]
    assert [rule.ports for rule in found["other"].ingress] == [kit.ports("9100")]
    assert found["without"].ingress == found["baseline"].ingress == ()


def test_a_grant_to_a_peer_never_lets_the_peer_in() -> None:
    dns = kit.pods("dns", "kube-system", app="dns")
    grant = kit.grant("dns", dns, ["prod"], to_peer=True, ranges=kit.ports("53/UDP"), names=("metrics",))
    found = compiled(kit.model([PROD], [SHOP], [WEB], grants=[grant]))["shop"]
    assert found["web"].ingress == found["baseline"].ingress == ()


def test_a_peer_of_which_nothing_is_left_gives_no_rule_and_never_everything() -> None:
    nothing = kit.addresses("nothing", ["10.1.0.0/16"], ["10.0.0.0/8"])
    flow = kit.flow(SHOP, "call", [WEB], [nothing], kit.ports("443"), ["prod"])
    assert compiled(kit.model([PROD], [SHOP], [WEB], [flow]))["shop"]["web"].egress == ()


def test_environments_decide_what_a_cluster_gets() -> None:
    both = kit.namespace("shop", "checkout", "prod", "dev")
    web, batch = kit.workload(both, "web", {"app": "web"}), kit.workload(both, "batch", {"app": "batch"}, ["prod"])
    flows = [
        kit.flow(both, "always", [batch], [web], kit.ports("80"), ["prod", "dev"]),
        kit.flow(both, "only-dev", [web], [web], kit.ports("81"), ["dev"]),
    ]
    model = kit.model([PROD, kit.cluster("dev")], [both, PAYMENTS], [web, batch, API], flows)
    dev, prod = compiled(model, "dev"), compiled(model, "prod")
    assert dev.keys() == {"shop"}
    assert dev["shop"].keys() == {"baseline", "web"}
    assert [str(rule.ports[0]) for rule in dev["shop"]["web"].ingress] == ["81/TCP"]
    assert prod.keys() == {"shop", "payments"}
    assert [str(rule.ports[0]) for rule in prod["shop"]["web"].ingress] == ["80/TCP"]


def rules_of(bundles: list[Bundle]) -> dict[tuple[str, str, str], tuple[Rule, ...]]:
    return {
        (bundle.namespace, policy.name, direction): getattr(policy, direction)
        for bundle in bundles
        for policy in bundle.policies
        for direction in ("ingress", "egress")
    }


@settings(deadline=None)
@given(kit.models())
def test_each_leg_between_workloads_stands_in_both_policies(model: Model) -> None:
    for cluster in model.clusters.values():
        rules = rules_of(compile.bundles(model, cluster))
        for flow, leg in model.legs_in(cluster):
            for mine, other, direction in (
                (leg.source, leg.destination, "egress"),
                (leg.destination, leg.source, "ingress"),
            ):
                if isinstance(mine, Workload) and isinstance(other, Workload):
                    peer = PodsPeer(cluster.namespace_name(other.namespace), other.labels)
                    found = [
                        rule
                        for rule in rules[mine.namespace, mine.name, direction]
                        if rule.peers == (peer,) and set(rule.ports) == set(leg.ports)
                    ]
                    assert len(found) == 1
                    assert flow.id in {origin.name for origin in found[0].origins}


@settings(deadline=None)
@given(kit.models())
def test_every_rule_has_peers_ports_and_a_declaration_that_holds_there(model: Model) -> None:
    for cluster in model.clusters.values():
        declared = {flow.id for flow, _ in model.legs_in(cluster)} | {item.name for item in model.grants_in(cluster)}
        for rules in rules_of(compile.bundles(model, cluster)).values():
            assert len({(rule.peers, rule.ports) for rule in rules}) == len(rules)
            for rule in rules:
                assert rule.peers
                assert rule.ports
                assert {origin.name for origin in rule.origins} <= declared
                assert rule.origins


@settings(deadline=None)
@given(kit.models(), st.randoms(use_true_random=False))
def test_the_order_of_declarations_does_not_matter(model: Model, chance: random.Random) -> None:
    def shuffled(items: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(chance.sample(items, len(items)))

    other = replace(model, flows=shuffled(model.flows), grants=shuffled(model.grants))
    for cluster in model.clusters.values():
        assert compile.bundles(model, cluster) == compile.bundles(other, cluster)
