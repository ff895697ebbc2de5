from __future__ import annotations

import datetime

import pytest

from ringfence import checks
from ringfence.checks import waiving
from ringfence.findings import Finding
from small_repository import HEADER, codes, flows, load, only, place, small

TODAY = datetime.date(2030, 1, 15)
SETTINGS = "policies/ringfence.yaml"
FLOWS = "teams/checkout/shop/x.yaml"
WAIVERS = "policies/waivers/x.yaml"
TEAM = "teams/payments/team.yaml"
OUT = flows("name: out, from: checkout, to: internet, ports: [https]")
CARDS = flows("name: cards, from: frontend, to: payments/api, ports: [https]")


def _run(files: dict[str, str | None], today: datetime.date = TODAY) -> list[Finding]:
    model, findings = load(files)
    assert model is not None
    assert findings == []
    return checks.run(model, today)


def _waiver(rule: str, subject: str, expires: str = "2031-01-01") -> str:
    return (
        HEADER.format("Waivers")
        + f"waivers:\n  - {{{rule}, subject: {subject}, reason: R, approver: ada@example.com, expires: {expires}}}\n"
    )


def test_a_claim_of_two_teams_is_found_at_the_second_claim() -> None:
    text = small()[TEAM].replace("[payments]", "[payments, shop]")
    finding = only(_run({TEAM: text}), "RF202")
    assert finding.where == place(text, "shop", TEAM)
    assert finding.related[0][0].path == "teams/checkout/team.yaml"


def test_the_team_with_the_folder_keeps_the_namespace() -> None:
    checkout = "teams/checkout/team.yaml"
    text = small()[checkout].replace("[shop]", "[payments, shop]")
    finding = only(_run({checkout: text}), "RF202")
    assert finding.where == place(text, "payments", checkout)


def test_an_unclaimed_namespace_close_to_a_claimed_one() -> None:
    files = {TEAM: small()[TEAM].replace("[payments]", "[payment]")}
    found = _run(files)
    assert codes(found) == ["RF201", "RF205"]
    assert found[0].where.path == "teams/payments/payments/namespace.yaml"
    assert [finding.hint for finding in found] == ["did you mean `payment`?", "did you mean `payments`?"]
    assert found[1].where == place(files[TEAM], "payment]", TEAM)


def test_a_flow_in_the_folder_of_its_destination() -> None:
    path = "teams/payments/payments/x.yaml"
    text = flows("name: pull, from: [api, shop/checkout], to: stripe, ports: [444]")
    finding = only(_run({path: text}), "RF203")
    assert (finding.subject, finding.hint) == ("payments/pull", "move it to `teams/checkout/shop/`")


def test_a_flow_in_the_folder_of_another_namespace_of_the_team() -> None:
    files = {
        TEAM: small()[TEAM].replace("[payments]", "[payments, payouts]"),
        "teams/payments/payouts/namespace.yaml": HEADER.format("Namespace")
        + "workloads: {bank: {labels: {app: bank}}}\n",
    }
    text = flows("name: pay, from: bank, to: stripe, ports: [444]")
    assert _run({**files, "teams/payments/payouts/flows.yaml": text}) == []
    wrong = text.replace("bank", "payouts/bank")
    finding = only(_run({**files, "teams/payments/payments/x.yaml": wrong}), "RF203")
    assert finding.hint == "move it to `teams/payments/payouts/`"


def test_a_flow_from_a_peer_belongs_to_its_destination() -> None:
    text = flows("name: in, from: prometheus, to: [frontend, payments/api], ports: [9999]")
    finding = only(_run({FLOWS: text}), "RF203")
    assert "belongs to its destination payments/api" in finding.message
    assert _run({FLOWS: flows("name: in, from: prometheus, to: frontend, ports: [9999]")}) == []


def _consent(mode: str, accepts: str) -> list[Finding]:
    space = (
        HEADER.format("Namespace")
        + f"workloads: {{api: {{labels: {{app: api}}, ports: {{https: 8443}}, accepts: {accepts}}}}}\n"
    )
    files = {SETTINGS: small()[SETTINGS] + f"consent: {mode}\n", "teams/payments/payments/namespace.yaml": space}
    return _run(files)


@pytest.mark.parametrize("accepts", ["[shop/checkout]", "[shop/*]", "[shop/frontend, shop/checkout]"])
def test_declared_consent(accepts: str) -> None:
    assert _consent("declared", accepts) == []


