"""Each gate: what it lets through, what it does not, and its level."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rendered_repository import TODAY, Files, edited, rendered
from ringfence import checks, model
from ringfence.findings import Finding, Location, Severity
from ringfence.impact import (
    CHECKS,
    Approval,
    Change,
    Effect,
    Gate,
    Level,
    Measure,
    Reason,
    Report,
    Side,
    assess,
    gates,
    with_findings,
)
from ringfence.impact.automatic import automatic as automatic_verdict
from ringfence.impact.pages import STALE
from ringfence.observe import undecided
from ringfence.values.ports import NO_PORTS, PortRange, PortSet
from small_repository import MemoryTree, small

SETTINGS = "policies/ringfence.yaml"
FLOWS = "teams/checkout/shop/flows.yaml"
NAMESPACE = "teams/checkout/shop/namespace.yaml"
API_FLOWS = "teams/payments/payments/flows.yaml"
API = "policies/rendered/base/payments/payments/api.yaml"
CHECKOUT = "policies/rendered/base/checkout/shop/checkout.yaml"
KUSTOMIZATION = "policies/rendered/base/checkout/shop/kustomization.yaml"
CATALOG = "policies/catalog/platform.yaml"


def impact(base: Files, head: Files, *approved: str) -> Report:
    sides = []
    for label, files in (("base", base), ("head", head)):
        loaded, _ = model.load(MemoryTree(files))
        sides.append(Side(MemoryTree(files), label, loaded))
    assert sides[1].model is not None
    checked = [item for item in checks.run(sides[1].model, TODAY) if item.severity is Severity.ERROR]
    return assess(*sides, sides[1].model, TODAY, checked=checked, approved=approved)


def gate(report: Report, name: str) -> Gate:
    (found,) = (item for item in report.gates if item.name == name)
    return found


def of(report: Report, code: str) -> list[Finding]:
    return [item for item in report.findings if item.check.code == code]


def with_flow(row: str, **more: str) -> Files:
    return rendered({FLOWS: small()[FLOWS] + f"  - {{{row}, reason: A test}}\n", **more})[0]


def with_gates(text: str) -> dict[str, str]:
    return {SETTINGS: small()[SETTINGS] + f"gates: {text}\n"}


def failing(report: Report) -> list[str]:
    return [item.name for item in report.gates if not item.passed]


def test_nothing_fails_where_nothing_changes() -> None:
    base, _ = rendered()
    report = impact(base, base)
    assert failing(report) == []
    assert [item.name for item in report.gates] == [rule.name for rule in gates.RULES]
    assert all(item.verdict == "passed" and item.reason for item in report.gates)


def test_gates_and_their_default_levels_are_those_of_the_schema() -> None:
    path = Path(__file__).parents[3] / "schemas/v1alpha1/settings.schema.json"
    known = json.loads(path.read_text())["properties"]["gates"]["properties"]
    own = {rule.name: rule.level.value for rule in (*gates.RULES, *gates.WITH_LOGS)}
    assert {**own, undecided.GATE: "warn"} == {name: item["default"] for name, item in known.items() if "$ref" in item}
    assert {rule.check for rule in gates.RULES} & set(CHECKS) == set(gates.CHECKS)


def test_collateral() -> None:
    base, _ = rendered()
    head = edited(base, CHECKOUT, "port: 5050", "port: 5050\n        - {protocol: TCP, port: 22}")
    report = impact(base, edited(head, CHECKOUT, "port: 8443", "port: 8443"))
    assert failing(report) == []
    frontend = CHECKOUT.replace("checkout.yaml", "frontend.yaml")
    head = edited(head, frontend, "port: 5050", "port: 5050\n        - {protocol: TCP, port: 22}")
    report = impact(base, head)
    assert failing(report) == ["collateral", "justification-ratchet"]
    (finding,) = of(report, "RF601")
    assert finding.where.path in (CHECKOUT, frontend)
    assert finding.where.line
    assert [where.path for where, _ in finding.related] == [
        {CHECKOUT: frontend, frontend: CHECKOUT}[finding.where.path]
    ]
    assert "edited by hand" in finding.message


def test_world_exposure_is_at_the_flow() -> None:
    base, _ = rendered()
    head = with_flow("name: news, from: frontend, to: internet, ports: [https]")
    report = impact(base, head)
    assert failing(report) == ["world-exposure"]
    (finding,) = of(report, "RF610")
    assert (finding.where.path, finding.where.line, finding.severity) == (FLOWS, 14, Severity.WARNING)
    assert failing(impact(head, base)) == [], "what closes exposes nothing"


def test_cross_environment_by_addresses_of_the_other_cluster() -> None:
    catalog = small()[CATALOG] + (
        "  prod-hosts:\n    description: Nodes of production\n    owner: platform\n    cidrs: [10.200.0.0/16]\n"
        "    ports: {ssh: 22}\n"
    )
    guardrails = small()["policies/guardrails/platform.yaml"]
    start, end = guardrails.index("  - name: nothing-from-dev"), guardrails.index("  - name: card-data")
    more = {CATALOG: catalog, "policies/guardrails/platform.yaml": guardrails[:start] + guardrails[end:]}
    base, _ = rendered(more)
    head = with_flow("name: test, from: frontend, to: prod-hosts, ports: [ssh], environments: [dev]", **more)
    report = impact(base, head)
    assert failing(report) == ["cross-environment"]
    (finding,) = of(report, "RF611")
    assert finding.message == "shop/frontend → prod-hosts opens on 22/TCP from dev to prod"
    assert report.changes[0].crosses == ("dev", "prod")
    same = with_flow("name: test, from: frontend, to: prod-hosts, ports: [ssh], environments: [prod]", **more)
    assert failing(impact(base, same)) == []


def test_a_guardrail_is_judged_in_the_declarations_and_in_what_is_rendered() -> None:
    base, _ = rendered()
    row = "name: show, from: frontend, to: payments/api, ports: [https]"
    accepts = small()["teams/payments/payments/namespace.yaml"].replace(
        "[shop/checkout]", "[shop/checkout, shop/frontend]"
    )
    head = with_flow(row, **{"teams/payments/payments/namespace.yaml": accepts})
    report = impact(base, head)
    assert failing(report) == ["guardrail"]
    assert {item.check.code for item in report.findings} == {"RF301", "RF504"}
    assert gate(report, "guardrail").code == "RF504"


def test_consent_is_missing_where_the_destination_is_not_asked() -> None:
    """The destination let everybody in before, by hand; the caller's egress is all that changes."""
    rule = "  ingress:\n    - from: [{namespaceSelector: {}}]\n"
    text = small()["teams/payments/payments/namespace.yaml"].replace("    accepts: [shop/checkout]\n", "")
    start = {"teams/payments/payments/namespace.yaml": text}
    base = edited(rendered(start)[0], API, "  ingress:\n", rule)
    one = rendered(
        start | {FLOWS: small()[FLOWS] + "  - {name: a, from: frontend, to: payments/api, ports: [9999], reason: A}\n"}
    )[0]
    head = {**one, API: base[API]}
    report = impact(base, head)
    assert "consent" in failing(report)
    (finding,) = of(report, "RF612")
    assert finding.where.path == FLOWS
    assert finding.message == "shop/frontend → payments/api opens on 9999/TCP, and nothing asks team payments"
    asked = impact(rendered(start)[0], one)
    assert "consent" not in failing(asked)
    assert gate(asked, "consent").reason == "1 opened between teams; each destination is asked (review)"
    accepted = {"teams/payments/payments/namespace.yaml": text + "    accepts: [shop/frontend]\n"}
    both = [{**files, **accepted} for files in (base, head)]
    assert "consent" not in failing(impact(*both))


