"""The few things that a selector matches, found by a look at their labels."""

from __future__ import annotations

import pytest

from ringfence.connectivity import bits
from ringfence.connectivity.labels import LabelIndex
from ringfence.manifests import Requirement, Selector

LABELS = (
    (("app", "a"), ("tier", "x")),
    (("app", "a"), ("tier", "x")),
    (("app", "a"), ("tier", "y")),
    (("app", "a"),),
    (("app", "b"), ("tier", "x"), ("zone", "n")),
    (("tier", "a"), ("zone", "n")),
)


def has(key: str, *values: str, operator: str = "In") -> Requirement:
    return Requirement(key, operator, values)


@pytest.mark.parametrize(
    ("asked", "most", "found"),
    [
        ([has("app", "a")], 4, [0, 1, 2, 3]),
        ([has("app", "a")], 3, None),
        ([has("app", "b")], 1, [4]),
        ([has("app", "b")], 0, None),
        # the rarest label is looked for, wherever it stands, and all others are looked at
        ([has("app", "a"), has("tier", "x")], 3, [0, 1]),
        ([has("app", "a"), has("tier", "x")], 2, None),
        ([has("app", "a"), has("zone", "n")], 2, []),
        ([has("app", "b"), has("tier", "x")], 1, [4]),
        ([has("tier", "x"), has("zone", "n")], 2, [4]),
        ([has("app", "b"), has("tier", "x"), has("zone", "n")], 1, [4]),
        ([has("app", "b"), has("tier", "y"), has("zone", "n")], 1, []),
        # nobody has it
        ([has("app", "c")], 0, []),
        ([has("app", "c"), has("tier", "x")], 0, []),
        ([has("gone", "a")], 0, []),
        # it is no selector of single values
        ([], 9, None),
        ([has("app", "a", "b")], 9, None),
        ([has("app", "b", operator="NotIn")], 9, None),
        ([has("app", operator="Exists")], 9, None),
        ([has("app", "b"), has("tier", operator="Exists")], 9, None),
        ([has("app", "b"), has("tier", "x", "y")], 9, None),
    ],
)
def test_the_few_that_have_all_labels(asked: list[Requirement], most: int, found: list[int] | None) -> None:
    index = LabelIndex(LABELS)
    selector = Selector(tuple(asked))
    assert index.few(selector, most) == found
    if found is not None:
        assert index.match(selector) == (bits.of(found),) * 2
    assert LabelIndex(LABELS, bits.span(6, 8)).few(selector, most) == found
