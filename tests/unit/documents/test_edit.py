from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence import documents
from ringfence.documents import edit

RAW = b"""\
# a cluster
kind: Cluster  # the kind
stage: enforce  # since May
stages:
  # the shop
  shop: audit   # soon
  payments: {ingress: enforce, egress: permissive}

  # next
  cart:
    ingress: audit

flows:
  - name: a
    to: [x, y]

  # b is here
  - name: b
    to: z
# the end
"""


def _changed(old: str, new: str) -> bytes:
    assert RAW.count(old.encode()) == 1, old
    return RAW.replace(old.encode(), new.encode())


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("stage",), "audit", _changed("stage: enforce ", "stage: audit ")),
        (
            ("stage",),
            {"ingress": "audit", "egress": "enforce"},
            _changed("stage: enforce  # since May\n", "stage:  # since May\n  ingress: audit\n  egress: enforce\n"),
        ),
        (("stages", "payments", "egress"), "enforce", _changed("egress: permissive", "egress: enforce")),
        (("stages", "cart"), "audit", _changed("cart:\n    ingress: audit", "cart: audit")),
        (("stages", "bank"), "y", _changed("ingress: audit\n", 'ingress: audit\n  bank: "y"\n')),
        (("new", "key"), "12", _changed("to: z\n", 'to: z\nnew:\n  key: "12"\n')),
        (("flows", 0, "to", 1), "a: b", _changed("[x, y]", '[x, "a: b"]')),
    ],
)
def test_a_value_is_set_and_the_rest_stays(path: tuple[str | int, ...], value: object, expected: bytes) -> None:
    assert edit.set_value(RAW, path, value).decode() == expected.decode()


def test_what_is_appended_goes_to_the_end_of_the_list() -> None:
    assert edit.append(RAW, ("flows", 0, "to"), "z") == _changed("[x, y]", "[x, y, z]")
    added = {"name": "c", "ports": ["https", "53/UDP"]}
    expected = _changed("to: z\n", "to: z\n  - name: c\n    ports: [https, 53/UDP]\n")
    assert edit.append(RAW, ("flows",), added) == expected
    assert edit.append(b"kind: Flows\n", ("flows",), {"name": "c"}) == b"kind: Flows\nflows:\n  - name: c\n"
    assert edit.append(b"flows: []  # none\n", ("flows",), {"name": "c"}) == b"flows:  # none\n  - name: c\n"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("flows", 1), _changed("  # b is here\n  - name: b\n    to: z\n", "")),
        (("flows", 0), _changed("  - name: a\n    to: [x, y]\n\n", "")),
        (("flows", 0, "name"), _changed("- name: a\n    to", "- to")),
        (("flows", 0, "to", 0), _changed("[x, y]", "[y]")),
        (("stages", "cart"), _changed("\n  # next\n  cart:\n    ingress: audit\n", "")),
        (("stages", "cart", "ingress"), _changed("cart:\n    ingress: audit", "cart: {}")),
        (("stages", "payments", "egress"), _changed(", egress: permissive", "")),
    ],
)
def test_what_is_removed_takes_the_comments_above_along(path: tuple[str | int, ...], expected: bytes) -> None:
    assert edit.remove(RAW, path).decode() == expected.decode()


def test_the_first_item_of_a_list_that_is_an_item_itself_is_removed() -> None:
    assert edit.remove(b"a:\n  - - []\n    - x\n", ("a", 0, 0)) == b"a:\n  - - x\n"


def test_line_ends_of_windows_and_a_missing_last_one_are_kept() -> None:
    assert edit.set_value(b"a: 1\r\nb: 2\r\n", ("c",), 3) == b"a: 1\r\nb: 2\r\nc: 3\r\n"
    assert edit.set_value(b"a: 1", ("a",), 2) == b"a: 2"


@pytest.mark.parametrize(
    ("path", "message"),
    [(("stages",), "the comment in line 5 would be lost"), (("kind", "x"), "cannot stand"), ((), "as a whole")],
)
def test_an_edit_with_a_loss_is_refused(path: tuple[str, ...], message: str) -> None:
    with pytest.raises(edit.EditError, match=message):
        edit.set_value(RAW, path, "audit")


def test_an_edit_of_what_is_not_there_is_refused() -> None:
    with pytest.raises(edit.EditError, match=r"there is no stages\.bank"):
        edit.remove(RAW, ("stages", "bank"))
    with pytest.raises(edit.EditError, match=r"line 1: "):
        edit.set_value(b"{", ("a",), 1)


_TEXT = st.text(alphabet="ab1:# -,[]{}'\"\\&*!|>%@`~yn.é", min_size=0, max_size=6)
_SCALARS = _TEXT | st.integers(-5, 5) | st.booleans()
_DATA = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=6
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), _DATA, min_size=1), st.booleans(), st.data())
def test_every_edit_gives_exactly_the_change_or_is_refused(value: object, flow: bool, data: st.DataObject) -> None:
    raw = yaml.safe_dump(value, default_flow_style=flow or None, sort_keys=False, allow_unicode=True).encode()
    if documents.read("", raw)[0] is None:
        return
    path: list[str | int] = []
    node: object = value
    while isinstance(node, dict | list) and node and data.draw(st.booleans() if path else st.just(True)):
        step = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else list(range(len(node)))))
        path.append(step)
        node = node[step]
    new = data.draw(_DATA)
    route = tuple(path)
    edits: list[Callable[[], bytes]] = [
        lambda: edit.set_value(raw, route, new),
        lambda: edit.append(raw, route, new),
        lambda: edit.remove(raw, route),
        lambda: edit.set_value(raw, (*route, "new"), new),
    ]
    for change in edits:
        try:
            after = change()
        except edit.EditError:
            continue
        assert documents.read("", after)[0] is not None
