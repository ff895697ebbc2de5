"""The small repository in Git, rendered and committed, and the command line run on it in this process."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_kit import Cli, Run

from git_repository import GitRepository
from ringfence import cli
from small_repository import SMALL


@pytest.fixture
def ringfence(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs the command line; a run that ends in a bug fails the test."""

    def run(*arguments: str | Path) -> Run:
        capsys.readouterr()
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else -1
        captured = capsys.readouterr()
        done = Run(code, captured.out, captured.err)
        assert code in (0, 1, 2), done
        assert "Traceback" not in done.all
        assert "\033[" not in done.all
        return done

    return run


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small repository with all that it renders to, committed on main: made once, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "repository"
    shutil.copytree(SMALL, path)
    assert cli.main(["render", "-C", str(path)]) == 0
    assert cli.main(["owners", "-C", str(path)]) == 0
    made = GitRepository(path)
    made.git("init", "--quiet")
    made.commit("Start")
    return path


@pytest.fixture
def small(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """The small repository, rendered and committed on branch main; it is the current folder."""
    path = tmp_path / "policies of all"
    shutil.copytree(template, path)
    monkeypatch.chdir(path)
    return GitRepository(path)


@pytest.fixture
def plain(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """The same in no Git repository."""
    path = tmp_path / "policies of all"
    shutil.copytree(template, path, ignore=shutil.ignore_patterns(".git"))
    monkeypatch.chdir(path)
    return GitRepository(path)
