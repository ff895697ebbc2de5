from __future__ import annotations

import pytest

from ringfence.values.nearest import did_you_mean, nearest


@pytest.mark.parametrize(
    ("word", "choices", "expected"),
    [
        ("paymets/api", ["payments/api", "shop/api"], "payments/api"),
        ("flow", ["Flows", "Team"], "Flows"),
        ("FROM", ["from", "to"], "from"),
        ("kube_dns", ["kube-dns"], "kube-dns"),
        ("zzz", ["from", "to"], ""),
        ("ab", ["ad", "ac", "abc", "abd"], "abc"),
        ("", ["from"], ""),
        ("a", [], ""),
        ("x" * 100_000, ["x"], ""),
    ],
)
def test_nearest(word: str, choices: list[str], expected: str) -> None:
    assert nearest(word, choices) == expected
    assert nearest(word, reversed(choices)) == expected
    assert did_you_mean(word, choices) == (f"did you mean `{expected}`?" if expected else "")


def test_ties_do_not_depend_on_order() -> None:
    assert nearest("ab", ["ac", "ad"]) == nearest("ab", ["ad", "ac"])
