"""Documents that an earlier run kept: the same model and findings, and nothing clean is read as YAML again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from git_repository import GitRepository
from ringfence import cache, documents, model, sources
from ringfence.cache import rows, tools
from ringfence.documents import Document
from ringfence.findings import Finding
from ringfence.model import clean
from ringfence.model.remembered import KIND, Remembered
from ringfence.model.types import Model
from ringfence.sources import Tree
from ringfence.sources.objects import Object
from ringfence.sources.repository import Repository
from ringfence.values import workers
from small_repository import HEADER, MemoryTree, flows, over

GOOD = "teams/checkout/shop/z-good.yaml"
BROKEN = "teams/checkout/shop/z-broken.yaml"
FILES = {
    GOOD: flows("name: good, from: frontend, to: payments/api, ports: [9999]"),
    BROKEN: flows("name: broken, from: frontend, to: payments/api, ports: [], color: red"),
    "teams/checkout/shop/z-odd.yaml": flows("name: odd, from: nobody, to: payments/api, ports: [9-5]"),
    "teams/checkout/shop/z-empty.yaml": "",
}
PEER = (
    HEADER.format("Catalog")
    + """\
peers:
  more:
    description: Another one
    owner: Platform
    cidrs: [203.0.113.0/24]
    ports: {https: 443}
