"""Adopted policies on their way through validate, render, verify, impact, connections and the GitOps files."""

from __future__ import annotations

import json

import pytest
from command_kit import Cli

from git_repository import GitRepository

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: old
  namespace: shop
spec:
  podSelector: {matchLabels: {app: frontend}}
  policyTypes: [Ingress]
  ingress:
    - from: [{ipBlock: {cidr: 198.51.100.0/24}}]
      ports: [{port: 9000}]
"""
PLACE = "policies/adopted/prod/shop/old.yaml"
RENDERED = "policies/rendered/overlays/prod/checkout/shop"
FILE = f"{RENDERED}/adopted.networkpolicy.networking.k8s.io.shop.old.yaml"

REQUESTS = """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: in, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: checkout}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: frontend}}]
      toPorts: [{ports: [{port: "9090", protocol: TCP}], rules: {http: [{method: GET}]}}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: out, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: frontend}}
  egress:
    - toEndpoints: [{matchLabels: {app: checkout}}]
      toPorts: [{ports: [{port: "9090", protocol: TCP}]}]
"""
SCRAPE = """\
  - name: scrape
    from: frontend
    to: checkout
    ports: [metrics]
    reason: The dashboard of the shop shows them
"""

TIER = """\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: everything}
spec: {order: 10.5, selector: app == 'none', types: [Egress], egress: [{action: Allow}]}
"""


def put(small: GitRepository, path: str, text: str) -> None:
    target = small.path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def rows(ringfence: Cli, *arguments: str) -> dict[str, list[dict[str, object]]]:
    done = ringfence("impact", "--base", "main", "--format", "json", *arguments)
    data = json.loads(done.out)
    return {"changes": data["changes"], "gates": [gate for gate in data["gates"] if gate["verdict"] == "failed"]}


def test_rendered_with_a_label_and_proven_apart(small: GitRepository, ringfence: Cli) -> None:
    put(small, PLACE, POLICY)
    assert ringfence("validate").code == 0
    assert "1 adopted policy" in ringfence("validate").out
    assert ringfence("render", "--check").code == 1
    ringfence("render")
    text = (small.path / FILE).read_text(encoding="utf-8")
    assert text.startswith(
        "# Generated, do not edit: `ringfence render` writes this file.\n"
        f"# adopted from {PLACE}: change it there, or write flows that take its place\n"
        "apiVersion: networking.k8s.io/v1\n"
    )
    assert '  labels:\n    ringfence.dev/adopted: "true"\n' in text
    kustomization = (small.path / RENDERED / "kustomization.yaml").read_text(encoding="utf-8")
    assert "  - adopted.networkpolicy.networking.k8s.io.shop.old.yaml\n" in kustomization
    done = ringfence("verify")
    assert done.code == 0
    assert "in prod, 1 adopted policy opens 1 connection beyond the flows, and closes 0" in done.out
    assert "(1 adopted policy among them)" in done.out
    listed = ringfence("connections", "--cluster", "prod").out.splitlines()
    (row,) = [line for line in listed if "9000/TCP" in line]
    assert row.endswith("adopted")
    explained = ringfence("explain", "198.51.100.7", "shop/frontend:9000", "--cluster", "prod")
    assert PLACE in explained.out


def test_what_passes_for_adopted_must_be_what_was_reviewed(small: GitRepository, ringfence: Cli) -> None:
    put(small, PLACE, POLICY)
    ringfence("render")
    written = (small.path / FILE).read_text(encoding="utf-8")
    (small.path / FILE).write_text(written.replace("9000", "9001"), encoding="utf-8")
    done = ringfence("verify")
    assert (done.code, "RF510" in done.out, "is not what is adopted" in done.out) == (1, True, True)
    (small.path / PLACE).unlink()
    (small.path / FILE).write_text(written, encoding="utf-8")
    done = ringfence("verify")
    assert (done.code, "says that it is adopted" in done.out) == (1, True)
    assert "RF502" in done.out


def test_a_missing_one_is_found(small: GitRepository, ringfence: Cli) -> None:
    put(small, PLACE, POLICY)
    done = ringfence("verify")
    assert done.code == 1
    assert "is adopted, and it is not rendered for prod" in done.out


def test_impact_names_the_file(small: GitRepository, ringfence: Cli) -> None:
    put(small, PLACE, POLICY)
    ringfence("render")
    found = rows(ringfence)
    (change,) = found["changes"]
    assert change["effect"] == "opened"
    causes = [(item["kind"], item["name"], item["path"], item["edit"]) for item in change["causes"]]
    assert causes == [("adopted", "NetworkPolicy shop/old", PLACE, "added")]
    assert not [gate for gate in found["gates"] if gate["name"] == "collateral"]
    small.commit("Adopt")
    put(small, PLACE, POLICY.replace("9000", "9001"))
    ringfence("render")
    (change,) = rows(ringfence, "--base", "HEAD")["changes"]
    assert {item["edit"] for item in change["causes"] if item["kind"] == "adopted"} == {"edited"}
    (small.path / PLACE).unlink()
    ringfence("render")
    (change,) = rows(ringfence, "--base", "HEAD")["changes"]
    assert change["effect"] == "closed"
    assert [item["edit"] for item in change["causes"] if item["kind"] == "adopted"] == ["removed"]


def test_a_flow_that_lifts_what_requests_are_restricted_to_is_said(small: GitRepository, ringfence: Cli) -> None:
    put(small, PLACE, REQUESTS)
    ringfence("render")
    small.commit("Adopt")
    flows = small.path / "teams/checkout/shop/flows.yaml"
    text = flows.read_text(encoding="utf-8")
    flows.write_text(text + SCRAPE, encoding="utf-8")
    ringfence("render")

    def said() -> tuple[list[str], list[str], bool]:
        data = json.loads(ringfence("impact", "--base", "HEAD", "--cluster", "prod", "--format", "json").out)
        found = [item["message"] for item in data["findings"] if item["code"] == "RF608"]
        return found, [item["effect"] for item in data["changes"]], data["autoApprovable"]["value"]

    pair = "in prod, shop/frontend → shop/checkout on 9090/TCP stays open"
    lifted = f"{pair}, and is no longer restricted by http rules: a rule without them allows the same"
    assert said() == ([lifted], [], False)
    small.commit("Scrape")
    flows.write_text(text, encoding="utf-8")
    ringfence("render")
    put_ = f"{pair}, and is restricted by http rules from now on: what they do not name is refused"
    assert said() == ([put_], [], False)


def test_a_rule_for_requests_that_is_wider_is_said(small: GitRepository, ringfence: Cli) -> None:
    put(small, PLACE, REQUESTS)
    ringfence("render")
    small.commit("Adopt")
    put(small, PLACE, REQUESTS.replace("{method: GET}", '{method: ".*", path: "/.*"}'))
    ringfence("render")
    data = json.loads(ringfence("impact", "--base", "HEAD", "--cluster", "prod", "--format", "json").out)
    (found,) = data["findings"]
    assert (found["code"], found["path"], found["line"]) == ("RF608", PLACE, 7)
    assert found["message"] == (
        "in prod, shop/frontend → shop/checkout on 9090/TCP stays open, and is restricted by other http rules than "
        "before: other requests pass, or are refused"
    )
    assert (data["changes"], data["autoApprovable"]["value"]) == ([], False)


def test_guardrails_count_what_adopted_policies_allow(small: GitRepository, ringfence: Cli) -> None:
    guard = """\
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails:
  - name: no-way-in
    never: {from: {world: true}, to: {namespaces: [shop]}}
    reason: Payments are called by others only
