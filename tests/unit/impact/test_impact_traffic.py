from __future__ import annotations

import pytest

from observed_kit import START, address, observed, pod, seen
from rendered_repository import TODAY, Files, rendered
from ringfence import model
from ringfence.findings import has_errors
from ringfence.impact import Effect, Report, Side, assess, into_rows
from ringfence.observe.types import Seen
from ringfence.observe.types import Side as Place
from ringfence.observe.usage import Usage, together
from small_repository import HEADER, MemoryTree

FLOWS = "teams/checkout/shop/flows.yaml"
CHARGE = "teams/payments/payments/flows.yaml"
SETTINGS = "policies/ringfence.yaml"
FRONTEND, CHECKOUT, API = pod("shop/frontend"), pod("shop/checkout"), pod("payments/api")
WEB = pod("web/page")
NONE = HEADER.format("Flows") + "flows: []\n"


def report(base: Files, head: Files, *items: Seen, threshold: int | None = None, cluster: str = "prod") -> Report:
    """The impact with logs of one cluster."""
    sides = []
    for label, files in (("base", base), ("head", head)):
        loaded, findings = model.load(MemoryTree(files))
        assert not has_errors(findings), findings
        sides.append(Side(MemoryTree(files), label, loaded))
    assert sides[1].model is not None
    logs = {cluster: observed(*items)}
    return assess(sides[0], sides[1], sides[1].model, TODAY, logs=logs, used_threshold=threshold)


def without(*paths: str) -> Files:
    return rendered(dict.fromkeys(paths, NONE))[0]


def usages(found: Report) -> dict[str, Usage | None]:
    return {f"{item.source} → {item.destination}": item.used for item in found.changes}


def test_what_closes_says_how_much_it_was_used() -> None:
    found = report(
        rendered()[0],
        without(FLOWS, CHARGE),
        seen(FRONTEND, CHECKOUT, "5050", count=4, day=1),
        seen(pod("shop/frontend", app="frontend"), CHECKOUT, "5050", count=3, day=2),
        seen(FRONTEND, CHECKOUT, "9090", count=100),
        seen(CHECKOUT, API, "8443", verdict="denied", count=50),
        seen(API, address("192.0.2.9"), "443", verdict="audited", count=2),
        seen(API, address("198.51.100.9"), "443", count=9),
    )
    used = usages(found)
    first = used["shop/frontend → shop/checkout"]
    assert first is not None
    assert first.first is not None
    assert first.last is not None
    assert (first.count, (first.first - START).days, (first.last - START).days) == (7, 1, 2)
    assert used["shop/checkout → payments/api"] == Usage()
    assert used["payments/api → stripe"] == Usage(2, START, START)
    [gate] = [item for item in found.gates if item.name == "used-connections"]
    assert (gate.verdict, gate.code) == ("failed", "RF617")
    messages = [item.message for item in found.findings if item.check.code == "RF617"]
    assert [item.partition(" closes on ")[0] for item in messages] == [
        "payments/api → stripe",
        "shop/frontend → shop/checkout",
    ]
    assert messages[1] == (
        "shop/frontend → shop/checkout closes on 5050/TCP in dev, prod: it was used 7 times in prod, the last at "
        "2026-11-03 00:00 UTC"
    )
    assert not found.automatic.approvable


@pytest.mark.parametrize(("threshold", "verdict"), [(None, "failed"), (6, "failed"), (7, "passed"), (0, "failed")])
def test_a_threshold(threshold: int | None, verdict: str) -> None:
    items = seen(FRONTEND, CHECKOUT, "5050", count=7)
    found = report(rendered()[0], without(FLOWS), items, threshold=threshold)
    assert [item.verdict for item in found.gates if item.name == "used-connections"] == [verdict]


