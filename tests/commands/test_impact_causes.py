"""Every kind of change in a real repository, and the cause that is named for it."""

from __future__ import annotations

from typing import Any

import pytest
from command_kit import CALL_BACK, CHECKOUT, FLOWS, NAMESPACE, Cli, add_flow, edit

from git_repository import GitRepository
from ringfence.render.templates import packaged

PAYMENTS = "teams/payments/payments/namespace.yaml"
FRONTEND = CHECKOUT.replace("checkout.yaml", "frontend.yaml")
CLUSTER = "policies/clusters/prod.yaml"
CATALOG = "policies/catalog/platform.yaml"


def impact(ringfence: Cli, *words: str) -> Any:
    return ringfence("impact", "--format", "json", *words).json


def causes(change: Any) -> list[tuple[str, str, str]]:
    """Kind, file and sentence of each cause but the declarations."""
    return [
        (item["kind"], item["path"], item["reason"])
        for item in change["causes"]
        if item["kind"] not in ("flow", "baseline")
    ]


def pairs(report: Any) -> set[tuple[str, str, str]]:
    return {(item["effect"], item["source"], item["destination"]) for item in report["changes"]}


def gate(report: Any, name: str) -> tuple[str, str]:
    (found,) = (item for item in report["gates"] if item["name"] == name)
    return found["verdict"], found["reason"]


def test_a_flow_that_is_written_edited_and_removed(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, *CALL_BACK, "ticket: SEC-9", "expires: 2099-01-01")
    assert ringfence("render").code == 0
    (change,) = impact(ringfence)["changes"]
    (cause,) = change["causes"]
    assert (cause["edit"], cause["ticket"], cause["expires"]) == ("added", "SEC-9", "2099-01-01")
    first = small.commit()
    edit(small, FLOWS, "ports: [http]", "ports: [http, 8081]")
    assert ringfence("render").code == 0
    (change,) = impact(ringfence, "--base", first)["changes"]
    (cause,) = change["causes"]
    assert (cause["edit"], cause["side"], change["after"]) == ("edited", "head", {"TCP": [[8080, 8081]]})
    second = small.commit()
    small.git("revert", "--no-edit", second)
    small.git("revert", "--no-edit", first)
    (change,) = impact(ringfence, "--base", second)["changes"]
    (cause,) = change["causes"]
    assert (cause["edit"], cause["side"], cause["path"]) == ("removed", "base", FLOWS)


def test_labels_of_pods(small: GitRepository, ringfence: Cli) -> None:
    edit(small, PAYMENTS, "{app: api}", "{app: card-api}")
    assert ringfence("render").code == 0
    report = impact(ringfence)
    assert pairs(report) == {("closed", "payments/api", "stripe"), ("closed", "shop/checkout", "payments/api")}
    for change in report["changes"]:
        assert change["reason"] == "pods with the old labels"
        assert causes(change) == [("label", PAYMENTS, "labels of workload payments/api: app=api → app=card-api")]
    assert ringfence("impact", "--format", "json").codes == ["RF606"]


def test_labels_that_pods_swap_open_what_nobody_declared(small: GitRepository, ringfence: Cli) -> None:
    edit(small, NAMESPACE, "{app: frontend}", "{app: other}")
    edit(small, NAMESPACE, "{app: checkout}", "{app: frontend}")
    assert ringfence("render").code == 0
    report = impact(ringfence)
    opened = [item for item in report["changes"] if item["effect"] == "opened"]
    assert {(item["source"], item["destination"]) for item in opened} >= {("shop/frontend", "payments/api")}
    assert all(item["collateral"] and item["reason"] == "pods with the old labels" for item in opened)
    assert gate(report, "collateral")[0] == "failed"
    finding = next(item for item in report["findings"] if item["code"] == "RF601")
    assert "for pods that still have the old labels" in finding["message"]


def test_labels_of_a_namespace(small: GitRepository, ringfence: Cli) -> None:
    """A policy that somebody keeps by hand selects namespaces by a label of theirs."""
    edit(small, PAYMENTS, "kind: Namespace\n", "kind: Namespace\nlabels: {tier: back}\n")
    assert ringfence("render").code == 0
    folder = "policies/rendered/base/checkout/shop"
    rule = "{namespaceSelector: {matchLabels: {tier: web}}}"
    small.write(
        f"{folder}/more.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: more, namespace: shop}\n"
        f"spec: {{podSelector: {{}}, policyTypes: [Ingress], ingress: [{{from: [{rule}]}}]}}\n",
    )
    edit(small, f"{folder}/kustomization.yaml", "resources:\n", "resources:\n  - more.yaml\n")
    api = "policies/rendered/base/payments/payments/api.yaml"
    edit(small, api, "  egress:\n", "  egress:\n    - to: [{namespaceSelector: {}}]\n")
    small.commit()
    edit(small, PAYMENTS, "{tier: back}", "{tier: web}")
    report = impact(ringfence)
    opened = {item["destination"]: item for item in report["changes"] if item["source"] == "payments/api"}
    assert set(opened) == {"shop/checkout", "shop/frontend", "shop/*"}
    found = causes(opened["shop/frontend"])
    assert ("label", PAYMENTS, "labels of namespace payments: tier=back → tier=web") in found
    assert ("rule", f"{folder}/more.yaml", "allows all ports") in found
    (finding,) = (
        item for item in report["findings"] if item["code"] == "RF601" and item["subject"].endswith("shop/frontend")
    )
    assert "labels of namespace payments: tier=back → tier=web" in finding["message"]


