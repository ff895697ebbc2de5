"""A cursor over a document: a value with its route, and readers that shrug where the shape is wrong.

A wrong shape has a finding of the schema already, so a reader here gives nothing for it and the rest of the document
is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ringfence.documents.document import Document, Route
from ringfence.findings import Location


class Node:
    """One value of a document. The way to it is followed back only where its place is asked for."""

    __slots__ = ("_key", "_parent", "value")

    def __init__(self, parent: Node | Document, key: str | int, value: Any) -> None:
        self._parent = parent
        self._key = key
        self.value = value

    @classmethod
    def root(cls, document: Document) -> Node:
        """The whole document."""
        return cls(document, "", document.data)

    @property
    def where(self) -> Location:
        """The place of the value."""
        document, route = self._way()
        return document.at(*route)

    @property
    def where_key(self) -> Location:
        """The place of the key that leads to the value."""
        document, route = self._way()
        return document.at_key(*route)

    @property
    def key(self) -> str | int:
        """The last step of the way to it."""
        return self._key

    @property
    def document(self) -> Document:
        """The document that it is part of."""
        return self._way()[0]

    def _way(self) -> tuple[Document, Route]:
        steps: list[str | int] = []
        node = self
        while isinstance(node._parent, Node):
            steps.append(node._key)
            node = node._parent
        return node._parent, tuple(reversed(steps))

    def get(self, key: str) -> Node:
        """The value of a key; a node of None where there is no such key, or this is no mapping."""
        return Node(self, key, self.value.get(key) if isinstance(self.value, dict) else None)

    def child(self, index: int) -> Node:
        """The value of a list or mapping that is the given one in its order."""
        key = index if isinstance(self.value, list) else list(self.value)[index]
        return Node(self, key, self.value[key])

    def string(self, key: str) -> str:
        """The text of a key, or an empty text."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return value if isinstance(value, str) else ""

    def has(self, key: str) -> bool:
        """Whether this is a mapping with that key."""
        return isinstance(self.value, dict) and key in self.value

    def text(self, default: str = "") -> str:
        """The value if it is text."""
        return self.value if isinstance(self.value, str) else default

    def items(self) -> Iterator[tuple[str, Node]]:
        """The keys and values of a mapping; a key that is not text is left out."""
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                if isinstance(key, str):
                    yield key, Node(self, key, value)

    def list(self) -> Iterator[Node]:
        """The items of a list."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield Node(self, index, value)

    def one_or_list(self) -> Iterator[Node]:
        """The items of a list, or the value itself where it is neither a list nor absent."""
        if isinstance(self.value, list):
            yield from self.list()
        elif self.value is not None:
            yield self

    def texts(self) -> Iterator[Node]:
        """The items of a list that are text."""
        return (item for item in self.list() if isinstance(item.value, str))
