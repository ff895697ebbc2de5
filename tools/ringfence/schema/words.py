"""Values of a document as a message shows them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_PLAIN = re.compile(
    r"[A-Za-z][A-Za-z0-9/._@-]*(?: [A-Za-z0-9/._-]+)*|https://[A-Za-z0-9/._:-]*[A-Za-z0-9/]"
    r"|[0-9]+(?:-[0-9]+)?/[A-Z]+|[0-9.]+/[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}"
)
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])


def quoted(value: Any) -> str:
    """A value in backquotes, short, without characters that a terminal would act on."""
    text = value if isinstance(value, str) else inline(value)
    text = "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text[:80])
    return f"`{text if len(text) <= 60 else text[:57] + '…'}`"


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    match value:
        case None:
            return "empty"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {quoted(value)}"
        case list():
            return "a list"
    return "a mapping"


def inline(value: Any) -> str:
    """A value as YAML on one line, quoted where any YAML reader needs it."""
    match value:
        case str():
            plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
            return value if plain else json.dumps(value, ensure_ascii=False)
        case list():
            return f"[{', '.join(map(inline, value))}]"
        case dict():
            return "{" + ", ".join(f"{inline(key)}: {inline(part)}" for key, part in value.items()) + "}"
    return json.dumps(value)


def example_of(key: str, node: Mapping[str, Any]) -> str:
    """The end of a hint: the example of a property's schema, or an empty string without one."""
    if not node.get("examples"):
        return ""
    return f", for example `{key}: {inline(node['examples'][0])}`"
