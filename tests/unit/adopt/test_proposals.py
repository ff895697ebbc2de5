from __future__ import annotations

from observed_kit import address, model_of, observed, pod, seen
from ringfence.adopt import writing
from ringfence.adopt.proposals import Options, Proposals, propose
from ringfence.documents import style
from ringfence.findings import has_errors
from ringfence.model.types import Model
from ringfence.observe.compare import compare
from ringfence.observe.types import Seen
from small_repository import HEADER, load

FLOWS = "teams/checkout/shop/flows.yaml"
NO_FLOWS = {FLOWS: None, "teams/payments/payments/flows.yaml": None}
FRONTEND, CHECKOUT, API = pod("shop/frontend"), pod("shop/checkout"), pod("payments/api")
STRIPE = address("192.0.2.7")
USUAL = Options()


def proposals(*items: Seen, changes: dict[str, str | None] | None = None, options: Options = USUAL) -> Proposals:
    model = model_of(NO_FLOWS if changes is None else changes)
    return propose(compare(observed(*items), model, model.clusters["dev"]), model, options)


def written(model: Model, found: Proposals, *items: Seen, ticket: str = "") -> dict[str, str]:
    source = writing.Source("dev", ("a.json",), observed(*items), ticket)
    return {path: raw.decode() for path, raw in writing.files(found, model, source, ()).items()}


def test_a_flow_for_each_destination_with_its_evidence() -> None:
    items = (
        seen(FRONTEND, CHECKOUT, "5050", count=1200),
        seen(FRONTEND, CHECKOUT, "5050", count=34, day=6),
        seen(CHECKOUT, API, "8443", count=1),
        seen(API, STRIPE, "443", count=2),
        seen(API, STRIPE, "8443", count=1, day=1),
    )
    found = proposals(*items)
    texts = written(model_of(NO_FLOWS), found, *items)
    assert sorted(texts) == ["teams/checkout/shop/learnt-dev.yaml", "teams/payments/payments/learnt-dev.yaml"]
    assert (
        texts["teams/checkout/shop/learnt-dev.yaml"]
        == """\
# Proposed by `ringfence learn` from what the flow logs of dev show, 2026-11-01 00:00 to 2026-11-07 00:00 UTC:
# a.json (5 records).
# Read each one, say what it is for, and move it to where it belongs; delete what should not be.
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows:
  # Port 8443/TCP: 1 time, 2026-11-01 00:00
  - name: checkout-to-api
    from: checkout
    to: payments/api
    ports: [https]
    reason: Seen in the flow logs of dev; say what it is for
    environments: [dev]
  # Port 5050/TCP: 1,234 times, 2026-11-01 00:00 to 2026-11-07 00:00
  - name: frontend-to-checkout
    from: frontend
    to: checkout
    ports: [grpc]
    reason: Seen in the flow logs of dev; say what it is for
    environments: [dev]
"""
    )
    assert "    to: stripe\n    ports: [https, 8443]\n" in texts["teams/payments/payments/learnt-dev.yaml"]
    for text in texts.values():
        assert style.format(text.encode()) == text.encode()
    after, findings = load({**NO_FLOWS, **texts})
    assert after is not None
    assert not has_errors(findings), findings
    again = compare(observed(*items), after, after.clusters["dev"])
    assert again.breaking == ()
    assert propose(again, after).flows == ()


def test_workloads_of_one_namespace_that_call_alike_are_one_flow() -> None:
    items = (seen(FRONTEND, API, "8443", count=5), seen(CHECKOUT, API, "8443", count=7))
    found = proposals(*items)
    [flow] = found.flows
    assert (flow.id, flow.sources, flow.ports) == (
        "shop/checkout-and-frontend-to-api",
        ("checkout", "frontend"),
        ("https",),
    )
    [text] = written(model_of(NO_FLOWS), found, *items).values()
    assert "  # shop/checkout on 8443/TCP: 7 times, 2026-11-01 00:00\n  # shop/frontend on 8443/TCP: 5 times" in text
    assert "    from: [checkout, frontend]\n" in text
    assert [flow.id for flow in proposals(*items, seen(FRONTEND, API, "9000")).flows] == [
        "shop/checkout-to-api",
        "shop/frontend-to-api",
    ]


def test_a_port_name_stands_for_all_that_was_seen_of_it() -> None:
    dns = pod("kube-system/kube-dns", **{"k8s-app": "kube-dns"})
    no_grants = {**NO_FLOWS, "policies/baseline/platform.yaml": None, "policies/guardrails/platform.yaml": None}
    one = seen(API, dns, "53/UDP")
    assert proposals(one, changes=no_grants).flows[0].ports == ("53/UDP",)
    assert proposals(one, seen(API, dns, "53/TCP"), changes=no_grants).flows[0].ports == ("dns",)


def test_a_port_that_nobody_declares_is_said() -> None:
    item = seen(FRONTEND, API, "9000")
    [flow] = proposals(item).flows
    assert (flow.ports, flow.unnamed) == (("9000/TCP",), ("9000/TCP",))
    [text] = written(model_of(NO_FLOWS), proposals(item), item).values()
    assert "  # payments/api declares no port 9000/TCP.\n" in text
    assert "    ports: [9000]\n" in text


