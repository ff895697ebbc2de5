"""The hook manifest's own entry lines, run on a good and on bad repositories; and its two relatives say the same."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from git_repository import GitRepository

PROJECT = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text())
ENTRIES = {hook["id"]: hook["entry"] for hook in HOOKS}
ON_FILES = ("ringfence-check", "ringfence-fmt")
"""The hooks that are given the changed files."""


def run(repository: GitRepository, hook: str, *files: str) -> subprocess.CompletedProcess[str]:
    command = [*shlex.split(ENTRIES[hook]), *files]
    return subprocess.run(command, cwd=repository.path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", ENTRIES)
def test_entry_accepts_a_good_repository(policies: GitRepository, hook: str) -> None:
    files = ["teams/shop/shop/flows.yaml"] if hook in ON_FILES else []
    done = run(policies, hook, *files)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("hook", "path", "old", "new", "says"),
    [
        ("ringfence-validate", "teams/shop/shop/flows.yaml", "to: cart", "to: carts", "flows.yaml:7:9"),
        ("ringfence-validate", "teams/shop/shop/flows.yaml", "reason:", "raeson:", "raeson"),
        ("ringfence-check", "teams/shop/shop/flows.yaml", "reason:", "raeson:", "raeson"),
        ("ringfence-fmt", "teams/shop/shop/flows.yaml", "to: cart", "to:   cart", "not in style"),
        ("ringfence-render", "teams/shop/shop/flows.yaml", "ports: [grpc]", "ports: [7071]", "policies/rendered/"),
        ("ringfence-owners", "teams/shop/team.yaml", "@example/shop", "@example/other", "CODEOWNERS"),
    ],
)
def test_entry_refuses_a_bad_repository(
    policies: GitRepository, hook: str, path: str, old: str, new: str, says: str
) -> None:
    text = (policies.path / path).read_text()
    assert text.count(old) == 1
    policies.write(path, text.replace(old, new))
    done = run(policies, hook, *([path] if hook in ON_FILES else []))
    assert done.returncode == 1, done.stdout + done.stderr
    assert says in done.stdout


def test_hooks_of_the_manifest() -> None:
    names = ["validate", "check", "fmt", "render", "owners"]
    assert list(ENTRIES) == [f"ringfence-{name}" for name in names]
    for hook in HOOKS:
        assert hook["language"] == "python"
        assert hook["require_serial"] is True
        assert hook["minimum_pre_commit_version"] == "3.2.0"
        # Whole-tree hooks take no files, and run even when a commit only deletes some.
        whole_tree = hook["id"] not in ON_FILES
        assert (hook.get("pass_filenames"), hook.get("always_run")) == ((False, True) if whole_tree else (None, None))
        assert hook.get("files", "^").startswith("^")
        assert hook.get("files", "$").endswith("$")


@pytest.mark.parametrize(
    ("config", "prefix"),
    [
        ("tools/ringfence/scaffold/dot-pre-commit-config.yaml", ""),
        (".pre-commit-config.yaml", "bash tools/setup/run.sh "),
    ],
)
def test_configurations_have_the_same_hooks(config: str, prefix: str) -> None:
    (repo,) = yaml.safe_load((PROJECT / config).read_text())["repos"]
    own = {hook["id"]: hook for hook in repo["hooks"] if hook["id"] in ENTRIES}
    # `validate` says all that `check` says
    assert list(own) == [name for name in ENTRIES if name != "ringfence-check"]
    different = {"description", "entry", "language", "minimum_pre_commit_version"}
    for hook in (hook for hook in HOOKS if hook["id"] in own):
        mine = own[hook["id"]]
        assert mine["entry"] == prefix + hook["entry"]
        assert {k: v for k, v in mine.items() if k not in different} == {
            k: v for k, v in hook.items() if k not in different
        }


@pytest.mark.parametrize(
    ("path", "judged"),
    [
        ("teams/shop/shop/flows.yaml", True),
        ("teams/shop/shop/flows.yml", True),
        ("policies/adopted/prod/shop/old.yaml", True),
        ("policies/rendered/base/shop/shop/cart.yaml", False),
        ("policies/templates/kubernetes/networkpolicy.yaml.j2", False),
        ("README.md", False),
    ],
)
def test_files_of_the_hook_on_changed_files(path: str, judged: bool) -> None:
    files = next(hook["files"] for hook in HOOKS if hook["id"] == "ringfence-check")
    assert (re.search(files, path) is not None) is judged
