"""How much is isolated and justified: exact counts on the small repository, loosened by stages and by hand."""

from __future__ import annotations

import pytest

from rendered_repository import Files, edited, rendered
from ringfence import verify
from ringfence.connectivity import Direction
from ringfence.impact.measures import Count, connections, isolated, justified, measures, together
from ringfence.impact.types import Measure
from ringfence.model.types import Model
from ringfence.values.addresses import AddressSet
from ringfence.verify.state import State
from small_repository import MemoryTree, small

PROD = "policies/clusters/prod.yaml"
NAMESPACE = "teams/checkout/shop/namespace.yaml"
BASE = "policies/rendered/base"
CHECKOUT, FRONTEND = f"{BASE}/checkout/shop/checkout.yaml", f"{BASE}/checkout/shop/frontend.yaml"
API = f"{BASE}/payments/payments/api.yaml"
NAMES = ("workloads isolated for ingress", "workloads isolated for egress", "connections that a declaration justifies")


def declared(stage: str = "", **more: str) -> tuple[Files, Model]:
    changes: dict[str, str | None] = {PROD: small()[PROD] + stage}
    if workload := more.get("workload"):
        changes[NAMESPACE] = small()[NAMESPACE] + f"  {workload}:\n    labels: {{app: {workload}}}\n"
    return rendered(changes)


def by_hand(files: Files, path: str, way: str, rule: str = "{}") -> Files:
    return edited(files, path, f"  {way}:\n", f"  {way}:\n    - {rule}\n")


def states(files: Files, model: Model, within: set[str] | None = None) -> dict[str, State]:
    made = verify.States(model, MemoryTree(files), within)
    return {name: made.of(name) for name in made.names}


def prod(files: Files, model: Model, within: set[str] | None = None) -> State:
    return states(files, model, within)["prod"]


def both(state: State, base: State | None = None) -> tuple[Count, Count]:
    return isolated(state, Direction.INGRESS, base), isolated(state, Direction.EGRESS, base)


HALF = "stage: {{ingress: {}, egress: {}}}\n"
OPEN_IN, OPEN_OUT = HALF.format("permissive", "enforce"), HALF.format("enforce", "permissive")


@pytest.mark.parametrize(
    ("stage", "edits", "ingress", "egress", "counts"),
    [
        # 3 flows, 3 grants of DNS, and 2 of metrics
        ("", [], 3, 3, (8, 8)),
        # those of which no end is at a stage stay: to the provider, to DNS, and to the one that enforces
        ("stage: permissive\n", [], 0, 0, (0, 0)),
        ("stages: {shop: permissive}\n", [], 1, 1, (3, 3)),
        (OPEN_IN, [], 0, 3, (6, 6)),
        (OPEN_OUT, [], 3, 0, (4, 4)),
        # DNS, metrics and the world may call more than is declared: the metrics were justified
        ("", [(CHECKOUT, "ingress")], 3, 3, (7, 10)),
        ("", [(API, "egress")], 3, 3, (6, 9)),
        # a stage leaves one end open only
        (OPEN_IN, [(CHECKOUT, "ingress")], 0, 3, (6, 6)),
        (OPEN_IN, [(FRONTEND, "egress")], 0, 3, (4, 10)),
        (OPEN_OUT, [(CHECKOUT, "ingress")], 3, 0, (2, 8)),
        (OPEN_OUT, [(FRONTEND, "egress")], 3, 0, (4, 4)),
    ],
)
def test_what_is_isolated_and_justified(
    stage: str, edits: list[tuple[str, str]], ingress: int, egress: int, counts: Count
) -> None:
    files, model = declared(stage)
    for path, way in edits:
        files = by_hand(files, path, way)
    state = prod(files, model)
    assert both(state) == ((ingress, 3), (egress, 3))
    assert justified(state) == counts


def test_a_workload_that_begins_at_a_stage_is_not_counted() -> None:
    base = prod(*declared())
    head = prod(*declared("stages: {shop: permissive}\n", workload="late"))
    assert both(head) == ((1, 4), (1, 4))
    assert both(head, base) == ((1, 3), (1, 3)), "those that the base has are counted at their stage"
    half = prod(*declared("stages: {shop: {ingress: permissive, egress: enforce}}\n", workload="late"))
    assert both(half, base) == ((1, 3), (4, 4))
    assert both(prod(*declared(workload="late")), base) == ((4, 4), (4, 4))


