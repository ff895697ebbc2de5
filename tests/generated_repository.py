"""Repositories of `benchmarks/monorepo.py`: larger than the small one, as teams would write them."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from git_repository import GitRepository

GENERATOR = Path(__file__).parents[1] / "benchmarks" / "monorepo.py"


def generated(folder: Path, options: str) -> GitRepository:
    """A repository in a folder, made with options of the generator."""
    path = folder / "repository"
    subprocess.run([sys.executable, GENERATOR, path, *options.split()], check=True, capture_output=True)
    repository = GitRepository(path)
    if "--git" not in options:
        repository.git("init", "--quiet")
    return repository


def copied(made: GitRepository, folder: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A copy in a folder, with a cache of its own there, which knows nothing yet."""
    monkeypatch.setenv("RINGFENCE_CACHE", str(folder / "cache"))
    shutil.copytree(made.path, folder / "repository")
    return GitRepository(folder / "repository")


def pick(root: Path, chance: random.Random, pattern: str) -> Path:
    """One of the files that a pattern names."""
    return chance.choice(sorted(root.glob(pattern)))