@pytest.mark.parametrize("accepts", ["[]", "[shop/frontend]", "[payments/*]"])
def test_declared_consent_that_is_missing(accepts: str) -> None:
    finding = only(_consent("declared", accepts), "RF204")
    assert finding.subject == "shop/authorise-card"
    assert "`accepts: [shop/checkout]` in `teams/payments/payments/namespace.yaml`" in finding.hint
    assert _consent("review", accepts) == []


@pytest.mark.parametrize(
    ("today", "code"),
    [
        ("2030-03-31", "RF321"),
        ("2030-04-01", "RF320"),
        ("2030-03-01", "RF321"),
        ("2030-02-28", None),
        ("2031-01-01", "RF320"),
    ],
)
def test_the_days_around_an_expiry(today: str, code: str | None) -> None:
    text = flows("name: a, from: frontend, to: checkout, ports: [metrics], expires: 2030-03-31")
    found = _run({FLOWS: text}, datetime.date.fromisoformat(today))
    assert codes(found) == ([code] if code else [])
    assert all(finding.subject == "shop/a" and "2030-03-31" in finding.message for finding in found)


def test_the_days_of_warning_are_a_setting() -> None:
    text = flows("name: a, from: frontend, to: checkout, ports: [metrics], expires: 2030-01-16")
    assert codes(_run({FLOWS: text})) == ["RF321"]
    assert _run({FLOWS: text, SETTINGS: small()[SETTINGS] + "expiry: {warnDays: 0}\n"}) == []


@pytest.mark.parametrize(
    ("cidrs", "found"),
    [
        ("[0.0.0.0/0]", True),
        ('["::/0"]', True),
        ('["2000::/3"]', True),
        ("[0.0.0.0/1]", True),
        ("[128.0.0.0/2]", False),
        ('["2000::/8"]', False),
    ],
)
def test_how_wide_the_world_is(cidrs: str, found: bool) -> None:
    except_ = ", except: [10.0.0.0/8]" if cidrs.startswith("[0.") else ""
    catalog = HEADER.format("Catalog") + f"peers:\n  wide: {{description: D, owner: o, cidrs: {cidrs}{except_}}}\n"
    text = flows("name: out, from: checkout, to: wide, ports: [443]")
    assert codes(_run({FLOWS: text, "policies/catalog/x.yaml": catalog})) == (["RF340"] if found else [])
    inward = flows("name: in, from: wide, to: frontend, ports: [443]")
    assert _run({FLOWS: inward, "policies/catalog/x.yaml": catalog}) == []


def test_a_grant_to_the_world() -> None:
    grant = HEADER.format("Baseline") + "grants:\n  - {name: out, to: internet, ports: [https], reason: R}\n"
    finding = only(_run({"policies/baseline/x.yaml": grant}), "RF340")
    assert finding.subject == "baseline/out"
    assert _run({"policies/baseline/x.yaml": grant, WAIVERS: _waiver("check: RF340", "baseline/out")}) == []


def test_a_grant_from_the_world_is_another_matter() -> None:
    grant = HEADER.format("Baseline") + "grants:\n  - {name: in, from: internet, ports: [443], reason: R}\n"
    assert codes(_run({"policies/baseline/x.yaml": grant})) == ["RF301"], "it breaks the guardrail card-data"


@pytest.mark.parametrize("rule", ["check: RF340", "check: egress-to-world"])
def test_a_waiver_of_a_check(rule: str) -> None:
    assert codes(_run({FLOWS: OUT})) == ["RF340"]
    assert _run({FLOWS: OUT, WAIVERS: _waiver(rule, "shop/out")}) == []


def test_a_waiver_of_a_guardrail() -> None:
    assert codes(_run({FLOWS: CARDS})) == ["RF301"]
    assert _run({FLOWS: CARDS, WAIVERS: _waiver("guardrail: card-data", "shop/cards")}) == []


@pytest.mark.parametrize("subject", ["shop/frontend", "payments/api"])
def test_a_waiver_of_a_workload_holds_for_what_it_does(subject: str) -> None:
    waiver = {WAIVERS: _waiver("guardrail: card-data", subject)}
    assert _run({FLOWS: CARDS, **waiver}) == []
    space = small()["teams/checkout/shop/namespace.yaml"] + "  stock: {labels: {app: stock}}\n"
    both = flows("name: cards, from: [frontend, stock], to: payments/api, ports: [https]")
    found = _run({FLOWS: both, "teams/checkout/shop/namespace.yaml": space, **waiver})
    assert codes(found) == ([] if subject == "payments/api" else ["RF312", "RF301"])


