from __future__ import annotations

import datetime

import pytest

from ringfence import checks
from ringfence.findings import Finding
from small_repository import HEADER, codes, flows, load, small

TODAY = datetime.date(2030, 1, 15)
GUARDRAILS = "policies/guardrails/platform.yaml"
FLOWS = "teams/checkout/shop/x.yaml"
CATALOG = "policies/catalog/x.yaml"
BASELINE = "policies/baseline/x.yaml"


def _guardrail(statement: str, name: str = "extra") -> str:
    return HEADER.format("Guardrails") + f"guardrails:\n  - {{name: {name}, {statement}, reason: Promised}}\n"


def _run(files: dict[str, str | None]) -> list[Finding]:
    model, findings = load(files)
    assert model is not None
    assert findings == []
    return checks.run(model, TODAY)


@pytest.mark.parametrize(
    "never",
    [
        "from: {workloads: [shop/frontend]}, to: {workloads: [shop/checkout]}",
        "from: {teams: [checkout]}, to: {teams: [checkout]}",
        "from: {environments: [prod], teams: [checkout]}, to: {workloads: [shop/checkout]}",
        "from: {except: [shop/checkout, payments/*, prometheus]}, to: {workloads: [shop/checkout]}",
        "from: {namespaces: [shop]}, to: {workloads: [shop/checkout]}, ports: [5000-5100/TCP]",
    ],
)
def test_a_flow_that_breaks_a_guardrail(never: str) -> None:
    (finding,) = _run({GUARDRAILS: _guardrail(f"never: {{{never}}}")})
    assert (finding.check.code, finding.subject) == ("RF301", "shop/place-order")
    assert finding.where.path == "teams/checkout/shop/flows.yaml"
    assert "shop/frontend → shop/checkout on 5050/TCP" in finding.message
    assert "Promised" in finding.message
    assert finding.related[0][0].path == GUARDRAILS


@pytest.mark.parametrize(
    "never",
    [
        "from: {workloads: [shop/checkout]}, to: {workloads: [shop/frontend]}",
        "from: {namespaces: [payments]}, to: {workloads: [shop/checkout]}",
        "from: {workloads: [shop/frontend]}, to: {workloads: [shop/checkout]}, ports: [5050/UDP]",
        "from: {workloads: [shop/frontend]}, to: {workloads: [shop/checkout]}, ports: [5049, 5051]",
        "from: {except: [shop/*, prometheus]}, to: {workloads: [shop/checkout]}",
        "from: {}, to: {workloads: [shop/checkout], except: [shop/*]}, ports: [1]",
        "from: {environments: [dev]}, to: {environments: [prod]}",
    ],
)
def test_a_guardrail_that_holds(never: str) -> None:
    assert "RF301" not in codes(_run({GUARDRAILS: _guardrail(f"never: {{{never}}}")}))


def test_only_the_environments_in_which_it_breaks_are_named() -> None:
    (finding,) = _run(
        {
            GUARDRAILS: _guardrail(
                "never: {from: {environments: [dev], workloads: [shop/frontend]}, to: {teams: [checkout]}}"
            )
        }
    )
    assert finding.message.endswith("shop/frontend → shop/checkout on 5050/TCP in dev")


def test_one_finding_for_a_flow_with_many_pairs() -> None:
    text = flows("name: many, from: [frontend, checkout], to: [payments/api, stripe], ports: [444, 445]")
    (finding,) = (
        item
        for item in _run({GUARDRAILS: _guardrail("never: {from: {}, to: {}, ports: [444]}"), FLOWS: text})
        if item.check.code == "RF301"
    )
    assert finding.subject == "shop/many"
    assert finding.message.endswith("; and 1 more")
    assert "on 444/TCP in dev, prod" in finding.message


@pytest.mark.parametrize(
    ("cidr", "broken"),
    [("10.8.0.0/16", True), ("10.12.0.0/24", True), ("10.200.0.0/16", True), ("172.16.0.0/12", False)],
)
def test_a_block_of_another_environment_crosses_environments(cidr: str, broken: bool) -> None:
    files = {
        CATALOG: HEADER.format("Catalog")
        + f"peers:\n  block: {{description: D, owner: o, cidrs: [{cidr}], world: false}}\n",
        FLOWS: flows("name: cross, from: frontend, to: block, ports: [443], environments: [dev]"),
        GUARDRAILS: _guardrail("never: {from: {environments: [dev]}, to: {environments: [prod]}}"),
    }
    found = _run(files)
    assert codes(found) == (["RF301"] if broken else [])


