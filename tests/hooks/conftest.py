"""A repository that `ringfence init` laid out, rendered and committed, and a pre-commit that shares nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from git_repository import GitRepository


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """This environment's programs come first on PATH; pre-commit keeps its files in a folder of the test run."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path_factory.getbasetemp() / "pre-commit"))
    monkeypatch.setenv("PRE_COMMIT_COLOR", "never")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new repository, rendered: made once, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "policies"
    for command in (["init", str(path)], ["render", "-C", str(path)], ["owners", "-C", str(path)]):
        done = subprocess.run(
            [sys.executable, "-m", "ringfence", *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return path


@pytest.fixture
def policies(template: Path, tmp_path: Path) -> GitRepository:
    """A new repository in Git, all committed."""
    path = tmp_path / "policies"
    shutil.copytree(template, path)
    made = GitRepository(path)
    made.git("init", "--quiet")
    made.commit("Start")
    return made
