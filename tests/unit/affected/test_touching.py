"""Of two models, what speaks of some namespaces: the flows of each side, and the workloads of both on either."""

from __future__ import annotations

import pytest

from ringfence import affected
from ringfence.model.types import Model
from small_repository import HEADER, flows, load

SHOP = "teams/checkout/shop"
MORE = {
    "teams/checkout/depot/namespace.yaml": HEADER.format("Namespace")
    + "workloads:\n  store:\n    labels: {app: store}\n    ports: {http: 8080}\n"
    + "  idle:\n    labels: {app: idle}\n    ports: {http: 8080}\n",
    "teams/checkout/empty/namespace.yaml": HEADER.format("Namespace") + "workloads: {}\n",
    f"{SHOP}/more.yaml": flows("name: fetch, from: frontend, to: depot/store, ports: [http]"),
}
Said = tuple[list[str], list[str], list[str]]
PAID: Said = (["payments/charge", "shop/authorise-card"], ["payments/api", "shop/checkout"], ["payments", "shop"])
SHOPPED = ["shop/authorise-card", "shop/fetch", "shop/place-order"]


@pytest.fixture(scope="module")
def sides() -> tuple[Model, Model]:
    """The small repository, and the same with more."""
    one, other = load({})[0], load(MORE)[0]
    assert one
    assert other
    return one, other


def said(side: Model) -> Said:
    """The flows, workloads and namespaces of a model, in its order."""
    return [flow.id for flow in side.flows], list(side.workloads), list(side.namespaces)


@pytest.mark.parametrize(
    ("namespaces", "fewer", "more"),
    [
        ({"payments"}, PAID, PAID),
        (
            {"depot"},
            ([], ["shop/frontend"], ["shop"]),
            (["shop/fetch"], ["depot/idle", "depot/store", "shop/frontend"], ["depot", "shop"]),
        ),
        (
            {"shop"},
            (SHOPPED[::2], ["payments/api", "shop/checkout", "shop/frontend"], ["payments", "shop"]),
            (
                SHOPPED,
                ["depot/store", "payments/api", "shop/checkout", "shop/frontend"],
                ["depot", "payments", "shop"],
            ),
        ),
        ({"empty", "nowhere"}, ([], [], []), ([], [], ["empty"])),
        (set(), ([], [], []), ([], [], [])),
    ],
)
def test_what_either_side_needs_stays_in_both(
    sides: tuple[Model, Model], namespaces: set[str], fewer: Said, more: Said
) -> None:
    one, other = sides
    assert tuple(map(said, affected.touching(one, other, namespaces))) == (fewer, more)
    assert tuple(map(said, affected.touching(other, one, namespaces))) == (more, fewer)


def test_the_rest_of_a_model_stays(sides: tuple[Model, Model]) -> None:
    whole = sides[1]
    narrowed, _ = affected.touching(whole, whole, {"payments"})
    assert (narrowed.peers, narrowed.grants, narrowed.teams) == (whole.peers, whole.grants, whole.teams)
    assert [narrowed.workloads[name] is whole.workloads[name] for name in narrowed.workloads] == [True, True]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("must: {from: {}, to: {peers: [kube-dns]}, ports: [53/UDP]}", True),
        ("must: {from: {peers: [prometheus]}, to: {}, ports: [9090]}", True),
        ("must: {from: {teams: [checkout]}, to: {world: true}, ports: [443]}", True),
        ("never: {from: {teams: [checkout]}, to: {teams: [payments]}}", True),
        ("must: {from: {teams: [checkout]}, to: {teams: [payments]}}", False),
        ("must: {from: {}, to: {}}", False),
    ],
)
def test_whom_a_workload_that_comes_must_reach_may_be_in_no_part(statement: str, told: bool) -> None:
    path = "policies/guardrails/platform.yaml"
    guarded = {
        path: HEADER.format("Guardrails") + f"guardrails:\n  - name: asked\n    {statement}\n    reason: A test\n"
    }
    one, other = load(guarded)[0], load(guarded | MORE)[0]
    assert one
    assert other
    assert [item.name for item in other.guardrails] == ["asked"]
    assert affected.asks_the_same(one, other, ["depot"]) is affected.asks_the_same(other, one, ["depot"]) is told
    assert affected.asks_the_same(one, other, ["shop"])
