"""What could not be read, counted by file and kind."""

from __future__ import annotations

from msgspec.structs import replace

from ringfence.observe.types import Trouble

EXAMPLE = 120
"""How many characters of an example are kept."""


class Troubles:
    """Counts troubles; of alike ones the first line and its example are kept."""

    def __init__(self) -> None:
        self._met: dict[tuple[str, str], Trouble] = {}

    def add(self, where: str, kind: str, *, line: int = 0, count: int = 1, example: str | bytes = "") -> None:
        """Count one trouble, or several of a kind."""
        text = example[: EXAMPLE * 4].decode("utf-8", "replace") if isinstance(example, bytes) else example
        new = Trouble(where, line, kind, count, printable(text))
        old = self._met.get((where, kind))
        if old is not None:
            first = min((old, new), key=lambda item: (item.line, item.example))
            new = replace(first, count=old.count + count)
        self._met[where, kind] = new

    def all(self) -> tuple[Trouble, ...]:
        """Everything that was counted, sorted."""
        return tuple(sorted(self._met.values()))


def printable(text: str) -> str:
    """The start of a text on one line, without characters that a terminal would obey."""
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[: EXAMPLE + 1])
    return clean if len(clean) <= EXAMPLE else clean[: EXAMPLE - 1] + "…"
