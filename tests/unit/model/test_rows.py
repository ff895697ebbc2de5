"""Rows in the place of documents: one, two and three processes say the same of what is right and what is wrong."""

from __future__ import annotations

import datetime
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ringfence import cache, checks, documents, model
from ringfence.errors import UsageError
from ringfence.findings import Finding
from ringfence.model import clean, layout, rows
from ringfence.model.layout import Place
from ringfence.model.remembered import KIND, Remembered
from ringfence.model.types import Model
from ringfence.values import workers
from small_repository import HEADER, MemoryTree, flows, over, place

DAY = datetime.date(2030, 1, 15)
WORD = st.sampled_from(("frontend", "shop/checkout", "payments/api", "internet", "kube-dns", "nobody", "shop/nobody"))
FLOW = st.fixed_dictionaries(
    {
        "name": st.sampled_from(("a", "b", "c")),
        "from": st.one_of(WORD, st.lists(WORD, max_size=3)),
        "to": st.one_of(WORD, st.lists(WORD, max_size=3)),
        "ports": st.lists(st.sampled_from(("http", "https", 443, "443/TCP", "9-5", 0)), min_size=1, max_size=2),
        "reason": st.sampled_from(("R", 5)),
    },
    optional={
        "ticket": st.sampled_from(("T-1", None)),
        "expires": st.sampled_from(("2030-01-20", "2029-01-01", "2030-02-30")),
        "environments": st.lists(st.sampled_from(("dev", "prod", "nowhere")), max_size=3),
        "color": st.just("red"),
    },
)
WORKLOAD = st.fixed_dictionaries(
    {"labels": st.dictionaries(st.sampled_from(("app", "tier")), st.sampled_from(("a", "b", 5)), max_size=2)},
    optional={
        "ports": st.dictionaries(st.sampled_from(("http", "grpc")), st.sampled_from((80, 81, 0, "9-5", [1, 1], True))),
        "serviceAccount": st.sampled_from(("x", 5)),
        "environments": st.lists(st.sampled_from(("dev", "prod", "nowhere")), max_size=2),
        "accepts": st.lists(WORD, max_size=2),
        "hostNetwork": st.booleans(),
    },
)
WORKLOADS = st.dictionaries(st.sampled_from(("frontend", "checkout", "extra", "baseline")), WORKLOAD, max_size=4)


def _tree(found: list[list[Any]], workloads: dict[str, Any], labels: dict[str, str]) -> MemoryTree:
    head = {"apiVersion": "ringfence.dev/v1alpha1"}
    space = {**head, "kind": "Namespace", "labels": labels, "workloads": workloads}
    files: dict[str, str | bytes] = {"teams/checkout/shop/namespace.yaml": json.dumps(space, indent=1)}
    for number, items in enumerate(found):
        folder = "teams/checkout/shop" if number % 2 else "teams/payments/payments"
        text = json.dumps({**head, "kind": "Flows", "flows": items}, indent=1)
        files[f"{folder}/x-{number}.yaml"] = text
    return MemoryTree({path: content for path, content in over(files).items() if "rendered" not in path})


@contextmanager
def _processes(number: int) -> Iterator[None]:
    with (
        patch.object(clean, "MANY", 1),
        patch.object(clean, "AT_ONCE", 2),
        patch.object(workers, "processors", lambda: number),
    ):
        yield


def _judged(
    tree: MemoryTree, processes: int, store: cache.Store | None = None
) -> tuple[Model | None, list[Finding], list[Finding]]:
    with _processes(processes):
        loaded, findings = model.load(tree, (), Remembered(store))
    return loaded, findings, checks.run(loaded, DAY) if loaded else []


PLAIN = {"name": "a", "from": "frontend", "to": "payments/api", "ports": ["https"], "reason": "R"}
SHOP = {
    "frontend": {"labels": {"app": "frontend"}, "ports": {"http": 8080}},
    "checkout": {"labels": {"app": "checkout"}, "ports": {"http": [80, 81]}, "accepts": ["payments/*"]},
}


