from __future__ import annotations

from msgspec.structs import replace

from observed_kit import START, address, model_of, observed, pod, seen
from ringfence.model.types import Stage
from ringfence.observe import undecided
from ringfence.observe.compare import PARTS, PROBED, compare
from ringfence.observe.enforcing import findings
from ringfence.observe.kept import Kept
from ringfence.observe.results import Comparison, Talk
from ringfence.observe.types import Seen, Side
from small_repository import HEADER

FRONTEND, CHECKOUT, API = pod("shop/frontend"), pod("shop/checkout"), pod("payments/api")
DNS = pod("kube-system/kube-dns", **{"k8s-app": "kube-dns"})
STRIPE, WORLD = address("192.0.2.7"), address("203.0.113.9")
PRIVATE, ANYWHERE = Side(entity="private"), Side(entity="world")


OPEN = Stage("permissive", "permissive")


def comparison(
    *items: Seen, changes: dict[str, str | None] | None = None, cluster: str = "dev", stage: Stage = OPEN
) -> Comparison:
    """What is said of some connections in a cluster at a stage."""
    model = model_of(changes)
    return compare(observed(*items), model, replace(model.clusters[cluster], default_stage=stage))


def part(item: Seen, *more: Seen, changes: dict[str, str | None] | None = None, cluster: str = "dev") -> str:
    """The part that the first of some talks is in; `used` for none but the declarations."""
    done = comparison(item, *more, changes=changes, cluster=cluster)
    found = [
        name
        for name in PARTS
        for talk in getattr(done, name)
        if (talk.port, talk.verdict, talk.usage.count) == (item.port, item.verdict, item.count)
    ]
    assert len(found) <= 1, found
    return found[0] if found else "used"


def names(talks: tuple[Talk, ...]) -> list[str]:
    return [f"{talk.source.label} → {talk.destination.label} {talk.port_text}" for talk in talks]


def test_declared_and_seen_or_never_seen() -> None:
    done = comparison(
        seen(FRONTEND, CHECKOUT, "5050", count=5, day=1),
        seen(pod("shop/frontend", version="2"), CHECKOUT, "5050", count=2, day=3),
        seen(FRONTEND, DNS, "53/UDP"),
    )
    used = [(use.cause.name, use.source, use.destination, use.usage.count) for use in done.seen]
    assert used == [("place-order", "shop/frontend", "shop/checkout", 7), ("dns", "*", "kube-dns", 1)]
    [order] = [use for use in done.seen if use.cause.name == "place-order"]
    assert order.usage.first is not None
    assert order.usage.last is not None
    assert ((order.usage.first - START).days, (order.usage.last - START).days) == (1, 3)
    assert [use.cause.name for use in done.never] == ["charge", "authorise-card"]
    assert [getattr(done, name) for name in PARTS] == [()] * len(PARTS)
    assert done.idle == ("payments/api",)


def test_what_nothing_declares_would_break() -> None:
    done = comparison(
        seen(CHECKOUT, FRONTEND, "8080"),
        seen(FRONTEND, CHECKOUT, "9090", verdict="audited"),
        seen(pod("shop/debug"), API, "8443"),
        seen(API, WORLD, "443"),
        seen(pod("web/page"), API, "8443"),
        seen(API, pod("web/page"), "80"),
        seen(API, address("10.100.0.9"), "6443"),
        seen(WORLD, FRONTEND, "8080"),
        seen(FRONTEND, FRONTEND, "7946"),
    )
    assert sorted(names(done.breaking)) == sorted(
        [
            "shop/checkout → shop/frontend 8080/TCP",
            "shop/frontend → shop/checkout 9090/TCP",
            "shop/debug (not declared) → payments/api 8443/TCP",
            "payments/api → internet (203.0.113.9) 443/TCP",
            "web/page → payments/api 8443/TCP",
            "payments/api → web/page 80/TCP",
            "payments/api → 10.100.0.9 6443/TCP",
            "internet (203.0.113.9) → shop/frontend 8080/TCP",
            "shop/frontend → shop/frontend 7946/TCP",
        ]
    )
    assert [(row.label, row.count) for row in done.unplaced] == [
        ("web/page", 2),
        ("shop/debug (not declared)", 1),
    ]


