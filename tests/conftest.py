"""Shared by all tests: a Git that depends on nothing outside the test, and real repositories to work on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from git_repository import GitRepository

GIT_SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_COUNT": "3",
    "GIT_CONFIG_KEY_0": "init.defaultBranch",
    "GIT_CONFIG_VALUE_0": "main",
    "GIT_CONFIG_KEY_1": "protocol.file.allow",
    "GIT_CONFIG_VALUE_1": "always",
    "GIT_CONFIG_KEY_2": "advice.detachedHead",
    "GIT_CONFIG_VALUE_2": "false",
}


# A runner may start the tests with Ctrl-C ignored, which they and the processes that they start would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def git_environment() -> Iterator[None]:
    """Neither the settings of whoever runs the tests nor those of a hook that does reach the Git of a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            patch.delenv(name)
        for name, value in GIT_SETTINGS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session", autouse=True)
def cache_of_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither does the cache of whoever runs the tests; tests share one, as the runs of a user do."""
    os.environ["RINGFENCE_CACHE"] = str(tmp_path_factory.mktemp("cache") / "ringfence")


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """An empty Git repository on branch main."""
    path = tmp_path / "repository"
    path.mkdir()
    made = GitRepository(path)
    made.git("init", "--quiet")
    return made


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files; the run still fails")
