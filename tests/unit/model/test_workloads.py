import pytest

from small_repository import HEADER, load, only, place

PATH = "teams/payments/payments/namespace.yaml"
API = "  api: {labels: {app: api, tier: a}, ports: {https: 8443}}\n"


def _with(row: str, head: str = "") -> str:
    return HEADER.format("Namespace") + head + "workloads:\n" + API + row


@pytest.mark.parametrize(
    ("labels", "wide"),
    [
        ("{app: api}", "payments/other"),
        ("{app: api, tier: a}", "payments/api"),
        ("{app: api, tier: a, x: y}", "payments/api"),
    ],
)
def test_labels_that_select_another_workload(labels: str, wide: str) -> None:
    text = _with(f"  other: {{labels: {labels}}}\n")
    finding = only(load({PATH: text})[1], "RF150")
    assert finding.subject == wide
    assert finding.where == place(text, "api:" if wide == "payments/api" else "other:", PATH)


@pytest.mark.parametrize("labels", ["{app: other}", "{app: api, tier: b}", "{tier: b}", "{app: other, tier: a}"])
def test_labels_that_select_one_workload_only(labels: str) -> None:
    assert load({PATH: _with(f"  other: {{labels: {labels}}}\n")})[1] == []


def test_workloads_that_never_meet_may_share_labels() -> None:
    text = HEADER.format("Namespace") + (
        "workloads:\n"
        "  api: {labels: {app: api}, ports: {https: 8443}, environments: [prod]}\n"
        "  api-dev: {labels: {app: api}, environments: [dev]}\n"
    )
    assert load({PATH: text})[1] == []


@pytest.mark.parametrize("row", ["other: {labels: {}}", "other: {ports: {http: 80}}"])
def test_a_workload_without_labels(row: str) -> None:
    text = _with(f"  {row}\n")
    found = [finding for finding in load({PATH: text})[1] if finding.check.code == "RF151"]
    assert [finding.subject for finding in found] == ["payments/other"]


def test_the_host_network_has_a_reason_of_its_own() -> None:
    text = _with("  other: {labels: {app: other}, hostNetwork: true}\n")
    finding = only(load({PATH: text})[1], "RF152")
    assert finding.where == place(text, "hostNetwork", PATH)
    assert "policies do not select them" in finding.message


def test_a_workload_outside_its_namespace() -> None:
    text = _with("  other: {labels: {app: other}, environments: [dev, prod]}\n", "environments: [prod]\n")
    model, findings = load({PATH: text})
    finding = only(findings, "RF153")
    assert model is not None
    assert model.workloads["payments/other"].environments == {"prod"}
    assert finding.where == place(text, "dev,", PATH)
    assert finding.hint.startswith("add `dev` to the environments of the namespace")


def test_a_port_name_may_stand_for_several() -> None:
    text = _with("  other: {labels: {app: other}, ports: {dns: [53/UDP, 53, 53/SCTP]}, serviceAccount: sa}\n")
    model, findings = load({PATH: text})
    assert findings == []
    assert model is not None
    workload = model.workloads["payments/other"]
    port = workload.port("dns")
    assert port is not None
    assert [str(item) for item in port.ranges] == ["53/TCP", "53/UDP", "53/SCTP"]
    assert workload.port("other") is None
    assert workload.service_account == "sa"


def test_a_port_twice_in_one_name() -> None:
    text = _with("  other: {labels: {app: other}, ports: {dns: [53/UDP, 50-60/UDP]}}\n")
    assert only(load({PATH: text})[1], "RF123").where == place(text, "50-60/UDP", PATH)
