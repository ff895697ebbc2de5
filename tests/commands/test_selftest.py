"""`ringfence selftest` with the real gates: all is caught, and a gate that is switched off is told."""

from __future__ import annotations

import shutil

import pytest
from command_kit import Cli, edit, snapshot

from git_repository import GitRepository

CLUSTER = (
    "apiVersion: ringfence.dev/v1alpha1\nkind: Cluster\nenvironment: {environment}\n"
    "server: https://{environment}.example.com:6443\ndialect: {dialect}\n"
    "cni: {{name: {dialect}}}\n"
    "networks: {{pods: [{net}.0.0/17], services: [{net}.144.0/20], nodes: [{net}.128.0/20]}}\n"
)
WAIVER = (
    "apiVersion: ringfence.dev/v1alpha1\nkind: Waivers\nwaivers:\n  - guardrail: {}\n    subject: payments/charge\n"
    "    reason: A test\n    approver: security@example.com\n    expires: 2099-12-31\n"
)


@pytest.fixture
def three(plain: GitRepository, ringfence: Cli) -> GitRepository:
    """The small repository with a cluster of each dialect, one with guardrails as policies, consent, and a waiver."""
    for dialect, environment, net in (("calico", "test", "10.60"), ("cilium", "load", "10.61")):
        text = CLUSTER.format(environment=environment, dialect=dialect, net=net)
        if dialect == "cilium":
            text += "guardrails: cilium\n"
        plain.write(f"policies/clusters/{environment}.yaml", text)
    with (plain.path / "policies/ringfence.yaml").open("a") as file:
        file.write("consent: declared\n")
    guard = "  - name: no-provider\n    never: {from: {}, to: {peers: [stripe]}}\n    reason: Each needs a waiver\n"
    with (plain.path / "policies/guardrails/platform.yaml").open("a") as file:
        file.write(guard)
    plain.write("policies/waivers/platform.yaml", WAIVER.format("no-provider"))
    for command in ("render", "owners", "fmt"):
        assert ringfence(command).code == 0
    return plain


def test_every_break_is_caught_in_every_dialect(three: GitRepository, ringfence: Cli) -> None:
    before = snapshot(three.path)
    done = ringfence("selftest", "--format", "json")
    assert [case for case in done.json["cases"] if not case["caught"]] == []
    assert (done.code, done.err) == (0, "")
    assert {item["name"] for item in done.json["notApplicable"]} == {"guardrail-policy", "guardrail-opened"}
    # two dialects have no guardrails as policies, and where there are such, no policy of a team opens what they deny
    assert done.json["counts"] == {"caught": 9 + 3 * 17, "survived": 0, "notApplicable": 3}
    [own] = [case for case in done.json["cases"] if case["name"] == "guardrail-policy"]
    assert own["dialect"] == "cilium"
    assert "RF508" in str(own)
    assert {case["dialect"] for case in done.json["cases"]} == {"", "kubernetes", "calico", "cilium"}
    assert snapshot(three.path) == before


def test_a_gate_that_is_switched_off_is_told(plain: GitRepository, ringfence: Cli) -> None:
    with (plain.path / "policies/ringfence.yaml").open("a") as file:
        file.write("gates: {collateral: ignore, default-deny: warn}\n")
    done = ringfence("selftest", "--gates", "impact")
    assert done.code == 1
    told = done.out[done.out.index("SURVIVED: ") :].splitlines()
    survivors = ["a workload may call every address", "a workload may call the pods of another environment"]
    survivors.append("a workload reaches another team's, by hand at both ends")
    assert [line.partition(" (")[0] for line in told[:6:2]] == [f"SURVIVED: {title}" for title in survivors]
    assert told[0].partition(" (")[2] == "policies/rendered/base/payments/payments/api.yaml:39:1)"
    assert told[1] == "  impact must find RF601; it finds RF504, RF602, RF611, RF616 instead"
    assert "caught (impact RF614 only warns)" in done.out
    assert told[-1] == "13 breaks: 10 caught, 3 survived; 16 not applicable"


def test_what_cannot_be_made_here_is_named_and_not_counted(plain: GitRepository, ringfence: Cli) -> None:
    done = ringfence("selftest", "--gates", "validate owners selftest")
    assert done.code == 0
    assert "\n  a waiver has expired: no waiver is declared\n" in done.out
    assert (
        "\n  a flow without consent: `consent` is review in policies/ringfence.yaml, so CODEOWNERS asks\n" in done.out
    )
    assert done.out.splitlines()[-1].startswith("5 breaks: 5 caught, 0 survived; ")


def test_a_repository_in_error_shows_nothing(plain: GitRepository, ringfence: Cli) -> None:
    edit(plain, "teams/checkout/shop/flows.yaml", "payments/api", "payments/apy")
    done = ringfence("selftest")
    assert done.code == 1
    assert "RF110" in done.out
    assert "caught" not in done.out


def test_a_gate_that_is_red_before_shows_nothing(plain: GitRepository, ringfence: Cli) -> None:
    (plain.path / "CODEOWNERS").write_text("")
    done = ringfence("selftest")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "owners is red before anything is broken: RF420 CODEOWNERS is not what the teams say\n"
        "Nothing can be shown so; run: ringfence owners\n"
    )
    # the gates of a pipeline that has no such job
    assert ringfence("selftest", "--gates", "validate").code == 0


def test_nothing_to_break(plain: GitRepository, ringfence: Cli) -> None:
    done = ringfence("selftest", "--gates", "nothing")
    assert done.code == 2
    assert "there is no gate 'nothing'; the gates are validate, fmt, render, owners, verify, impact" in done.err
    assert ringfence("selftest", "--gates", " ").code == 2


def test_a_repository_without_anything_to_break(plain: GitRepository, ringfence: Cli) -> None:
    shutil.rmtree(plain.path / "teams")
    shutil.rmtree(plain.path / "policies/baseline")
    (plain.path / "policies/guardrails/platform.yaml").unlink()
    done = ringfence("selftest", "--gates", "fmt")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("ringfence: no break can be made in this repository\n")
