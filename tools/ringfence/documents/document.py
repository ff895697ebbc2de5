"""A YAML document as plain data, with the place of every key and value."""

from __future__ import annotations

from typing import Any

from ringfence.findings import Location

Route = tuple[str | int, ...]
"""Steps from the root of a document: mapping keys and list indexes."""

COLUMN_BITS = 27
"""A place is one integer, `line << COLUMN_BITS | column`, both from 0: half the cost of a pair."""

_COLUMN_MASK = (1 << COLUMN_BITS) - 1
_LARGE = 16


def location(path: str, place: int) -> Location:
    """The location that a place in one integer stands for."""
    return Location(path, (place >> COLUMN_BITS) + 1, (place & _COLUMN_MASK) + 1)


class Document:
    """One document: `data` of dict, list, str, int, float, bool and None; and where each part stands.

    `places` gives for the `id()` of each list the places of its items, and for the `id()` of each dict, in turn,
    the place of a key and of its value. The ids hold as long as nobody changes `data`.
    """

    __slots__ = ("_order", "_places", "_root", "data", "path")

    def __init__(self, path: str, data: Any, root: int = 0, places: dict[int, list[int]] | None = None) -> None:
        self.path = path
        self.data = data
        self._root = root
        self._places = places or {}
        self._order: dict[int, dict[str, int]] = {}

    def at(self, *route: str | int) -> Location:
        """The place of the value at a route, or of its nearest ancestor that exists."""
        return self._locate(route, key=False)

    def at_key(self, *route: str | int) -> Location:
        """The place of the key that leads to a route, or of the nearest ancestor's value."""
        return self._locate(route, key=True)

    def moved(self, lines: int, columns: int) -> Document:
        """The same document further down in its file; `columns` count on its first line only."""

        def place(of: int) -> int:
            return of + (lines << COLUMN_BITS) + (0 if of >> COLUMN_BITS else columns)

        places = {node: [place(of) for of in marks] for node, marks in self._places.items()}
        return Document(self.path, self.data, place(self._root), places)

    def _locate(self, route: Route, *, key: bool) -> Location:
        place = self._root
        node = self.data
        last = len(route) - 1
        for depth, step in enumerate(route):
            places = self._places.get(id(node))
            if places is None:
                break
            if isinstance(node, list):
                if not isinstance(step, int) or not 0 <= step < len(places):
                    break
                place = places[step]
                node = node[step]
            else:
                order = self._order_of(node, step)
                if order is None:
                    break
                place = places[2 * order + (0 if key and depth == last else 1)]
                node = node[step]
        return location(self.path, place)

    def _order_of(self, node: dict[Any, Any], key: Any) -> int | None:
        """Where a key stands among those of a mapping; the order of a large one is kept."""
        if key not in node:
            return None
        if len(node) < _LARGE:
            return list(node).index(key)
        order = self._order.get(id(node))
        if order is None:
            order = self._order[id(node)] = {name: index for index, name in enumerate(node)}
        return order[key]

    def __repr__(self) -> str:
        return f"Document({self.path!r}, {self.data!r})"