def test_declared_consent_is_judged_and_the_impact_told() -> None:
    base, _ = rendered({SETTINGS: small()[SETTINGS] + "consent: declared\n"})
    back = {
        API_FLOWS: small()[API_FLOWS] + "  - {name: back, from: api, to: shop/checkout, ports: [grpc], reason: A}\n"
    }
    head, _ = rendered({SETTINGS: small()[SETTINGS] + "consent: declared\n", **back})
    report = impact(base, head)
    assert "consent" in failing(report)
    assert [item.subject for item in of(report, "RF204")] == ["payments/back"]
    assert "payments/api → shop/checkout" in {f"{item.source} → {item.destination}" for item in report.changes}


def test_approvals_that_are_still_missing() -> None:
    base, _ = rendered()
    back = {
        API_FLOWS: small()[API_FLOWS] + "  - {name: back, from: api, to: shop/checkout, ports: [grpc], reason: A}\n"
    }
    head, _ = rendered(back)
    assert failing(impact(base, head)) == []
    report = impact(base, head, "@example/payments", "@example/nobody")
    assert [(item.party, item.given) for item in report.approvals] == [
        ("checkout", ""),
        ("payments", "@example/payments"),
    ]
    assert failing(report) == ["consent"]
    assert of(report, "RF612")[0].message == "the approval of checkout is still missing: @example/checkout"
    assert failing(impact(base, head, "@example/payments", "@example/checkout")) == []


