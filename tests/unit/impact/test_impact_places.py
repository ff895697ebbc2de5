"""Ends by name of which the policies of one side alone speak, as in the first rendering of a Cilium cluster."""

from __future__ import annotations

import pytest

from rendered_repository import Files, impact_of, rendered
from ringfence.impact import Effect
from small_repository import HEADER, codes, small

GUARDRAILS = "policies/guardrails/platform.yaml"
CLUSTER = "policies/clusters/prod.yaml"
LEAVES = """\
  - name: card-data-stays
    never: {from: {namespaces: [payments]}, to: {except: [shop/*, payments/*, kube-dns]}}
    reason: Card data stays inside
"""
CILIUM = "dialect: cilium\nguardrails: cilium\n"
NODE = "entity:remote-node"


@pytest.fixture(scope="module")
def cilium() -> Files:
    return rendered({CLUSTER: f"{small()[CLUSTER]}{CILIUM}"})[0]


def open_before(files: Files) -> Files:
    return {path: text for path, text in files.items() if not path.startswith("policies/rendered/")}


@pytest.mark.parametrize(("comes", "effect"), [(True, Effect.CLOSED), (False, Effect.OPENED)])
def test_what_one_side_alone_speaks_of_has_its_causes(cilium: Files, comes: bool, effect: Effect) -> None:
    sides = (open_before(cilium), cilium) if comes else (cilium, open_before(cilium))
    found = [change for change in impact_of(*sides).changes if NODE in (change.source, change.destination)]
    pods = {"payments/*", "payments/api", "shop/*", "shop/checkout", "shop/frontend"}
    assert {(item.source, item.destination) for item in found} == {
        pair for pod in pods for pair in ((pod, NODE), (NODE, pod))
    }
    for change in found:
        assert (change.effect, change.clusters) == (effect, ("prod",))
        open_ends = [item for item in change.causes if item.reason.startswith("no policy isolates it")]
        pod = change.destination if change.source == NODE else change.source
        name = pod if not pod.endswith("/*") else f"any other pod of {pod.removesuffix('/*')}"
        assert [(item.name, item.side) for item in open_ends] == [(name, "base" if comes else "head")]


def test_a_node_reaches_the_pods_that_it_runs_by_name_as_by_address() -> None:
    files = rendered({CLUSTER: f"{small()[CLUSTER]}{CILIUM}", GUARDRAILS: small()[GUARDRAILS] + LEAVES})[0]
    report = impact_of(open_before(files), files)
    pods = {change.destination for change in report.changes if change.source == "entity:host"}
    assert pods == {"payments/*", "payments/api", "shop/*", "shop/checkout", "shop/frontend"}
    assert "RF603" not in codes([*report.findings])


CATALOGUE = "policies/catalog/platform.yaml"
CHARGE, SHOP = "teams/payments/payments/flows.yaml", "teams/checkout/shop/flows.yaml"


def doubted(base: dict[str, str | None], head: dict[str, str | None]) -> tuple[list[str], list[tuple[str, str, str]]]:
    """What is said of connections without a verdict, and the changes with names as ends."""
    cluster = {CLUSTER: small()[CLUSTER] + "dialect: cilium\n"}
    report = impact_of(rendered({**cluster, **base})[0], rendered({**cluster, **head})[0])
    changes = [(item.effect.value, item.source, item.destination) for item in report.changes if item.world]
    said = [item for item in report.findings if item.check.code in ("RF603", "RF609")]
    return [f"{item.severity} {item.check.code} {item.message}" for item in said], changes


def test_a_name_beside_addresses_is_open_from_now_on() -> None:
    """Before, it was open where it is one of them, which nothing says: no reason to refuse it."""
    text = small()[CATALOGUE]
    named = text.replace("  stripe:\n", "  stripe:\n    names: [api.stripe.com]\n")
    assert named != text
    pair = "payments/api → dns:api.stripe.com"
    since = "since whether its address lies in 192.0.2.0/24 is not known"
    said, changes = doubted({}, {CATALOGUE: named})
    means = "443/TCP counts as opened, and may have been open"
    assert said == [f"warning RF609 in prod, the base leaves {pair} undefined, {since}: {means}"]
    assert ("opened", "payments/api", "stripe") in changes
    said, _ = doubted({CATALOGUE: named}, {})
    assert said == [
        f"error RF603 in prod, what changes for {pair} on 443/TCP cannot be told: the head leaves it undefined, {since}"
    ]


def test_what_closes_without_having_been_open_for_certain_is_said() -> None:
    """`api` calls nobody any more, and the shop calls a name that may be one of the addresses."""
    text = small()[CATALOGUE]
    mail = text + "  mail: {description: Mail, owner: platform, names: [api.mail.com], ports: {https: 443}}\n"
    flow = "  - {name: mail, from: frontend, to: mail, ports: [https], reason: Mail}\n"
    none = HEADER.format("Flows") + "flows: []\n"
    said, changes = doubted({}, {CATALOGUE: mail, CHARGE: none, SHOP: small()[SHOP] + flow})
    since = "since whether its address lies in 192.0.2.0/24 is not known"
    pair = "payments/api → dns:api.mail.com"
    assert said == [f"warning RF609 in prod, the base leaves {pair} undefined, {since}: 443/TCP may close"]
    assert ("closed", "payments/api", "stripe") in changes
    assert ("opened", "shop/frontend", "mail") in changes
