"""`ringfence equivalent`: two dialects, two clusters; what differs and why; what proves nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_kit import Cli, Run

from small_repository import SMALL

WORKLOADS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop, labels: {app: cart}}
spec: {containers: [{name: cart, image: cart, ports: [{containerPort: 7070}]}]}
"""
KUBERNETES = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  podSelector: {matchLabels: {app: cart}}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: web}}}]
      ports: [{port: 7070}]
"""
CALICO = """
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: default.cart, namespace: shop}
spec:
  tier: default
  selector: app == "cart"
  types: [Ingress]
  ingress:
    - action: Allow
      protocol: TCP
      source: {selector: app == "web"}
      destination: {ports: [7070]}
"""
CILIUM = """
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: cart}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
      toPorts: [{ports: [{port: "7070", protocol: TCP}]}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("workloads", WORKLOADS), ("k8s", KUBERNETES), ("calico", CALICO), ("cilium", CILIUM)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.yaml").write_text(text)
    return tmp_path


@pytest.fixture
def compare(ringfence: Cli, folder: Path) -> Cli:
    def run(one: str, two: str, *options: str) -> Run:
        return ringfence("equivalent", "-C", folder, "--manifests", one, two, "--with", "workloads", *options)

    return run


@pytest.mark.parametrize(
    ("one", "two", "cnis"),
    [
        ("k8s", "calico", ["--cni", "calico"]),
        ("k8s", "cilium", ["--cni", "cilium"]),
        ("calico", "cilium", ["--cni", "calico", "--other-cni", "cilium"]),
    ],
)
def test_a_policy_said_in_two_dialects_is_equivalent(compare: Cli, one: str, two: str, cnis: list[str]) -> None:
    done = compare(one, two, *cnis)
    assert (done.code, done.out) == (0, "")
    assert f"{one} and {two} are equivalent: 2 workloads and every address outside, 0 differences" in done.err


def test_a_difference_is_named_with_what_each_side_says(folder: Path, compare: Cli) -> None:
    other = folder / "calico/all.yaml"
    other.write_text(CALICO.replace("ports: [7070]", "ports: [7071]"))
    done = compare("k8s", "calico", "--cni", "calico")
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0] == "≠ shop/web[Pod] → shop/cart[Pod]  k8s: 7070/TCP · calico: 7071/TCP"
    assert any("k8s: ingress of shop/cart[Pod]" in line and "k8s/all.yaml:9:7" in line for line in lines)
    assert any("calico: ingress of shop/cart[Pod]" in line and "[tier default]" in line for line in lines)
    assert "k8s and calico are not proven equivalent: 2 workloads and every address outside, 1 difference" in done.err


def test_what_one_side_leaves_undefined_is_no_proof(folder: Path, compare: Cli) -> None:
    block = KUBERNETES.replace("podSelector: {matchLabels: {app: web}}", "ipBlock: {cidr: 10.0.0.0/8}")
    for name in ("k8s", "calico"):
        (folder / name / "all.yaml").write_text(block)
    done = compare("k8s", "calico")
    assert done.code == 1
    assert done.out.splitlines()[0] == "? shop/web[Pod] → shop/cart[Pod]  undefined: 7070/TCP / 7070/TCP"
    assert "not proven equivalent" in done.err
    assert compare("k8s", "calico", "--cni", "cilium").code == 0


def test_a_workload_of_one_side_alone_is_named(folder: Path, compare: Cli) -> None:
    (folder / "calico/more.yaml").write_text(WORKLOADS.replace("web", "extra"))
    done = compare("k8s", "calico", "--cni", "calico")
    assert done.code == 1
    assert "only in calico: shop/extra[Pod]\n" in done.out


def test_a_dns_name_that_one_side_alone_speaks_of_is_a_difference(folder: Path, compare: Cli) -> None:
    names = CILIUM.replace(
        "  ingress:\n",
        """  egress:
    - toEndpoints: [{}]
      toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [{matchPattern: "*"}]}}]
    - toFQDNs: [{matchName: api.example.com}]
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
  ingress:
""",
    )
    (folder / "cilium/all.yaml").write_text(names)
    done = compare("k8s", "cilium", "--cni", "cilium")
    assert done.code == 1
    assert "→ dns:api.example.com  k8s: " in done.out


def test_hosts_that_one_side_alone_names_are_no_difference(folder: Path, compare: Cli) -> None:
    rule = "  ingressDeny: [{fromEntities: [remote-node]}]\n  ingress:\n"
    (folder / "cilium/all.yaml").write_text(CILIUM.replace("  ingress:\n", rule))
    done = compare("calico", "cilium", "--cni", "calico", "--other-cni", "cilium")
    assert (done.code, done.out) == (0, "")


def test_json_has_both_sides(folder: Path, compare: Cli) -> None:
    (folder / "calico/all.yaml").write_text(CALICO.replace("ports: [7070]", "ports: [7071]"))
    done = compare("k8s", "calico", "--cni", "calico", "--format", "json")
    data = done.json
    assert done.code == 1
    assert (data["equivalent"], data["sides"], data["compared"], data["only"]) == (
        False,
        ["k8s", "calico"],
        2,
        [[], []],
    )
    [difference] = data["differences"]
    assert difference["allowed"] == [{"TCP": [[7070, 7070]]}, {"TCP": [[7071, 7071]]}]
    assert [why["allowed"] for why in difference["why"]] == [{"TCP": [[7070, 7070]]}, {}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name two clusters, or give --manifests A B"),
        (["prod"], "name two clusters"),
        (["prod", "prod"], "prod is both sides"),
        (["prod", "prdo"], "there is no cluster 'prdo'"),
        (["prod", "staging", "--cni", "calico"], "--cni goes with --manifests"),
        (["prod", "staging", "--other-cni", "calico"], "--other-cni goes with --manifests"),
        (["prod", "staging", "--with", "."], "--with goes with --manifests"),
        (["prod", "staging", "--staged"], "--staged goes with --manifests"),
    ],
)
def test_usage_is_explained(ringfence: Cli, tmp_path: Path, arguments: list[str], message: str) -> None:
    root = shutil.copytree(SMALL, tmp_path / "small")
    done = ringfence("equivalent", "-C", root, *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_clusters_of_a_repository_are_compared_by_declared_names(ringfence: Cli, tmp_path: Path) -> None:
    root = shutil.copytree(SMALL, tmp_path / "small")
    assert ringfence("render", "-C", root).code == 0
    done = ringfence("equivalent", "-C", root, "dev", "prod")
    assert (done.code, done.out) == (0, "")
    assert "dev and prod are equivalent: 5 workloads and every address outside, 0 differences" in done.err
    flows = root / "teams/checkout/shop/flows.yaml"
    flows.write_text(flows.read_text() + "    environments: [prod]\n")
    assert ringfence("render", "-C", root).code == 0
    done = ringfence("equivalent", "-C", root, "dev", "prod")
    assert done.code == 1
    assert done.out.startswith("≠ shop/")


def test_nothing_in_common_is_nothing_to_compare(ringfence: Cli, folder: Path) -> None:
    done = ringfence("equivalent", "-C", folder, "--manifests", "k8s", "calico")
    assert done.code == 2
    assert "no workload in common" in done.err