def test_mass_change() -> None:
    base, _ = rendered()
    head = edited(base, CHECKOUT, "      app: checkout\n", "      app: nothing\n")
    report = impact(base, head)
    assert "mass-change" not in failing(report), "the pods are still isolated by the baseline; few connections close"
    baseline = CHECKOUT.replace("checkout.yaml", "baseline.yaml")
    text = str(head[baseline], "utf-8") if isinstance(head[baseline], bytes) else head[baseline]
    assert isinstance(text, str)
    closed = {**head, baseline: text[: text.index("  egress:\n")] + "  egress: []\n"}
    report = impact(base, closed)
    assert "mass-change" in failing(report)
    finding = of(report, "RF613")[0]
    assert (finding.where.path, finding.subject) == (NAMESPACE, "shop")
    assert "connections of namespace shop close in dev, more than 50 %" in finding.message
    for percent, passes in ((100, True), (1, False)):
        limits = with_gates(f"{{mass-change-percent: {percent}}}")
        report = impact({**base, **limits}, {**closed, **limits})
        assert ("mass-change" not in failing(report)) is passes
    report = impact(base, {**closed, **with_gates("{mass-change-percent: 100}")})
    assert "mass-change" in failing(report), "a change does not loosen its own gate"


def test_workloads_that_go_are_no_mass_change() -> None:
    limits = with_gates("{mass-change-percent: 1}")
    base, _ = rendered(limits)
    workloads, flows = small()[NAMESPACE], small()[FLOWS]
    without = workloads[: workloads.index("  frontend:")] + workloads[workloads.index("  checkout:") :]
    fewer = flows[: flows.index("  - name: place-order")] + flows[flows.index("  - name: authorise-card") :]
    report = impact(base, rendered({**limits, NAMESPACE: without, FLOWS: fewer})[0])
    assert {(item.effect, item.reason) for item in report.changes} == {(Effect.CLOSED, Reason.WORKLOAD_REMOVED)}
    assert failing(report) == []


def test_loss_of_default_deny_and_the_ratchet_of_isolation() -> None:
    base, _ = rendered()
    head = edited(base, KUSTOMIZATION, "  - baseline.yaml\n", "")
    report = impact(base, head)
    assert [item.subject for item in of(report, "RF614")] == ["any other pod of shop"] * 2
    assert gate(report, "default-deny").verdict == "failed"
    assert gate(report, "isolation-ratchet").passed, "each declared workload has a policy of its own"
    head = edited(head, KUSTOMIZATION, "  - checkout.yaml\n", "")
    report = impact(base, head)
    assert sorted({item.subject for item in of(report, "RF614")}) == ["any other pod of shop", "shop/checkout"]
    assert [item.subject for item in of(report, "RF615")] == [
        "workloads isolated for ingress",
        "workloads isolated for egress",
    ]
    assert "6 of 6 → 4 of 6" in of(report, "RF615")[0].message
    back = impact(head, base)
    assert {"default-deny", "isolation-ratchet"}.isdisjoint(failing(back))


def test_a_share_that_falls_since_something_goes_is_no_step_back() -> None:
    assert not Measure("x", (9, 10), (8, 9)).fell
    assert not Measure("x", (9, 10), (9, 10)).fell
    assert not Measure("x", (9, 10), (18, 20)).fell
    assert not Measure("x", (0, 0), (5, 5)).fell
    assert not Measure("x", (5, 10), (10, 16)).fell, "more lack it, and the share rises"
    assert Measure("x", (9, 10), (8, 10)).fell
    assert Measure("x", (9, 10), (9, 11)).fell
    assert Measure("x", (0, 0), (5, 6)).fell


