"""Positions by the values of their labels, for conditions that look at more than equality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from ringfence.connectivity import bits
from ringfence.connectivity.bits import Fuzzy


class LabelValues:
    """An index of labelled positions. `unknown` says at which of them nobody knows the value of a key."""

    def __init__(self, things: Iterable[tuple[int, Mapping[str, str]]], unknown: Callable[[str], int]) -> None:
        values: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        known = []
        for position, labels in things:
            known.append(position)
            for key, value in labels.items():
                values[key][value].append(position)
        self.all = bits.of(known)
        self._values = {key: {value: bits.of(at) for value, at in found.items()} for key, found in values.items()}
        self._unknown = unknown
        self._present: dict[str, int] = {}

    def among(self, key: str, values: Iterable[str]) -> Fuzzy:
        """The positions whose label has one of some values."""
        found = self._values.get(key, {})
        return self._settled(key, sum(found.get(value, 0) for value in set(values)))

    def having(self, key: str) -> Fuzzy:
        """The positions that have a label."""
        if key not in self._present:
            self._present[key] = sum(self._values.get(key, {}).values())
        return self._settled(key, self._present[key])

    def where(self, key: str, holds: Callable[[str | None], bool]) -> Fuzzy:
        """The positions at which a condition on the value of a label holds; None stands for an absent label."""
        result = present = 0
        for value, at in self._values.get(key, {}).items():
            present |= at
            if holds(value):
                result |= at
        if holds(None):
            result |= self.all & ~present
        return self._settled(key, result)

    def _settled(self, key: str, found: int) -> Fuzzy:
        unknown = self._unknown(key) & self.all
        return found & ~unknown, found | unknown
