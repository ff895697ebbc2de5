from __future__ import annotations

import pytest

from observed_kit import address, model_of, pod
from ringfence.observe import owners
from ringfence.observe.mapping import Mapped, Places, place
from ringfence.observe.types import Side
from small_repository import HEADER

NAMED = """\
peers:
  mail:
    description: Mail
    owner: platform
    cidrs: [198.51.100.0/24]
    names: [api.mail.example, "*.mail.example"]
  relay:
    description: A part of it
    owner: platform
    cidrs: [198.51.100.128/25]
  api-servers:
    description: On nodes
    owner: platform
    world: false
    cidrs: [10.100.0.1/32]
  corporate:
    description: All private addresses
    owner: platform
    world: false
    cidrs: [10.0.0.0/8]
  scrapers:
    description: More of monitoring
    owner: platform
    namespace: monitoring
"""


def placed(side: Side, changes: dict[str, str | None] | None = None, cluster: str = "dev") -> Mapped:
    model = model_of(changes)
    return place(side, model, model.clusters[cluster])


def with_names() -> dict[str, str | None]:
    return {"policies/catalog/more.yaml": HEADER.format("Catalog") + NAMED}


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("cart-5d8f7c9b4-x2x9k", "cart"),
        ("cart-db-0", "cart-db"),
        ("node-agent-x2x9k", "node-agent"),
        ("report-28391234-x2x9k", "report"),
        ("report-28391234", "report"),
        ("cart-5d8f7c9b4", "cart"),
    ],
)
def test_the_owner_of_a_pod_by_its_name(name: str, owner: str) -> None:
    assert owner in owners.of_pod(name)


def test_a_name_without_a_pattern_is_its_own() -> None:
    assert owners.of_pod("frontend") == ("frontend",)


@pytest.mark.parametrize(
    ("side", "end", "why"),
    [
        (pod("shop/checkout"), "shop/checkout", "by its owner's name"),
        (pod("shop/checkout-v2", app="checkout"), "shop/checkout", "by its labels"),
        (Side(namespace="shop", pod="checkout-5d8f7c9b4-x2x9k"), "shop/checkout", "by the pod's name"),
        (pod("shop/frontend", app="checkout"), "shop/checkout", "by its labels"),
        (pod("shop/frontend", tier="web"), "shop/frontend", "by its owner's name"),
        (pod("kube-system/coredns", **{"k8s-app": "kube-dns"}), "kube-dns", "by its labels"),
        (pod("monitoring/prometheus"), "prometheus", "by its name"),
        (address("192.0.2.7"), "stripe", "by the address 192.0.2.7"),
        (Side(workload="stripe", entity="network-set"), "stripe", "by the name of the network set stripe"),
        (address("192.0.2.0/25"), "stripe", "by the address 192.0.2.0/25"),
    ],
)
def test_ends_that_are_declared(side: Side, end: str, why: str) -> None:
    found = placed(side)
    assert (found.end, found.why) == (end, why)
    assert found.kind == ("workload" if "/" in end else "peer")


@pytest.mark.parametrize(
    ("side", "kind", "label", "why"),
    [
        (pod("shop/debug"), "pod", "shop/debug (not declared)", "namespace shop declares no such workload"),
        (
            pod("shop/frontend", app="other"),
            "pod",
            "shop/frontend (not declared)",
            "shop/frontend has the name, and its labels (app=frontend) are not those of the pod",
        ),
        (pod("web/api"), "elsewhere", "web/api", "namespace web is neither a team's nor in the catalogue"),
        (pod("monitoring/other", app="x"), "elsewhere", "monitoring/other", "no catalogue peer has its labels"),
        (address("10.100.0.9"), "node", "10.100.0.9", "an address of a node, which no catalogue entry has"),
        (Side(entity="host"), "node", "host", "the node itself: no policy keeps it from the pods that it runs"),
        (
            address("10.1.2.3"),
            "nameless",
            "10.1.2.3",
            "an address of the cluster's pods, and the log does not say whose",
        ),
        (address("10.99.0.1", "db.example.com"), "outside", "db.example.com", "no catalogue entry has it"),
        (Side(entity="world"), "outside", "world", "the log has it as world only"),
        (Side(workload="checkout"), "nameless", "checkout", "the log has it without its namespace"),
        (
            Side(namespace="shop", workload="partners", entity="network-set"),
            "outside",
            "partners",
            "no catalogue entry has the name of that network set",
        ),
        (address("not an address"), "outside", "not an address", "no catalogue entry has it"),
    ],
)
def test_ends_that_are_not_declared_say_why(side: Side, kind: str, label: str, why: str) -> None:
    found = placed(side)
    assert (found.kind, found.end, found.label, found.why) == (kind, None, label, why)


