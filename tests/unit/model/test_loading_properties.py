"""What holds for any repository: the order of files does not matter, and nothing at all makes loading fail."""

from __future__ import annotations

import datetime
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence import checks, documents, model
from ringfence.findings import Finding, has_errors
from ringfence.model.types import Model
from small_repository import MemoryTree, over, small

TODAY = datetime.date(2030, 1, 15)

RICH = {
    "policies/waivers/x.yaml": (
        "apiVersion: ringfence.dev/v1alpha1\nkind: Waivers\nwaivers:\n"
        "  - {guardrail: card-data, subject: shop/cards, reason: R, approver: ada, expires: 2031-01-01}\n"
        "  - {check: egress-to-world, subject: shop/out, reason: R, approver: ada, expires: 2031-01-01}\n"
    ),
    "teams/checkout/shop/x.yaml": (
        "apiVersion: ringfence.dev/v1alpha1\nkind: Flows\nflows:\n"
        "  - {name: cards, from: frontend, to: payments/api, ports: [https], reason: R, expires: 2031-01-01}\n"
        "  - {name: out, from: [frontend, checkout], to: internet, environments: [dev], "
        "ports: [443, 5-9/UDP], reason: R}\n"
    ),
}
FILES = {path: text for path, text in over(RICH).items() if path.endswith(".yaml")}


def test_the_rich_repository_is_valid() -> None:
    loaded, findings = model.load(MemoryTree(FILES))
    assert loaded is not None
    assert findings == []
    assert checks.run(loaded, TODAY) == []


TWICE = {**FILES, "teams/checkout/shop/z.yaml": FILES["teams/checkout/shop/flows.yaml"]}


@given(st.permutations(sorted(TWICE)))
@settings(max_examples=30, deadline=None)
def test_the_order_of_files_does_not_matter(paths: list[str]) -> None:
    expected = model.load(MemoryTree(TWICE))
    shuffled = model.load(MemoryTree({path: TWICE[path] for path in paths}))
    assert shuffled == expected
    assert has_errors(expected[1])
    assert repr(shuffled[0]) == repr(expected[0]), "mappings too are in one order"


def _data(path: str) -> Any:
    document, findings = documents.read(path, FILES[path].encode())
    assert document is not None, findings
    return document.data


def _routes(data: Any, route: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [route, *(found for key, value in inner for found in _routes(value, (*route, key)))]


DATA = {path: _data(path) for path in FILES}
PLACES = [(path, route) for path in sorted(DATA) for route in _routes(DATA[path]) if route]
WORDS = (
    "shop",
    "prod",
    "frontend",
    "shop/frontend",
    "kube-dns",
    "payments/*",
    "2031-02-30",
    "0-1/TCP",
    "10.0.0.0/8",
    "",
    "\x7f",
    "é",
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(WORDS),
    st.text(max_size=8),
    st.lists(st.sampled_from(WORDS), max_size=3),
    st.dictionaries(st.sampled_from(WORDS), st.sampled_from(WORDS), max_size=2),
    st.just("drop"),
)


def _changed(data: Any, route: tuple[str | int, ...], value: Any) -> Any:
    copy: Any = json.loads(json.dumps(data))
    inner = copy
    for step in route[:-1]:
        inner = inner[step]
    if value == "drop":
        del inner[route[-1]]
    else:
        inner[route[-1]] = value
    return copy


def _judge(files: dict[str, str]) -> tuple[Model | None, list[Finding]]:
    loaded, findings = model.load(MemoryTree(files))
    if loaded is not None:
        findings = findings + checks.run(loaded, TODAY)
    return loaded, findings


@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=1))
@settings(max_examples=300, deadline=None)
def test_no_change_of_a_value_makes_loading_fail(changes: list[tuple[tuple[str, tuple[str | int, ...]], Any]]) -> None:
    """JSON is YAML, so a document of any data can be written without a writer of YAML."""
    files = dict(FILES)
    for (path, route), value in changes:
        files[path] = json.dumps(_changed(DATA[path], route, value), ensure_ascii=True)
    loaded, findings = _judge(files)
    assert loaded is not None or has_errors(findings)
    for finding in findings:
        assert finding.where.path
        assert finding.message
        if finding.check in (*model.CHECKS, *checks.OWN):
            assert all(char.isprintable() for char in finding.message + finding.hint), finding


@given(st.sampled_from(sorted(FILES)), st.data())
@settings(max_examples=100, deadline=None)
def test_no_bytes_make_loading_fail(path: str, data: st.DataObject) -> None:
    raw = FILES[path].encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 20)))
    files: dict[str, str | bytes] = {**FILES, path: raw[:start] + data.draw(st.binary(max_size=4)) + raw[end:]}
    loaded, findings = model.load(MemoryTree(files))
    assert loaded is not None or has_errors(findings)


@given(st.sampled_from(sorted(FILES)), st.sampled_from(sorted(FILES)))
@settings(max_examples=60, deadline=None)
def test_no_missing_or_moved_file_makes_loading_fail(gone: str, other: str) -> None:
    files = {path: text for path, text in FILES.items() if path != gone}
    _judge(files)
    files[other] = FILES[gone]
    loaded, findings = _judge(files)
    assert loaded is not None or has_errors(findings)


def test_every_document_matters() -> None:
    """Without any one of the files something is missing: nothing is read and then forgotten."""
    whole = model.load(MemoryTree(FILES))[0]
    for path in FILES:
        loaded, findings = model.load(MemoryTree({other: text for other, text in FILES.items() if other != path}))
        assert findings or loaded != whole, path
    assert set(small()) - set(FILES) == {"README.md"}
