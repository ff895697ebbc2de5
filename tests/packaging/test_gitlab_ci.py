"""The pipelines of this repository and of a new one: valid, and with the same gates."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
OWN = PROJECT / ".gitlab-ci.yml"
NEW = PROJECT / "tools/ringfence/scaffold/dot-gitlab-ci.yml"
GATES = ["validate", "fmt", "render", "owners", "verify", "impact"]


def read(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text())
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize("path", [OWN, NEW], ids=["own", "new"])
def test_gitlab_accepts_it(path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_both_have_the_same_gates() -> None:
    own, new = read(OWN), read(NEW)
    assert [own[job] for job in GATES] == [new[job] for job in GATES]
    assert own["workflow"] == new["workflow"]
    assert own["default"]["image"] == new["default"]["image"]
    assert own["stages"] == new["stages"] == ["validate", "verify", "impact"]


def test_images_are_pinned_to_a_release() -> None:
    images = [read(OWN)["default"]["image"], read(OWN)["toolkit"]["image"]]
    assert all(image.partition(":")[2].partition("-")[0].count(".") == 2 for image in images)


def test_impact_keeps_its_report_when_it_fails() -> None:
    artifacts = read(NEW)["impact"]["artifacts"]
    assert artifacts["when"] == "always"
    assert artifacts["paths"] == ["impact.md", "impact.json"]
    assert artifacts["expose_as"]


@pytest.mark.parametrize("merged_results", [False, True])
@pytest.mark.parametrize("status", [0, 1])
def test_the_script_of_impact_runs_on_a_shallow_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, merged_results: bool, status: int
) -> None:
    """The real script in a real shallow clone; a stand-in for `ringfence` notes its arguments, and finds the base."""
    origin, clone, programs = tmp_path / "origin", tmp_path / "clone", tmp_path / "bin"
    shell(tmp_path, "git init -q origin && cd origin && for n in 1 2 3; do git commit -q --allow-empty -m $n; done")
    base = shell(origin, "git rev-parse HEAD~2").strip()
    shell(origin, "git config uploadpack.allowAnySHA1InWant true")
    shell(tmp_path, f"git clone -q --depth=1 file://{origin} {clone}")
    programs.mkdir()
    (programs / "ringfence").write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\ngit cat-file -e "$3" || exit 9\n'
        f'echo "report of $5"\nexit {status}\n'
    )
    (programs / "ringfence").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", base if merged_results else "")
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "0" * 40 if merged_results else base)
    script = "\n".join(read(NEW)["impact"]["script"])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=clone, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    assert (tmp_path / "calls").read_text().splitlines() == [
        f"impact --base {base} --format json",
        f"impact --base {base} --format markdown",
    ]
    assert (clone / "impact.json").read_text() == "report of json\n"
    assert (clone / "impact.md").read_text() == "report of markdown\n"
    assert done.stdout == "report of markdown\n"


def shell(cwd: Path, script: str) -> str:
    return subprocess.run(["bash", "-euc", script], cwd=cwd, capture_output=True, text=True, check=True).stdout
