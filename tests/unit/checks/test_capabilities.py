"""What a network plugin cannot enforce is an error at the line of the flow that needs it."""

from __future__ import annotations

import datetime

import pytest

from ringfence import checks
from ringfence.checks import refusals
from ringfence.findings import Finding
from small_repository import HEADER, codes, flows, load, only, small

DEV, PROD = "policies/clusters/dev.yaml", "policies/clusters/prod.yaml"
FLOWS = "teams/checkout/shop/x.yaml"
CATALOG = "policies/catalog/x.yaml"
TODAY = datetime.date(2030, 1, 15)


def _dev(plugin: str) -> str:
    return small()[DEV].replace("{name: calico}", plugin)


def _judged(files: dict[str, str | None]) -> list[Finding]:
    model, findings = load(files)
    assert model is not None
    assert findings == []
    return [item for item in checks.run(model, TODAY) if item.check.code != "RF340"]


def _flow(ports: str, extra: str = "environments: [dev]") -> dict[str, str | None]:
    return {FLOWS: flows(f"name: a, from: checkout, to: payments/api, ports: [{ports}], {extra}")}


@pytest.mark.parametrize(
    ("plugin", "ports", "code", "why"),
    [
        ("{name: cilium}", "3868/SCTP", "RF334", "cilium@1.20, which does not enforce SCTP (beta and off"),
        ("{name: kube-router}", "3868/SCTP", "RF334", "kube-router, which is not known to enforce SCTP"),
        ("{name: gke-dataplane-v2}", "8000-8100/TCP", "RF335", "is not known to enforce ranges of ports"),
        ("{name: kubernetes-generic}", "8000-8100/TCP", "RF335", "(a plugin without it applies the first port alone)"),
    ],
)
def test_ports_that_a_plugin_does_not_enforce(plugin: str, ports: str, code: str, why: str) -> None:
    finding = only(_judged({DEV: _dev(plugin), **_flow(ports)}), code)
    assert (finding.where.path, finding.where.line, finding.subject) == (FLOWS, 4, "shop/a")
    assert finding.message.startswith(f"shop/a needs {ports} in dev, and there runs ")
    assert why in finding.message
    assert "policies/profiles/" in finding.hint


@pytest.mark.parametrize("plugin", ["calico", "antrea", "ovn-kubernetes", "eks-vpc-cni", "aks-npm", "aks-calico"])
def test_ports_that_a_plugin_enforces(plugin: str) -> None:
    assert _judged({DEV: _dev(f"{{name: {plugin}}}"), **_flow("3868/SCTP, 8000-8100/TCP")}) == []


def test_what_an_own_profile_knows_is_enforced() -> None:
    own = HEADER.format("CniProfile") + (
        "title: Ours\nextends: cilium@1.20\nfacts: {sctp: {value: true, source: https://wiki.example.com}}\n"
    )
    files = {DEV: _dev("{name: ours}"), "policies/profiles/ours.yaml": own, **_flow("3868/SCTP")}
    assert _judged(files) == []


def test_a_flow_is_judged_where_it_holds_only() -> None:
    assert _judged({DEV: _dev("{name: antrea}"), **_flow("3868/SCTP")}) == []
    finding = only(_judged({DEV: _dev("{name: antrea}"), **_flow("3868/SCTP", "environments: [dev, prod]")}), "RF334")
    assert " in prod, and there runs cilium@1.20" in finding.message


def test_clusters_with_one_plugin_share_a_finding_and_others_do_not() -> None:
    files = {DEV: _dev("{name: cilium}"), **_flow("3868/SCTP", "environments: [dev, prod]")}
    finding = only(_judged(files), "RF334")
    assert "in dev, prod, and there runs cilium@1.20" in finding.message
    files[DEV] = _dev('{name: cilium, version: "1.18"}')
    assert codes(_judged(files)) == ["RF334", "RF334"]


def test_a_grant_is_judged_by_the_ports_of_the_workloads() -> None:
    text = small()["teams/checkout/shop/namespace.yaml"].replace("grpc: 5050", "grpc: 5050, sig: 3868/SCTP")
    assert "3868" in text
    grants = HEADER.format("Baseline") + "grants: [{name: sig, from: kube-dns, ports: [sig], reason: Signals}]\n"
    found = _judged(
        {
            DEV: _dev("{name: kube-router}"),
            "teams/checkout/shop/namespace.yaml": text,
            "policies/baseline/x.yaml": grants,
        }
    )
    assert {(item.check.code, item.subject) for item in found} == {("RF334", "baseline/sig")}


def _mail(cidrs: str) -> str:
    return (
        HEADER.format("Catalog")
        + f"peers: {{mail: {{description: Mail, owner: platform, cidrs: [{cidrs}], ports: {{smtp: 587}}}}}}\n"
    )


TO_MAIL = flows("name: a, from: checkout, to: mail, ports: [smtp], environments: [dev]")


