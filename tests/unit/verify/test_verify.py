"""verify on the small repository: clean as rendered, and each deviation named with its place."""

from __future__ import annotations

import pytest

from rendered_repository import TODAY, Files, edited, rendered
from ringfence import verify
from ringfence.findings import Finding, Location
from ringfence.model.types import Model
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortRange, PortSet
from ringfence.verify.declared import uncovered
from small_repository import HEADER, MemoryTree, codes

BASE = "policies/rendered/base"
API = f"{BASE}/payments/payments/api.yaml"
CHECKOUT = f"{BASE}/checkout/shop/checkout.yaml"
HTTPS = PortSet.of([PortRange("TCP", 443, 443)])


def findings(files: Files, model: Model) -> list[Finding]:
    """What reading and comparing every state finds."""
    states = verify.states(model, MemoryTree(files))
    return [finding for state in states for finding in (*state.findings, *verify.compare(state))]


def test_what_was_rendered_is_what_was_declared() -> None:
    files, model = rendered()
    states = verify.states(model, MemoryTree(files))
    assert [state.name for state in states] == ["dev", "prod"]
    assert [len(state.objects[state.name]) for state in states] == [5, 5]
    assert findings(files, model) == []


def test_a_deleted_rule_is_missing_at_the_flow_in_every_cluster() -> None:
    files, model = rendered()
    broken = edited(files, CHECKOUT, "port: 8443", "port: 8444")
    missing = [item for item in findings(broken, model) if item.check.code == "RF501"]
    assert [(item.where, item.subject) for item in missing] == [
        (Location("teams/checkout/shop/flows.yaml", 9, 5), "shop/authorise-card")
    ] * 2
    assert "shop/checkout → payments/api on 8443/TCP" in missing[0].message
    assert "egress of shop/checkout" in missing[0].message


def test_a_wider_port_is_excess_at_the_rule() -> None:
    files, model = rendered()
    broken = edited(files, API, "port: 8443", "port: 8443\n          endPort: 8450")
    [one, other] = findings(broken, model)
    assert one.check.code == other.check.code == "RF502"
    assert one.where.path == API
    assert "shop/checkout → payments/api on 8444-8450/TCP" in one.message


def test_a_rule_for_labels_that_nobody_declared_is_excess() -> None:
    files, model = rendered()
    rule = (
        "  ingress:\n"
        "    - from: [{podSelector: {matchLabels: {role: intruder}}}]\n"
        "      ports: [{protocol: TCP, port: 8443}]\n"
    )
    found = findings(edited(files, API, "  ingress:\n", rule), model)
    assert codes(found) == ["RF502", "RF502"]
    assert "any other pod of payments → payments/api on 8443/TCP" in found[0].message


def test_a_missing_file_of_a_bundle_is_an_error() -> None:
    files, model = rendered()
    del files[API]
    assert "RF720" in codes(findings(files, model))


def test_a_bundle_without_its_overlay_is_missing() -> None:
    files, model = rendered()
    gone = {path: raw for path, raw in files.items() if not path.startswith("policies/rendered/overlays/prod/payments")}
    found = findings(gone, model)
    assert {item.check.code for item in found} == {"RF502"}
    assert all("in prod, no policy isolates" in item.message for item in found)


def test_an_unmodelled_policy_leaves_connections_undefined() -> None:
    files, model = rendered()
    path = "policies/rendered/overlays/prod/payments/payments/kustomization.yaml"
    files[path.replace("kustomization", "extra")] = (
        "apiVersion: crd.antrea.io/v1beta1\nkind: NetworkPolicy\n"
        "metadata: {name: extra, namespace: payments}\nspec: {priority: 5, tier: x}\n"
    )
    broken = edited(files, path, "resources:\n", "resources:\n  - extra.yaml\n")
    assert "RF503" in codes(findings(broken, model))


def test_addresses_are_compared_exactly() -> None:
    files, model = rendered()
    narrow = edited(files, API, 'cidr: "192.0.2.0/24"', 'cidr: "192.0.2.0/25"')
    missing = findings(narrow, model)
    assert {item.check.code for item in missing} == {"RF501"}
    assert "payments/api → 192.0.2.128/25 on 443/TCP" in missing[0].message
    wide = edited(files, API, 'cidr: "192.0.2.0/24"', 'cidr: "192.0.2.0/23"')
    excess = findings(wide, model)
    assert {item.check.code for item in excess} == {"RF502"}
    assert "payments/api → 192.0.3.0/24 on 443/TCP" in excess[0].message


def test_a_guardrail_is_held_against_the_policies_whatever_the_flows_say() -> None:
    files, model = rendered()
    rule = (
        "  ingress:\n"
        "    - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}, podSelector: {}}]\n"
        "      ports: [{protocol: TCP, port: 8443}]\n"
    )
    broken = edited(files, API, "  ingress:\n", rule)
    baseline = f"{BASE}/checkout/shop/baseline.yaml"
    broken = edited(broken, baseline, "  egress:\n", "  egress:\n    - ports: [{protocol: TCP, port: 8443}]\n")
    [dev, prod] = verify.states(model, MemoryTree(broken))
    for state in (dev, prod):
        found = [item for item in verify.violations(state, model, TODAY) if "card-data" in item.message]
        assert {item.check.code for item in found} == {"RF504"}
        assert "shop/frontend → payments/api on 8443/TCP" in " ".join(item.message for item in found)
    assert verify.violations(verify.states(model, MemoryTree(files))[0], model, TODAY) == []


def test_a_must_that_the_policies_deny_is_found() -> None:
    files, model = rendered()
    broken = edited(files, f"{BASE}/payments/payments/baseline.yaml", "protocol: UDP", "protocol: SCTP")
    found = verify.violations(verify.states(model, MemoryTree(broken))[0], model, TODAY)
    assert codes(found) == ["RF504"]
    assert "payments/api must reach kube-system/kube-dns on 53/UDP" in found[0].message


@pytest.mark.parametrize(("expires", "expected"), [("2027-01-01", []), ("2026-11-20", []), ("2026-11-19", ["RF504"])])
def test_a_waiver_counts_until_its_last_day(expires: str, expected: list[str]) -> None:
    waiver = (
        HEADER.format("Waivers")
        + "waivers:\n  - {guardrail: names-resolve, subject: payments/api, reason: A test, "
        + f"approver: security@example.com, expires: {expires}}}\n"
    )
    files, _ = rendered()
    files["policies/waivers/one.yaml"] = waiver
    broken = edited(files, f"{BASE}/payments/payments/baseline.yaml", "protocol: UDP", "protocol: SCTP")
    from ringfence import model as models

    model, _ = models.load(MemoryTree(broken))
    assert model is not None
    assert codes(verify.violations(verify.states(model, MemoryTree(broken))[0], model, TODAY)) == expected


def test_what_is_left_of_addresses_and_ports() -> None:
    everything = AddressSet.of(["198.51.100.0/24"])
    ports = PortSet.of([PortRange("TCP", 80, 90)])
    half = AddressSet.of(["198.51.100.0/25"])
    some = PortSet.of([PortRange("TCP", 85, 95)])
    left = uncovered(everything, ports, [(half, some)])
    assert sorted(left, key=str) == sorted(
        [(half, PortSet.of([PortRange("TCP", 80, 84)])), (everything - half, ports)], key=str
    )
    assert uncovered(AddressSet(), ports, []) == []
    assert uncovered(everything, ports, [(everything, ports)]) == []
