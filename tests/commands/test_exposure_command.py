"""`ringfence exposure`, for plain manifests and for a repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_kit import Cli, edit
from manifest_kit import SHOP, give

from git_repository import GitRepository


def test_the_world_comes_first_and_a_reader_sees_all(tmp_path: Path, ringfence: Cli) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    done = ringfence("exposure", "--manifests", tmp_path)
    assert done.out.splitlines() == [
        "From the world",
        "  PEER             PORTS      WORKLOADS",
        "  0.0.0.0/0, ::/0  all ports  shop/frontend",
        "To the world",
        "  PEER             PORTS      WORKLOADS",
        "  0.0.0.0/0, ::/0  all ports  shop/cart, shop/frontend",
        "From pods that are not declared",
        "  PEER                               PORTS      WORKLOADS",
        "  any pod of any namespace           all ports  shop/frontend",
        "  pods with role=monitoring of shop  9090/TCP   shop/cart",
        "To pods that are not declared",
        "  PEER                      PORTS      WORKLOADS",
        "  any pod of any namespace  all ports  shop/cart, shop/frontend",
        "No policy selects",
        "  ingress: shop/frontend",
        "  egress: shop/cart, shop/frontend",
        "1 set of pods with the labels of declared workloads left out: see --all",
    ]
    assert done.err == (
        "from the world: 1 workload; to the world: 2; from pods that are not declared: 2; to such pods: 2; "
        "directions without a policy: 3; no findings\n"
    )
    assert done.code == 0


def test_one_workload_in_one_direction(tmp_path: Path, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, SHOP)
    options = ("--focus", "shop/cart", "--direction", "ingress", "--all", "--format", "json")
    done = ringfence("exposure", "--manifests", "-", *options)
    assert [(row["peer"]["text"], row["ports"], row["declared"]) for row in done.json["exposure"]] == [
        ("pods with app=frontend of shop", {"TCP": [[7070, 7070]]}, ["shop/frontend[Deployment]"]),
        ("pods with role=monitoring of shop", {"TCP": [[9090, 9090]]}, []),
    ]
    assert done.json["exposure"][1] == {
        "cluster": "",
        "workload": "shop/cart[Deployment]",
        "direction": "ingress",
        "peer": {
            "kind": "pods",
            "text": "pods with role=monitoring of shop",
            "namespace": "shop",
            "namespaceSelector": [],
            "podSelector": [{"key": "role", "operator": "In", "values": ["monitoring"]}],
        },
        "ports": {"TCP": [[9090, 9090]]},
        "undefined": {},
        "reasons": [],
        "declared": [],
    }
    assert done.json["unprotected"] == done.json["findings"] == []


def test_what_is_undefined_says_why(tmp_path: Path, ringfence: Cli) -> None:
    text = SHOP.replace("{podSelector: {matchLabels: {role: monitoring}}}", "{ipBlock: {cidr: 10.0.0.0/8}}")
    (tmp_path / "shop.yaml").write_text(text)
    done = ringfence("exposure", "--manifests", tmp_path, "--focus", "cart", "--direction", "ingress")
    assert "  10.0.0.0/8  9090/TCP  shop/cart" in done.out
    assert "  any pod of any namespace  undefined: 9090/TCP  shop/cart" in done.out
    assert done.out.endswith(
        "Why something is undefined\n  whether ipBlock 10.0.0.0/8 matches pods is not known of the network plugin\n"
    )
    known = ringfence("exposure", "--manifests", tmp_path, "--focus", "cart", "--cni", "cilium")
    assert "undefined" not in known.out


def test_a_repository_shows_each_cluster_with_its_names(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("exposure", "--cluster", "prod")
    assert done.code == 0
    assert "prod: To the world\n" in done.out
    assert "  stripe  443/TCP  payments/api\n" in done.out
    assert "prod: No policy selects\n  ingress: nothing is without\n  egress: nothing is without\n" in done.out
    whole = ringfence("exposure", "--format", "json")
    assert {row["cluster"] for row in whole.json["exposure"]} == {"dev", "prod"}
    worlds = [row for row in whole.json["exposure"] if row["peer"]["kind"] == "world"]
    assert {(row["workload"], row["peer"]["text"]) for row in worlds} == {("payments/api", "stripe")}


def test_a_hole_in_rendered_policies_shows(small: GitRepository, ringfence: Cli) -> None:
    folder = "policies/rendered/base/checkout/shop"
    small.write(
        f"{folder}/more.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: more, namespace: shop}\n"
        "spec: {podSelector: {matchLabels: {app: frontend}}, ingress: [{}]}\n",
    )
    edit(small, f"{folder}/kustomization.yaml", "resources:\n", "resources:\n  - more.yaml\n")
    done = ringfence("exposure", "--cluster", "prod", "--focus", "shop/frontend", "--direction", "ingress")
    assert " more ranges  all ports  shop/frontend\n" in done.out.partition("To the world")[0]
    assert re.search(r"  any pod of any namespace +all ports +shop/frontend\n", done.out)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--focus", "shop/crat"), "did you mean shop/cart?"),
        (("--direction", "ingress"), "name it: --focus END"),
        (("--cluster", "prod"), "--cluster is for a repository"),
    ],
)
def test_bad_questions(tmp_path: Path, ringfence: Cli, options: tuple[str, ...], said: str) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    done = ringfence("exposure", "--manifests", tmp_path, *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_nothing_to_look_at_is_no_success(tmp_path: Path, ringfence: Cli) -> None:
    (tmp_path / "service.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: web}\n")
    done = ringfence("exposure", "--manifests", tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "the manifests hold no workload" in done.err


def test_manifests_that_cannot_be_read_make_all_undefined(tmp_path: Path, ringfence: Cli) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    (tmp_path / "bad.yaml").write_text("kind: [")
    done = ringfence("exposure", "--manifests", tmp_path)
    assert done.code == 1
    assert "undefined: all ports" in done.out
    assert "bad.yaml:1:8: error RF007" in done.err