def test_from_a_peer_goes_to_its_destination() -> None:
    [flow] = proposals(seen(pod("monitoring/prometheus", app="prometheus"), API, "8443")).flows
    assert (flow.id, flow.sources, flow.destination) == ("payments/prometheus-to-api", ("prometheus",), "api")


def test_names_that_are_taken() -> None:
    flows = HEADER.format("Flows") + (
        "flows:\n  - {name: frontend-to-checkout, from: frontend, to: checkout, ports: [metrics], reason: Taken}\n"
        "  - {name: to-checkout, from: frontend, to: checkout, ports: [metrics, 7000], reason: Taken}\n"
    )
    found = proposals(seen(FRONTEND, CHECKOUT, "5050"), changes={**NO_FLOWS, FLOWS: flows})
    assert [flow.id for flow in found.flows] == ["shop/frontend-to-checkout-dev"]


def test_what_is_not_proposed_says_why() -> None:
    found = proposals(
        seen(pod("shop/debug"), API, "8443"),
        seen(FRONTEND, FRONTEND, "8080"),
        seen(address("203.0.113.9"), FRONTEND, "8080"),
        seen(API, address("203.0.113.9", "a.example.com"), "443"),
        seen(API, pod("web/page"), "80"),
        seen(CHECKOUT, FRONTEND, "8080", verdict="denied"),
    )
    assert found.flows == ()
    assert sorted(item.why for item in found.left) == [
        "internet (a.example.com) is nobody in particular: --world proposes it; --catalogue the entry a-example-com",
        "internet is nobody in particular: --world proposes it",
        "replicas of shop/frontend call each other: declare two workloads for that",
        "shop/debug: namespace shop declares no such workload: declare the workload first",
        "web/page: namespace web is neither a team's nor in the catalogue",
    ]


def test_an_address_without_an_entry_asks_for_one() -> None:
    item = seen(API, address("10.250.0.1"), "443")
    [left] = proposals(item).left
    assert left.why == "10.250.0.1: no catalogue entry has it; name it in policies/catalog/"


def test_the_world_is_proposed_where_it_is_asked_for() -> None:
    items = (seen(address("203.0.113.9"), FRONTEND, "8080"), seen(address("203.0.113.9"), FRONTEND, "22"))
    [flow] = proposals(*items, options=Options(world=True)).flows
    assert (flow.sources, flow.destination, flow.ports) == (("internet",), "frontend", ("http",))


def test_a_name_becomes_an_entry_where_it_is_asked_for() -> None:
    items = (
        seen(API, address("203.0.113.9", "api.example.com", "edge.example.net"), "443", count=3),
        seen(API, address("203.0.113.8", "api.example.com"), "443", count=2),
        seen(FRONTEND, address("203.0.113.8", "api.example.com"), "443", count=1),
    )
    found = proposals(*items, options=Options(catalogue=True))
    assert found.left == ()
    [entry] = found.entries
    assert (entry.name, entry.addresses, entry.owner) == ("api-example-com", ("203.0.113.8/31",), "payments")
    texts = written(model_of(NO_FLOWS), found, *items)
    assert (
        texts["policies/catalog/learnt-dev.yaml"].partition("peers:\n")[2]
        == """\
  # Called: 6 times, 2026-11-01 00:00.
  # The same addresses were also called edge.example.net.
  # Some cluster cannot say names, so the addresses that were seen stand here: there may be more.
  api-example-com:
    description: Seen in the flow logs of dev; say what it is
    owner: payments
    names: ["api.example.com"]
    cidrs:
      - "203.0.113.8/31"
"""
    )
    after, findings = load({**NO_FLOWS, **texts})
    assert after is not None
    assert not has_errors(findings), findings
    assert compare(observed(*items), after, after.clusters["dev"]).breaking == ()


def test_every_environment_where_it_is_asked_for() -> None:
    item = seen(FRONTEND, CHECKOUT, "5050")
    assert proposals(item).flows[0].environments == ("dev",)
    assert proposals(item, options=Options(everywhere=True)).flows[0].environments == ()


def test_a_ticket_and_the_names_of_logs_cannot_break_the_file() -> None:
    item = seen(FRONTEND, CHECKOUT, "5050")
    model = model_of(NO_FLOWS)
    source = writing.Source("dev", ("a\nflows: []", "b.json"), observed(item), "1e3")
    [raw] = writing.files(proposals(item), model, source, ()).values()
    assert "\nflows: []" not in raw.decode()
    after, findings = load({**NO_FLOWS, "teams/checkout/shop/learnt.yaml": raw.decode()})
    assert after is not None
    assert not has_errors(findings)
    assert after.flows[0].ticket == "1e3"


def test_a_file_that_exists_is_not_touched() -> None:
    item = seen(FRONTEND, CHECKOUT, "5050")
    source = writing.Source("dev", (), observed(item))
    present = ("teams/checkout/shop/learnt-dev.yaml", "teams/checkout/shop/learnt-dev-2.yaml")
    assert list(writing.files(proposals(item), model_of(NO_FLOWS), source, present)) == [
        "teams/checkout/shop/learnt-dev-3.yaml"
    ]
