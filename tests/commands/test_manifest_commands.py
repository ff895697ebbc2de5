"""diff and lint on plain manifests, without a repository."""

from __future__ import annotations

import json
from pathlib import Path

from command_kit import Cli
from manifest_kit import DEPLOYMENT, POLICY


def folder(path: Path, *policies: str) -> Path:
    """A folder with two workloads and some policies."""
    path.mkdir()
    workloads = [DEPLOYMENT.format(name=name) for name in ("cart", "frontend")]
    (path / "all.yaml").write_text("---\n".join([*workloads, *policies]))
    return path


def test_a_policy_that_comes_closes_what_it_does_not_name(tmp_path: Path, ringfence: Cli) -> None:
    before, after = folder(tmp_path / "a"), folder(tmp_path / "b", POLICY)
    done = ringfence("diff", "--manifests", before, after)
    assert done.code == 0
    assert done.out.splitlines() == [
        "~ shop/frontend[Deployment] → shop/cart[Deployment]  all ports → 7070/TCP",
        "- 0.0.0.0/0, ::/0 → shop/cart[Deployment]  all ports",
    ]
    assert "2 connections differ between 0 and 1 policies; no findings" in done.err


def test_diff_of_the_same_is_empty_and_says_so(tmp_path: Path, ringfence: Cli) -> None:
    path = folder(tmp_path / "a", POLICY)
    done = ringfence("diff", "--manifests", path, path)
    assert (done.code, done.out) == (0, "")
    assert "0 connections differ" in done.err


def test_diff_as_json_has_the_documented_rows(tmp_path: Path, ringfence: Cli) -> None:
    before, after = folder(tmp_path / "a"), folder(tmp_path / "b", POLICY)
    done = ringfence("diff", "--manifests", before, after, "--format", "json")
    data = json.loads(done.out)
    every = {protocol: [[1, 65535]] for protocol in ("TCP", "UDP", "SCTP")}
    assert data["diff"][0] == [
        "changed",
        "shop/frontend[Deployment]",
        "shop/cart[Deployment]",
        every,
        {"TCP": [[7070, 7070]]},
    ]
    assert {row[0] for row in data["diff"]} == {"changed", "removed"}
    assert data["undefined"] == data["findings"] == []


def test_lint_finds_what_a_server_refuses(tmp_path: Path, ringfence: Cli) -> None:
    path = folder(tmp_path / "a", POLICY.replace("port: 7070", "port: 70000"))
    done = ringfence("lint", "--manifests", path, "--format", "json")
    assert done.code == 1
    assert done.codes == ["RF701"]
    [finding] = done.json["findings"]
    assert (finding["path"], finding["line"]) == ("all.yaml", 27)


def test_lint_warns_of_what_hardly_anyone_means(tmp_path: Path, ringfence: Cli) -> None:
    path = folder(tmp_path / "a", POLICY.replace("from: [{podSelector: {matchLabels: {app: frontend}}}]", "from: []"))
    done = ringfence("lint", "--manifests", path)
    assert done.code == 0
    assert "RF710 empty-list-means-all" in done.out
    assert "1 policy, 0 objects not modelled, 2 workloads, 0 other objects; 1 warning" in done.out


def test_lint_of_good_manifests_says_what_it_read(tmp_path: Path, ringfence: Cli) -> None:
    done = ringfence("lint", "--manifests", folder(tmp_path / "a", POLICY))
    assert (done.code, done.out) == (
        0,
        "1 policy, 0 objects not modelled, 2 workloads, 0 other objects; no findings\n",
    )


def test_nothing_to_read_is_no_success(tmp_path: Path, ringfence: Cli) -> None:
    (tmp_path / "empty").mkdir()
    for command in (("lint", "--manifests", tmp_path / "empty"), ("lint", "--manifests", tmp_path / "absent")):
        done = ringfence(*command)
        assert done.code == 2
        assert done.out == ""


def test_diff_says_in_which_folder_a_finding_is(tmp_path: Path, ringfence: Cli) -> None:
    good, bad = folder(tmp_path / "a", POLICY), folder(tmp_path / "b", POLICY.replace("port: 7070", "port: 70000"))
    done = ringfence("diff", "--manifests", good, bad, "--format", "json")
    assert done.code == 1
    assert [(item["code"], item["path"]) for item in done.json["findings"]] == [("RF701", f"{bad}/all.yaml")]


def test_options_without_effect_are_refused(tmp_path: Path, ringfence: Cli) -> None:
    path = folder(tmp_path / "a", POLICY)
    for command in (("connections",), ("explain", "shop/frontend", "shop/cart")):
        done = ringfence(*command, "--cni", "calico")
        assert (done.code, done.out) == (2, "")
        assert "--cni goes with --manifests" in done.err
        done = ringfence(*command, "--manifests", path, "--cluster", "prod")
        assert (done.code, done.out) == (2, "")
        assert "--cluster is for a repository" in done.err


def test_lint_finds_rules_without_effect_and_says_from_which_severity_it_fails(tmp_path: Path, ringfence: Cli) -> None:
    twice = POLICY + POLICY[POLICY.index("    - from") :]
    path = folder(tmp_path / "a", twice)
    for fail_on, code in ((None, 0), ("error", 0), ("warning", 0), ("info", 1)):
        done = ringfence("lint", "--manifests", path, *(("--fail-on", fail_on) if fail_on else ()), "--format", "json")
        assert (done.code, done.codes) == (code, ["RF751"])
    typo = folder(tmp_path / "b", POLICY.replace("app: frontend", "app: fronted"))
    assert ringfence("lint", "--manifests", typo).code == 0
    done = ringfence("lint", "--manifests", typo, "--fail-on", "warning")
    assert done.code == 1
    assert "fix: did you mean app: frontend?" in done.out


def test_lint_knows_what_a_plugin_does_not_enforce(tmp_path: Path, ringfence: Cli) -> None:
    path = folder(tmp_path / "a", POLICY)
    done = ringfence("lint", "--manifests", path, "--cni", "flannel", "--format", "json")
    assert (done.code, done.codes) == (1, ["RF757"])
