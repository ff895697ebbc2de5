"""What `validate` says of an edit of flows, worked out from their own folder, is what it says when it reads all."""

from __future__ import annotations

import datetime
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from generated_repository import generated
from git_repository import GitRepository
from ringfence.commands import judged
from ringfence.findings import in_order

TODAY = datetime.date(2026, 11, 21)
HEAD = "apiVersion: ringfence.dev/v1alpha1\nkind: Flows\nflows:\n"
FOLDER = "teams/payments-sync/payments-sync-a"
FLOW = "  - name: {}\n    from: {}\n    to: {}\n    ports: [{}]\n    reason: So that there is one more\n"
MUST = """\
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails:
  - name: events-are-kept
    must:
      from:
        namespaces: [payments-sync-a]
      to:
        peers: [kafka]
      ports: [9092]
    reason: What happened is looked up later
"""
IDLE = """\
apiVersion: ringfence.dev/v1alpha1
kind: Waivers
waivers:
  - guardrail: closed-to-others
    subject: platform-shared-a/idle
    reason: It may once
    approver: ada@example.com
    expires: 2040-06-30
"""
ENDS = "platform-shared-a/worker-2"

Edit = Callable[[Path], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    repository = generated(tmp_path_factory.mktemp("edits"), "--flows 1000 --clusters 3")
    path = repository.path
    (path / "policies/guardrails/must.yaml").write_text(MUST)
    names = re.findall(r"^  ([a-z0-9-]+):$", (path / FOLDER / "namespace.yaml").read_text(), re.MULTILINE)
    kept = "".join(FLOW.format(f"events-{name}", name, "kafka", "kafka") for name in names)
    (path / FOLDER / "events.yaml").write_text(HEAD + kept)
    one, two = (FLOW.format(name, "worker-2", ENDS, port) for name, port in (("wide", "9000-9009/TCP"), ("same", 9001)))
    (path / FOLDER / "one.yaml").write_text(HEAD + one)
    (path / FOLDER / "two.yaml").write_text(HEAD + two)
    (path / "policies/waivers/idle.yaml").write_text(IDLE)
    (shared,) = path.glob("teams/*/platform-shared-a")
    (shared / "idle.yaml").write_text(HEAD + FLOW.format("idle", "worker-2", "api-1", 9000))
    (path / ".gitignore").write_text("*.local.yaml\n")
    repository.commit("Everything")
    return repository


@pytest.fixture(scope="module")
def known(made: GitRepository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the commit is known."""
    folder = tmp_path_factory.mktemp("known") / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RINGFENCE_CACHE", str(folder))
        found = judged.working_tree(made.path, TODAY)
    assert [item.check.name for item in in_order(found.findings)] == ["waiver-unused", "repeated-flow"]
    return folder


def _add(root: Path, name: str, source: str, destination: str, port: object, file: str = "more.yaml") -> None:
    path = root / FOLDER / file
    path.write_text((path.read_text() if path.exists() else HEAD) + FLOW.format(name, source, destination, port))


def one_more(root: Path) -> None:
    _add(root, "more", "api-1", ENDS, 9000)


def repeated(root: Path) -> None:
    _add(root, "more", "worker-2", ENDS, 9003)


def covering(root: Path) -> None:
    _add(root, "more", "[worker-2, api-1]", ENDS, "9000-9100/TCP")


def covered_no_more(root: Path) -> None:
    (root / FOLDER / "one.yaml").unlink()


def narrower(root: Path) -> None:
    path = root / FOLDER / "one.yaml"
    path.write_text(path.read_text().replace("9009", "9000"))


def moved(root: Path) -> None:
    (root / FOLDER / "one.yaml").rename(root / FOLDER / "zero.yaml")


def soon_over(root: Path) -> None:
    path = root / FOLDER / "two.yaml"
    path.write_text(path.read_text() + "    expires: 2026-11-25\n")


def in_two_folders(root: Path) -> None:
    one_more(root)
    (path,) = root.glob("teams/*/payments-edge-a/flows-1.yaml")
    path.write_text(path.read_text().replace("reason: ", "reason: Really, ", 1))


def same_name(root: Path) -> None:
    _add(root, "same", "api-1", ENDS, 9000)


def misplaced(root: Path) -> None:
    _add(root, "more", "payments-edge-a/api-1", "worker-2", 9000)


def unknown(root: Path) -> None:
    _add(root, "more", "api-1", "platform-shared-a/worker-22", 9000)


def unknown_here(root: Path) -> None:
    _add(root, "more", "api-11", ENDS, 9000)


def unknown_namespace(root: Path) -> None:
    _add(root, "more", "api-1", "platform-shared-z/worker-2", 9000)


def beside_an_ignored_file(root: Path) -> None:
    unknown(root)
    (root / FOLDER / "mine.local.yaml").write_text("kind: [")


def unmet(root: Path) -> None:
    path = root / FOLDER / "events.yaml"
    path.write_text(path.read_text().replace("[kafka]", "[9091]", 1))


def into_the_world(root: Path) -> None:
    _add(root, "more", "api-1", "internet", "https")


def guarded(root: Path) -> None:
    _add(root, "more", "api-1", "payments-mobile-b/db-4", 5432)


def of_nobody(root: Path) -> None:
    (root / "teams/payments-sync/payments-sync-z").mkdir()
    (root / "teams/payments-sync/payments-sync-z/flows.yaml").write_text(HEAD + FLOW.format("a", "api-1", ENDS, 1))


def of_another_team(root: Path) -> None:
    (root / "teams/payments-edge/payments-sync-a").mkdir()
    shutil.move(root / FOLDER / "one.yaml", root / "teams/payments-edge/payments-sync-a/one.yaml")


def waived_no_more(root: Path) -> None:
    (path,) = root.glob("teams/*/platform-shared-a/idle.yaml")
    path.unlink()


def of_a_waived_namespace(root: Path) -> None:
    (path,) = root.glob("teams/*/platform-shared-a/flows-1.yaml")
    path.write_text(path.read_text().replace("reason: ", "reason: Really, ", 1))


def with_a_workload(root: Path) -> None:
    one_more(root)
    path = root / FOLDER / "namespace.yaml"
    path.write_text(path.read_text() + "  extra:\n    labels: {app: extra}\n")


FEW: tuple[Edit, ...] = (
    one_more,
    repeated,
    covering,
    covered_no_more,
    narrower,
    moved,
    soon_over,
    in_two_folders,
    of_a_waived_namespace,
)
ALL: tuple[Edit, ...] = (
    same_name,
    misplaced,
    unknown,
    unknown_here,
    unknown_namespace,
    beside_an_ignored_file,
    unmet,
    into_the_world,
    guarded,
    of_nobody,
    of_another_team,
    waived_no_more,
    with_a_workload,
)


@pytest.mark.parametrize("edit", FEW + ALL)
def test_the_same_is_said(
    made: GitRepository, known: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, edit: Edit
) -> None:
    shutil.copytree(known, tmp_path / "cache")
    wholes: list[object] = []
    judge = judged.judge
    monkeypatch.setattr(judged, "judge", lambda *words: wholes.append(words) or judge(*words))
    try:
        edit(made.path)
        monkeypatch.setenv("RINGFENCE_CACHE", "off")
        whole = judged.working_tree(made.path, TODAY)
        wholes.clear()
        monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))
        found = judged.working_tree(made.path, TODAY)
    finally:
        made.git("checkout", "--quiet", "--", ".")
        made.git("clean", "--quiet", "-d", "-x", "--force")
    assert in_order(found.findings) == in_order(whole.findings)
    assert found.counts == whole.counts
    assert (not wholes) == (edit in FEW)
    assert found.read < whole.read