@pytest.mark.parametrize(
    ("rule", "subject"),
    [
        ("guardrail: nothing-from-dev-reaches-prod", "shop/cards"),
        ("guardrail: card-data", "shop/place-order"),
        ("guardrail: card-data", "shop/checkout"),
        ("check: egress-to-world", "shop/cards"),
    ],
)
def test_a_waiver_of_something_else_excuses_nothing(rule: str, subject: str) -> None:
    found = _run({FLOWS: CARDS, WAIVERS: _waiver(rule, subject)})
    assert codes(found) == ["RF312", "RF301"]
    assert found[0].where.path == WAIVERS


def test_a_waiver_of_what_must_be() -> None:
    guardrail = HEADER.format("Guardrails") + (
        "guardrails:\n"
        "  - {name: read, must: {from: {peers: [prometheus]}, to: {workloads: [payments/api]}}, reason: R}\n"
    )
    path = "policies/guardrails/x.yaml"
    assert codes(_run({path: guardrail})) == ["RF302"]
    assert _run({path: guardrail, WAIVERS: _waiver("guardrail: read", "payments/api")}) == []


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2029-11-30", []),
        ("2029-12-02", ["RF311"]),
        ("2030-01-01", ["RF311"]),
        ("2030-01-02", ["RF310", "RF301"]),
    ],
)
def test_the_days_around_the_end_of_a_waiver(today: str, expected: list[str]) -> None:
    files = {FLOWS: CARDS, WAIVERS: _waiver("guardrail: card-data", "shop/cards", "2030-01-01")}
    assert codes(_run(files, datetime.date.fromisoformat(today))) == expected


def test_an_expired_waiver_is_not_called_unused_too() -> None:
    files = {WAIVERS: _waiver("guardrail: card-data", "shop/place-order", "2029-01-01")}
    assert codes(_run(files)) == ["RF310"]


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ("egress-to-word", "did you mean `egress-to-world`?"),
        ("RF301", "waive the guardrail itself: `guardrail: <name>`"),
        ("guardrail-broken", "waive the guardrail itself: `guardrail: <name>`"),
        ("RF110", "these can be waived: `egress-to-world`, `ticket-missing`"),
        ("flow-expired", "these can be waived: `egress-to-world`, `ticket-missing`"),
    ],
)
def test_a_waiver_of_what_cannot_be_waived(rule: str, hint: str) -> None:
    text = _waiver(f"check: {rule}", "shop/place-order")
    finding = only(_run({WAIVERS: text}), "RF313")
    assert finding.where == place(text, rule, WAIVERS)
    assert finding.hint == hint


def test_tickets() -> None:
    settings = {SETTINGS: small()[SETTINGS] + "tickets: required\n"}
    found = _run(settings)
    assert codes(found) == ["RF322"] * 3
    text = flows("name: a, from: frontend, to: checkout, ports: [metrics], ticket: SEC-1")
    assert _run({**settings, FLOWS: text}) == found
    waived = _run({**settings, WAIVERS: _waiver("check: ticket-missing", "shop/place-order")})
    assert [finding.subject for finding in waived] == ["shop/authorise-card", "payments/charge"]


def test_a_plugin_that_enforces_nothing_is_pointed_at() -> None:
    path = "policies/clusters/dev.yaml"
    text = small()[path].replace("calico", "flannel")
    finding = only(_run({path: text}), "RF330")
    assert finding.where == place(text, "flannel", path)
    assert finding.subject == "dev"


def test_what_other_stages_ask_of_waivers() -> None:
    model, _ = load({FLOWS: CARDS, WAIVERS: _waiver("guardrail: card-data", "shop/cards", "2030-01-15")})
    assert model is not None
    assert waiving.excusing(model, TODAY, ["shop/cards"], guardrail="card-data") == model.waivers[0]
    assert waiving.excusing(model, TODAY, ["shop/cards"], guardrail="other") is None
    assert waiving.excusing(model, TODAY, ["shop/other"], guardrail="card-data") is None
    assert waiving.excusing(model, TODAY + datetime.timedelta(days=1), ["shop/cards"], guardrail="card-data") is None
    assert waiving.excusing(model, TODAY, ["shop/cards"]) is None


def test_findings_come_in_report_order() -> None:
    found = _run(
        {
            FLOWS: OUT,
            TEAM: small()[TEAM].replace("[payments]", "[payments, shop]"),
            SETTINGS: small()[SETTINGS] + "tickets: required\n",
        }
    )
    assert [finding.sort_key for finding in found] == sorted(finding.sort_key for finding in found)
    assert {"RF202", "RF322", "RF340"} == set(codes(found))