def test_expired_flows_are_judged_and_the_impact_told() -> None:
    base, _ = rendered()
    head = with_flow("name: old, from: checkout, to: frontend, ports: [http], expires: 2020-01-01")
    report = impact(base, head)
    assert failing(report) == ["expired-flows"]
    assert [item.subject for item in of(report, "RF320")] == ["shop/old"]
    assert [(item.source, item.destination) for item in report.changes] == [("shop/checkout", "shop/frontend")]


@pytest.mark.parametrize(
    ("level", "severity", "verdict"), [("error", Severity.ERROR, "failed"), ("warn", Severity.WARNING, "warned")]
)
def test_a_level_decides_how_bad_a_finding_is(level: str, severity: Severity, verdict: str) -> None:
    limits = with_gates(f"{{world-exposure: {level}}}")
    base, _ = rendered(limits)
    report = impact(base, with_flow("name: news, from: frontend, to: internet, ports: [https]", **limits))
    assert [item.severity for item in of(report, "RF610")] == [severity]
    assert gate(report, "world-exposure").verdict == verdict


def test_an_ignored_gate_is_said_and_finds_nothing() -> None:
    limits = with_gates("{world-exposure: ignore}")
    base, _ = rendered(limits)
    report = impact(base, with_flow("name: news, from: frontend, to: internet, ports: [https]", **limits))
    assert of(report, "RF610") == []
    assert gate(report, "world-exposure") == Gate(
        "world-exposure", "RF610", Level.IGNORE, True, "ignored by policies/ringfence.yaml"
    )
    assert report.changes[0].world, "the row is marked all the same"


def test_a_change_does_not_loosen_the_gates_that_judge_it() -> None:
    base, _ = rendered()
    row = "name: news, from: frontend, to: internet, ports: [https]"
    loose = with_flow(row, **with_gates("{world-exposure: ignore}"))
    assert gate(impact(base, loose), "world-exposure").verdict == "warned"
    strict = with_flow(row, **with_gates("{world-exposure: error}"))
    assert gate(impact(base, strict), "world-exposure").verdict == "failed"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{collateral: off}", "RF035"),
        ("{colateral: warn}", "RF033"),
        ("{mass-change-percent: 0}", "RF036"),
        ("warn", "RF034"),
    ],
)
def test_settings_of_gates_are_checked(text: str, code: str) -> None:
    _, findings = model.load(MemoryTree({**small(), **with_gates(text)}))
    assert [item.check.code for item in findings][:1] != []
    assert all(item.where.path == SETTINGS for item in findings)
    assert len(findings) == 1


def test_what_is_adopted_first_lowers_no_share() -> None:
    """Nothing was there before, so nothing fell; from then on it may not."""
    kept = """apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}
"""
    adopted = {"policies/adopted/prod/shop/open.yaml": kept, "policies/guardrails/platform.yaml": None}
    first = impact({}, rendered(adopted)[0])
    assert "RF616" not in {item.check.code for item in first.findings}
    later = impact(rendered({"policies/guardrails/platform.yaml": None})[0], rendered(adopted)[0])
    assert "RF616" in {item.check.code for item in later.findings}


def automatic(report: Report) -> tuple[bool, str]:
    return report.automatic.approvable, report.automatic.reason


def test_automatic_approval_within_a_team() -> None:
    base, _ = rendered()
    assert automatic(impact(base, base)) == (True, "nothing differs")
    inside = with_flow("name: back, from: checkout, to: frontend, ports: [http]")
    said = "every effect lies inside checkout, and nothing becomes reachable from or to anywhere else"
    assert automatic(impact(base, inside)) == (True, said)
    assert automatic(impact(inside, base)) == (True, said)
    workload = small()[NAMESPACE] + "  cart: {labels: {app: cart}, ports: {grpc: 1, metrics: 9090}}\n"
    assert automatic(impact(base, rendered({NAMESPACE: workload})[0])) == (True, said), "the baseline is for everybody"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {FLOWS: "  - {name: n, from: frontend, to: internet, ports: [https], reason: A}\n"},
            "gate world-exposure does not pass",
        ),
        (
            {API_FLOWS: "  - {name: b, from: api, to: shop/checkout, ports: [grpc], reason: A}\n"},
            "files of checkout, payments differ",
        ),
        ({CATALOG: "  cdn: {description: A, owner: platform, cidrs: [198.51.100.0/24], ports: {https: 443}}\n"}, None),
        (
            {FLOWS: "  - {name: d, from: frontend, to: prometheus, ports: [9090], reason: A}\n"},
            "shop/frontend → prometheus is not inside checkout alone",
        ),
    ],
)
def test_no_automatic_approval(changes: dict[str, str], reason: str | None) -> None:
    base, _ = rendered()
    head, _ = rendered({path: small()[path] + text for path, text in changes.items()})
    approvable, said = automatic(impact(base, head))
    if reason is None:
        assert approvable, said
        assert said.startswith("every effect lies inside platform")
    else:
        assert (approvable, said) == (False, reason)


