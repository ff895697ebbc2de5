"""A YAML document as plain data, with the place of every key and value."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from ringfence.findings import Location

Route = tuple[str | int, ...]
"""Steps from the root of a document: mapping keys and list indexes."""

Places = Mapping[int, Sequence[int]]

_LARGE = 16


class Lines:
    """The lines of a text: from a place in it (an index of its characters) to a location, looked for when asked.

    The text may be a part of a file: it starts after `line` whole lines of it, and after `column` characters.
    """

    __slots__ = ("_column", "_line", "_starts", "_text")

    def __init__(self, text: str = "", line: int = 0, column: int = 0, starts: Sequence[int] = ()) -> None:
        """Take a text, or where its lines start."""
        self._text = text
        self._line = line
        self._column = column
        self._starts = starts

    @property
    def starts(self) -> Sequence[int]:
        """Where each line of the text starts."""
        if not self._starts:
            lengths = map((1).__add__, map(len, self._text.split("\n")))
            self._starts = list(accumulate(lengths, initial=0))[:-1]
        return self._starts

    def location(self, path: str, place: int) -> Location:
        """The location of a place of the text in its file."""
        starts = self._starts or self.starts
        line = bisect_right(starts, place) - 1
        column = place - starts[line] + 1
        return Location(path, self._line + line + 1, column if line else column + self._column)

    def positions(self, places: Iterable[int]) -> list[tuple[int, int]]:
        """The lines and columns of several places: what `location` says of them, without an object for each.

        It is quick for places in their order.
        """
        if self._line or self._column or self._starts:
            return [self.location("", place)[1:] for place in places]
        text, found, line, last = self._text, [], 1, 0
        for place in places:
            line += text.count("\n", last, place) if place >= last else -text.count("\n", place, last)
            found.append((line, place - text.rfind("\n", 0, place)))
            last = place
        return found

    def moved(self, lines: int, columns: int) -> Lines:
        """The same text further down in its file; `columns` count on its first line only."""
        column = self._column if self._line else self._column + columns
        return Lines(self._text, self._line + lines, column, self._starts)


class Document:
    """One document: `data` of dict, list, str, int, float, bool and None; and where each part stands.

    `places` gives for the `id()` of each list the places of its items, and for the `id()` of each dict, in turn,
    the place of a key and of its value, each as an index of the text's characters. The ids hold as long as nobody
    changes `data`. Instead of them, a function can give them where the first place is asked for.
    """

    __slots__ = ("_lines", "_order", "_places", "_root", "data", "path")

    def __init__(
        self,
        path: str,
        data: Any,
        root: int = 0,
        places: Places | Callable[[], Places] | None = None,
        lines: Lines | None = None,
    ) -> None:
        self.path = path
        self.data = data
        self._root = root
        self._places: Places | Callable[[], Places] = places or {}
        self._lines = lines or Lines()
        self._order: dict[int, dict[str, int]] = {}

    @property
    def root(self) -> int:
        """The place of the whole data."""
        return self._root

    @property
    def lines(self) -> Lines:
        """The lines that places are in."""
        return self._lines

    @property
    def places(self) -> Places:
        """The places of all parts."""
        if callable(self._places):
            self._places = self._places()
        return self._places

    def at(self, *route: str | int) -> Location:
        """The place of the value at a route, or of its nearest ancestor that exists."""
        return self._locate(route, key=False)

    def at_key(self, *route: str | int) -> Location:
        """The place of the key that leads to a route, or of the nearest ancestor's value."""
        return self._locate(route, key=True)

    def item(self, items: list[Any], index: int, *route: str | int) -> Location:
        """The place of one item of the list at a route: the same as `at`, without walking there."""
        places = self.places.get(id(items))
        return self.at(*route, index) if places is None else self._lines.location(self.path, places[index])

    def moved(self, lines: int, columns: int) -> Document:
        """The same document further down in its file; `columns` count on its first line only."""
        return Document(self.path, self.data, self._root, self._places, self._lines.moved(lines, columns))

    def of(self, path: str, lines: int) -> Document:
        """The same document in a file of another name, further down."""
        return Document(path, self.data, self._root, self._places, self._lines.moved(lines, 0))

    def standing_at(self, where: Location) -> Document:
        """The same data, all of which stands at one place."""
        return Document(where.path, self.data, lines=Lines("", where.line - 1, where.column - 1))

    def _locate(self, route: Route, *, key: bool) -> Location:
        place = self._root
        node = self.data
        last = len(route) - 1
        known = self.places
        for depth, step in enumerate(route):
            places = known.get(id(node))
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
        return self._lines.location(self.path, place)

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
