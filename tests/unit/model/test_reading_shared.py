"""Files read with copies of the process: the same model and findings, and each file read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from ringfence import documents, model
from ringfence.documents import Document
from ringfence.findings import Finding
from ringfence.model import clean
from ringfence.model.remembered import Remembered
from ringfence.model.types import Model
from ringfence.sources import Unreadable
from ringfence.values import workers
from small_repository import HEADER, MemoryTree, flows, over

CLOSED = "teams/payments/payments/closed.yaml"
BROKEN = {
    "teams/checkout/shop/a-syntax.yaml": "kind: [",
    "teams/checkout/shop/b-schema.yaml": flows("name: b, from: frontend, to: payments/api, ports: [], color: red"),
    "teams/checkout/shop/c-model.yaml": flows("name: c, from: frontend, to: payments/api, ports: [9-5]"),
    "teams/checkout/shop/d-kind.yaml": HEADER.format("Catalog") + "peers: {}\n",
    "teams/checkout/shop/e-empty.yaml": "",
    "teams/checkout/shop/f-bytes.yaml": b"\xff\xfe",
    "teams/checkout/shop/deep/g.yaml": "kind: Flows",
    "teams/checkout/shop/README.md": "notes",
    "policies/odd/h.yaml": "kind: Flows",
}
GOOD = {
    f"teams/checkout/shop/z-{number:03}.yaml": flows(
        f"name: f-{number}, from: frontend, to: payments/api, ports: [{number}]"
    )
    for number in range(1, 60)
}


@pytest.fixture(autouse=True)
def without_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """What earlier runs kept would not be read."""
    monkeypatch.setenv("RINGFENCE_CACHE", "off")


class Tree(MemoryTree):
    """One whose files cannot all be read."""

    def __init__(self, others: Mapping[str, str] = GOOD) -> None:
        files: dict[str, str | bytes] = dict(over(others))
        super().__init__(files | BROKEN | {CLOSED: ""})
        self.read_here: Counter[str] = Counter()

    def read(self, path: str) -> bytes:
        self.read_here[path] += 1
        if path.endswith("closed.yaml"):
            raise Unreadable(path, "Permission denied")
        return super().read(path)


def _loaded(tree: Tree) -> tuple[Model | None, list[Finding]]:
    return model.load(tree)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> tuple[Model | None, list[Finding]]:
    """What one process reads."""
    result = _loaded(Tree())
    monkeypatch.setattr(clean, "MANY", 1)
    monkeypatch.setattr(clean, "AT_ONCE", 5)
    monkeypatch.setattr(workers, "processors", lambda: 3)
    return result


def test_the_same_model_and_findings(alone: tuple[Model | None, list[Finding]]) -> None:
    shared = _loaded(Tree())
    assert shared == alone
    assert repr(shared) == repr(alone)
    assert {item.where.path for item in alone[1]} == {*BROKEN, CLOSED} - {"teams/checkout/shop/README.md"}


def test_each_file_is_read_once_but_those_in_error(
    alone: tuple[Model | None, list[Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "processors", lambda: 2)
    monkeypatch.setattr("ringfence.values.workers.os.fork", _no_more)
    tree = Tree()
    _loaded(tree)
    twice = {path for path, times in tree.read_here.items() if times > 1}
    assert twice <= {*BROKEN, CLOSED}


def _no_more() -> int:
    raise BlockingIOError


def test_what_two_trees_share_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands beside it in another tree is as it would be alone, and so is what is wrong."""
    path = "teams/checkout/shop/z-007.yaml"
    one, two = Tree(), Tree({**GOOD, path: GOOD[path].replace("[7]", "[1007]")})
    expected = [_loaded(one), _loaded(two)]
    assert expected[0] != expected[1]
    parsed = Counter[str]()
    read = documents.read

    def counted(path: str, raw: bytes) -> tuple[Document | None, list[Finding]]:
        parsed[path] += 1
        return read(path, raw)

    monkeypatch.setattr(documents, "read", counted)
    shared = Remembered()
    assert [model.load(tree, shared=shared) for tree in (one, two)] == expected
    assert {name for name in GOOD if parsed[name] > 1} == {path}
