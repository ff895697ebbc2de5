"""A YAML document as plain data, with the place of every key and value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.findings import Location

Route = tuple[str | int, ...]
"""Steps from the root of a document: mapping keys and list indexes."""

Position = tuple[int, int]
"""Line and column, from 1."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document: `data` of dict, list, str, int, float, bool and None; and where each part stands.

    `values` and `keys` give, for each route, the position of the value and of the mapping key that leads to it.
    """

    path: str
    data: Any
    values: Mapping[Route, Position] = field(repr=False)
    keys: Mapping[Route, Position] = field(repr=False)

    def at(self, *route: str | int) -> Location:
        """The place of the value at a route, or of its nearest ancestor that exists."""
        return self._place(self.values, route)

    def at_key(self, *route: str | int) -> Location:
        """The place of the key that leads to a route, or of the nearest ancestor's value."""
        if position := self.keys.get(route):
            return Location(self.path, *position)
        return self.at(*route)

    def _place(self, positions: Mapping[Route, Position], route: Route) -> Location:
        for length in range(len(route), -1, -1):
            if position := positions.get(route[:length]):
                return Location(self.path, *position)
        return Location(self.path, 1, 1)
