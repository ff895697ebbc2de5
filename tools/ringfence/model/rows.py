"""Documents of flows as rows: what a plain flow says, with its place, small enough to travel between processes.

A flow is plain in shape where no value is of an odd type. Whatever else is asked of a document is looked up in the
document itself, which is read again where nobody kept it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ringfence.documents import Document
from ringfence.findings import Location
from ringfence.model.layout import Place
from ringfence.model.node import Node

Names = str | tuple[str, ...]
Row = tuple[str, Names, Names, tuple[str | int, ...], str, str, tuple[str, ...] | None, str | None, int, int]
"""Name, `from`, `to`, `ports`, reason, ticket, `environments`, `expires` (None: absent); line and column."""

_FLOWS = "Flows"


@dataclass(slots=True)
class Rows:
    """The flows of one document in their order; None for one that is not plain. `where` is the whole document."""

    where: Location
    rows: Sequence[Row | None]
    again: Callable[[], Document]
    """Gives the document, anew for each call or not."""
    _items: Node | None = field(default=None, repr=False)

    def node(self, index: int) -> Node:
        """One flow in the document."""
        if self._items is None:
            self._items = Node.root(self.again()).get("flows")
        return Node(self._items, index, self._items.value[index])


def are_in(document: Document, place: Place) -> bool:
    """Whether a document is one of flows, in a place for them."""
    data = document.data
    return isinstance(data, dict) and data.get("kind") == _FLOWS and _FLOWS in place.kinds


def of(document: Document) -> Rows:
    """The rows of a document of flows, which is kept."""
    items = document.data.get("flows")
    found = items if isinstance(items, list) else []
    rows = tuple(_row(item, *document.item(items, index)) for index, item in enumerate(found))
    return Rows(document.at(), rows, lambda: document)


def _row(data: Any, _: str, line: int, column: int) -> Row | None:
    if type(data) is not dict:
        return None
    get = data.get
    name, reason, ticket = get("name"), get("reason"), get("ticket", "")
    source, destination, ports = _names(get("from")), _names(get("to")), get("ports")
    environments = expires = None
    if "environments" in data:
        environments = data["environments"]
        environments = _names(environments) if type(environments) is list else ()
    if "expires" in data:
        expires = data["expires"] if type(data["expires"]) is str else ""
    if (
        not (name and type(name) is type(reason) is type(ticket) is str and source and destination)
        or type(ports) is not list
        or environments == ()
        or expires == ""
    ):
        return None
    for item in ports:
        if type(item) is not str and type(item) is not int:
            return None  # a boolean is equal to a number, and not the same
    return name, source, destination, tuple(ports), reason, ticket, environments, expires, line, column


def _names(value: Any) -> Names:
    """One text or several; nothing for what is neither."""
    if type(value) is str:
        return value
    if type(value) is list and all(type(item) is str for item in value):
        return tuple(value)
    return ()
