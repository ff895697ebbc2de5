"""A document that was packed and unpacked is the same: its data, and every place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence import documents
from ringfence.documents import Document, packed

TEXTS = (
    "kind: Flows\nflows:\n  - name: é😀\n    ports: [https, 8443, 1.5, true, null]\n    deep: {a: {b: []}, c: {}}\n",
    "# ends without a newline\n- a\n- [b, [c, {d: -9223372036854775808}]]\n- {e: 9223372036854775807}",
    "only text\n",
    "a: &x {b: [1, 2]}\nc: *x\nd: [*x, {e: *x}]\n",
)


def _routes(data: Any, route: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [route, *(found for key, value in inner for found in _routes(value, (*route, key)))]


def _must_be_same(one: Document, other: Document) -> None:
    assert repr(other) == repr(one)
    for route in [*_routes(one.data), ("nothing",), ("flows", 9)]:
        assert other.at(*route) == one.at(*route)
        assert other.at_key(*route) == one.at_key(*route)


@pytest.mark.parametrize("text", TEXTS)
def test_a_document_comes_back(text: str) -> None:
    (document,), findings = documents.read_many("f.yaml", text.encode())
    assert findings == []
    _must_be_same(document, packed.unpack("f.yaml", packed.pack(document)))
    (again,) = packed.unpack_all(packed.pack_all([document]))
    _must_be_same(document, again)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8"), max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcé"), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_any_document_comes_back(data: Any) -> None:
    found, _ = documents.read_many("f.json", json.dumps(data, indent=1).encode())
    for document in found:
        _must_be_same(document, packed.unpack("f.json", packed.pack(document)))