@pytest.mark.parametrize(
    ("flow", "reason"),
    [
        ("{name: n, from: frontend, to: prometheus, ports: [9090], reason: A}", "shop/frontend call prometheus"),
        ("{name: n, from: frontend, to: payments/api, ports: [https], reason: A}", None),
        ("{name: n, from: checkout, to: frontend, ports: [http], reason: A}", ""),
    ],
)
def test_what_a_stage_hides_is_not_approved(flow: str, reason: str | None) -> None:
    """Nothing opens where everything is open; but the flow stays when the namespace is enforced."""
    cluster = {
        path: small()[path] + "stages: {shop: permissive}\n"
        for path in ("policies/clusters/dev.yaml", "policies/clusters/prod.yaml")
    }
    guards = {"policies/guardrails/platform.yaml": None}
    base, _ = rendered({**cluster, **guards})
    head, _ = rendered({**cluster, **guards, FLOWS: small()[FLOWS] + f"  - {flow}\n"})
    report = impact(base, head)
    if reason is None:
        assert automatic(report)[1] == "files of checkout, payments differ"
        return
    assert report.changes == ()
    assert automatic(report)[0] is (reason == "")
    assert reason in automatic(report)[1]
    assert automatic(with_findings(report, [])) == automatic(report)
    assert automatic(impact(head, head)) == (True, "nothing differs")
    assert automatic(impact(head, base))[0]


def test_effects_on_another_team_are_not_inside_one() -> None:
    """Whoever's files differ: the other team's connection closes."""
    ports = PortSet.of([PortRange("TCP", 1, 1)])
    asked = [Approval(("@example/checkout",), "checkout", ("x",))]
    for teams, inside in (
        (("checkout", "checkout"), True),
        (("payments", "checkout"), False),
        (("", "checkout"), True),
    ):
        closed = Change(
            Effect.CLOSED, Reason.POLICY, "a", "b", ports, NO_PORTS, (), NO_PORTS, False, ("prod",), "", teams
        )
        assert automatic_verdict([closed], [], asked, [], []).approvable is inside


def test_findings_that_come_later_speak_against_it_too() -> None:
    base, _ = rendered()
    report = impact(base, base)
    finding = STALE.at(Location("policies/rendered"), "stale")
    assert automatic(with_findings(report, [finding])) == (False, "RF602 stale-render at policies/rendered")
    assert automatic(with_findings(report, [finding._replace(check=STALE._replace(severity=Severity.INFO))]))[0]


