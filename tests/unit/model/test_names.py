import pytest

from small_repository import HEADER, codes, flows, load, only, place, small

FLOWS = "teams/checkout/shop/extra.yaml"
GUARDRAILS = "policies/guardrails/extra.yaml"
WAIVERS = "policies/waivers/extra.yaml"
NAMESPACE = "teams/payments/payments/namespace.yaml"


def _guardrail(never: str) -> str:
    return HEADER.format("Guardrails") + f"guardrails:\n  - {{name: extra, never: {never}, reason: A test}}\n"


def _waiver(row: str) -> str:
    return HEADER.format("Waivers") + f"waivers:\n  - {{{row}, reason: A test, approver: ada, expires: 2099-01-01}}\n"


@pytest.mark.parametrize(
    ("end", "hint"),
    [
        ("payments/apo", "did you mean `payments/api`?"),
        ("payment/api", "did you mean `payments/api`?"),
        ("api", "did you mean `payments/api`?"),
        ("front-end", "did you mean `frontend`?"),
        ("kube_dns", "did you mean `kube-dns`?"),
        ("Stripe", "did you mean `stripe`?"),
        ("other/api", "did you mean `payments/api`?"),
        ("zzzzz", "the ends are `checkout`, `frontend`, `internet`, `kube-dns`, `prometheus`, `stripe`"),
    ],
)
def test_an_unknown_end_names_the_nearest(end: str, hint: str) -> None:
    text = flows(f"name: a, from: checkout, to: {end}, ports: [443]")
    found = [finding for finding in load({FLOWS: text})[1] if finding.check.code == "RF110"]
    assert [finding.hint for finding in found] == [hint]
    assert found[0].where == place(text, f"{end}, ports", FLOWS)


@pytest.mark.parametrize(
    ("end", "id_"), [("frontend", "shop/frontend"), ("shop/frontend", "shop/frontend"), ("stripe", "stripe")]
)
def test_what_an_end_stands_for(end: str, id_: str) -> None:
    model, findings = load({FLOWS: flows(f"name: a, from: checkout, to: {end}, ports: [4444]")})
    assert findings == []
    assert model is not None
    flow = next(flow for flow in model.flows if flow.id == "shop/a")
    assert [leg.destination.id for leg in flow.legs] == [id_]


def test_an_unknown_name_in_a_list_is_pointed_at() -> None:
    text = flows("name: a, from: [frontend, chekout], to: payments/api, ports: [https]")
    finding = only(load({FLOWS: text})[1], "RF110")
    assert finding.where == place(text, "chekout", FLOWS)
    assert finding.hint == "did you mean `checkout`?"


def test_a_flow_of_an_unreadable_catalogue_is_not_blamed() -> None:
    _, findings = load({"policies/catalog/platform.yaml": "a: ["})
    assert [code for code in codes(findings) if code >= "RF100"] == []


def test_a_flow_to_a_broken_workload_is_not_blamed() -> None:
    _, findings = load(
        {NAMESPACE: HEADER.format("Namespace") + "workloads: {api: {labels: {}, ports: {https: 8443}}}\n"}
    )
    assert codes(findings) == ["RF151"]


def test_a_bare_name_for_two_things_is_refused_and_a_full_one_is_not() -> None:
    namespace = small()["teams/checkout/shop/namespace.yaml"] + "  stripe: {labels: {app: stripe}}\n"
    files = {"teams/checkout/shop/namespace.yaml": namespace}
    ambiguous = flows("name: a, from: checkout, to: stripe, ports: [444]")
    finding = only(load({**files, FLOWS: ambiguous})[1], "RF115")
    assert finding.where == place(ambiguous, "stripe", FLOWS)
    assert "`shop/stripe`" in finding.hint
    assert load({**files, FLOWS: flows("name: a, from: checkout, to: shop/stripe, ports: [444]")})[1] == []


@pytest.mark.parametrize(
    ("port", "hint"),
    [("grpcs", "did you mean `grpc`?"), ("web", "use one of these, or a number such as `8443/TCP`")],
)
def test_an_unknown_port_lists_those_of_the_destination(port: str, hint: str) -> None:
    text = flows(f"name: a, from: frontend, to: checkout, ports: [{port}]")
    finding = only(load({FLOWS: text})[1], "RF111")
    assert finding.where == place(text, f"{port}]", FLOWS)
    assert finding.hint == hint
    assert "it has `grpc` (5050/TCP), `metrics` (9090/TCP)" in finding.message