@example([[PLAIN], [PLAIN], [PLAIN]], SHOP, {})
@example([[{**PLAIN, "to": "nobody"}, {**PLAIN, "name": "b", "ports": ["nothing"]}]], SHOP, {"app": "x"})
@example([[{**PLAIN, "from": ["frontend", "shop/checkout"]}], [PLAIN, {**PLAIN, "name": ""}]], SHOP, {})
@example([[PLAIN]], {"frontend": SHOP["frontend"], "extra": SHOP["frontend"], "baseline": SHOP["frontend"]}, {})
@given(
    st.lists(st.lists(FLOW, max_size=3), min_size=3, max_size=6),
    WORKLOADS,
    st.dictionaries(st.just("app"), st.just("x")),
)
@settings(max_examples=40, deadline=None)
def test_any_number_of_processes_and_the_cache_say_the_same(
    found: list[list[Any]], workloads: dict[str, Any], labels: dict[str, str]
) -> None:
    tree = _tree(found, workloads, labels)
    alone = _judged(tree, 1)
    for processes in (2, 3):
        shared = _judged(tree, processes)
        assert shared == alone
        assert repr(shared) == repr(alone)
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {cache.VARIABLE: f"{folder}/cache"}):
        for number, processes in enumerate((2, 1, 2)):
            store = cache.store()
            kept = _judged(tree, processes, store)
            assert kept == alone
            assert repr(kept) == repr(alone)
            assert bool(store.hits[KIND]) is (number > 0)


EXTRA = "teams/checkout/shop/x.yaml"
TEXT = flows("name: a, from: frontend, to: nobody, ports: [443]")


class Changing(MemoryTree):
    """A tree of which one file is another one when it is read again."""

    def __init__(self, files: dict[str, str | bytes], then: str | None) -> None:
        super().__init__(files)
        self._then = then
        self.times = 0

    def read(self, path: str) -> bytes:
        if path != EXTRA:
            return super().read(path)
        self.times += 1
        return super().read(path) if self.times == 1 or self._then is None else self._then.encode()


def _changing(then: str | None) -> Changing:
    return Changing(dict(over({EXTRA: TEXT})), then)


@pytest.fixture
def _alone_but_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is read as if by many processes, and by this one, and nothing is known."""
    monkeypatch.setenv(cache.VARIABLE, cache.OFF)
    monkeypatch.setattr(clean, "MANY", 1)
    monkeypatch.setattr(workers, "processors", lambda: 2)
    monkeypatch.setattr("ringfence.values.workers.os.fork", _no_more)


def _no_more() -> int:
    raise BlockingIOError


@pytest.mark.usefixtures("_alone_but_clean")
def test_what_is_wrong_is_said_with_its_place_from_the_document_read_again() -> None:
    tree = _changing(None)
    _, findings = model.load(tree)
    assert tree.times == 2
    assert [(item.check.name, item.where) for item in findings] == [("unknown-end", place(TEXT, "nobody", EXTRA))]


@pytest.mark.usefixtures("_alone_but_clean")
@pytest.mark.parametrize(
    "then",
    [
        "",
        "kind: [",
        "- a",
        HEADER.format("Flows") + "flows: []\n",
        flows("name: a, from: frontend, to: payments/api, ports: [443]"),
        HEADER.format("Catalog") + "peers: {}\n",
    ],
)
def test_a_file_that_changes_meanwhile_is_refused(then: str) -> None:
    with pytest.raises(UsageError, match=f"{EXTRA} was changed while the repository was read"):
        model.load(_changing(then))


def test_rows_of_what_is_no_document_of_flows_or_a_namespace() -> None:
    team, catalog = layout.place("teams/checkout/team.yaml"), layout.place("policies/catalog/x.yaml")
    assert isinstance(team, Place)
    assert isinstance(catalog, Place)
    for text in ("[]", "kind: Flows", "kind: [Flows]", "kind: Team", "x"):
        document, _ = documents.read("x.yaml", text.encode())
        assert document is not None
        assert rows.of(document, team) is None
        assert rows.of(document, catalog) is None


@pytest.mark.parametrize(
    ("path", "text", "column"),
    [
        ("teams/checkout/shop/namespace.yaml", HEADER.format("Namespace") + "workloads: [shop, cart]\n", 12),
        ("teams/checkout/shop/more.yaml", HEADER.format("Flows") + "flows: {a: b, c: d}\n", 8),
    ],
)
def test_items_of_another_type_are_no_rows(path: str, text: str, column: int) -> None:
    _, found = model.load(MemoryTree(over({path: text})))
    said = {(item.check.code, str(item.where)) for item in found if item.where.path == path}
    assert ("RF035", f"{path}:3:{column}") in said, said