def test_the_documentation_has_every_gate_with_its_level() -> None:
    page = (Path(__file__).parents[3] / "docs/security-reviewers.md").read_text()
    for rule in gates.RULES:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{rule.name}` |")]
        assert row.endswith(f"| `{rule.level}` |")


def test_a_dns_name_outside_is_of_the_world() -> None:
    """Only Cilium's dialect says names: nobody need look at an address for the way out to be one."""
    cluster = "policies/clusters/prod.yaml"
    peer = "  mailer:\n    description: Sends mail\n    owner: platform\n    names: [api.example.com]\n"
    more = {
        cluster: small()[cluster] + "dialect: cilium\n",
        CATALOG: small()[CATALOG] + peer + "    cidrs: [198.51.100.0/28]\n    ports: {https: 443}\n",
    }
    row = "name: mail, from: frontend, to: mailer, ports: [https], environments: [prod]"
    report = impact(rendered(more)[0], with_flow(row, **more))
    assert [(item.destination, item.world, item.reason) for item in report.changes] == [("mailer", True, Reason.POLICY)]
    assert failing(report) == ["world-exposure"]
    assert not report.automatic.approvable
    private = {**more, CATALOG: more[CATALOG] + "    world: false\n"}
    report = impact(rendered(private)[0], with_flow(row, **private))
    assert [(item.destination, item.world) for item in report.changes] == [("mailer", False)]
    assert failing(report) == []


def test_a_dns_name_that_a_hand_lets_in_is_of_the_world_and_no_workload_that_came() -> None:
    cluster = "policies/clusters/prod.yaml"
    base, _ = rendered({cluster: small()[cluster] + "dialect: cilium\n"})
    path = "policies/rendered/overlays/prod/checkout/shop/frontend.yaml"
    dns = (
        '    - toFQDNs: [{matchName: example.org}]\n      toPorts: [{ports: [{port: "443", protocol: TCP}]}]\n'
        "    - toEndpoints:\n        - matchLabels:\n"
        '            {"k8s:io.kubernetes.pod.namespace": kube-system, "k8s:k8s-app": kube-dns}\n'
        '      toPorts: [{ports: [{port: "53", protocol: UDP}], rules: {dns: [{matchPattern: "*"}]}}]\n'
    )
    rule = base[path]
    text = rule.decode() if isinstance(rule, bytes) else rule
    report = impact(base, {**base, path: text + dns})
    assert [(item.destination, item.world, item.reason) for item in report.changes] == [
        ("dns:example.org", True, Reason.POLICY)
    ]
    assert {"collateral", "world-exposure"} <= set(failing(report))


def test_consent_is_not_loosened_by_the_change_that_needs_it() -> None:
    base, _ = rendered({SETTINGS: small()[SETTINGS] + "consent: declared\n"})
    alone, _ = rendered()
    assert failing(impact(base, alone)) == [], "the setting alone opens nothing"
    text = small()["teams/payments/payments/namespace.yaml"].replace("    accepts: [shop/checkout]\n", "")
    head, _ = rendered({"teams/payments/payments/namespace.yaml": text})
    report = impact(base, head)
    assert failing(report) == ["consent"]
    assert [item.severity for item in of(report, "RF204")] == [Severity.ERROR]


@pytest.mark.parametrize("way", ["removed", "altered"])
def test_a_change_is_judged_by_the_guardrails_that_it_loosens_itself(way: str) -> None:
    base, _ = rendered()
    row = "name: show, from: frontend, to: payments/api, ports: [https]"
    accepts = small()["teams/payments/payments/namespace.yaml"].replace(
        "[shop/checkout]", "[shop/checkout, shop/frontend]"
    )
    text = small()["policies/guardrails/platform.yaml"]
    start, end = text.index("  - name: card-data"), text.index("  - name: names-resolve")
    loosened = text[:start] + text[end:]
    if way == "altered":
        loosened = text.replace("[shop/checkout, payments/*, prometheus]", "[shop/*, payments/*, prometheus]")
    more = {
        "teams/payments/payments/namespace.yaml": accepts,
        "policies/guardrails/platform.yaml": loosened,
    }
    report = impact(base, with_flow(row, **more))
    assert failing(report) == ["guardrail"]
    found = of(report, "RF504")
    assert found
    assert all("this change itself removes, alters or waives it" in item.message for item in found)
    alone, _ = rendered({"policies/guardrails/platform.yaml": loosened})
    assert failing(impact(base, alone)) == [], "a guardrail is loosened in a merge request of its own"


def test_a_waiver_does_not_let_through_what_comes_with_it() -> None:
    base, _ = rendered()
    row = "name: show, from: frontend, to: payments/api, ports: [https]"
    waiver = (
        "apiVersion: ringfence.dev/v1alpha1\nkind: Waivers\nwaivers:\n  - guardrail: card-data\n"
        "    subject: shop/show\n    reason: Trial\n    approver: eve@example.com\n    expires: 2099-01-01\n"
    )
    accepts = small()["teams/payments/payments/namespace.yaml"].replace(
        "[shop/checkout]", "[shop/checkout, shop/frontend]"
    )
    more = {"teams/payments/payments/namespace.yaml": accepts, "policies/waivers/trial.yaml": waiver}
    assert failing(impact(base, with_flow(row, **more))) == ["guardrail"]


def test_guardrails_that_a_stage_leaves_open_are_not_said_to_hold() -> None:
    base, _ = rendered()
    cluster = "policies/clusters/dev.yaml"
    head, _ = rendered({cluster: small()[cluster] + "dialect: calico\nstage: permissive\n"})
    report = impact(base, head)
    assert gate(report, "guardrail").reason == "1 of 3 hold, 2 not yet: a stage leaves pods open"
