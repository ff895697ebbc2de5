"""What the tests of commands share: how a run ended, edits of a repository, and the command line as its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from git_repository import GitRepository

FLOWS = "teams/checkout/shop/flows.yaml"
NAMESPACE = "teams/checkout/shop/namespace.yaml"
CATALOG = "policies/catalog/platform.yaml"
CHECKOUT = "policies/rendered/base/checkout/shop/checkout.yaml"
CALL_BACK = ("name: call-back", "from: checkout", "to: frontend", "ports: [http]", "reason: The basket tells the page")


@dataclass(frozen=True)
class Run:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        """The codes of the findings of a run with `--format json`, in their order."""
        return [item["code"] for item in self.json["findings"]]


Cli = Callable[..., Run]


def process(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command line as a process of its own, without a terminal."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def command(*arguments: str | Path) -> list[str]:
    """The words that start the command line."""
    return [sys.executable, "-m", "ringfence", *map(str, arguments)]


def edit(repository: GitRepository, path: str, old: str, new: str) -> None:
    """Replace a text that occurs once in a file."""
    text = (repository.path / path).read_text()
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {path}"
    repository.write(path, text.replace(old, new))


def add_flow(repository: GitRepository, *lines: str, path: str = FLOWS) -> None:
    """One flow more at the end of a file; lines are `key: value`."""
    first, *rest = lines
    text = (repository.path / path).read_text().rstrip("\n")
    repository.write(path, text + f"\n  - {first}\n" + "".join(f"    {line}\n" for line in rest))


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder but Git's own files: path to bytes, None for what is no regular file."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() and not path.is_symlink() else None
        for path in sorted(folder.rglob("*"))
        if ".git" not in path.relative_to(folder).parts
    }
