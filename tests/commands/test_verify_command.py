from __future__ import annotations

import shutil

import pytest
from command_kit import CATALOG, CHECKOUT, Cli, edit

from git_repository import GitRepository


def test_clean_ends_with_counts(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("verify")
    counts = "10 policies in dev, prod: 170 pairs of ends compared, 3 guardrails held against them; no findings\n"
    assert (done.code, done.out, done.err) == (0, counts, "")
    assert ringfence("verify", "--cluster", "dev").out.startswith("5 policies in dev: 85 pairs")


def test_a_port_edited_in_a_rendered_file(small: GitRepository, ringfence: Cli) -> None:
    edit(small, CHECKOUT, "5050", "5051")
    line = (small.path / CHECKOUT).read_text().splitlines()
    done = ringfence("verify", "--format", "json")
    assert (done.code, set(done.codes)) == (1, {"RF501", "RF502"})
    findings = done.json["findings"]
    lost = next(item for item in findings if item["code"] == "RF501")
    assert (lost["path"], lost["line"], lost["subject"]) == ("teams/checkout/shop/flows.yaml", 4, "shop/place-order")
    assert CHECKOUT in [item["path"] for item in lost["related"]]
    excess = next(item for item in findings if item["code"] == "RF502" and item["path"] == CHECKOUT)
    assert "5051/TCP" in excess["message"]
    rule = "\n".join(line[excess["line"] - 1 :])
    assert rule.lstrip().startswith("- from:")
    assert "5051" in rule


def test_the_place_of_the_rule_is_printed(small: GitRepository, ringfence: Cli) -> None:
    edit(small, CHECKOUT, "5050", "5051")
    out = ringfence("verify").out
    assert f"{CHECKOUT}:32:7: error RF502 allowed-but-not-declared" in out
    assert out.endswith(" errors\n")


def test_a_rule_too_many(small: GitRepository, ringfence: Cli) -> None:
    frontend = CHECKOUT.replace("checkout.yaml", "frontend.yaml")
    edit(small, frontend, "  ingress:\n", "  ingress:\n    - {}\n")
    done = ringfence("verify", "--format", "json")
    assert (done.code, set(done.codes)) == (1, {"RF502", "RF504"})
    assert {item["path"] for item in done.json["findings"] if item["code"] == "RF502"} == {frontend}


def test_an_object_is_missing(small: GitRepository, ringfence: Cli) -> None:
    edit(small, "policies/rendered/base/checkout/shop/kustomization.yaml", "  - checkout.yaml\n", "")
    done = ringfence("verify", "--format", "json")
    assert done.code == 1
    assert "RF501" in done.codes


def test_a_guardrail_that_the_policies_break(small: GitRepository, ringfence: Cli) -> None:
    for path in ("payments/payments/api.yaml", "checkout/shop/frontend.yaml"):
        file = small.path / "policies/rendered/base" / path
        text = file.read_text()
        start = text.index("spec:\n")
        selector = text[text.index("  podSelector:", start) : text.index("  policyTypes:", start)]
        file.write_text(
            f"{text[:start]}spec:\n{selector}  policyTypes: [Ingress, Egress]\n  ingress: [{{}}]\n  egress: [{{}}]\n"
        )
    done = ringfence("verify", "--format", "json", "--cluster", "dev")
    broken = [item for item in done.json["findings"] if item["code"] == "RF504"]
    assert any("shop/frontend → payments/api" in item["message"] for item in broken)
    assert {item["path"] for item in broken} == {"policies/guardrails/platform.yaml"}


POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x, namespace: shop}\n"
JUNK = {
    "broken": "junk: [",
    "empty": "",
    "nul": "\0",
    "list": "[1, 2]\n",
    "scalar": "x\n",
    "odd kind": "apiVersion: 1\nkind: []\nmetadata: [1]\n",
    "no names": "apiVersion: v1\nkind: NetworkPolicy\nmetadata: {name: {}, namespace: []}\nspec: 1\n",
    "kind List": "apiVersion: v1\nkind: List\nitems: {a: 1}\n",
    "nested lists": "apiVersion: v1\nkind: List\nitems: [[1], null, {kind: List, apiVersion: v1, items: 3}]\n",
    "aliases": "a: &a [*a]\n",
    "depth": "a: " + "[" * 10_000 + "]" * 10_000 + "\n",
    "rules": POLICY + "spec: {podSelector: {}, ingress: {from: 1}, egress: [1, null, [], {to: [null, {}, 1]}]}\n",
    "ports": POLICY
    + "spec: {podSelector: {}, ingress: [{ports: [{port: 1.5}, {port: -1}, {port: 99999999999}, 7]}]}\n",
    "selectors": POLICY + "spec: {podSelector: {matchLabels: [1], matchExpressions: [{key: 1, operator: 2}]}}\n",
    "blocks": POLICY + "spec: {podSelector: {}, egress: [{to: [{ipBlock: {cidr: 1, except: 2}}, {ipBlock: []}]}]}\n",
    "kustomization": "resources: 1\npatches: [1, {target: 2, patch: 3}]\nnamespace: []\n",
    "patches": "resources: [api.yaml, ../../../../base/checkout/shop]\npatches: [{target: {name: x}, patch: '['}]\n",
}
BASE, OVERLAY = "policies/rendered/base/checkout/shop", "policies/rendered/overlays/dev/checkout/shop"