def test_grants_hold_for_pods_that_nobody_declared_too() -> None:
    assert part(seen(pod("shop/debug"), DNS, "53/UDP")) == "used"
    assert part(seen(pod("shop/debug"), DNS, "54/UDP")) == "breaking"
    prometheus = pod("monitoring/prometheus", app="prometheus")
    assert part(seen(prometheus, FRONTEND, "9090")) == "used"
    assert part(seen(prometheus, API, "9090")) == "breaking"  # api has no port named metrics
    assert part(seen(prometheus, pod("shop/debug"), "9090")) == "breaking"


def test_what_was_denied() -> None:
    assert part(seen(FRONTEND, CHECKOUT, "5050", verdict="denied")) == "denied"
    assert part(seen(FRONTEND, CHECKOUT, "5050", verdict="audited")) == "denied"
    assert part(seen(CHECKOUT, FRONTEND, "8080", verdict="denied")) == "refused"
    done = comparison(seen(FRONTEND, CHECKOUT, "5050", verdict="denied", count=3))
    assert "place-order" not in [use.cause.name for use in done.never]
    assert done.seen == ()


def test_what_no_policy_is_about() -> None:
    node = address("10.100.0.9")
    assert part(seen(node, FRONTEND, "8080")) == "nodes"
    assert part(seen(Side(entity="host"), FRONTEND, "8080")) == "nodes"
    assert part(seen(FRONTEND, CHECKOUT, "0/ICMP")) == "unjudged"
    # it did not pass, or enforcing cannot stop it: nothing to judge
    assert part(seen(FRONTEND, CHECKOUT, "0/ICMP", verdict="denied")) == "refused"
    assert part(seen(FRONTEND, CHECKOUT, "0/ICMP", verdict="audited")) == "unjudged"
    assert part(seen(node, FRONTEND, "0/ICMP")) == "nodes"
    assert part(seen(Side(entity="host"), FRONTEND, "0/ICMP")) == "nodes"
    assert part(seen(pod("web/page"), DNS, "53/UDP")) == "foreign"
    assert part(seen(pod("web/page"), WORLD, "443")) == "foreign"


def test_searches_for_ports_are_told_from_use() -> None:
    tried = [seen(pod("web/page"), API, str(port), count=port) for port in range(1, PROBED + 2)]
    assert part(tried[4], *tried[:4], *tried[5:]) == "probes"
    assert part(tried[0], *tried[1:PROBED]) == "breaking"
    assert part(seen(WORLD, FRONTEND, "22")) == "probes"
    assert part(seen(address("203.0.113.9", "a.example.com"), FRONTEND, "22")) == "probes"
    assert part(seen(pod("web/page"), API, "8443", count=99), *tried) == "breaking"


def test_an_answer_that_looks_like_a_call() -> None:
    call = seen(FRONTEND, CHECKOUT, "5050", count=4)
    assert part(seen(CHECKOUT, FRONTEND, "40123", count=3), call) == "replies"
    assert part(seen(CHECKOUT, FRONTEND, "40123", count=3)) == "breaking"
    assert part(seen(CHECKOUT, FRONTEND, "8080", count=3), call) == "breaking"


def test_names_count_where_policies_say_names_and_addresses_where_not() -> None:
    catalog = HEADER.format("Catalog") + (
        "peers:\n"
        "  kube-dns: {description: DNS, owner: platform, namespace: kube-system, labels: {k8s-app: kube-dns}, "
        "ports: {dns: [53/UDP, 53/TCP]}}\n"
        "  prometheus: {description: Metrics, owner: platform, namespace: monitoring, labels: {app: prometheus}}\n"
        "  stripe: {description: Pays, owner: platform, cidrs: [192.0.2.0/24], names: [api.stripe.example], "
        "ports: {https: 443}}\n"
        "  internet: {description: All, owner: platform, cidrs: [0.0.0.0/0], except: [10.0.0.0/8]}\n"
    )
    cluster = HEADER.format("Cluster") + (
        "environment: prod\nserver: https://prod.example.com:6443\ndialect: cilium\ncni: {name: cilium, version: "
        "'1.19'}\nnetworks: {pods: [10.8.0.0/14], services: [10.12.0.0/20], nodes: [10.200.0.0/16]}\n"
    )
    changes: dict[str, str | None] = {
        "policies/catalog/platform.yaml": catalog,
        "policies/clusters/prod.yaml": cluster,
    }
    named = seen(API, address("198.51.100.1", "api.stripe.example"), "443")
    inside = seen(API, address("192.0.2.7", "other.example"), "443")
    bare = seen(API, address("192.0.2.7"), "443")
    for cluster_name, expected in (("dev", ["breaking", "used", "used"]), ("prod", ["used", "breaking", "used"])):
        found = [part(item, changes=changes, cluster=cluster_name) for item in (named, inside, bare)]
        assert found == expected, cluster_name