def test_the_smaller_threshold_of_both_sides_counts_and_a_level_too() -> None:
    _, whole = rendered()
    text = MemoryTree(rendered()[0]).read(SETTINGS).decode()
    items = seen(FRONTEND, CHECKOUT, "5050", count=7)

    def verdict(base: str, head: str) -> str:
        one, other = (text + f"gates: {{{gates}}}\n" if gates else text for gates in (base, head))
        found = report(rendered({SETTINGS: one})[0], rendered({SETTINGS: other, FLOWS: NONE})[0], items)
        return next(item.verdict for item in found.gates if item.name == "used-connections")

    assert whole.settings.used_threshold == 0
    assert verdict("used-threshold: 7", "used-threshold: 7") == "passed"
    assert verdict("", "used-threshold: 7") == "failed"
    assert verdict("used-threshold: 7", "used-threshold: 6") == "failed"
    assert verdict("used-connections: ignore", "used-connections: ignore") == "ignored"
    assert verdict("used-connections: warn", "used-connections: ignore") == "warned"


def test_what_narrows_counts_the_ports_that_close_alone() -> None:
    wide = HEADER.format("Flows") + (
        "flows:\n  - {name: place-order, from: frontend, to: checkout, ports: [grpc, 7000], reason: A test}\n"
    )
    narrow = wide.replace(", 7000", "")
    base, head = rendered({FLOWS: wide})[0], rendered({FLOWS: narrow})[0]
    items = (seen(FRONTEND, CHECKOUT, "5050", count=9), seen(FRONTEND, CHECKOUT, "7000", count=2))
    found = report(base, head, *items)
    assert [(item.effect, item.used and item.used.count) for item in found.changes] == [(Effect.CHANGED, 2)]
    assert [item.used for item in report(head, base, *items).changes] == [None]  # nothing closes


def test_without_logs_of_its_clusters_nothing_is_known() -> None:
    base = rendered()[0]
    dev = HEADER.format("Flows") + (
        "flows:\n  - {name: place-order, from: frontend, to: checkout, ports: [grpc], reason: A, environments: [dev]}\n"
    )
    found = report(base, rendered({FLOWS: dev, CHARGE: None})[0], cluster="dev")
    assert {key: value for key, value in usages(found).items() if value is None} == {
        "shop/frontend → shop/checkout": None
    }
    assert found.logs == ("dev",)


def test_pods_that_nobody_declared_and_wider_names() -> None:
    grant = HEADER.format("Baseline") + (
        "grants:\n  - {name: dns, to: kube-dns, ports: [dns], reason: Every pod resolves names}\n"
        "  - {name: scrape, from: prometheus, ports: [metrics], reason: Metrics}\n"
    )
    base = rendered({"policies/baseline/platform.yaml": grant, "policies/guardrails/platform.yaml": None})[0]
    other = grant.replace("  - {name: dns, to: kube-dns, ports: [dns], reason: Every pod resolves names}\n", "")
    head = rendered({"policies/baseline/platform.yaml": other, "policies/guardrails/platform.yaml": None})[0]
    dns = pod("kube-system/coredns", **{"k8s-app": "kube-dns"})
    used = usages(
        report(base, head, seen(pod("shop/debug"), dns, "53/UDP", count=5), seen(API, dns, "53/UDP", count=2))
    )
    assert used["shop/* → kube-dns"] == Usage(5, START, START)
    assert used["payments/api → kube-dns"] == Usage(2, START, START)
    assert used["shop/checkout → kube-dns"] == Usage()


