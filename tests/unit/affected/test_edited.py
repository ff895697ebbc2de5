"""What an edit of one file concerns, told from its two sides."""

from __future__ import annotations

import pytest

from ringfence.affected.edited import Unclear, ends_of, namespaces_of_edit, only_workloads_differ

PATH = "teams/checkout/shop/flows.yaml"
FLOWS = "kind: Flows\nflows:\n"
ONE = "  - {from: api, to: pay/db}\n"
OTHER = "  - {from: [mail/out, 'quay/a/b', cart], to: ledger/store}\n"
NAMESPACE = "kind: Namespace\nworkloads: {a: {}}\n"


@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [
        (FLOWS + ONE, FLOWS + ONE + OTHER, {"shop", "mail", "quay", "ledger"}),
        (FLOWS + ONE + OTHER, FLOWS + ONE, {"shop", "mail", "quay", "ledger"}),
        (FLOWS + ONE, FLOWS + OTHER, {"shop", "pay", "mail", "quay", "ledger"}),
        (FLOWS + ONE + OTHER, FLOWS + OTHER + ONE + "# the order is no meaning\n", set()),
        (None, FLOWS + ONE, {"shop", "pay"}),
        (FLOWS + ONE, None, {"shop", "pay"}),
        (FLOWS + ONE, "kind: Flows\n", {"shop", "pay"}),
        ("kind: Flows\nflows: {a: b}\n", "kind: Flows\nflows: 7\n", set()),
        (FLOWS + "  - {from: 7, to: [8, mail]}\n", "kind: Flows\n", {"shop"}),
        (FLOWS + ONE, NAMESPACE, None),
        (NAMESPACE, FLOWS + ONE, None),
        (None, NAMESPACE, None),
        (NAMESPACE, None, None),
        ("flows: []\n", FLOWS, None),
    ],
)
def test_the_ends_of_what_only_one_side_has(before: str | None, after: str | None, ends: set[str] | None) -> None:
    sides = (None if text is None else text.encode() for text in (before, after))
    assert namespaces_of_edit(PATH, *sides) == ends


@pytest.mark.parametrize("text", ["kind: [", "", "- a list\n", FLOWS + "  - {from: a, to: b/c}\n  - text\n"])
@pytest.mark.parametrize("other", [None, FLOWS + ONE])
def test_what_cannot_be_read_is_unclear(text: str, other: str | None) -> None:
    sides = [text.encode(), None if other is None else other.encode()]
    for before, after in (sides, reversed(sides)):
        with pytest.raises(Unclear):
            namespaces_of_edit(PATH, before, after)


@pytest.mark.parametrize(
    ("before", "after", "only"),
    [
        (NAMESPACE, "kind: Namespace\nworkloads: {b: {}}\n", True),
        (NAMESPACE, "kind: Namespace\n", True),
        (NAMESPACE, NAMESPACE, True),
        (NAMESPACE, NAMESPACE + "description: D\n", False),
        (NAMESPACE + "description: C\n", NAMESPACE + "description: D\n", False),
        (NAMESPACE, "kind: Team\nworkloads: {a: {}}\n", False),
        ("kind: Team\nworkloads: {a: {}}\n", "kind: Team\nworkloads: {b: {}}\n", False),
        ("workloads: {a: {}}\n", "workloads: {b: {}}\n", False),
        (None, NAMESPACE, False),
        (NAMESPACE, None, False),
        (None, None, False),
    ],
)
def test_whether_a_namespace_differs_in_its_workloads_alone(before: str | None, after: str | None, only: bool) -> None:
    sides = (None if text is None else text.encode() for text in (before, after))
    assert only_workloads_differ(PATH, *sides) is only


def test_a_namespace_that_cannot_be_read_is_unclear() -> None:
    for before, after in ((NAMESPACE, "["), ("- a\n", NAMESPACE)):
        with pytest.raises(Unclear):
            only_workloads_differ(PATH, before.encode(), after.encode())


def test_the_ends_of_each_flow() -> None:
    assert list(ends_of(PATH, (FLOWS + ONE + OTHER).encode())) == [
        {"shop", "pay"},
        {"shop", "mail", "quay", "ledger"},
    ]
    assert list(ends_of(PATH, (NAMESPACE + "flows: [{to: a/b}]\n").encode())) == []
    with pytest.raises(Unclear):
        ends_of(PATH, b"[")
