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
    found = difflib.get_close_matches(_plain(word), sorted(known), n=1, cutoff=0.6)
    return known[found[0]] if found else ""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A question with the nearest choice in backquotes, or an empty string."""
    found = nearest(word, choices)
    return f"did you mean `{found}`?" if found else ""


def _plain(word: str) -> str:
    return word.casefold().replace("_", "-")
