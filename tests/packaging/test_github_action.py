"""The action for GitHub: valid, and its script run on a real merge of a pull request."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from git_repository import GitRepository
from small_repository import SMALL

ACTION = Path(__file__).parents[2] / "action.yml"


def action() -> dict[str, Any]:
    data = yaml.safe_load(ACTION.read_text())
    assert isinstance(data, dict)
    return data


def gates() -> dict[str, Any]:
    step = next(step for step in action()["runs"]["steps"] if step.get("name") == "Gates")
    assert isinstance(step, dict)
    return step


def test_github_accepts_it() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", str(ACTION)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_input_is_described_used_and_never_part_of_a_script() -> None:
    text = ACTION.read_text()
    for name, about in action()["inputs"].items():
        assert about["description"].endswith(".")
        assert f"inputs.{name}" in text
    assert not [step for step in action()["runs"]["steps"] if "${{" in step.get("run", "")]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A `ringfence` that runs this interpreter comes first on PATH."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "ringfence").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ringfence "$@"\n')
    (folder / "ringfence").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        yield


@pytest.fixture(scope="module")
def origin(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The merge of a pull request that adds a flow, onto a main that has gone on."""
    origin = tmp_path_factory.mktemp("host") / "origin"
    shutil.copytree(SMALL, origin)
    made = GitRepository(origin)
    made.git("init", "--quiet")
    made.git("config", "uploadpack.allowAnySHA1InWant", "true")
    render(origin)
    made.commit()
    made.git("switch", "--quiet", "--create", "change")
    add_flow(origin, "shop/frontend", "look")
    made.commit("Change")
    made.git("switch", "--quiet", "main")
    add_flow(origin, "payments/api", "other", "--port", "8443")
    made.commit("Somebody else")
    made.git("merge", "--quiet", "--no-ff", "change", "-m", "Merge")
    return origin


@pytest.fixture
def checkout(origin: Path, tmp_path: Path) -> GitRepository:
    """A shallow checkout of it."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{origin}", str(clone)], check=True)
    return GitRepository(clone)


def render(root: Path) -> None:
    for words in (["render"], ["owners"]):
        subprocess.run(["ringfence", *words], cwd=root, check=True, capture_output=True)


def add_flow(root: Path, source: str, name: str, *more: str) -> None:
    words = ["flow", "add", "--from", source, "--to", "stripe", "--port", "https", "--reason", "Test", "--name", name]
    subprocess.run(["ringfence", *words, *more], cwd=root, check=True, capture_output=True)
    render(root)


def run(checkout: GitRepository, tmp_path: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    step = gates()
    defaults = {name: about["default"] for name, about in action()["inputs"].items()}
    values = {**defaults, **inputs}
    environ = {
        name: values[found[1]] if (found := re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", text)) else "pull_request"
        for name, text in step["env"].items()
    }
    (tmp_path / "summary.md").touch()
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=checkout.path,
        env={
            **os.environ,
            **environ,
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_pull_request(checkout: GitRepository, tmp_path: Path) -> None:
    done = run(checkout, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall("^::group::ringfence (.*)$", done.stdout, re.MULTILINE) == [
        "validate",
        "fmt",
        "render",
        "owners",
        "verify",
        "impact",
    ]
    report = json.loads((tmp_path / "ringfence/impact.json").read_text())
    causes = {cause["name"] for change in report["changes"] for cause in change["causes"]}
    assert causes == {"shop/look"}
    assert "Ringfence" in (tmp_path / "summary.md").read_text()
    for name in ("validate", "verify", "impact"):
        assert json.loads((tmp_path / f"ringfence/sarif/{name}.sarif").read_text())["version"] == "2.1.0"


def test_a_gate_that_fails_one_that_only_warns_and_one_that_is_left_out(
    checkout: GitRepository, tmp_path: Path
) -> None:
    (checkout.path / "CODEOWNERS").write_text("* @nobody\n")
    (checkout.path / "policies/rendered/stray.yaml").write_text("a: 1\n")
    done = run(checkout, tmp_path, advisory="owners", gates="owners render fmt")
    assert done.returncode == 1
    assert "::warning title=Ringfence::owners fails (exit 1), which only warns" in done.stdout
    assert "::error title=Ringfence::render fails (exit 1)\n" in done.stdout
    assert done.stdout.endswith("These gates fail: render\n")
    assert "ringfence verify" not in done.stdout
    assert run(checkout, tmp_path, advisory="owners", gates="owners").returncode == 0


def test_a_checkout_without_a_merge_is_refused_unless_the_base_is_said(checkout: GitRepository, tmp_path: Path) -> None:
    parent = checkout.git("cat-file", "-p", "HEAD").split("parent ")[2][:40]
    checkout.git("fetch", "--quiet", "--depth=1", "origin", parent)
    checkout.git("checkout", "--quiet", parent)
    done = run(checkout, tmp_path, gates="impact")
    assert (done.returncode, "HEAD is not the merge of a pull request" in done.stderr) == (1, True)
    base = checkout.git("cat-file", "-p", "HEAD").split("parent ")[1][:40]
    assert run(checkout, tmp_path, gates="impact", base=base).returncode == 0
