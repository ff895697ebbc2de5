"""Small numbers for values that are costly to hash and to order, of which few are distinct and many are used."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item", bound=Hashable)


class Table(Generic[Key, Item]):
    """Numbers for tuples of items: equal tuples have one number, whatever key they came by; the empty tuple has 0.

    By number, `values` are the tuples and `keys` what they are ordered by.
    """

    def __init__(self, sort_key: Callable[[Item], Any]) -> None:
        """Take what items are ordered by."""
        self.known: dict[Key, int] = {}
        self.values: list[tuple[Item, ...]] = [()]
        self.keys: list[list[Any]] = [[]]
        self._sort_key = sort_key
        self._numbers: dict[tuple[Item, ...], int] = {(): 0}

    def add(self, key: Key, value: tuple[Item, ...]) -> int:
        """The number of a value, from now on known by the key too."""
        number = self._numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
            self.keys.append([self._sort_key(item) for item in value])
        self.known[key] = number
        return number
