"""One report from several jobs: what each finds in its cluster, judged together, is what one run says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_kit import CALL_BACK, CHECKOUT, FLOWS, NAMESPACE, Cli, add_flow, edit

from git_repository import GitRepository

CLUSTERS = "policies/clusters/"
OVERLAYS = "policies/rendered/overlays/"
NONPROD = 'kubernetesCluster: nonprod\nnamespacePattern: "{namespace}-{environment}"\n'


@pytest.fixture
def three(small: GitRepository, ringfence: Cli) -> GitRepository:
    """The small repository with two environments on one Kubernetes cluster beside prod."""
    text = (small.path / f"{CLUSTERS}dev.yaml").read_text() + NONPROD
    small.write(f"{CLUSTERS}dev.yaml", text)
    small.write(f"{CLUSTERS}test.yaml", text.replace("environment: dev", "environment: test"))
    for command in ("render", "owners"):
        assert ringfence(command).code == 0
    small.commit()
    return small


def one_flow(repository: GitRepository) -> None:
    add_flow(repository, *CALL_BACK)


def no_flows(repository: GitRepository) -> None:
    for path in (FLOWS, "teams/payments/payments/flows.yaml"):
        (repository.path / path).unlink()


def other_labels_and_stage(repository: GitRepository) -> None:
    edit(repository, NAMESPACE, "labels: {app: checkout}", "labels: {app: till}")
    path = f"{CLUSTERS}test.yaml"
    repository.write(path, (repository.path / path).read_text() + "stages: {payments: permissive}\n")


def looser_guardrail(repository: GitRepository) -> None:
    edit(
        repository,
        "policies/guardrails/platform.yaml",
        "[shop/checkout, payments",
        "[shop/frontend, shop/checkout, payments",
    )
    add_flow(repository, "name: ask", "from: frontend", "to: payments/api", "ports: [https]", "reason: The page asks")


def other_clusters(repository: GitRepository) -> None:
    (repository.path / f"{CLUSTERS}test.yaml").unlink()
    text = (repository.path / f"{CLUSTERS}prod.yaml").read_text().replace("prod", "late")
    text = text.replace("10.8.", "10.16.").replace("10.12.", "10.20.").replace("10.200.", "10.201.")
    repository.write(f"{CLUSTERS}late.yaml", text)


def by_hand(repository: GitRepository) -> None:
    """Rules and folders that nothing declares, in rendered files."""
    edit(repository, CHECKOUT, "  ingress:\n", "  ingress:\n    - {}\n")
    for path in sorted(repository.path.glob(f"{OVERLAYS}test/*/*/baseline.yaml")):
        path.unlink()
        listed = path.with_name("kustomization.yaml")
        listed.write_text(listed.read_text().replace("  - baseline.yaml\n", ""))
    repository.write(f"{OVERLAYS}nowhere/checkout/shop/kustomization.yml", "resources: []\n")


EDITS = (one_flow, no_flows, other_labels_and_stage, looser_guardrail, other_clusters, by_hand)


def parts(ringfence: Cli, folder: Path, clusters: tuple[str, ...], *options: str) -> list[Path]:
    made = []
    for name in clusters:
        made.append(folder / f"{name}.part")
        assert ringfence("impact", "--cluster", name, "--part", made[-1], *options).code in (0, 1)
    return made


@pytest.mark.parametrize(("change", "whole"), [(one_flow, True), *((change, False) for change in EDITS)])
def test_parts_together_are_the_whole(
    three: GitRepository, ringfence: Cli, tmp_path: Path, change: Callable[[GitRepository], None], whole: bool
) -> None:
    change(three)
    if change is not by_hand:
        ringfence("render")
    options = ["--whole"] if whole else []
    clusters = ("dev", "prod", "late") if change is other_clusters else ("prod", "test")
    made = parts(ringfence, tmp_path, clusters, *options)
    files = [f"--output={name}={{}}/{name}" for name in ("json", "html", "junit", "sarif", "codequality")]
    seen = []
    for name, merge in (("one", []), ("merged", ["--merge", *made])):
        (tmp_path / name).mkdir()
        done = ringfence("impact", *options, *(item.format(tmp_path / name) for item in files), *merge)
        seen.append((done.code, done.out, {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}))
    assert seen[0] == seen[1]
    report = json.loads(seen[0][2]["json"])
    assert report["changes"] or report["objects"]
    assert (report["scope"] is None) == (whole or change not in (one_flow, no_flows))
    failing = [gate["name"] for gate in report["gates"] if gate["verdict"] == "failed"]
    expected = {
        "no_flows": [],
        "one_flow": [],
        "other_labels_and_stage": ["cross-environment", "isolation-ratchet"],
        "looser_guardrail": ["guardrail"],
        "other_clusters": [],
        "by_hand": ["collateral", "cross-environment", "guardrail", "default-deny", "justification-ratchet"],
    }
    assert failing == expected[change.__name__]


def test_clusters_on_one_kubernetes_cluster_may_both_have_a_job(
    three: GitRepository, ringfence: Cli, tmp_path: Path
) -> None:
    one_flow(three)
    assert ringfence("render").code == 0
    made = parts(ringfence, tmp_path, ("dev", "prod", "test"))
    assert ringfence("impact", "--merge", *made).out == ringfence("impact").out


def test_parts_that_do_not_belong_together(three: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    one_flow(three)
    assert ringfence("render").code == 0
    made = parts(ringfence, tmp_path, ("dev", "prod"))
    done = ringfence("impact", "--merge", made[0])
    assert (done.code, done.out) == (2, "")
    assert (
        "no part is of the Kubernetes cluster prod\n  let a job write one: ringfence impact --cluster prod" in done.err
    )
    later = parts(ringfence, tmp_path / "..", ("prod",), "--at", "2040-01-01")
    assert (
        f"{later[0]} is a part of another change than {made[0]}" in ringfence("impact", "--merge", made[0], *later).err
    )
    packed = json.loads(made[0].read_text())
    packed[1] = "0.0.1"
    old = tmp_path / "old.part"
    old.write_text(json.dumps(packed))
    assert "was written by Ringfence 0.0.1" in ringfence("impact", "--merge", old, made[1]).err
    edit(three, FLOWS, "ports: [http]", "ports: [http, metrics]")
    assert ringfence("render").code == 0
    assert "the parts are of another change than this one" in ringfence("impact", "--merge", *made).err


@pytest.mark.parametrize(
    "text", ["", "{}", "[1, 2, 3]", '["a part of ringfence impact", "VERSION", "", true, [[1]]]', None]
)
def test_files_that_are_no_parts(three: GitRepository, ringfence: Cli, tmp_path: Path, text: str | None) -> None:
    import ringfence as package

    file = tmp_path / "file"
    if text is not None:
        file.write_text(text.replace("VERSION", package.__version__))
    done = ringfence("impact", "--merge", file)
    assert (done.code, done.out) == (2, "")
    said = "is no part of an impact" if text is not None else "No such file"
    assert said in done.err
