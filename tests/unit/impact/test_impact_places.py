"""Ends by name of which the policies of one side alone speak, as in the first rendering of a Cilium cluster."""

from __future__ import annotations

import pytest

from rendered_repository import Files, impact_of, rendered
from ringfence.impact import Effect
from small_repository import codes, small

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