def test_a_port_name_must_be_known_to_each_destination_and_may_differ() -> None:
    both = "name: a, from: checkout, to: [frontend, stripe], ports: [{}]"
    _, findings = load({FLOWS: flows(both.format("http"))})
    assert only(findings, "RF111").message.startswith("stripe has no port `http`")
    namespace = small()["teams/checkout/shop/namespace.yaml"].replace("http: 8080", "http: 8080, https: 9443")
    model, findings = load({FLOWS: flows(both.format("https")), "teams/checkout/shop/namespace.yaml": namespace})
    assert findings == []
    assert model is not None
    flow = next(flow for flow in model.flows if flow.id == "shop/a")
    assert {leg.destination.id: str(leg.ports[0]) for leg in flow.legs} == {
        "shop/frontend": "9443/TCP",
        "stripe": "443/TCP",
    }


def test_an_unknown_port_of_a_grant() -> None:
    path = "policies/baseline/extra.yaml"
    text = HEADER.format("Baseline") + "grants:\n  - {name: a, from: prometheus, ports: [metric], reason: A test}\n"
    finding = only(load({path: text})[1], "RF111")
    assert finding.where == place(text, "metric]", path)
    assert finding.hint == "did you mean `metrics`?"
    text = HEADER.format("Baseline") + "grants:\n  - {name: a, to: kube-dns, ports: [dsn], reason: A test}\n"
    assert only(load({path: text})[1], "RF111").hint == "did you mean `dns`?"


def test_a_grant_names_peers_only() -> None:
    path = "policies/baseline/extra.yaml"
    text = HEADER.format("Baseline") + "grants:\n  - {name: a, to: kube-dms, ports: [53], reason: A test}\n"
    finding = only(load({path: text})[1], "RF110")
    assert finding.where == place(text, "kube-dms", path)
    assert finding.hint == "did you mean `kube-dns`?"


def test_an_unknown_environment_names_the_nearest() -> None:
    text = flows("name: a, from: frontend, to: checkout, ports: [metrics], environments: [prd]")
    finding = only(load({FLOWS: text})[1], "RF112")
    assert finding.where == place(text, "prd", FLOWS)
    assert finding.hint == "did you mean `prod`?"


@pytest.mark.parametrize(
    ("never", "code", "snippet", "hint"),
    [
        ("{from: {environments: [deV]}, to: {}}", "RF112", "deV", "did you mean `dev`?"),
        ("{from: {teams: [chekout]}, to: {}}", "RF114", "chekout", "did you mean `checkout`?"),
        ("{from: {namespaces: [shopp]}, to: {}}", "RF113", "shopp", "did you mean `shop`?"),
        ("{from: {workloads: [shop/chekout]}, to: {}}", "RF110", "shop/chekout", "did you mean `shop/checkout`?"),
        ("{from: {}, to: {peers: [striped]}}", "RF110", "striped", "did you mean `stripe`?"),
        ("{from: {}, to: {except: [shoop/*]}}", "RF113", "shoop/*", "did you mean `shop/*`?"),
        ("{from: {}, to: {except: [internets]}}", "RF110", "internets", "did you mean `internet`?"),
        ("{from: {}, to: {except: [shop/fronted]}}", "RF110", "shop/fronted", "did you mean `shop/frontend`?"),
    ],
)
def test_an_unknown_name_in_a_side(never: str, code: str, snippet: str, hint: str) -> None:
    text = _guardrail(never)
    model, findings = load({GUARDRAILS: text})
    finding = only(findings, code)
    assert finding.where == place(text, snippet, GUARDRAILS)
    assert finding.hint == hint
    assert model is not None
    assert "extra" not in {guardrail.name for guardrail in model.guardrails}, "half a side would match other ends"


def test_a_side_as_resolved() -> None:
    model, findings = load(
        {
            GUARDRAILS: _guardrail(
                "{from: {teams: [payments, checkout], except: [stripe, shop/*]}, to: {world: true}, "
                "ports: [443, 22/TCP]}"
            )
        }
    )
    assert findings == []
    assert model is not None
    guardrail = next(item for item in model.guardrails if item.name == "extra")
    assert guardrail.source.teams == ("checkout", "payments")
    assert guardrail.source.excepts == ("shop/*", "stripe")
    assert guardrail.destination.world
    assert list(map(str, guardrail.ports)) == ["22/TCP", "443/TCP"]
    assert not guardrail.must


def test_accepts_are_canonical_and_checked() -> None:
    text = HEADER.format("Namespace") + (
        "workloads:\n"
        "  api: {labels: {app: api}, ports: {https: 8443}, accepts: [shop/*, batch, prometheus]}\n"
        "  batch: {labels: {app: batch}}\n"
    )
    model, findings = load({NAMESPACE: text})
    assert findings == []
    assert model is not None
    assert model.workloads["payments/api"].accepts == ("payments/batch", "prometheus", "shop/*")
    wrong = text.replace("shop/*", "shop/chekout")
    finding = only(load({NAMESPACE: wrong})[1], "RF110")
    assert finding.where == place(wrong, "shop/chekout", NAMESPACE)