def test_a_flow_of_another_environment_does_not_count() -> None:
    flows = HEADER.format("Flows") + (
        "flows:\n  - {name: place-order, from: frontend, to: checkout, ports: [grpc], reason: Orders, "
        "environments: [prod]}\n"
    )
    changes: dict[str, str | None] = {"teams/checkout/shop/flows.yaml": flows}
    item = seen(FRONTEND, CHECKOUT, "5050")
    assert part(item, changes=changes) == "breaking"
    assert part(item, changes=changes, cluster="prod") == "used"


def test_an_end_that_is_only_outside_may_be_a_declared_one() -> None:
    done = comparison(seen(API, PRIVATE, "443", count=4), seen(API, ANYWHERE, "8000"))
    assert names(done.unclear) == ["payments/api → private 443/TCP"]
    assert names(done.breaking) == ["payments/api → world 8000/TCP"]
    assert "charge" not in [use.cause.name for use in done.never]
    assert [(use.cause.name, use.perhaps.count) for use in done.uses if use.perhaps.count] == [("charge", 4)]
    assert part(seen(ANYWHERE, FRONTEND, "22")) == "probes"
    assert part(seen(PRIVATE, FRONTEND, "22")) == "probes"
    assert part(seen(ANYWHERE, FRONTEND, "8080")) == "breaking"
    assert part(seen(API, PRIVATE, "443", verdict="denied")) == "refused"
    assert part(seen(API, address("203.0.113.9"), "443")) == "breaking"


def adopted(name: str, direction: str, rule: str) -> str:
    return (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
        f"metadata: {{name: {name}, namespace: shop}}\n"
        f"spec: {{podSelector: {{}}, policyTypes: [{direction}], {direction.lower()}: [{rule}]}}\n"
    )


OPEN_IN = adopted("open-in", "Ingress", "{ports: [{port: 9090}]}")
OPEN_OUT = adopted("open-out", "Egress", "{}")
IN, OUT = "policies/adopted/dev/shop/in.yaml", "policies/adopted/dev/shop/out.yaml"


def test_what_an_adopted_policy_allows_does_not_break() -> None:
    calls = (
        (seen(FRONTEND, CHECKOUT, "9090"), "adopted", "breaking"),
        (seen(FRONTEND, CHECKOUT, "9091"), "breaking", "breaking"),  # out, and not in
        (seen(FRONTEND, WORLD, "443"), "adopted", "breaking"),
        (seen(FRONTEND, address("203.0.113.9", "a.example.com"), "443"), "adopted", "breaking"),
        (seen(FRONTEND, ANYWHERE, "9999"), "adopted", "breaking"),
        (seen(WORLD, FRONTEND, "9090"), "adopted", "adopted"),
        (seen(pod("web/page"), FRONTEND, "9090"), "adopted", "adopted"),
        (seen(pod("shop/debug"), CHECKOUT, "9090"), "adopted", "breaking"),
        (seen(FRONTEND, API, "8443"), "breaking", "breaking"),  # nothing lets it in
        (seen(FRONTEND, CHECKOUT, "9090", verdict="denied"), "refused", "refused"),
    )
    for item, both, inward in calls:
        assert part(item, changes={IN: OPEN_IN, OUT: OPEN_OUT}) == both, item
        assert part(item, changes={IN: OPEN_IN}) == inward, item
        assert part(item, changes={IN.replace("dev", "prod"): OPEN_IN}) in ("breaking", "refused"), item


