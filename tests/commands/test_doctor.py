from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from command_kit import Cli, add_flow, edit

from git_repository import GitRepository

DEV = "policies/clusters/dev.yaml"
SIGNAL = ("name: signal", "from: checkout", "to: frontend", "ports: [3868/SCTP]", "reason: Signals a call")


@pytest.fixture(autouse=True)
def no_kustomize(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only Git is there, whatever the machine has."""
    git = shutil.which("git")
    assert git is not None
    tools = tmp_path / "programs"
    tools.mkdir()
    (tools / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(tools) + os.pathsep)


def test_the_matrix(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("doctor")
    assert done.code == 0
    rows = [" ".join(line.split()) for line in done.out.splitlines()]
    assert rows[:3] == [
        "CLUSTER PLUGIN DIALECT ENFORCES ADMIN NAMES AUDIT BLOCKS=PODS RANGES SCTP IPV6 PORTS/PEER REFUSED",
        "dev calico@3.32 kubernetes kubernetes,calico CNP - calico yes yes yes yes - 0",
        "prod cilium@1.20 kubernetes kubernetes,cilium - cilium cilium no yes no yes - 0",
    ]
    assert next(row for row in rows if row.startswith("kustomize")).startswith("kustomize not found ")
    assert next(row for row in rows if row.startswith("git "))[4].isdigit()
    assert "consent review" in rows
    assert done.err == "2 clusters, 0 refusals; no findings\n"


def test_sources(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("doctor", "--sources")
    assert done.code == 0
    assert "  sctp: no (beta and off; " in done.out
    assert "    https://docs.cilium.io/en/v1.20/configuration/sctp/\n" in done.out
    assert ringfence("doctor", "-v").out == done.out


def test_a_flow_that_a_cluster_refuses(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, *SIGNAL)
    done = ringfence("doctor")
    assert done.code == 1
    assert "prod cannot enforce 1 need (ringfence validate):\n  teams/checkout/shop/flows.yaml:" in done.out
    assert "RF334 shop/signal needs 3868/SCTP" in done.out
    assert "dev cannot enforce" not in done.out
    assert done.err == "2 clusters, 1 refusal; no findings\n"
    assert ringfence("validate").code == 1


def test_json(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, *SIGNAL)
    done = ringfence("doctor", "--format", "json")
    assert done.code == 1
    assert list(done.json) == ["clusters", "programs", "settings", "findings"]
    dev, prod = done.json["clusters"]
    assert dev["plugin"] == {"name": "calico", "version": "3.32", "title": "Calico 3.32"}
    assert dev["refused"] == []
    assert prod["facts"]["dialects"]["value"] == ["kubernetes", "cilium"]
    assert prod["facts"]["sctp"]["value"] is False
    (refused,) = prod["refused"]
    assert (refused["check"], refused["subject"], refused["needs"]) == ("RF334", "shop/signal", "3868/SCTP")
    assert refused["path"] == "teams/checkout/shop/flows.yaml"
    assert [item["version"] != "" for item in done.json["programs"]] == [True, False]


def test_what_is_not_known_is_null(small: GitRepository, ringfence: Cli) -> None:
    edit(small, DEV, "name: calico", "name: gke-dataplane-v2")
    dev = ringfence("doctor", "--format", "json").json["clusters"][0]
    assert dev["facts"]["sctp"]["value"] is None
    assert dev["facts"]["ipBlocksMatchPods"]["value"] is None


def test_a_plugin_that_enforces_nothing(small: GitRepository, ringfence: Cli) -> None:
    edit(small, DEV, "name: calico", "name: flannel")
    done = ringfence("doctor")
    assert done.code == 1
    assert "RF330 dev needs network policies" in done.out


def test_an_unknown_plugin(small: GitRepository, ringfence: Cli) -> None:
    edit(small, DEV, "name: calico", "name: calic")
    done = ringfence("doctor", "--format", "json")
    assert done.code == 1
    assert done.codes == ["RF144"]
    assert [item["name"] for item in done.json["clusters"]] == ["prod"]


def test_no_usable_cluster(small: GitRepository, ringfence: Cli) -> None:
    for name in ("dev", "prod"):
        path = f"policies/clusters/{name}.yaml"
        edit(small, path, "cni: {name: ", "cni: {name: x-")
    done = ringfence("doctor")
    assert done.code == 1
    assert "RF144 unknown-cni" in done.out
    assert "CLUSTER" not in done.out


def test_outside_of_a_repository(tmp_path: Path, ringfence: Cli) -> None:
    assert ringfence("doctor", "-C", tmp_path).code == 2


@pytest.mark.parametrize(
    ("plugin", "message"),
    [("calicoo", "did you mean `calico`?"), ("calico@3.2", "the versions are `3.31`, `3.32`")],
)
def test_an_unknown_plugin_for_manifests(tmp_path: Path, ringfence: Cli, plugin: str, message: str) -> None:
    (tmp_path / "pod.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    done = ringfence("connections", "--manifests", tmp_path, "--cni", plugin)
    assert done.code == 2
    assert message in done.err