@pytest.mark.parametrize(
    ("path", "text", "snippet"),
    [
        (
            "teams/checkout/shop/x.yaml",
            flows("name: place-order, from: frontend, to: checkout, ports: [metrics]"),
            "place-order",
        ),
        (
            "policies/catalog/x.yaml",
            HEADER.format("Catalog") + "peers:\n  stripe: {description: D, owner: o, cidrs: [192.0.2.0/25]}\n",
            "stripe",
        ),
        (
            "policies/baseline/x.yaml",
            HEADER.format("Baseline") + "grants:\n  - {name: scrape, to: kube-dns, ports: [dns], reason: R}\n",
            "scrape",
        ),
        (
            "policies/guardrails/x.yaml",
            _guardrail("{from: {}, to: {}}").replace("extra", "names-resolve"),
            "names-resolve",
        ),
    ],
)
def test_a_taken_name(path: str, text: str, snippet: str) -> None:
    finding = only(load({path: text})[1], "RF116")
    assert finding.where == place(text, snippet, path)
    assert len(finding.related) == 1


def test_a_name_is_taken_by_a_broken_flow_too() -> None:
    row = "name: a, from: frontend, to: checkout, ports: [{}]"
    _, findings = load({FLOWS: flows(row.format("mertics"), row.format("metrics"))})
    assert codes(findings) == ["RF111", "RF116"]


def test_the_same_flow_name_in_two_namespaces_is_fine() -> None:
    model, findings = load({FLOWS: flows("name: charge, from: frontend, to: checkout, ports: [metrics]")})
    assert findings == []
    assert model is not None
    assert [flow.id for flow in model.flows if flow.name == "charge"] == ["payments/charge", "shop/charge"]


def test_a_second_waiver_for_the_same() -> None:
    row = "guardrail: card-data, subject: shop/place-order"
    text = _waiver(row) + _waiver(row).rpartition("waivers:\n")[2]
    finding = only(load({WAIVERS: text})[1], "RF116")
    assert finding.where.line == 5


@pytest.mark.parametrize("name", ["baseline", "kustomization"])
def test_a_reserved_workload(name: str) -> None:
    text = small()[NAMESPACE] + f"  {name}: {{labels: {{app: x}}}}\n"
    finding = only(load({NAMESPACE: text})[1], "RF117")
    assert finding.where == place(text, f"{name}:", NAMESPACE)


@pytest.mark.parametrize("name", ["kube-system", "kube-anything", "default", "baseline"])
def test_a_reserved_namespace(name: str) -> None:
    _, findings = load(
        {f"teams/payments/{name}/namespace.yaml": HEADER.format("Namespace") + "workloads: {a: {labels: {app: a}}}\n"}
    )
    assert codes(findings) == ["RF117"]


@pytest.mark.parametrize(
    ("row", "code", "snippet", "hint"),
    [
        ("guardrail: card-dat, subject: shop/place-order", "RF118", "card-dat,", "did you mean `card-data`?"),
        (
            "guardrail: card-data, subject: shop/place-oder",
            "RF119",
            "shop/place-oder",
            "did you mean `shop/place-order`?",
        ),
        ("guardrail: card-data, subject: baseline/scrap", "RF119", "baseline/scrap", "did you mean `baseline/scrape`?"),
        ("check: egress-to-world, subject: shop/fronted", "RF119", "shop/fronted", "did you mean `shop/frontend`?"),
    ],
)
def test_a_waiver_of_nothing(row: str, code: str, snippet: str, hint: str) -> None:
    text = _waiver(row)
    finding = only(load({WAIVERS: text})[1], code)
    assert finding.where == place(text, snippet, WAIVERS)
    assert finding.hint == hint


def test_a_subject_that_may_stand_in_a_broken_file_is_not_blamed() -> None:
    waiver = _waiver("guardrail: card-data, subject: shop/place-order")
    _, findings = load({WAIVERS: waiver, "teams/checkout/shop/flows.yaml": "a: ["})
    assert [code for code in codes(findings) if code >= "RF100"] == []


@pytest.mark.parametrize("subject", ["shop/place-order", "shop/frontend", "baseline/scrape"])
def test_subjects_of_waivers(subject: str) -> None:
    model, findings = load({WAIVERS: _waiver(f"guardrail: card-data, subject: {subject}")})
    assert findings == []
    assert model is not None
    assert [(waiver.guardrail, waiver.subject) for waiver in model.waivers] == [("card-data", subject)]