def test_the_whole_world_is_no_entry_of_its_own() -> None:
    found = placed(address("203.0.113.9"))
    assert (found.kind, found.end, found.label) == ("outside", "internet", "internet (203.0.113.9)")
    assert found.by_address == ("internet",)


def test_a_name_is_nearer_than_an_address_and_a_small_range_than_a_large_one() -> None:
    assert placed(address("203.0.113.9", "api.mail.example"), with_names()).end == "mail"
    found = placed(address("198.51.100.200"), with_names())
    assert (found.end, found.by_address) == ("relay", ("relay", "mail", "internet"))
    assert placed(address("203.0.113.9", "x.mail.example"), with_names()).end == "mail"
    assert placed(address("203.0.113.9", "x.y.mail.example"), with_names()).end == "internet"


def test_what_the_cluster_gives_out_is_no_part_of_a_wide_range() -> None:
    assert placed(address("10.100.0.9"), with_names()).kind == "node"
    assert placed(address("10.100.0.1"), with_names()).end == "api-servers"
    assert placed(address("10.2.0.1"), with_names()).kind == "nameless"
    assert placed(address("10.250.0.1"), with_names()).end == "corporate"


def test_a_peer_of_pods_is_also_every_wider_one() -> None:
    found = placed(pod("monitoring/prometheus", app="prometheus"), with_names())
    assert (found.end, found.pods) == ("prometheus", ("prometheus", "scrapers"))
    assert placed(pod("monitoring/other", app="x"), with_names()).end == "scrapers"


def test_the_namespace_of_another_environment_is_said() -> None:
    cluster = "environment: {0}\nkubernetesCluster: one\nserver: https://one.example.com:6443\ncni: {{name: calico}}\n"
    cluster += 'namespacePattern: "{{namespace}}-{{environment}}"\n'
    cluster += "networks: {{pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}}\n"
    changes: dict[str, str | None] = {
        f"policies/clusters/{name}.yaml": HEADER.format("Cluster") + cluster.format(name) for name in ("dev", "prod")
    }
    assert placed(pod("shop-dev/checkout"), changes).end == "shop/checkout"
    found = placed(pod("shop-prod/checkout"), changes)
    assert (found.kind, found.why) == ("elsewhere", "namespace shop-prod is of prod, another environment")


def test_two_workloads_that_fit_are_not_chosen_from() -> None:
    changes: dict[str, str | None] = {
        "teams/checkout/shop/namespace.yaml": HEADER.format("Namespace")
        + "workloads: {frontend: {labels: {app: frontend}, ports: {http: 8080, metrics: 9090}}, checkout: {labels: "
        "{tier: b}, ports: {grpc: 5050, metrics: 9090}}}\n"
    }
    found = placed(pod("shop/x", app="frontend", tier="b"), changes)
    assert (found.kind, found.why) == ("pod", "shop/checkout and shop/frontend both fit")


def test_places_are_remembered() -> None:
    model = model_of()
    places = Places(model, model.clusters["dev"])
    assert places.place(pod("shop/checkout")) is places.place(pod("shop/checkout"))
