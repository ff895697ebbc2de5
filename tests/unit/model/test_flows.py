import datetime

import pytest

from ringfence.model import ports
from ringfence.values.ports import PortRange
from small_repository import HEADER, codes, flows, load, only, place, small

FLOWS = "teams/checkout/shop/x.yaml"
SHOP = "teams/checkout/shop/namespace.yaml"


def test_a_flow_as_resolved() -> None:
    text = flows(
        "name: a, from: [frontend, prometheus], to: checkout, ports: [metrics, 53/UDP, 8000-8100/TCP], "
        "environments: [prod], expires: 2027-03-31, ticket: SEC-1"
    )
    model, findings = load({FLOWS: text})
    assert findings == []
    assert model is not None
    flow = next(flow for flow in model.flows if flow.id == "shop/a")
    assert [(leg.source.id, leg.destination.id) for leg in flow.legs] == [
        ("shop/frontend", "shop/checkout"),
        ("prometheus", "shop/checkout"),
    ]
    assert [str(item) for item in flow.legs[0].ports] == ["8000-8100/TCP", "9090/TCP", "53/UDP"]
    assert flow.ports_text == ("metrics", "53/UDP", "8000-8100/TCP")
    assert flow.environments == frozenset({"prod"})
    assert flow.expires == datetime.date(2027, 3, 31)
    assert (flow.team, flow.ticket, flow.reason) == ("checkout", "SEC-1", "A test")
    assert flow.where == place(text, "{name", FLOWS)


def test_addresses_may_be_the_source() -> None:
    model, findings = load({FLOWS: flows("name: a, from: stripe, to: frontend, ports: [http]")})
    assert findings == []
    assert model is not None
    assert {leg.source.id for flow in model.flows if flow.id == "shop/a" for leg in flow.legs} == {"stripe"}


def test_to_itself_is_found_under_both_spellings() -> None:
    text = flows("name: a, from: shop/checkout, to: [frontend, checkout], ports: [metrics]")
    finding = only(load({FLOWS: text})[1], "RF120")
    assert finding.where == place(text, "checkout], ports", FLOWS)
    assert finding.subject == "shop/a"


def test_between_two_peers() -> None:
    text = flows("name: a, from: prometheus, to: stripe, ports: [https]")
    assert only(load({FLOWS: text})[1], "RF122").where == place(text, "stripe", FLOWS)


def _with_environments(frontend: str, checkout: str) -> dict[str, str | None]:
    text = HEADER.format("Namespace") + (
        "workloads:\n"
        f"  frontend: {{labels: {{app: frontend}}, ports: {{http: 8080, metrics: 9090}}, environments: {frontend}}}\n"
        f"  checkout: {{labels: {{app: checkout}}, ports: {{grpc: 5050, metrics: 9090}}, environments: {checkout}}}\n"
    )
    return {SHOP: text, "teams/checkout/shop/flows.yaml": None}


def test_ends_that_never_meet() -> None:
    text = flows("name: a, from: frontend, to: checkout, ports: [grpc]")
    finding = only(load({**_with_environments("[dev]", "[prod]"), FLOWS: text})[1], "RF121")
    assert finding.where == place(text, "checkout", FLOWS)
    assert finding.hint == "shop/frontend exists in dev; shop/checkout exists in prod"


def test_ends_that_meet_elsewhere_than_the_flow_says() -> None:
    text = flows("name: a, from: frontend, to: checkout, ports: [grpc], environments: [dev]")
    finding = only(load({**_with_environments("[prod]", "[dev, prod]"), FLOWS: text})[1], "RF121")
    assert finding.hint == "they share prod"


def test_an_environment_in_which_a_flow_is_nothing() -> None:
    text = flows("name: a, from: frontend, to: checkout, ports: [grpc], environments: [dev, prod]")
    finding = only(load({**_with_environments("[prod]", "[dev, prod]"), FLOWS: text})[1], "RF121")
    assert finding.where == place(text, "dev,", FLOWS)
    assert "leave `dev` out" in finding.hint


def test_a_flow_without_environments_is_limited_by_its_ends_silently() -> None:
    text = flows("name: a, from: frontend, to: checkout, ports: [grpc]")
    model, findings = load({**_with_environments("[prod]", "[dev, prod]"), FLOWS: text})
    assert findings == []
    assert model is not None
    assert [flow.id for flow, _ in model.legs_in(model.clusters["dev"])] == ["payments/charge"]
    assert [flow.id for flow, _ in model.legs_in(model.clusters["prod"])] == ["payments/charge", "shop/a"]


@pytest.mark.parametrize(
    ("row", "snippet", "meaning"),
    [
        ("from: [frontend, shop/frontend], to: checkout, ports: [metrics]", "shop/frontend", "`shop/frontend`"),
        ("from: frontend, to: checkout, ports: [metrics, 9090]", "9090", "`9090` (`9090/TCP`)"),
        ("from: frontend, to: checkout, ports: [9000-9100/TCP, metrics]", "metrics", "`metrics` (`9090/TCP`)"),
        ("from: frontend, to: checkout, ports: [metrics, 9091/TCP, 9091]", "9091]", "`9091` (`9091/TCP`)"),
    ],
)
def test_the_same_twice_in_a_list(row: str, snippet: str, meaning: str) -> None:
    text = flows(f"name: a, {row}")
    finding = only(load({FLOWS: text})[1], "RF123")
    assert finding.where == place(text, snippet, FLOWS)
    assert finding.message.startswith(f"{meaning} is in this list already")