def test_ipv6_addresses_of_a_peer() -> None:
    files: dict[str, str | None] = {
        DEV: _dev("{name: aks-npm}"),
        CATALOG: _mail('198.51.100.0/24, "2001:db8::/32"'),
        FLOWS: TO_MAIL,
    }
    finding = only(_judged(files), "RF336")
    assert finding.message == (
        "shop/a needs IPv6 addresses of mail in dev, and there runs aks-npm, which does not enforce IPv6 (Azure CNI "
        "powered by Cilium has it)"
    )
    assert _judged({**files, CATALOG: _mail("198.51.100.0/24")}) == []
    assert _judged({**files, DEV: _dev("{name: calico}")}) == []


def test_ipv6_addresses_of_pods() -> None:
    text = _dev("{name: aks-npm}").replace("pods: [10.0.0.0/14]", 'pods: [10.0.0.0/14, "fd00::/56"]')
    model, findings = load({DEV: text})
    assert codes(findings) == ["RF133"]
    assert model is not None
    assert [(item.what, item.subject) for _, item in refusals.of(model, model.clusters["dev"])] == [
        ("IPv6 addresses of pods", "dev")
    ]


def _ports(number: int) -> str:
    return ", ".join(str(9000 + 2 * index) for index in range(number))


def _tenants(number: int) -> str:
    return flows(f"name: a, from: checkout, to: frontend, ports: [{_ports(number)}], environments: [dev]")


EKS: dict[str, str | None] = {DEV: _dev("{name: eks-vpc-cni}")}


def test_the_24_ports_of_eks() -> None:
    assert _judged({**EKS, FLOWS: _tenants(24)}) == []
    finding = only(_judged({**EKS, FLOWS: _tenants(25)}), "RF337")
    assert (finding.where.path, finding.where.line) == (FLOWS, 4)
    assert "shop/a needs 25 ports of shop/checkout to shop/frontend, 25 ports of shop/frontend from shop/checkout" in (
        finding.message
    )
    assert "eks-vpc-cni, which holds 24 for one peer" in finding.message


def test_a_range_is_one_of_the_24() -> None:
    assert _judged({**EKS, FLOWS: _tenants(1).replace("9000", "9000-9100/TCP")}) == []


def test_ports_of_all_flows_and_grants_count_together() -> None:
    rows = flows(
        f"name: a, from: checkout, to: frontend, ports: [{_ports(20)}], environments: [dev]",
        "name: b, from: checkout, to: frontend, ports: [7001, 7003, 7005, 7007, 7009], environments: [dev]",
    )
    found = [item for item in _judged({**EKS, FLOWS: rows}) if item.check.code == "RF337"]
    assert [item.subject for item in found] == ["shop/b"]
    other = rows.replace("name: b, from: checkout", "name: b, from: payments/api")
    assert "RF337" not in codes(_judged({**EKS, FLOWS: other}))


def test_grants_to_every_pod_count_for_each_pod() -> None:
    many = ", ".join(f"{9000 + 2 * index}/TCP" for index in range(24))
    peer = _mail("198.51.100.0/24")
    grants = HEADER.format("Baseline") + f"grants: [{{name: mail, to: mail, ports: [{many}], reason: Receipts}}]\n"
    files: dict[str, str | None] = {**EKS, CATALOG: peer, "policies/baseline/x.yaml": grants}
    assert _judged(files) == []
    found = _judged({**files, FLOWS: TO_MAIL})
    assert [(item.check.code, item.subject) for item in found] == [("RF337", "shop/a")]


def test_a_plugin_that_enforces_no_policy() -> None:
    finding = only(_judged({DEV: _dev("{name: flannel}")}), "RF330")
    assert "with kube-network-policies beside it" in finding.message


def test_a_dialect_that_the_plugin_does_not_enforce() -> None:
    found = _judged({DEV: _dev("{name: antrea}").replace("cni:", "dialect: calico\ncni:")})
    assert "RF333" in codes(found)


def test_an_archived_project_is_a_warning() -> None:
    finding = only(_judged({DEV: _dev("{name: weave}")}), "RF338")
    assert (finding.where.path, finding.where.line) == (DEV, 5)


def test_refusals_name_the_check_that_reports_them() -> None:
    model, _ = load({DEV: _dev("{name: kube-router}"), **_flow("3868/SCTP, 3869/SCTP", "environments: [dev, prod]")})
    assert model is not None
    found = {
        name: [(check.code, item.subject, item.what) for check, item in refusals.of(model, cluster)]
        for name, cluster in model.clusters.items()
    }
    both = [("RF334", "shop/a", "3868/SCTP"), ("RF334", "shop/a", "3869/SCTP")]
    assert found == {"dev": both, "prod": both}
    assert {check.code for check, _ in refusals.of(model, model.clusters["dev"])} <= {item.code for item in checks.OWN}