"""
)
CALL = flows("name: peer, from: frontend, to: more, ports: [https], environments: [prod]")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))


def loaded(files: Mapping[str, str] = FILES) -> tuple[Model | None, list[Finding]]:
    """What is loaded with what is remembered, and then remembered."""
    return model.load(MemoryTree(over(files)), (), Remembered(cache.store()))


def unaided(files: Mapping[str, str] = FILES) -> tuple[Model | None, list[Finding]]:
    """What is loaded without the cache."""
    return model.load(MemoryTree(over(files)), (), Remembered())


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
    expected = unaided()
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
    assert loaded(other) == unaided(other)
    assert {GOOD, "teams/checkout/shop/z-copy.yaml"} <= set(read)


def test_a_file_that_moves_stands_where_it_is_now():
    """The same bytes elsewhere are of another team and namespace, and have another place."""
    moved = "teams/payments/payments/z-good.yaml"
    text = flows("name: good, from: shop/frontend, to: payments/api, ports: [9999]")
    loaded({GOOD: text})
    result, _ = loaded({moved: text})
    assert result == unaided({moved: text})[0]
    assert result is not None
    (flow,) = [item for item in result.flows if item.name == "good"]
    assert (flow.namespace, flow.team, str(flow.where)) == ("payments", "payments", f"{moved}:4:5")
    among_others = Remembered()
    model.load(MemoryTree(over({GOOD: text})), (), among_others)
    assert model.load(MemoryTree(over({moved: text})), (), among_others) == unaided({moved: text})


def test_a_file_that_moves_to_where_another_kind_belongs():
    moved = {"policies/catalog/z-good.yaml": FILES[GOOD]}
    loaded({GOOD: FILES[GOOD]})
    result = loaded(moved)
    assert result == unaided(moved)
    assert [item.check.name for item in result[1]] == ["misplaced-kind"]


OTHERS = {
    "the peers": {"policies/catalog/more.yaml": None},
    "the workloads": {"teams/payments/payments/namespace.yaml": None},
    "the clusters": {"policies/clusters/prod.yaml": None},
    "the team": {"teams/payments/team.yaml": None},
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_other_documents_decide_is_decided_again(name: str):
    """A document that is known speaks of what is elsewhere: that a name stands for something is not known of it."""
    more = {**FILES, "policies/catalog/more.yaml": PEER, "teams/checkout/shop/z-peer.yaml": CALL}
    loaded(more)
    other = {**more, **OTHERS[name]}
    assert loaded(other) == unaided(other) != unaided(more)


def test_a_document_that_follows_its_schema_no_more_is_read(read: list[str], monkeypatch: pytest.MonkeyPatch):
    """With the schema, the tool is another one."""
    loaded()
    read.clear()
    monkeypatch.setattr(tools, "_known", [b"another schema"])
    loaded()
    assert GOOD in read


def test_what_is_in_error_is_not_kept():
    loaded()
    kept = cache.store().kinds()[KIND][0]
    documents_of = [path for path in over(FILES) if path.startswith(("policies/", "teams/"))]
    known = [path for path in documents_of if "/rendered/" not in path and path.endswith(".yaml")]
    assert kept == len(known) - 3  # without those that are broken, odd and empty
    assert loaded() == unaided()


def test_a_damaged_entry_is_read_again(read: list[str]):
    loaded()
    store = cache.store()
    with closing(sqlite3.connect(store.path)) as database, database:
        assert database.execute("UPDATE entries SET value = zeroblob(40)").rowcount > 5
    read.clear()
    assert loaded() == unaided()
    assert GOOD in read


def test_a_folder_that_takes_nothing(tmp_path: Path, read: list[str]):
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    (folder / rows.FILE).mkdir()  # nothing can be written in the place of this, whoever one is
    assert loaded() == loaded() == unaided()
    assert read.count(GOOD) == 3


def test_without_a_cache(monkeypatch: pytest.MonkeyPatch, read: list[str]):
    monkeypatch.setenv("RINGFENCE_CACHE", "off")
    assert loaded() == loaded() == unaided()
    assert read.count(GOOD) == 3


def test_many_files_are_looked_up_by_whoever_loads_them(monkeypatch: pytest.MonkeyPatch, read: list[str]):
    """Those of few files are not: to open the cache takes longer."""
    tree = MemoryTree(over(FILES))
    monkeypatch.setattr(workers, "processors", lambda: 1)
    assert model.load(tree) == unaided()
    assert not cache.store().kinds()
    monkeypatch.setattr(clean, "MANY", 1)
    assert model.load(tree) == unaided()
    read.clear()
    assert model.load(tree) == unaided()
    assert read.count(GOOD) == 1  # by `unaided`


def test_commits_and_the_disk_know_the_same(repository: GitRepository, read: list[str]):
    """A document of a commit is one of the disk where the bytes are the same, and only there."""
    for path, text in over(FILES).items():
        (repository.path / path).parent.mkdir(parents=True, exist_ok=True)
        (repository.path / path).write_text(text)
    repository.commit("Start")
    commit, disk = sources.revision(repository.path, "HEAD"), sources.working_tree(repository.path)
    expected = unaided()

    def result(tree: Tree) -> tuple[Model | None, list[Finding]]:
        read.clear()
        return model.load(tree, (), Remembered(cache.store()))

    assert result(commit) == expected
    assert GOOD in read
    assert result(disk) == result(commit) == expected
    assert GOOD not in read
    other = FILES | {GOOD: FILES[GOOD].replace("9999", "9998")}
    (repository.path / GOOD).write_text(other[GOOD])
    repository.git("add", GOOD)  # staged, and not committed
    (repository.path / BROKEN).write_text(FILES[BROKEN] + "# unstaged\n")
    assert result(commit) == expected
    assert GOOD not in read
    assert result(sources.index(repository.path)) == unaided(other)
    assert result(disk) == unaided(other | {BROKEN: FILES[BROKEN] + "# unstaged\n"})


def test_what_is_known_of_a_part_of_a_commit_is_not_fetched(repository: GitRepository, monkeypatch: pytest.MonkeyPatch):
    paths = [path for path in over(FILES) if path.startswith(("policies/", "teams/")) and path != BROKEN]
    for path in over(FILES):
        (repository.path / path).parent.mkdir(parents=True, exist_ok=True)
        (repository.path / path).write_text(over(FILES)[path])
    repository.commit("Start")
    expected = model.load(sources.revision(repository.path, "HEAD").part(paths), (), Remembered(cache.store()))
    assert expected[1]
    part = sources.revision(repository.path, "HEAD").part(paths)
    fetched: list[str] = []
    original = Repository.read

    def noting(self: Repository, names: Iterable[str]) -> list[Object]:
        fetched.extend(names := [*names])
        return original(self, names)

    monkeypatch.setattr(Repository, "read", noting)
    assert model.load(part, (), Remembered(cache.store())) == expected
    broken = {part.blobs[path] for path in paths if "/z-" in path and path != GOOD}
    assert {*fetched} == broken


def test_lines_that_end_otherwise_are_other_bytes(repository: GitRepository, read: list[str]):
    """Git takes them for the same. What is said is the same too, but that is not for the cache to know."""
    repository.git("config", "core.autocrlf", "true")
    for path, text in over(FILES).items():
        (repository.path / path).parent.mkdir(parents=True, exist_ok=True)
        (repository.path / path).write_bytes(text.replace("\n", "\r\n").encode())
    repository.commit("Start")
    model.load(sources.revision(repository.path, "HEAD"), (), Remembered(cache.store()))
    read.clear()
    assert model.load(sources.working_tree(repository.path), (), Remembered(cache.store())) == unaided()
    assert GOOD in read
