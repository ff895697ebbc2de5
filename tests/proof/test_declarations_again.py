"""Loaded with what the cache knows, a repository says what it says without, after any edits, sound or not."""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from declared_edits import EDITS

from generated_repository import copied, generated
from git_repository import GitRepository
from ringfence import cache, checks, documents, model, sources
from ringfence.documents import Document
from ringfence.findings import Finding
from ringfence.model import clean
from ringfence.model.remembered import KIND, Remembered
from ringfence.model.types import Model
from ringfence.sources import Tree
from ringfence.values import workers

DAY = datetime.date(2026, 11, 21)

Said = tuple[Model | None, list[Finding], list[Finding]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    return generated(tmp_path_factory.mktemp("mono"), "--flows 120 --teams 8 --clusters 2 --git")


@pytest.fixture
def mono(made: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A repository with a cache of its own, which knows nothing yet. Two processes read it, however few its files."""
    monkeypatch.setattr(clean, "MANY", 3)
    monkeypatch.setattr(clean, "AT_ONCE", 2)
    monkeypatch.setattr(workers, "processors", lambda: 2)
    return copied(made, tmp_path, monkeypatch)


def says(tree: Tree, documents: Remembered | None = None) -> Said:
    loaded, findings = model.load(tree, (), documents)
    return loaded, findings, checks.run(loaded, DAY) if loaded else []


def same(tree: Callable[[], Tree]) -> int:
    """Hold a tree that is loaded with the cache, and again, against one without; how many files were known at last."""
    expected = says(tree(), Remembered())
    for _ in range(2):
        known = Remembered(cache.store())
        for found in (says(tree()), says(tree(), known)):
            assert found == expected
            assert repr(found) == repr(expected)
    return known.known


@pytest.mark.parametrize("seed", range(len(EDITS)))
def test_the_same_is_said(mono: GitRepository, seed: int):
    chance = random.Random(seed)  # noqa: S311 - no secret
    trees: tuple[Callable[[], Tree], ...] = (
        lambda: sources.working_tree(mono.path),
        lambda: sources.revision(mono.path, "HEAD"),
        lambda: sources.index(mono.path),
        lambda: sources.revision(mono.path, "HEAD~1"),
    )
    mono.commit("Start")
    for edits in ([EDITS[seed]], chance.choices(EDITS, k=2)):
        for edit in edits:
            edit(mono.path, chance)
        if chance.random() < 0.5:
            mono.git("add", "--all")
        for tree in chance.sample(trees, 2):
            assert same(tree) > 20
        mono.commit("Edit")


def test_little_is_read_of_what_is_known(mono: GitRepository, monkeypatch: pytest.MonkeyPatch):
    paths: list[str] = []
    original = documents.read

    def noting(path: str, raw: bytes) -> tuple[Document | None, list[Finding]]:
        paths.append(path)
        return original(path, raw)

    expected = says(sources.working_tree(mono.path))
    entries = cache.store().kinds()[KIND][0]
    assert entries == expected[0].files  # type: ignore[union-attr]
    monkeypatch.setattr(documents, "read", noting)
    assert says(sources.revision(mono.path, "HEAD")) == expected
    own = {path for path in paths if "/" in path}  # the others are profiles that come with the tool
    assert len(own) < entries / 10  # some say what takes a second look, wherever they come from
    assert not any(path.endswith("namespace.yaml") for path in own)


def test_what_is_wrong_by_another_file_stands_where_it_stands(mono: GitRepository):
    """A document that is known by its rows alone is read again for the place of one port."""
    says(sources.working_tree(mono.path))
    for path in mono.path.glob("teams/*/*/namespace.yaml"):
        path.write_text(re.sub(r"^(      )[a-z]+: (\d+)$", r"\1p\2: \2", path.read_text(), flags=re.MULTILINE))
    assert same(lambda: sources.working_tree(mono.path)) > 20
    _, findings, _ = says(sources.working_tree(mono.path))
    found = [item.where for item in findings if item.check.name == "unknown-port"]
    assert len(found) > 20
    for where in found:
        line = (mono.path / where.path).read_text().splitlines()[where.line - 1]
        assert line.startswith("    ports: [")
        assert line[where.column - 2] in "[ "
