"""Plain flows: what the short way builds is what the long way builds, and texts are resolved once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ringfence import model
from ringfence.findings import Finding
from ringfence.model import flows, names
from ringfence.model.plain import Plain
from ringfence.model.types import Model
from small_repository import MemoryTree, over

GOOD = st.fixed_dictionaries(
    {
        "name": st.sampled_from(("a", "b", "c")),
        "from": st.sampled_from(("frontend", "early", "late", "shop/late", "payments/api", "internet", "kube-dns")),
        "to": st.sampled_from(("frontend", "early", "late", "shop/late", "payments/api", "internet", "kube-dns")),
        "ports": st.lists(st.sampled_from(("http", "https", "dns", 443, "443/TCP")), min_size=1, max_size=2),
        "reason": st.just("R"),
    },
    optional={
        "ticket": st.just("T-1"),
        "expires": st.just("2031-01-01"),
        "environments": st.lists(st.sampled_from(("dev", "prod")), min_size=1, max_size=2),
    },
)
ENDS = st.sampled_from(
    ("frontend", "late", "internet", "nobody", "shop/nobody", "twin", "shop/twin", "half", "", 7, None)
)
PORTS = st.sampled_from(("http", 443, "5-9/UDP", "9-5", 0, True, 443.5, None))
FAULTS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(("", 5, None)),
        "from": st.one_of(ENDS, st.lists(ENDS, max_size=2)),
        "to": st.one_of(ENDS, st.lists(ENDS, max_size=2)),
        "ports": st.one_of(PORTS, st.lists(PORTS, max_size=3)),
        "reason": st.sampled_from((None, 5)),
        "ticket": st.just(None),
        "expires": st.sampled_from(("2031-02-30", "soon", "", None, 2031)),
        "environments": st.one_of(st.sampled_from((None, "dev")), st.lists(st.sampled_from(("dev", "nowhere", 5)))),
    },
)
FLOW = st.one_of(GOOD, st.builds(lambda good, faults: {**good, **faults}, GOOD, FAULTS), st.none())

SHOP = """apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  frontend: {labels: {app: frontend}, ports: {http: 8080, metrics: 9090}}
  checkout: {labels: {app: checkout}, ports: {grpc: 5050, metrics: 9090}}
  early: {labels: {app: early}, ports: {http: 8080}, environments: [dev]}
  late: {labels: {app: late}, ports: {http: [8080, 8443]}, environments: [prod]}
  twin: {labels: {app: twin}, ports: {http: 8080}}
  half: {ports: {http: 8080}}
"""
PEERS = """apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  twin: {description: Called as a workload, owner: platform, cidrs: [203.0.113.7/32], ports: {http: 80}}
  half: {description: Called as one in error, owner: platform, cidrs: [203.0.113.8/32], ports: {http: 80}}
"""


def _loaded(found: list[Any], elsewhere: list[Any] | None = None) -> tuple[Model | None, list[Finding]]:
    head = {"apiVersion": "ringfence.dev/v1alpha1", "kind": "Flows"}
    files = {
        path: content
        for path, content in over(
            {
                "policies/catalog/twins.yaml": PEERS,
                "teams/checkout/shop/namespace.yaml": SHOP,
                "teams/checkout/shop/x.yaml": json.dumps({**head, "flows": found}),
                "teams/payments/payments/x.yaml": json.dumps({**head, "flows": elsewhere or []}),
            }
        ).items()
        if "rendered" not in path
    }
    return model.load(MemoryTree(files))


def _one(**fields: Any) -> list[dict[str, Any]]:
    return [{"name": "a", "from": "frontend", "to": "shop/late", "ports": ["http"], "reason": "R", **fields}]


@example(_one(environments=["dev", "prod"]))
@example(_one(**{"from": "twin"}))
@example(_one(to="shop/twin"))
@example(_one(to="half"))
@example(_one(to=["half", "early"]))
@example(_one(to="early", environments=["prod"]))
@example([*_one(), *_one(name="b", to="early")])
@example([*_one(ports=[443]), *_one(name="b", ports=["443"]), *_one(name="c", ports=[True])])
@given(st.lists(FLOW, max_size=4))
@settings(max_examples=120, deadline=None)
def test_the_short_way_and_the_long_way_are_the_same(found: list[Any]) -> None:
    short = _loaded(found, found)
    with patch.object(Plain, "_of", lambda *_: lambda _: None):
        long = _loaded(found, found)
    assert short == long
    assert repr(short[0]) == repr(long[0])


def _plain(number: int) -> list[dict[str, Any]]:
    return [
        {"name": f"f-{index}", "from": "frontend", "to": "payments/api", "ports": ["https"], "reason": "R"}
        for index in range(number)
    ]


def test_what_a_text_stands_for_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[str] = Counter()
    end, long = names.Names.end, flows._one

    def counted_end(self: Any, node: Any, here: str, **more: Any) -> Any:
        asked[f"end {node.value}"] += 1
        return end(self, node, here, **more)

    def counted_long(*given: Any) -> Any:
        asked["long"] += 1
        return long(*given)

    monkeypatch.setattr(names.Names, "end", counted_end)
    monkeypatch.setattr(flows, "_one", counted_long)
    before = _loaded([])[0]
    base = asked.copy()
    after = _loaded(_plain(50))[0]
    assert before is not None
    assert after is not None
    assert len(after.flows) == len(before.flows) + 50
    assert asked["end payments/api"] - 2 * base["end payments/api"] <= 1
    assert asked["long"] == 2 * base["long"]


def test_a_flow_with_thousands_of_ports_is_read_in_one_go() -> None:
    ports = [*range(20_000, 60_000, 2), 20_000]
    loaded, findings = _loaded(
        [{"name": "many", "from": "frontend", "to": "payments/api", "ports": ports, "reason": "R"}]
    )
    assert loaded is not None
    flow = next(item for item in loaded.flows if item.name == "many")
    assert [item.first for item in flow.legs[0].ports] == ports[:-1]
    assert [item.check.name for item in findings if "x.yaml" in item.where.path] == ["repeated-value"]
