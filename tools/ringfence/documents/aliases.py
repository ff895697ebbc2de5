"""Anchors and aliases: refused in a declaration; in a manifest followed, within limits of size and depth.

An alias gives the very object of its anchor, so memory stays small; the limits keep whoever walks the data safe.
"""

from __future__ import annotations

from typing import Any

from ringfence.documents.problems import MAX_DEPTH, MAX_EXPANDED, Problems


class Aliases:
    """The anchors of one document."""

    def __init__(self, problems: Problems, *, many: bool) -> None:
        self._problems = problems
        self._allowed = many
        self._values: dict[str, Any] = {}
        self._open: set[str] = set()
        self._measures: dict[int, tuple[int, int]] = {}
        self._expanded = 0

    def start(self, name: str, place: int) -> None:
        """An anchor before a list or mapping that starts now."""
        if not self._allowed:
            self._problems.alias(f"&{name}", place)
        self._values.pop(name, None)
        self._open.add(name)

    def define(self, name: str, value: Any, place: int) -> None:
        """An anchor before a scalar, or whose list or mapping ends now."""
        if name in self._open:
            self._open.discard(name)
        elif not self._allowed:
            self._problems.alias(f"&{name}", place)
        self._values[name] = value

    def value(self, name: str, place: int, depth: int) -> Any:
        """What an alias at some depth stands for; an empty text where it is an error. May raise `Stop`."""
        if not self._allowed:
            self._problems.alias(f"*{name}", place)
        elif name in self._open:
            self._problems.endless_alias(name, place)
        elif name not in self._values:
            self._problems.unknown_alias(name, place)
        else:
            value = self._values[name]
            size, height = self._measure(value)
            self._expanded += size
            if self._expanded > MAX_EXPANDED:
                self._problems.too_many_aliases(place)
            if depth + height > MAX_DEPTH:
                self._problems.too_deep(place)
            return value
        return ""

    def _measure(self, value: Any) -> tuple[int, int]:
        """The number of values in a value, aliases written out, and how deep it nests. Each object is walked once."""
        if not isinstance(value, list | dict):
            return 1, 0
        if id(value) not in self._measures:
            parts = [self._measure(part) for part in (value.values() if isinstance(value, dict) else value)]
            size = 1 + sum(size for size, _ in parts)
            self._measures[id(value)] = size, 1 + max((height for _, height in parts), default=0)
        return self._measures[id(value)]
