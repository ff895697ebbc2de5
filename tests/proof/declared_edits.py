"""Edits of declarations, sound or not, that tests make in repositories of `benchmarks/monorepo.py`."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from generated_repository import pick

Edit = Callable[[Path, random.Random], None]


def replaced(path: Path, chance: random.Random, pattern: str, text: str) -> None:
    found = list(re.finditer(pattern, path.read_text(), re.MULTILINE))
    if found:
        match = chance.choice(found)
        path.write_text(path.read_text()[: match.start()] + text + path.read_text()[match.end() :])


def unknown_workload(root: Path, chance: random.Random) -> None:
    replaced(pick(root, chance, "teams/*/*/flows-*.yaml"), chance, r"to: .*", "to: platform-shared-a/nobody")


def unknown_namespace(root: Path, chance: random.Random) -> None:
    replaced(pick(root, chance, "teams/*/*/flows-*.yaml"), chance, r"to: .*", "to: nowhere/api-1")


def unknown_port(root: Path, chance: random.Random) -> None:
    replaced(pick(root, chance, "teams/*/*/flows-*.yaml"), chance, r"ports: .*", "ports: [nosuch]")


def other_port(root: Path, chance: random.Random) -> None:
    replaced(pick(root, chance, "teams/*/*/flows-*.yaml"), chance, r"ports: .*", f"ports: [{chance.randrange(9999)}]")


def broken(root: Path, chance: random.Random) -> None:
    path = pick(root, chance, "teams/*/*/flows-*.yaml")
    path.write_text(path.read_text() + "  - name: [\n")


def gone(root: Path, chance: random.Random) -> None:
    pick(root, chance, "teams/*/*/flows-*.yaml").unlink()


def no_workload(root: Path, chance: random.Random) -> None:
    """A workload goes that another namespace calls."""
    calls = {
        call
        for path in root.glob("teams/*/*/flows-*.yaml")
        for call in re.findall(r"to: ([a-z0-9-]+)/([a-z0-9-]+)$", path.read_text(), re.MULTILINE)
        if call[0] not in (path.parent.name, "platform-shared-a")  # a waiver's namespace is always looked at
    }
    namespace, workload = chance.choice(sorted(calls))
    (path,) = root.glob(f"teams/*/{namespace}/namespace.yaml")
    parts = re.split(r"^(?=  [a-z0-9-]+:$)", path.read_text(), flags=re.MULTILINE)
    path.write_text("".join(part for part in parts if not part.startswith(f"  {workload}:")))


def other_label(root: Path, chance: random.Random) -> None:
    replaced(pick(root, chance, "teams/*/*/namespace.yaml"), chance, r"app: .*", "app: other")


def twice(root: Path, chance: random.Random) -> None:
    path = pick(root, chance, "teams/*/*/flows-*.yaml")
    (path.parent / "again.yaml").write_text(path.read_text())


def expired(root: Path, chance: random.Random) -> None:
    path = pick(root, chance, "teams/*/*/flows-*.yaml")
    replaced(path, chance, r"^    reason: .*", "    reason: Soon no more\n    expires: 2026-11-01")


def disguised(root: Path, chance: random.Random) -> None:
    """A namespace that looks like a file of flows at first sight."""
    path = pick(root, chance, "teams/*/*/namespace.yaml")
    path.write_text("# kind: Flows\n" + path.read_text())


def new_namespace(root: Path, chance: random.Random) -> None:
    if list(root.glob("teams/*/brand-new")):
        return
    path = pick(root, chance, "teams/*/*/namespace.yaml")
    folder = path.parent.with_name("brand-new")
    folder.mkdir()
    shutil.copy(path, folder)


def other_peer(root: Path, chance: random.Random) -> None:
    replaced(pick(root, chance, "policies/catalog/*.yaml"), chance, r"saas-\d+:", "other:")


def empty_file(root: Path, chance: random.Random) -> None:
    (pick(root, chance, "teams/*/*").parent / "notes.txt").write_text("")


def link(root: Path, chance: random.Random) -> None:
    if list(root.glob("teams/*/*/link.yaml")):
        return
    path = pick(root, chance, "teams/*/*/flows-*.yaml")
    path.with_name("link.yaml").symlink_to(path.name)


def escaped(root: Path, chance: random.Random) -> None:
    replaced(pick(root, chance, "teams/*/*/flows-*.yaml"), chance, r"to: .*", r'to: "platform-shared-\x61/worker-2"')


EDITS: tuple[Edit, ...] = (
    unknown_workload,
    unknown_namespace,
    unknown_port,
    other_port,
    broken,
    gone,
    no_workload,
    other_label,
    twice,
    expired,
    disguised,
    new_namespace,
    other_peer,
    empty_file,
    link,
    escaped,
)
