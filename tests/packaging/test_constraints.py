"""Every version that `make test` installs is pinned."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[2]


def pinned() -> dict[str, str]:
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    found = [re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.]+)", line) for line in lines if not line.startswith("#")]
    assert all(found), "a line of constraints.txt is not name==version"
    return {canonicalize_name(match[1]): match[2] for match in found if match}


def test_everything_that_the_project_needs_is_pinned() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    waiting = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
        "pip",
    ]
    needed: set[str] = set()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name in needed or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        needed.add(name)
        waiting += metadata.requires(name) or []
    assert needed - pinned().keys() == set()


def test_no_host_is_named() -> None:
    assert "://" not in (PROJECT / "constraints.txt").read_text()
