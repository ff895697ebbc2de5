"""Documents that an earlier run kept: the same model and findings, and nothing clean is read as YAML again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ringfence import documents, model
from ringfence.documents import Document
from ringfence.findings import Finding
from ringfence.model.remembered import Remembered
from ringfence.model.types import Model
from small_repository import MemoryTree, flows, over

GOOD = "teams/checkout/shop/z-good.yaml"
BROKEN = "teams/checkout/shop/z-broken.yaml"
FILES = {
    GOOD: flows("name: good, from: frontend, to: payments/api, ports: [9999]"),
    BROKEN: flows("name: broken, from: frontend, to: payments/api, ports: [], color: red"),
    "teams/checkout/shop/z-odd.yaml": flows("name: odd, from: nobody, to: payments/api, ports: [9-5]"),
    "teams/checkout/shop/z-empty.yaml": "",
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))


def loaded(files: Mapping[str, str] = FILES) -> tuple[Model | None, list[Finding]]:
    """What is loaded with what is remembered, and then remembered."""
    tree = MemoryTree(over(files))
    known = Remembered([tree])
    found = model.load(tree, (), known)
    known.keep()
    return found


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read as YAML."""
    paths: list[str] = []
    original = documents.read

    def noting(path: str, raw: bytes) -> tuple[Document | None, list[Finding]]:
        paths.append(path)
        return original(path, raw)

    monkeypatch.setattr(documents, "read", noting)
    return paths


def test_the_same_and_nothing_clean_is_read_again(read: list[str]):
    expected = model.load(MemoryTree(over(FILES)))
    assert expected[1]
    assert loaded() == expected
    read.clear()
    assert loaded() == expected
    assert GOOD not in read
    assert BROKEN in read
    assert all("/z-" in path for path in read if "/" in path)  # the others are profiles that come with the tool


def test_other_bytes_and_the_same_bytes_elsewhere_are_read(read: list[str]):
    loaded()
    read.clear()
    other = FILES | {GOOD: FILES[GOOD].replace("9999", "9998"), "teams/checkout/shop/z-copy.yaml": FILES[GOOD]}
    assert loaded(other) == model.load(MemoryTree(over(other)))
    assert {GOOD, "teams/checkout/shop/z-copy.yaml"} <= set(read)


def test_without_a_cache(monkeypatch: pytest.MonkeyPatch, read: list[str]):
    monkeypatch.setenv("RINGFENCE_CACHE", "off")
    assert loaded() == loaded() == model.load(MemoryTree(over(FILES)))
    assert read.count(GOOD) == 3
