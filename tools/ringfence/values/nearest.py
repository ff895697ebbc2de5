"""The nearest valid name to a mistyped one. Knows words only."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, choices: Iterable[str]) -> str:
    """The choice that a person most likely meant, or an empty string where none is near.

    Letter case and the difference between `-` and `_` count for nothing. Ties go to the first choice in sorted order.
    """
    import difflib

    if len(word) > 200:
        return ""
    known = {_plain(choice): choice for choice in sorted(choices, reverse=True)}
    plain = _plain(word)
    found = difflib.get_close_matches(plain, known, n=len(known) + 1, cutoff=0.6)
    # of equally near ones it puts the last first
    ratios = {one: difflib.SequenceMatcher(None, one, plain).ratio() for one in found}
    return known[min(found, key=lambda one: (-ratios[one], one))] if found else ""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A question with the nearest choice in backquotes, or an empty string."""
    found = nearest(word, choices)
    return f"did you mean `{found}`?" if found else ""


def _plain(word: str) -> str:
    return word.casefold().replace("_", "-")