def test_a_port_of_which_one_destination_has_more_is_no_repetition() -> None:
    text = flows("name: a, from: prometheus, to: [frontend, checkout], ports: [8080, http]")
    shop = small()[SHOP].replace("grpc: 5050", "grpc: 5050, http: 8081")
    assert load({FLOWS: text, SHOP: shop})[1] == []


def test_the_same_environment_twice() -> None:
    text = flows("name: a, from: frontend, to: checkout, ports: [metrics], environments: [dev, dev]")
    assert "RF123" in codes(load({FLOWS: text})[1])


@pytest.mark.parametrize(
    ("port", "hint"),
    [
        ("0", "write a port of 1-65535"),
        ("65536", "write a port of 1-65535"),
        ("1-65536/UDP", "write a port of 1-65535"),
        ("30100-30000/UDP", "did you mean `30000-30100/UDP`?"),
        ("53/udp", "use UDP"),
        ("53/TPC", "use TCP"),
        ("53/ICMP", "use TCP, UDP or SCTP"),
        ("9" * 3000, "write a port of 1-65535"),
    ],
)
def test_an_impossible_port(port: str, hint: str) -> None:
    text = flows(f'name: a, from: frontend, to: checkout, ports: ["{port}"]')
    finding = only(load({FLOWS: text})[1], "RF124")
    assert finding.where == place(text, f'"{port}"', FLOWS)
    assert finding.hint == hint
    assert len(finding.message) < 200


def test_an_impossible_port_of_a_workload() -> None:
    text = small()[SHOP].replace("http: 8080", "http: 80800")
    finding = only(load({SHOP: text})[1], "RF124")
    assert finding.where == place(text, "80800", SHOP)


@pytest.mark.parametrize("date", ["2031-02-29", "2030-13-01", "2030-00-10", "0000-01-01"])
def test_a_day_that_does_not_exist(date: str) -> None:
    text = flows(f"name: a, from: frontend, to: checkout, ports: [metrics], expires: {date}")
    model, findings = load({FLOWS: text})
    assert only(findings, "RF125").where == place(text, date, FLOWS)
    assert model is not None
    assert "shop/a" not in {flow.id for flow in model.flows}


@pytest.mark.parametrize("date", ["31.03.2027", "20270331", "2027-3-31", "2027-W05-1", "soon", "2027-03-31T00:00:00Z"])
def test_another_way_to_write_a_day(date: str) -> None:
    text = flows(f'name: a, from: frontend, to: checkout, ports: [metrics], expires: "{date}"')
    finding = only(load({FLOWS: text})[1], "RF125")
    assert finding.hint == "write a day such as `2027-03-31`"


def test_the_last_day_of_february_in_a_leap_year() -> None:
    text = flows("name: a, from: frontend, to: checkout, ports: [metrics], expires: 2032-02-29")
    assert load({FLOWS: text})[1] == []


def test_of_two_equal_flows_the_later_is_named() -> None:
    text = flows(
        "name: b, from: frontend, to: checkout, ports: [metrics]",
        "name: a, from: frontend, to: checkout, ports: [9090]",
    )
    finding = only(load({FLOWS: text})[1], "RF126")
    assert finding.subject == "shop/b"
    assert finding.related[0][1] == "shop/a"


def test_of_a_narrow_and_a_wide_flow_the_narrow_is_named() -> None:
    text = flows(
        "name: a, from: frontend, to: checkout, ports: [9090], environments: [prod]",
        "name: b, from: [frontend, prometheus], to: checkout, ports: [9000-9100/TCP]",
    )
    finding = only(load({FLOWS: text})[1], "RF126")
    assert finding.subject == "shop/a"


@pytest.mark.parametrize(
    "row",
    [
        "from: frontend, to: checkout, ports: [5051]",
        "from: checkout, to: frontend, ports: [metrics]",
        "from: [frontend, prometheus], to: checkout, ports: [grpc]",
        "from: frontend, to: checkout, ports: [5050-5051/TCP]",
        "from: frontend, to: checkout, ports: [5050/UDP]",
    ],
)
def test_flows_that_add_something_are_no_repetition(row: str) -> None:
    text = flows(f"name: a, {row}")
    assert "shop/a" not in {finding.subject for finding in load({FLOWS: text})[1]}


def test_flows_of_different_environments_are_no_repetition() -> None:
    row = "from: frontend, to: checkout, ports: [metrics]"
    assert (
        load({FLOWS: flows(f"name: a, {row}, environments: [dev]", f"name: b, {row}, environments: [prod]")})[1] == []
    )


def test_canonical_ranges_join_overlaps_and_keep_neighbours() -> None:
    given = [
        PortRange("UDP", 5, 5),
        PortRange("TCP", 9, 12),
        PortRange("TCP", 1, 3),
        PortRange("TCP", 2, 8),
        PortRange("TCP", 1, 1),
    ]
    assert ports.canonical(given) == (PortRange("TCP", 1, 8), PortRange("TCP", 9, 12), PortRange("UDP", 5, 5))
