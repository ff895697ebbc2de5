"""Breaks and the runner, with gates that see everything, nothing, or something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendered_repository import rendered
from ringfence import selftest, sources
from ringfence.errors import UsageError
from ringfence.findings import Severity
from ringfence.impact.gates import RULES
from ringfence.render.checks import CHANGED, EXTRA, MISSING
from ringfence.selftest import DECLARED, RENDERED, Break, Expected, Planned, Skipped, Turned, Verdict
from ringfence.verify.pages import CHECKS as OF_REPOSITORIES
from small_repository import MemoryTree

GATES = ("validate", "fmt", "render", "owners", "verify", "impact")


@pytest.fixture
def repository(tmp_path: Path) -> selftest.Repository:
    """The small repository with what is rendered from it, in two equal folders."""
    files, model = rendered()
    for name in ("base", "head"):
        selftest.copied(MemoryTree({path: files[path] for path in sorted(files)}), tmp_path / name)
        (tmp_path / name / "CODEOWNERS").write_text("* @example/platform\n")
    return selftest.Repository(tmp_path / "head", model)


def planned(repository: selftest.Repository, gates: tuple[str, ...] = GATES) -> list[Planned]:
    return [item for item in selftest.plan(repository, gates) if isinstance(item, Planned)]


def snapshot(folder: Path) -> dict[str, bytes]:
    tree = sources.folder(folder)
    return {path: tree.read(path) for path in tree.files()}


def test_every_gate_and_every_check_of_the_proof_has_a_break() -> None:
    codes = {(one.gate, one.code) for item in (*DECLARED, *RENDERED) for one in item.expected}
    assert {("impact", rule.check.code) for rule in RULES} <= codes
    # what a stage leaves open is a warning of its own, adopted policies have theirs, and of forms there are hundreds
    unbroken = {("verify", code) for code in ("RF507", "RF509", "RF510", "RF511")}
    assert {("verify", check.code) for check in OF_REPOSITORIES} - codes == unbroken
    assert {("render", check.code) for check in (MISSING, EXTRA, CHANGED)} <= codes
    assert {gate for gate, _ in codes} == set(GATES)


def test_names_are_unique() -> None:
    names = [item.name for item in (*DECLARED, *RENDERED)]
    assert len(set(names)) == len(names)


def test_every_break_changes_a_file_and_is_taken_back(repository: selftest.Repository) -> None:
    before = snapshot(repository.root)
    changed: list[str] = []

    def gate(base: Path, head: Path, cluster: str) -> list[Turned]:
        assert snapshot(head) != snapshot(base)
        changed.append(cluster)
        return []

    runner = selftest.Runner(repository.root.parent / "base", repository.root, dict.fromkeys(GATES, gate), {})
    cases = [runner.run(item) for item in planned(repository)]
    assert len(cases) > 20
    assert set(changed) == {"", "dev"}
    assert snapshot(repository.root) == snapshot(repository.root.parent / "base") == before
    assert all(seen.verdict is Verdict.SURVIVED for case in cases for seen in case.seen)
    assert all(case.planned.where.path for case in cases)


def turned(code: str, severity: Severity = Severity.ERROR, fingerprint: str = "f") -> Turned:
    return Turned(code, severity, f"{code} says so", fingerprint)


@pytest.mark.parametrize(
    ("found", "verdict", "message"),
    [
        ([turned("RF999")], Verdict.RED, "RF999 says so"),
        ([turned("RF999", Severity.WARNING), turned("RF999")], Verdict.RED, "RF999 says so"),
        ([turned("RF999", Severity.WARNING)], Verdict.WARNED, "RF999 says so"),
        ([turned("RF999", Severity.INFO)], Verdict.SURVIVED, "it finds nothing"),
        ([turned("RF998")], Verdict.SURVIVED, "it finds RF998 instead"),
        ([turned("RF999", fingerprint="known")], Verdict.SURVIVED, "it finds nothing"),
        ([], Verdict.SURVIVED, "it finds nothing"),
    ],
)
def test_what_a_gate_finds(
    repository: selftest.Repository, found: list[Turned], verdict: Verdict, message: str
) -> None:
    item = next(iter(planned(repository)))
    expected = Expected("own", "RF999")
    case = selftest.Runner(
        repository.root.parent / "base", repository.root, {"own": lambda *_: found}, {"own": {"known"}}
    ).run(Planned(item.name, item.title, "", "", item.where, (expected,), item.broken))
    assert [(seen.verdict, seen.message) for seen in case.seen] == [(verdict, message)]


def test_a_gate_that_stops_has_not_seen_the_break(repository: selftest.Repository) -> None:
    def stops(base: Path, head: Path, cluster: str) -> list[Turned]:
        raise UsageError("there is no such thing")

    before = snapshot(repository.root)
    runner = selftest.Runner(repository.root.parent / "base", repository.root, {"validate": stops}, {})
    case = runner.run(planned(repository, ("validate",))[0])
    assert [seen.message for seen in case.survivors] == ["it stops: there is no such thing"]
    assert snapshot(repository.root) == before


def test_only_what_gates_must_see_is_planned(repository: selftest.Repository) -> None:
    found = list(selftest.plan(repository, ("owners",)))
    assert [item.name for item in found if isinstance(item, Planned)] == ["owners"]
    reasons = {item.reason for item in found if isinstance(item, Skipped) and item.name == "rule-deleted"}
    assert reasons == {"no gate that runs must see it (render, verify)"}


def test_dialects_that_no_cluster_has_are_named(repository: selftest.Repository) -> None:
    found = [item for item in selftest.plan(repository, GATES) if isinstance(item, Skipped)]
    assert [(item.dialect, item.reason) for item in found if item.name == "rendered"] == [
        (dialect, f"no cluster with an enforced namespace has the dialect {dialect}")
        for dialect in ("calico", "cilium")
    ]


@pytest.mark.parametrize("item", [*DECLARED, *RENDERED], ids=lambda item: item.name)
def test_titles_are_half_sentences(item: Break) -> None:
    assert item.title
    assert not item.title.endswith(".")