"""
    put(small, "policies/guardrails/extra.yaml", guard)
    put(small, PLACE, POLICY)
    ringfence("render")
    done = ringfence("verify")
    assert (done.code, "RF504" in done.out, "no-way-in" in done.out) == (1, True, True)


def test_of_the_cluster_as_a_whole(small: GitRepository, ringfence: Cli) -> None:
    put(small, "policies/adopted/dev/_cluster/all.yaml", TIER)
    put(small, "policies/adopted/dev/elsewhere/old.yaml", POLICY.replace("namespace: shop", "namespace: elsewhere"))
    assert ringfence("render").code == 0
    folder = small.path / "policies/rendered/overlays/dev/_cluster"
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "adopted.globalnetworkpolicy.projectcalico.org.everything.yaml",
        "adopted.networkpolicy.networking.k8s.io.elsewhere.old.yaml",
        "kustomization.yaml",
    ]
    assert "order: 10.5\n" in (folder / names[0]).read_text(encoding="utf-8")
    project = small.path / "policies/rendered/gitops/argocd/dev/appprojects/_cluster.yaml"
    text = project.read_text(encoding="utf-8")
    assert "namespaceResourceWhitelist:\n    - group: networking.k8s.io\n      kind: NetworkPolicy\n" in text
    assert "kind: GlobalNetworkPolicy" in text
    assert ringfence("verify", "--cluster", "dev").code == 0


@pytest.mark.parametrize(
    ("path", "text", "code", "hint"),
    [
        ("policies/adopted/prod/shop/old.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", "RF160", ""),
        ("policies/adopted/prod/payments/old.yaml", POLICY, "RF161", "policies/adopted/prod/shop/"),
        ("policies/adopted/prod/_cluster/old.yaml", POLICY, "RF161", "policies/adopted/prod/shop/"),
        ("policies/adopted/prd/shop/old.yaml", POLICY, "RF161", "policies/adopted/prod/"),
        ("policies/adopted/prod/shop/two.yaml", f"{POLICY}---\n{POLICY}", "RF162", "remove one"),
        ("policies/adopted/prod/shop/r.yaml", POLICY.replace("name: old", "name: ringfence-x"), "RF162", "begin"),
        (PLACE, POLICY.replace("name: old", "name: ../../../old"), "RF160", "lower-case letters"),
        ("policies/adopted/prod/old.yaml", POLICY, "RF100", "policies/adopted/<cluster>/<namespace>/"),
        (PLACE, POLICY.replace("port: 9000", "port: 90000"), "RF701", ""),
    ],
)
def test_bad_ones_are_said(small: GitRepository, ringfence: Cli, path: str, text: str, code: str, hint: str) -> None:
    put(small, path, text)
    done = ringfence("validate")
    assert (done.code, code in done.out) == (1, True), done.out
    assert hint in done.out