def test_the_workloads_of_some_namespaces() -> None:
    files, model = declared()
    assert both(prod(files, model, {"shop"})) == ((2, 2), (2, 2))
    assert both(prod(files, model, {"payments"})) == ((1, 1), (1, 1))
    assert both(prod(files, model, {"payments", "shop"})) == ((3, 3), (3, 3))


def test_the_shares_of_both_sides_over_all_clusters() -> None:
    base = states(*declared())
    head = states(*declared("stages: {shop: permissive}\n", workload="late"))
    there, back = ([(one[name], other[name]) for name in base] for one, other in ((base, head), (head, base)))
    expected = (
        Measure(NAMES[0], (6, 6), (5, 7)),
        Measure(NAMES[1], (6, 6), (5, 7)),
        Measure(NAMES[2], (16, 16), (12, 12)),
    )
    assert measures(there) == expected
    assert measures(back) == tuple(
        Measure(name, before, after)
        for name, before, after in zip(NAMES, [(5, 8), (5, 8), (12, 12)], [(6, 6), (6, 6), (16, 16)], strict=True)
    )
    assert measures([]) == together([]) == tuple(Measure(name, (0, 0), (0, 0)) for name in NAMES)
    assert together([measures(there[:1]), measures(there[1:])]) == expected
    assert together([expected, expected, measures([])]) == (
        Measure(NAMES[0], (12, 12), (10, 14)),
        Measure(NAMES[1], (12, 12), (10, 14)),
        Measure(NAMES[2], (32, 32), (24, 24)),
    )


BETWEEN = {
    "monitoring/prometheus shop/checkout": "9090/TCP",
    "monitoring/prometheus shop/frontend": "9090/TCP",
    "payments/api kube-system/kube-dns": "53/TCP, 53/UDP",
    "shop/checkout kube-system/kube-dns": "53/TCP, 53/UDP",
    "shop/checkout payments/api": "8443/TCP",
    "shop/frontend kube-system/kube-dns": "53/TCP, 53/UDP",
    "shop/frontend shop/checkout": "5050/TCP",
}
PROVIDER = {"payments/api 192.0.2.0/24": "443/TCP"}


def connected(state: State, possible: bool = False, towards: int = -1) -> dict[str, str]:
    """The connections with their ports; an address outside by the name of its network."""

    def name(end: object) -> str:
        return ", ".join(end.cidrs()) if isinstance(end, AddressSet) else str(end)

    found = [
        (f"{name(source)} {name(destination)}", str(row.allowed))
        for row, (source, destination) in connections(state, possible, towards)
    ]
    assert len(found) == len(dict(found))
    return dict(found)


def test_the_connections_of_declared_ends() -> None:
    """Neither those of what nobody declared, nor those among peers, nor those of nodes, which reach what they run."""
    files, model = declared()
    state = prod(files, model)
    assert connected(state) == connected(state, possible=True) == {**BETWEEN, **PROVIDER}
    assert connected(state, towards=state.connectivity.space.outside) == PROVIDER
    of_nodes = "{from: [{ipBlock: {cidr: 10.200.0.0/16}}], ports: [{port: 1}]}"
    assert connected(prod(by_hand(files, CHECKOUT, "ingress", of_nodes), model)) == {**BETWEEN, **PROVIDER}
    wider = "{from: [{ipBlock: {cidr: 10.200.0.0/15}}], ports: [{port: 1}]}"
    found = connected(prod(by_hand(files, CHECKOUT, "ingress", wider), model))
    assert found == {**BETWEEN, **PROVIDER, "10.201.0.0/16 shop/checkout": "1/TCP"}


def test_connections_without_a_verdict_are_possible_ones() -> None:
    """Whether blocks match the addresses of pods is not known of this plugin."""
    files, model = rendered({PROD: small()[PROD].replace("{name: cilium}", "{name: weave}")})
    of_pods = "{from: [{ipBlock: {cidr: 10.8.0.0/14}}], ports: [{port: 1}]}"
    state = prod(by_hand(files, CHECKOUT, "ingress", of_pods), model)
    assert connected(state) == {**BETWEEN, **PROVIDER}
    found = connected(state, possible=True)
    assert found.items() >= connected(state).items()
    assert {name for name in found if name not in connected(state)} == {"kube-system/kube-dns shop/checkout"}
