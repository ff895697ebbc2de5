"""Plain data as lines of YAML: block style, keys in the order given, quoting that all readers of YAML agree on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ringfence.render import quoting


def mapping(data: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """The lines of a mapping that holds mappings with text keys, lists, text, integers and booleans.

    Raises `TypeError` for anything else.
    """
    for key, value in data.items():
        name = f"{indent}{quoting.text(key)}:"
        if isinstance(value, Mapping) and value:
            yield name
            yield from mapping(value, f"{indent}  ")
        elif isinstance(value, list) and value:
            yield name
            yield from sequence(value, f"{indent}  ")
        else:
            yield f"{name} {_inline(value)}"


def sequence(items: list[Any], indent: str = "") -> Iterator[str]:
    """The lines of a list. Raises `TypeError` for a list that holds lists."""
    for item in items:
        if isinstance(item, Mapping) and item:
            first, *others = mapping(item, f"{indent}  ")
            yield f"{indent}- {first.lstrip()}"
            yield from others
        else:
            yield f"{indent}- {_inline(item)}"


def _inline(value: Any) -> str:
    if isinstance(value, Mapping | list):
        if value:
            raise TypeError("a sequence in a sequence is not written")
        return "{}" if isinstance(value, Mapping) else "[]"
    return quoting.scalar(value)