def test_a_block_of_pods_can_be_a_guarded_workload_and_one_of_nodes_not() -> None:
    def found(cidr: str) -> list[str]:
        return codes(
            _run(
                {
                    CATALOG: HEADER.format("Catalog")
                    + f"peers:\n  block: {{description: D, owner: o, cidrs: [{cidr}], world: false}}\n",
                    FLOWS: flows("name: cross, from: frontend, to: block, ports: [443], environments: [dev]"),
                    GUARDRAILS: _guardrail(
                        "never: {from: {namespaces: [shop]}, to: {namespaces: [payments]}, ports: [443]}"
                    ),
                }
            )
        )

    assert found("10.8.0.0/16") == ["RF301"]
    assert found("10.200.0.0/16") == []


def test_addresses_as_the_source() -> None:
    files = {
        FLOWS: flows("name: in, from: stripe, to: frontend, ports: [http]"),
        GUARDRAILS: _guardrail("never: {from: {world: true}, to: {namespaces: [shop]}}"),
    }
    assert [finding.subject for finding in _run(files)] == ["shop/in"]


def test_a_grant_to_a_peer_is_for_every_pod() -> None:
    (finding,) = _run(
        {GUARDRAILS: _guardrail("never: {from: {namespaces: [payments]}, to: {peers: [kube-dns]}, ports: [53/TCP]}")}
    )
    assert (finding.check.code, finding.subject) == ("RF301", "baseline/dns")
    assert finding.where.path == "policies/baseline/platform.yaml"
    assert "any other pod of payments → kube-dns on 53/TCP" in finding.message


def test_a_grant_by_port_name_is_for_those_that_have_it() -> None:
    (finding,) = _run({GUARDRAILS: _guardrail("never: {from: {peers: [prometheus]}, to: {}}")})
    assert finding.subject == "baseline/scrape"
    assert "payments/api" not in finding.message
    assert "shop/checkout on 9090/TCP" in finding.message
    never = "never: {from: {peers: [prometheus]}, to: {namespaces: [payments]}}"
    assert _run({GUARDRAILS: _guardrail(never)}) == []


def test_a_grant_by_number_is_for_every_pod() -> None:
    grant = HEADER.format("Baseline") + "grants:\n  - {name: probe, from: prometheus, ports: [9090/TCP], reason: R}\n"
    never = "never: {from: {peers: [prometheus]}, to: {namespaces: [payments]}}"
    found = _run({GUARDRAILS: _guardrail(never), BASELINE: grant})
    assert [finding.subject for finding in found] == ["baseline/probe"]
    assert "prometheus → any other pod of payments on 9090/TCP" in found[0].message


def test_a_grant_of_one_environment() -> None:
    grant = (
        HEADER.format("Baseline")
        + "grants:\n  - {name: probe, from: prometheus, ports: [1], reason: R, environments: [dev]}\n"
    )

    def found(environment: str) -> list[str]:
        never = f"never: {{from: {{peers: [prometheus]}}, to: {{environments: [{environment}]}}, ports: [1]}}"
        return codes(_run({GUARDRAILS: _guardrail(never), BASELINE: grant}))

    assert found("dev") == ["RF301"]
    assert found("prod") == []


@pytest.mark.parametrize(
    "must",
    [
        "from: {}, to: {peers: [kube-dns]}",
        "from: {}, to: {peers: [kube-dns]}, ports: [53/UDP, 53/TCP]",
        "from: {peers: [prometheus]}, to: {namespaces: [shop]}, ports: [9090]",
        "from: {workloads: [shop/frontend]}, to: {workloads: [shop/checkout]}",
        "from: {workloads: [payments/api]}, to: {peers: [stripe]}, ports: [443]",
        "from: {environments: [prod], namespaces: [shop], except: [shop/frontend]}, to: {workloads: [payments/api]}",
    ],
)
def test_what_must_be_and_is(must: str) -> None:
    assert _run({GUARDRAILS: _guardrail(f"must: {{{must}}}")}) == []


@pytest.mark.parametrize(
    ("must", "subjects", "part"),
    [
        (
            "from: {}, to: {peers: [kube-dns]}, ports: [54/UDP]",
            ["payments/api", "shop/checkout", "shop/frontend"],
            "on 54/UDP",
        ),
        ("from: {peers: [prometheus]}, to: {}", ["payments/api"], "prometheus → payments/api on any port in dev, prod"),
        (
            "from: {peers: [prometheus]}, to: {}, ports: [9090]",
            ["payments/api"],
            "prometheus → payments/api on 9090/TCP",
        ),
        (
            "from: {workloads: [shop/checkout]}, to: {workloads: [shop/frontend]}",
            ["shop/checkout"],
            "→ shop/frontend on any port",
        ),
        (
            "from: {workloads: [payments/api]}, to: {peers: [stripe]}, ports: [443, 444]",
            ["payments/api"],
            "stripe on 444/TCP",
        ),
    ],
)
def test_what_must_be_and_is_not(must: str, subjects: list[str], part: str) -> None:
    found = _run({GUARDRAILS: _guardrail(f"must: {{{must}}}")})
    assert codes(found) == ["RF302"] * len(subjects)
    assert sorted(finding.subject for finding in found) == subjects
    assert all(part in finding.message for finding in found)