@pytest.mark.parametrize(
    "path", [f"{BASE}/baseline.yaml", f"{BASE}/kustomization.yaml", f"{OVERLAY}/kustomization.yaml"]
)
@pytest.mark.parametrize("content", JUNK.values(), ids=JUNK)
def test_a_rendered_file_that_is_broken(small: GitRepository, ringfence: Cli, path: str, content: str) -> None:
    small.write(path, content)
    assert ringfence("verify").code == 1
    judged = ringfence("impact", "--base", "HEAD", "--format", "json")
    assert judged.code == 1
    assert "RF602" in judged.codes


def test_a_policy_of_another_dialect_is_never_ignored(small: GitRepository, ringfence: Cli) -> None:
    folder = "policies/rendered/base/checkout/shop"
    small.write(
        f"{folder}/more.yaml",
        "apiVersion: networking.gke.io/v1alpha1\nkind: FQDNNetworkPolicy\nmetadata: {name: more, namespace: shop}\n",
    )
    edit(small, f"{folder}/kustomization.yaml", "resources:\n", "resources:\n  - more.yaml\n")
    done = ringfence("verify", "--format", "json")
    assert done.code == 1
    assert "RF703" in done.codes
    assert "RF503" in done.codes


@pytest.mark.parametrize("outside", ["../../../../../../../etc/passwd", "/etc/passwd", "https://example.com/x"])
def test_a_kustomization_that_leaves_the_repository(small: GitRepository, ringfence: Cli, outside: str) -> None:
    small.write("policies/rendered/overlays/dev/checkout/shop/kustomization.yaml", f"resources: ['{outside}']\n")
    done = ringfence("verify", "--format", "json")
    assert done.code == 1
    assert "RF720" in done.codes
    assert "root:" not in done.out


def test_nothing_rendered_is_not_success(small: GitRepository, ringfence: Cli) -> None:
    shutil.rmtree(small.path / "policies/rendered")
    for command in (["verify"], ["connections"], ["explain", "shop/frontend", "shop/checkout"]):
        done = ringfence(*command)
        assert (done.code, done.out) == (2, "")
        assert "there is no rendered policy" in done.err
        assert "ringfence render" in done.err


def test_declarations_that_moved_on(small: GitRepository, ringfence: Cli) -> None:
    edit(small, CATALOG, "{https: 443}\n  internet", "{https: 8443}\n  internet")
    done = ringfence("verify", "--format", "json")
    assert (done.code, set(done.codes)) == (1, {"RF501", "RF502"})
