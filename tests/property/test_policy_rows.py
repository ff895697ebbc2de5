"""NetworkPolicies that went through bytes are what they were, and equal parts of them are one object."""

from __future__ import annotations

from typing import Any

from clusters import files, policies
from hypothesis import given
from hypothesis import strategies as st

from ringfence.manifests import NetworkPolicy, parse_files
from ringfence.manifests.rows import from_rows, there, to_rows

OBJECTS = st.integers(0, 4).flatmap(lambda count: st.tuples(*(policies(f"np-{number}") for number in range(count))))


def read(objects: tuple[dict[str, Any], ...]) -> list[NetworkPolicy]:
    return parse_files(files(list(objects))).policies if objects else []


@given(OBJECTS, OBJECTS)
def test_what_comes_back_is_what_was_given(one: tuple[dict[str, Any], ...], other: tuple[dict[str, Any], ...]) -> None:
    first, second = read(one), read(other)
    lists = [first, None, [*first[1:], *second], []]
    found = from_rows(to_rows(lists))
    assert found == lists
    assert there(to_rows(lists)) == [items is not None for items in lists]
    assert [from_rows(to_rows(lists), [number])[0] for number in range(len(lists))] == lists
    assert found[0] is not None
    assert found[2] is not None
    assert all(item is same for item, same in zip(found[0][1:], found[2], strict=False))
    again = from_rows(to_rows([first]))[0]
    for item, same in zip(found[0], again or (), strict=True):
        for rule, equal in zip(item.ingress or (), same.ingress or (), strict=True):
            assert rule.peers is equal.peers
            assert rule.ports is equal.ports
        assert item.selector is same.selector