def staged(ingress: str, egress: str) -> str:
    return HEADER.format("Cluster") + (
        "environment: dev\nserver: https://dev.example.com:6443\ncni: {name: calico}\n"
        "networks: {pods: [10.8.0.0/14], services: [10.12.0.0/20], nodes: []}\n"
        f"stages: {{shop: {{ingress: {ingress}, egress: {egress}}}}}\n"
    )


def test_only_directions_that_are_to_be_enforced_are_judged() -> None:
    def broken(ingress: str, egress: str, after: tuple[str, str], **files: str) -> list[str]:
        laid = {"policies/clusters/dev.yaml": staged(ingress, egress), **files}
        model, later = model_of(laid), model_of({**laid, "policies/clusters/dev.yaml": staged(*after)})
        done = compare(observed(seen(FRONTEND, CHECKOUT, "9090")), model, model.clusters["dev"])
        kept = Kept(later, later.clusters["dev"], stages=True)
        found = findings(done, model, ["shop"], ("ingress", "egress"), kept)
        return [item.message.rpartition("when ")[2] for item in found]

    closed, half = ("enforce", "enforce"), ("enforce", "permissive")
    assert broken("permissive", "permissive", closed) == ["egress of shop is enforced"]
    assert broken("permissive", "enforce", closed) == []  # denied today, on its way out
    assert broken("permissive", "enforce", closed, **{OUT: OPEN_OUT}) == ["ingress of shop is enforced"]
    assert broken("enforce", "enforce", closed) == []
    assert broken("permissive", "permissive", half, **{IN: OPEN_IN}) == []
    assert broken("permissive", "permissive", closed, **{IN: OPEN_IN}) == ["egress of shop is enforced"]
    assert broken("permissive", "permissive", closed, **{IN: OPEN_IN, OUT: OPEN_OUT}) == []


def test_what_an_enforced_direction_denies_is_denied_today() -> None:
    call, other = seen(FRONTEND, API, "8443"), seen(WORLD, FRONTEND, "8080")
    for stage, first, second in (
        (Stage("enforce", "enforce"), "denied_today", "denied_today"),
        (Stage("permissive", "enforce"), "denied_today", "breaking"),
        (Stage("audit", "enforce"), "denied_today", "breaking"),
        (Stage("enforce", "permissive"), "denied_today", "denied_today"),
        (Stage("audit", "permissive"), "breaking", "breaking"),
    ):
        done = comparison(call, other, stage=stage)
        found = [
            next(name for name in PARTS if talk in getattr(done, name)) for talk in (*done.denied_today, *done.breaking)
        ]
        assert sorted(found) == sorted([first, second]), stage
    # what an adopted policy keeps open today breaks only when more is enforced
    item, half = seen(FRONTEND, CHECKOUT, "9091"), Stage("permissive", "enforce")
    laid = {OUT: OPEN_OUT, IN: OPEN_IN}
    for stage, expected in ((half, "breaking"), (Stage(), "denied_today")):
        done = comparison(item, changes=laid, stage=stage)
        assert [name for name in PARTS if getattr(done, name)] == [expected]


def test_what_logs_do_not_decide_is_said_with_its_number() -> None:
    items = (
        seen(API, PRIVATE, "443", count=4),
        seen(API, PRIVATE, "443", count=2, day=2),
        seen(FRONTEND, CHECKOUT, "0/ICMP", count=3),
        seen(API, STRIPE, "443"),
    )
    done = comparison(*items)
    model = model_of()
    every = ["payments", "shop"]

    def said(names: list[str], *directions: str) -> list[str]:
        return [item.message for item in undecided.findings(done, model, names, directions)]

    vague = (
        "6 connections in egress of payments may break when it is enforced, and may not: the log says of an end only "
        "that it is outside (payments/api → private on 443/TCP)"
    )
    icmp = (
        "3 connections in {} of shop may break when it is enforced, and may not: no policy names the protocol "
        "(shop/frontend → shop/checkout on ICMP)"
    )
    assert said(every, "ingress", "egress") == [vague, icmp.format("egress"), icmp.format("ingress")]
    assert said(every, "ingress") == [icmp.format("ingress")]
    assert said(["payments"], "ingress") == []
    assert said(every) == []
    enforced = comparison(*items, stage=Stage())
    assert undecided.findings(enforced, model, every, ("ingress", "egress")) == []