def test_a_port_of_a_workload(small: GitRepository, ringfence: Cli) -> None:
    edit(small, PAYMENTS, "https: 8443", "https: 9443")
    assert ringfence("render").code == 0
    (change,) = impact(ringfence)["changes"]
    assert causes(change) == [("workload", PAYMENTS, "ports of workload payments/api: https 8443/TCP → 9443/TCP")]
    assert {(item["side"], item["edit"]) for item in change["causes"] if item["kind"] == "flow"} == {
        ("head", ""),
        ("base", ""),
    }
    assert ringfence("impact").out.count("flow shop/authorise-card") == 1, "what is the same on both sides is said once"


def test_addresses_of_a_peer(small: GitRepository, ringfence: Cli) -> None:
    edit(small, CATALOG, "[192.0.2.0/24]", "[192.0.2.0/25]")
    assert ringfence("render").code == 0
    (change,) = impact(ringfence)["changes"]
    assert (change["effect"], change["destination"]) == ("closed", "192.0.2.128/25")
    assert causes(change) == [("peer", CATALOG, "addresses of peer stripe: -192.0.2.128/25")]


def test_environments_of_a_workload(small: GitRepository, ringfence: Cli) -> None:
    edit(small, PAYMENTS, "    accepts:", "    environments: [prod]\n    accepts:")
    assert ringfence("render").code == 0
    report = impact(ringfence)
    assert {item["reason"] for item in report["changes"]} == {"workload removed"}
    assert all(item["clusters"] == ["dev"] for item in report["changes"])
    sentences = {sentence for change in report["changes"] for _, _, sentence in causes(change)}
    assert sentences == {"environments of workload payments/api: -dev"}


def test_a_cluster_that_comes(small: GitRepository, ringfence: Cli) -> None:
    text = (small.path / CLUSTER).read_text()
    small.write(
        "policies/clusters/prod-us.yaml",
        text.replace("prod.example", "us.example")
        .replace("10.8.", "10.16.")
        .replace("10.12.", "10.20.")
        .replace("10.200.", "10.201."),
    )
    done = ringfence("render")
    assert done.code == 0, done
    report = impact(ringfence)
    assert report["changes"]
    assert all(item["clusters"] == ["prod-us"] for item in report["changes"])
    kinds = {kind for change in report["changes"] for kind, _, _ in causes(change)}
    assert kinds == {"cluster"}
    assert report["headline"].endswith("— prod-us; dev, prod unchanged")


def test_the_profile_of_a_network_plugin(small: GitRepository, ringfence: Cli) -> None:
    """An address block that holds pods matches them under one plugin and not under the other."""
    for path in (CHECKOUT, FRONTEND):
        for direction, key in (("ingress", "from"), ("egress", "to")):
            text = (small.path / path).read_text()
            block = f"    - {key}: [{{ipBlock: {{cidr: 10.8.0.0/14}}}}]\n      ports: [{{port: 22, protocol: TCP}}]\n"
            text = text.replace(f"  {direction}: []\n", f"  {direction}:\n")
            small.write(path, text.replace(f"  {direction}:\n", f"  {direction}:\n{block}", 1))
    small.commit()
    edit(small, CLUSTER, "cni: {name: cilium}", "cni: {name: calico}")
    report = impact(ringfence, "--cluster", "prod")
    opened = {(item["source"], item["destination"]): item for item in report["changes"] if item["effect"] != "closed"}
    change = opened["shop/checkout", "shop/frontend"]
    assert change["after"] == {"TCP": [[22, 22]]}
    (sentence,) = (text for kind, path, text in causes(change) if kind == "cluster" and path == CLUSTER)
    assert sentence.startswith("network plugin of prod: cilium")
    assert gate(report, "collateral")[0] == "failed"