def test_searches_and_answers_are_no_use() -> None:
    def at(stage: str) -> Files:
        cluster = HEADER.format("Cluster") + (
            "environment: prod\nserver: https://prod.example.com:6443\ncni: {name: cilium}\n"
            f"networks: {{pods: [10.8.0.0/14], services: [10.12.0.0/20], nodes: []}}\nstages: {{shop: {stage}}}\n"
        )
        return rendered({"policies/clusters/prod.yaml": cluster, "policies/guardrails/platform.yaml": None})[0]

    base, head = at("permissive"), at("enforce")
    scanner = address("203.0.113.7")
    searches = [seen(scanner, CHECKOUT, str(port)) for port in (22, 8080)]
    swept = [seen(pod("shop/debug"), CHECKOUT, str(port)) for port in range(1000, 1009)]
    answer = seen(CHECKOUT, FRONTEND, "40123")
    call = seen(FRONTEND, CHECKOUT, "5050")
    found = report(base, head, *searches, *swept, answer, call)
    assert {key for key, value in usages(found).items() if value is not None and value.count} == set()
    used = usages(report(base, head, seen(scanner, CHECKOUT, "5050", count=3), seen(pod("shop/debug"), CHECKOUT, "22")))
    assert sorted(value.count for value in used.values() if value is not None and value.count) == [1, 3]


def at_stage(stage: str) -> Files:
    cluster = HEADER.format("Cluster") + (
        "environment: prod\nserver: https://prod.example.com:6443\ncni: {name: cilium}\n"
        "networks: {pods: [10.8.0.0/14], services: [10.12.0.0/20], nodes: [10.200.0.0/16]}\n"
        f"stages: {{shop: {stage}}}\n"
    )
    return rendered({"policies/clusters/prod.yaml": cluster, "policies/guardrails/platform.yaml": None})[0]


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        (Place(entity="world"), "addresses"),
        (Place(entity="private"), "addresses"),
        (Place(entity="host"), "nodes"),
        (Place(entity="remote-node"), "nodes"),
        (Place(entity="kube-apiserver"), "addresses"),
        (Place(entity="network-set", workload="partners"), "addresses"),
        (address("0.0.0.0/1"), "addresses"),
        (address("10.8.0.77"), "pods"),
        (address("10.12.0.7"), "pods"),
        (Place(workload="debug"), "pods"),
        (Place(), "pods"),
    ],
)
def test_what_the_log_does_not_rule_out_is_perhaps_used(other: Place, kind: str) -> None:
    found = report(at_stage("permissive"), at_stage("enforce"), seen(CHECKOUT, other, "9999", count=3))
    used = [item for item in found.changes if item.used and item.used.count]
    assert used
    assert {item.source for item in used} == {"shop/checkout"}
    assert {(item.used.count, item.used.perhaps) for item in used if item.used} == {(3, 0 if kind == "nodes" else 3)}
    assert any("/*" in item.destination or item.destination == "payments/api" for item in used) is (kind == "pods")
    [gate] = [item for item in found.gates if item.name == "used-connections"]
    assert gate.verdict == "failed"
    messages = [item.message for item in found.findings if item.check.code == "RF617"]
    said = "it was used 3 times in prod" if kind == "nodes" else "it was perhaps used 3 times in prod"
    assert all(said in item for item in messages)


def test_a_pod_that_may_be_any_of_its_namespace_may_be_each() -> None:
    found = report(at_stage("permissive"), at_stage("enforce"), seen(Place(namespace="shop"), WEB, "9999", count=2))
    used = {item.source: item.used for item in found.changes if item.used and item.used.count}
    assert {name: (usage.count, usage.perhaps) for name, usage in used.items() if usage} == {
        "shop/*": (2, 0),
        "shop/checkout": (2, 2),
        "shop/frontend": (2, 2),
    }


def test_what_a_node_says_to_its_own_pods_is_no_use() -> None:
    found = report(at_stage("permissive"), at_stage("enforce"), seen(Place(entity="host"), CHECKOUT, "5050", count=3))
    assert {usage.count for usage in usages(found).values() if usage} == {0}


def test_rows_and_clusters_are_summed() -> None:
    assert together([None, None]) is None
    assert together([None, Usage(2), Usage(3)]) == Usage(5)
    found = report(
        rendered()[0],
        without(FLOWS, CHARGE),
        seen(FRONTEND, CHECKOUT, "5050", count=4),
    )
    assert sum(row.used.count for row in into_rows(found.changes) if row.used) == 4
