"""Large Kubernetes clusters are worked on side by side: the same answers, and equal files are read once."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rendered_repository import edited, impact_of, rendered
from ringfence import cli, documents, verify
from ringfence.commands.verify import _proof
from ringfence.impact import assemble
from ringfence.values import garbage, workers
from ringfence.verify import bundles
from small_repository import MemoryTree, flows, small

BASE = "policies/rendered/base/payments/payments/api.yaml"
OPENED = {"teams/checkout/shop/x.yaml": flows("name: x, from: checkout, to: payments/api, ports: [9443]")}


def _side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MANY", 1)
    monkeypatch.setattr(workers, "processors", lambda: 2)


def test_the_impact_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    base, head = rendered()[0], rendered(OPENED)[0]
    alone = impact_of(base, head)
    assert alone.changes
    _side_by_side(monkeypatch)
    assert impact_of(base, head) == alone
    with monkeypatch.context() as broken:
        broken.setattr("ringfence.impact.local.Compared.facts", _failing)
        with pytest.raises(LookupError, match="a bug"):
            impact_of(base, head)


def _failing(*_: Any) -> None:
    raise LookupError("a bug")


def test_the_proof_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = edited(rendered()[0], BASE, "port: 8443", "port: 8444")
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content.encode() if isinstance(content, str) else content)

    def said() -> tuple[int, str]:
        code = cli.main(["verify", "-C", str(tmp_path), "--format", "json"])
        return code, capsys.readouterr().out

    alone = said()
    assert alone[0] == 1
    _side_by_side(monkeypatch)
    assert said() == alone


def test_what_both_sides_hold_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    base, head = rendered()[0], rendered(OPENED)[0]
    read: Counter[str] = Counter()
    original = documents.read_many

    def counted(path: str, raw: bytes) -> Any:
        read[path] += 1
        return original(path, raw)

    monkeypatch.setattr(documents, "read_many", counted)
    impact_of(base, head)
    twice = {path for path, content in base.items() if path in head and content != head[path]}
    assert len(twice) == 2
    assert {path for path, times in read.items() if times > 1} == twice
    assert max(read.values()) == 2


@pytest.mark.parametrize("dialects", [{}, {"dev": "calico", "prod": "cilium"}])
def test_what_is_done_side_by_side_leaves_no_garbage(monkeypatch: pytest.MonkeyPatch, dialects: dict[str, str]) -> None:
    """Nobody looks for any there: a cluster in a cycle would stay as long as the process."""
    paths = {f"policies/clusters/{name}.yaml": dialect for name, dialect in dialects.items()}
    clusters = {path: f"{small()[path]}dialect: {dialect}\n" for path, dialect in paths.items()}
    base, model = rendered(clusters)
    head, _ = rendered({**clusters, **OPENED})
    original, found = assemble._facts, []

    def facts(*args: Any, **options: Any) -> Any:
        found.append(_garbage(lambda: original(*args, **options)))
        return original(*args, **options)

    def proofs() -> None:
        side = verify.States(model, MemoryTree(base))
        assert [_proof(side.of(name), model).findings for name in side.names] == [()] * len(side.names)

    monkeypatch.setattr(assemble, "_facts", facts)
    assert impact_of(base, head).changes
    assert (found, _garbage(proofs)) == ([0], 0)


def _garbage(work: Callable[[], object]) -> int:
    """How many objects in cycles some work leaves behind, done for the second time."""
    work()
    gc.collect()
    with garbage.ignored():
        work()
        return gc.collect()