def test_a_template(small: GitRepository, ringfence: Cli) -> None:
    """A template decides the looks of a file and never its meaning: files differ, and no object does."""
    own = "policies/templates/kubernetes/policy.yaml.j2"
    small.write(own, packaged("kubernetes/policy.yaml.j2") + "# Ask the platform team\n")
    done = ringfence("render")
    assert done.code == 0, done
    report = impact(ringfence)
    assert (report["changes"], report["objects"]) == ([], [])
    (origin,) = report["rendered"]
    assert (origin["because"], origin["of"]) == ("template", [own])
    assert CHECKOUT in origin["paths"]
    for form in ("text", "html"):
        shown = ringfence("impact", "--format", form).out
        assert "5 rendered files differ since templates differ: policies/templates/kubernetes/policy.yaml.j2" in shown


def test_another_version_of_the_tool(small: GitRepository, ringfence: Cli) -> None:
    """The base holds what an older version wrote: narrower here, wider there, from the same declarations."""
    good = (small.path / CHECKOUT).read_text()
    edit(small, CHECKOUT, "port: 5050", "port: 5051")
    old = small.commit("As an older version rendered it")
    small.write(CHECKOUT, good)
    report = impact(ringfence, "--base", old)
    assert pairs(report) == {("opened", "shop/frontend", "shop/checkout")}
    (change,) = report["changes"]
    ((kind, path, sentence),) = causes(change)
    assert (kind, path) == ("tool", CHECKOUT)
    assert "another version wrote it" in sentence
    assert [item["edit"] for item in change["causes"] if item["kind"] == "flow"] == [""]
    assert [(item["because"], item["paths"]) for item in report["rendered"]] == [("tool", [CHECKOUT])]
    assert report["findings"] == []


def test_a_hand(small: GitRepository, ringfence: Cli) -> None:
    edit(small, CHECKOUT, "port: 5050", "port: 5051")
    report = impact(ringfence)
    assert pairs(report) == {("closed", "shop/frontend", "shop/checkout")}
    assert [kind for kind, _, _ in causes(report["changes"][0])] == ["hand"]
    assert [(item["because"], item["paths"]) for item in report["rendered"]] == [("hand", [CHECKOUT])]


@pytest.mark.parametrize("more", [(), ("environments: [prod]",)], ids=["base", "patch"])
def test_flows_of_a_base_that_is_mended_are_told_by_the_rendered_comments(
    small: GitRepository, ringfence: Cli, more: tuple[str, ...]
) -> None:
    add_flow(small, *CALL_BACK, "ticket: SEC-5", "expires: 2099-01-01", *more)
    assert ringfence("render").code == 0
    text = (small.path / FLOWS).read_text()
    small.write(FLOWS, text + "  - {name: broken\n")
    broken = small.commit()
    small.write(FLOWS, text[: text.index("  - name: call-back")])
    assert ringfence("render").code == 0
    report = impact(ringfence, "--base", broken)
    assert pairs(report) == {("closed", "shop/checkout", "shop/frontend")}
    (cause,) = report["changes"][0]["causes"]
    assert (cause["kind"], cause["name"], cause["path"], cause["line"]) == ("flow", "shop/call-back", FLOWS, 0)
    assert (cause["owner"], cause["ticket"], cause["expires"], cause["side"], cause["edit"]) == (
        "checkout",
        "SEC-5",
        "2099-01-01",
        "base",
        "removed",
    )
    assert cause["reason"] == "The basket tells the page"
    assert [item["because"] for item in report["rendered"]] == ["declarations"]
    assert ringfence("impact", "--base", broken, "--format", "json").codes == ["RF605"]


def test_a_team_that_is_renamed_changes_no_connection(small: GitRepository, ringfence: Cli) -> None:
    small.git("mv", "teams/checkout", "teams/basket")
    done = ringfence("render")
    assert done.code == 0, done
    report = impact(ringfence)
    assert report["changes"] == []
    assert {item["for"] for item in report["approvals"]} >= {"basket", "checkout"}, "both sides own what moves"


def test_a_file_that_moves_within_a_namespace_changes_nothing(small: GitRepository, ringfence: Cli) -> None:
    small.git("mv", FLOWS, "teams/checkout/shop/calls.yaml")
    assert ringfence("render").code == 0
    report = impact(ringfence)
    assert report["changes"] == []
    assert [item["because"] for item in report["rendered"]] == ["declarations"]


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_the_command_that_is_shown_shows_the_same_again(small: GitRepository, ringfence: Cli, form: str) -> None:
    import re
    import shlex

    add_flow(small, *CALL_BACK)
    assert ringfence("render").code == 0
    words = ("impact", "--cluster", "prod", "--at", "2026-12-01", "--approved", "@example/checkout", "--format", form)
    first = ringfence(*words).out
    (command,) = set(
        re.findall(
            r"ringfence impact --base [0-9a-f]{40} --cluster prod --at 2026-12-01 --approved @example/checkout", first
        )
    )
    assert ringfence(*shlex.split(command)[1:], "--format", form).out == first
