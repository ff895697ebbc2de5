"""DNS names of catalogue peers: what they may be, and where they can be used."""

import datetime

import pytest

from ringfence import checks
from ringfence.findings import Finding
from small_repository import HEADER, codes, flows, load, only, place, small

PROD = "policies/clusters/prod.yaml"
CATALOG = "policies/catalog/x.yaml"
FLOWS = "teams/checkout/shop/x.yaml"
TODAY = datetime.date(2030, 1, 15)


def _peer(fields: str) -> str:
    return (
        HEADER.format("Catalog")
        + f"peers:\n  mail: {{description: Mail, owner: platform, {fields}, ports: {{smtp: 587}}}}\n"
    )


def _judged(files: dict[str, str | None]) -> list[Finding]:
    model, findings = load(files)
    assert model is not None
    assert findings == []
    return [finding for finding in checks.run(model, TODAY) if finding.check.code not in ("RF331", "RF340")]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("https://Mail.example.com/in", "write `mail.example.com`"),
        ("mail.example.com:587", "write `mail.example.com`"),
        ("mail.example.com.", "write `mail.example.com`"),
        ("MAIL.example.com", "write `mail.example.com`"),
        ("*", "write `cidrs: [0.0.0.0/0]`, which says so"),
        ("198.51.100.7", "write it below `cidrs`"),
        ("2001:db8::/32", "write it below `cidrs`"),
        ("**.example.com", "write `*.example.com` for one label"),
        ("api-*.example.com", "write the full name, or `*.` and at least two labels, such as `*.example.com`"),
        ("*.com", "write the full name, or `*.` and at least two labels, such as `*.example.com`"),
        ("localhost", "write one such as `api.example.com`"),
        ("mail_1.example.com", "write one such as `api.example.com`"),
        (f"{'a' * 64}.example.com", "write one such as `api.example.com`"),
        (".".join(["a" * 62] * 4) + ".example", "write one such as `api.example.com`"),
    ],
)
def test_a_name_that_is_none(name: str, hint: str) -> None:
    text = _peer(f'names: ["{name}"]')
    finding = only(load({CATALOG: text})[1], "RF134")
    assert finding.where == place(text, f'"{name}"', CATALOG)
    assert finding.hint == hint


def test_a_peer_of_names_as_resolved() -> None:
    model, findings = load({CATALOG: _peer('names: [mail.example.com, "*.example.org"]')})
    assert findings == []
    assert model is not None
    peer = model.peers["mail"]
    assert peer.names == ("*.example.org", "mail.example.com")
    assert peer.only_names
    assert peer.world
    assert not peer.is_pods
    assert peer.cidrs == ()


def test_a_peer_of_names_and_addresses_as_resolved() -> None:
    model, findings = load({CATALOG: _peer("names: [mail.example.com], cidrs: [198.51.100.0/24], world: false")})
    assert findings == []
    assert model is not None
    peer = model.peers["mail"]
    assert (peer.names, peer.cidrs, peer.only_names, peer.world) == (
        ("mail.example.com",),
        ("198.51.100.0/24",),
        False,
        False,
    )


def test_a_flow_to_names_alone_is_refused_at_its_line_where_the_dialect_has_no_names() -> None:
    rows = flows("name: a, from: checkout, to: mail, ports: [smtp], environments: [dev]")
    finding = only(_judged({CATALOG: _peer("names: [mail.example.com]"), FLOWS: rows}), "RF332")
    assert (finding.where.path, finding.where.line) == (FLOWS, 4)
    assert finding.subject == "shop/a"
    assert finding.message == (
        "shop/a needs DNS names as a destination (mail) in dev, and there runs calico@3.32 with the dialect "
        "`kubernetes`, which cannot say that (the domains of a rule belong to Calico Enterprise and Calico Cloud)"
    )
    assert "cidrs" in finding.hint


def test_names_with_addresses_are_fine_in_every_dialect() -> None:
    rows = flows("name: a, from: checkout, to: mail, ports: [smtp]")
    assert _judged({CATALOG: _peer("names: [mail.example.com], cidrs: [198.51.100.0/24]"), FLOWS: rows}) == []


def test_a_name_is_never_a_source() -> None:
    rows = flows("name: a, from: mail, to: checkout, ports: [grpc], environments: [prod]")
    cluster = small()[PROD].replace("cni:", "dialect: cilium\ncni:")
    finding = only(_judged({CATALOG: _peer("names: [mail.example.com]"), FLOWS: rows, PROD: cluster}), "RF332")
    assert "needs DNS names as a source (mail) in prod" in finding.message


def test_names_are_enough_where_the_dialect_and_the_plugin_have_them() -> None:
    rows = flows("name: a, from: checkout, to: mail, ports: [smtp], environments: [prod]")
    files: dict[str, str | None] = {CATALOG: _peer("names: [mail.example.com]"), FLOWS: rows}
    cilium = small()[PROD].replace("cni:", "dialect: cilium\ncni:")
    assert _judged({**files, PROD: cilium}) == []
    finding = only(_judged({**files, PROD: cilium.replace("name: cilium", "name: aks-cilium")}), "RF332")
    assert "needs Advanced Container Networking Services" in finding.message


def test_a_grant_to_names_alone_is_refused() -> None:
    grants = HEADER.format("Baseline") + "grants: [{name: mail, to: mail, ports: [smtp], reason: Everyone may}]\n"
    found = _judged({CATALOG: _peer("names: [mail.example.com]"), "policies/baseline/x.yaml": grants})
    assert {(item.check.code, item.subject) for item in found} == {("RF332", "baseline/mail")}


def test_an_unused_peer_of_names_alone_is_fine() -> None:
    assert _judged({CATALOG: _peer("names: [mail.example.com]")}) == []


def test_a_must_to_names_is_not_met_by_addresses() -> None:
    """No address stands for a name, so a flow to other addresses opens nothing towards it."""
    guardrail = HEADER.format("Guardrails") + (
        "guardrails:\n"
        "  - {name: mail, must: {from: {workloads: [shop/checkout]}, to: {peers: [mail]}}, reason: Receipts}\n"
    )
    found = _judged({CATALOG: _peer("names: [mail.example.com]"), "policies/guardrails/x.yaml": guardrail})
    assert codes(found) == ["RF302"]
