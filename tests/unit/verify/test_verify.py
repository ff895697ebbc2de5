"""verify on the small repository: clean as rendered, and each deviation named with its place."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rendered_repository import TODAY, Files, edited, rendered
from ringfence import model as models
from ringfence import verify
from ringfence.findings import Finding, Location
from ringfence.model.types import Model
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortRange, PortSet
from ringfence.verify.declared import uncovered
from small_repository import HEADER, MemoryTree, codes, small

BASE = "policies/rendered/base"
API = f"{BASE}/payments/payments/api.yaml"
CHECKOUT = f"{BASE}/checkout/shop/checkout.yaml"


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
    assert sorted(codes(found)) == ["RF502", "RF502", "RF506", "RF506"]
    found = [item for item in found if item.check.code == "RF502"]
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


def _with_resource(files: Files, text: str) -> Files:
    """The files with one more object among the resources of the payments base."""
    kustomization = f"{BASE}/payments/payments/kustomization.yaml"
    broken = edited(files, kustomization, "resources:\n", "resources:\n  - extra.yaml\n")
    return {**broken, kustomization.replace("kustomization", "extra"): text}


@pytest.mark.parametrize("what", ["subject", "peer", "condition", "namespaces"])
def test_a_selector_for_labels_beside_the_declared_ones_is_foreign(what: str) -> None:
    files, model = rendered()
    labels = "      app: api\n" if what == "subject" else "              app: checkout\n"
    indent = labels[: -len(labels.lstrip())]
    if what == "condition":
        new = f"{labels}{indent[2:]}matchExpressions: [{{key: canary, operator: DoesNotExist}}]\n"
    elif what == "namespaces":
        labels = "              kubernetes.io/metadata.name: shop\n"
        new = f"{labels}{indent[2:]}matchExpressions: [{{key: frozen, operator: DoesNotExist}}]\n"
    else:
        value = labels.strip().partition(": ")[2]
        old = f"{indent[2:]}matchLabels:\n{labels}"
        new = f"{indent[2:]}matchExpressions: [{{key: app, operator: In, values: [{value}, intruder]}}]\n"
        labels = old
    found = findings(edited(files, API, labels, new), model)
    assert codes(found) == ["RF506", "RF506"]
    assert found[0].where.path == API


@pytest.mark.parametrize("namespace", ["kube-system", "nowhere", ""])
def test_a_policy_for_another_namespace_than_its_folder_is_foreign(namespace: str) -> None:
    files, model = rendered()
    line = f"  namespace: {namespace}\n" if namespace else ""
    text = (
        f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: extra\n{line}"
        "spec: {podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}\n"
    )
    broken = _with_resource(files, text)
    assert codes(findings(broken, model)) == ["RF505", "RF505"]
    states = verify.states(model, MemoryTree(broken))
    assert all(verify.violations(state, model, TODAY) == [] for state in states)


@pytest.mark.parametrize("kind", ["v1, Namespace", "apps/v1, Deployment", "projectcalico.org/v3, Tier", "v1, List"])
def test_an_object_of_another_kind_is_foreign(kind: str) -> None:
    files, model = rendered()
    api, _, name = kind.partition(", ")
    text = (
        f"apiVersion: {api}\nkind: {name}\nmetadata: {{name: extra, namespace: payments}}\n"
        "spec: {template: {metadata: {labels: {app: api}}}}\n"
    )
    assert codes(findings(_with_resource(files, text), model)).count("RF505") == 2


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("gone/payments/payments/kustomization.yaml", "gone"),
        ("prod/_cluster/kustomization.yaml", "prod/_cluster/kustomization.yaml"),
        ("prod/payments/payments/more/kustomization.yaml", "prod/payments/payments/more/kustomization.yaml"),
        ("prod/payments/payments/Kustomization", "prod/payments/payments/Kustomization"),
    ],
)
def test_an_overlay_that_nothing_declared_is_foreign(path: str, where: str) -> None:
    files, model = rendered()
    overlays = "policies/rendered/overlays"
    files[f"{overlays}/{path}"] = (
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [extra.yaml]\n"
    )
    files[f"{overlays}/{path.rpartition('/')[0]}/extra.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    found = findings(files, model)
    assert [(item.check.code, item.where.path) for item in found] == [("RF505", f"{overlays}/{where}")]


WIDE = "  egress:\n    - to: [{ipBlock: {cidr: %s}}]\n      ports: [{protocol: TCP, port: 443}]\n"
WORLD = (
    HEADER.format("Guardrails")
    + "guardrails:\n  - name: world-by-name\n    never: {from: {}, to: {world: true, except: [stripe]}}\n"
    + "    reason: What leaves is named\n"
)


def waiver(guardrail: str, subject: str) -> str:
    return (
        HEADER.format("Waivers")
        + f"waivers:\n  - {{guardrail: {guardrail}, subject: {subject}, reason: A test, "
        + "approver: security@example.com, expires: 2027-01-01}\n"
    )


def broken_guardrails(files: Files) -> list[str]:
    """The messages of the guardrails that the rendered policies of dev break."""
    model, _ = models.load(MemoryTree(files))
    assert model is not None
    return [item.message for item in verify.violations(verify.states(model, MemoryTree(files))[0], model, TODAY)]


def with_world(declared: Mapping[str, str | None] | None = None) -> Files:
    """The small repository with a guardrail on the world and a checkout whose policy reaches 198.51.100.0/24."""
    files, _ = rendered({**(declared or {})})
    files["policies/guardrails/world.yaml"] = WORLD
    return edited(files, CHECKOUT, "  egress:\n", WIDE % "198.51.100.0/24")


def test_the_world_is_every_address_that_no_private_peer_or_cluster_holds() -> None:
    [message] = broken_guardrails(with_world())
    assert "shop/checkout → 198.51.100.0/24 on 443/TCP" in message
    private = small()["policies/catalog/platform.yaml"] + (
        "  office:\n    description: Desks\n    owner: platform\n    cidrs: [198.51.100.0/25]\n    world: false\n"
    )
    [message] = broken_guardrails(with_world({"policies/catalog/platform.yaml": private}))
    assert "shop/checkout → 198.51.100.128/25 on 443/TCP" in message


def test_what_a_guardrail_excepts_is_not_broken() -> None:
    files, _ = rendered()
    files["policies/guardrails/world.yaml"] = WORLD
    assert broken_guardrails(edited(files, CHECKOUT, "  egress:\n", WIDE % "192.0.2.0/25")) == []
    [message] = broken_guardrails(edited(files, CHECKOUT, "  egress:\n", WIDE % "192.0.2.0/23"))
    assert "shop/checkout → 192.0.3.0/24 on 443/TCP" in message


def test_a_waived_flow_excuses_its_own_ports_and_addresses_only() -> None:
    news = "  - {name: news, from: checkout, to: internet, ports: [https], reason: News}\n"
    flows = {"teams/checkout/shop/flows.yaml": small()["teams/checkout/shop/flows.yaml"] + news}
    files, _ = rendered(flows)
    files["policies/guardrails/world.yaml"] = WORLD
    assert len(broken_guardrails(files)) >= 1
    files["policies/waivers/one.yaml"] = waiver("world-by-name", "shop/news")
    assert broken_guardrails(files) == []
    more = "  egress:\n    - to: [{ipBlock: {cidr: 198.51.100.0/24}}]\n      ports: [{protocol: TCP, port: 80}]\n"
    [message] = broken_guardrails(edited(files, CHECKOUT, "  egress:\n", more))
    assert "shop/checkout → 198.51.100.0/24 on 80/TCP" in message


def test_a_waiver_of_another_guardrail_or_subject_excuses_nothing() -> None:
    for guardrail, subject in (("card-data", "shop/checkout"), ("world-by-name", "shop/frontend")):
        files = {**with_world(), "policies/waivers/one.yaml": waiver(guardrail, subject)}
        assert len(broken_guardrails(files)) == 1
    assert (
        broken_guardrails({**with_world(), "policies/waivers/one.yaml": waiver("world-by-name", "shop/checkout")}) == []
    )


def test_addresses_of_another_environment_are_that_environment() -> None:
    files, _ = rendered()
    broken = edited(files, CHECKOUT, "  egress:\n", WIDE % "10.8.0.0/14")
    [message] = broken_guardrails(broken)
    assert "nothing-from-dev-reaches-prod" in message
    assert "shop/checkout → 10.8.0.0/14 on 443/TCP" in message