def test_what_must_be_in_one_environment_only() -> None:
    text = flows("name: back, from: checkout, to: frontend, ports: [http], environments: [prod]")
    must = "must: {from: {ENVIRONMENT workloads: [shop/checkout]}, to: {workloads: [shop/frontend]}}"
    assert _run({GUARDRAILS: _guardrail(must.replace("ENVIRONMENT", "environments: [prod],")), FLOWS: text}) == []
    (finding,) = _run({GUARDRAILS: _guardrail(must.replace("ENVIRONMENT", "")), FLOWS: text})
    assert finding.message.endswith("in dev")


def test_a_wider_peer_holds_for_a_narrower_one() -> None:
    files = {
        "teams/payments/payments/flows.yaml": HEADER.format("Flows")
        + "flows:\n  - {name: charge, from: api, to: internet, ports: [443], reason: R}\n",
        GUARDRAILS: _guardrail("must: {from: {workloads: [payments/api]}, to: {peers: [stripe]}, ports: [443]}"),
    }
    assert codes(_run(files)) == ["RF340"]


def test_a_narrower_peer_does_not_hold_for_a_wider_one() -> None:
    must = "must: {from: {workloads: [payments/api]}, to: {peers: [internet]}, ports: [443]}"
    assert codes(_run({GUARDRAILS: _guardrail(must)})) == ["RF302"]


def test_a_grant_holds_in_its_direction_only() -> None:
    back = "must: {from: {workloads: [shop/checkout]}, to: {peers: [prometheus]}}"
    assert codes(_run({GUARDRAILS: _guardrail(back)})) == ["RF302"]
    back = "must: {from: {peers: [kube-dns]}, to: {workloads: [shop/checkout]}}"
    assert codes(_run({GUARDRAILS: _guardrail(back)})) == ["RF302"]


def test_pods_of_a_whole_namespace_hold_for_some_of_them() -> None:
    files = {
        CATALOG: HEADER.format("Catalog") + "peers:\n  monitoring: {description: D, owner: o, namespace: monitoring}\n",
        FLOWS: flows("name: in, from: monitoring, to: frontend, ports: [7777]"),
    }
    wide = "must: {from: {peers: [prometheus]}, to: {workloads: [shop/frontend]}, ports: [7777]}"
    narrow = "must: {from: {peers: [monitoring]}, to: {workloads: [shop/frontend]}, ports: [9090]}"
    assert _run({**files, GUARDRAILS: _guardrail(wide)}) == []
    assert codes(_run({**files, GUARDRAILS: _guardrail(narrow)})) == ["RF302"]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("never: {from: {teams: [payments], namespaces: [shop]}, to: {}}", "matches its `from`"),
        ("never: {from: {}, to: {world: true, peers: [kube-dns]}}", "matches its `to`"),
        ("never: {from: {}, to: {namespaces: [shop], except: [shop/*]}}", "matches its `to`"),
        (
            "never: {from: {teams: [payments], peers: [stripe]}, to: {teams: [checkout], namespaces: [payments]}}",
            "its `from` and its `to`",
        ),
        ("must: {from: {environments: [dev]}, to: {environments: [prod]}}", "no cluster has an end"),
        ("must: {from: {workloads: [shop/checkout]}, to: {workloads: [shop/checkout]}}", "no cluster has an end"),
    ],
)
def test_a_guardrail_that_cannot_fire(statement: str, why: str) -> None:
    (finding,) = _run({GUARDRAILS: _guardrail(statement)})
    assert (finding.check.code, finding.subject) == ("RF303", "extra")
    assert why in finding.message
    assert finding.where.path == GUARDRAILS


def test_a_guardrail_on_the_world_is_not_idle_before_there_is_a_peer() -> None:
    catalog = small()["policies/catalog/platform.yaml"].partition("  stripe:")[0]
    files = {
        "policies/catalog/platform.yaml": catalog,
        "teams/payments/payments/flows.yaml": None,
        GUARDRAILS: _guardrail("never: {from: {namespaces: [payments]}, to: {world: true}}"),
    }
    assert _run(files) == []
