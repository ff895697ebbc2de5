"""Text for YAML: scalars that every reader takes as the same value, and comments that stay comments.

kubectl and kustomize read YAML 1.1 (`y`, `on`, `1:30` and `2027-03-31` are not strings there), others 1.2; what is
written here means the same in both.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Any


class Yaml(str):
    """Text that is YAML already, so that it is printed as it is. Only this module makes it."""

    __slots__ = ()


_PLAIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9_./-]*)\Z")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", '"': '\\"'}


@functools.lru_cache(1 << 16)
def text(value: str) -> Yaml:
    """A string as a YAML scalar: plain where no reader of YAML 1.1 or 1.2 takes it for anything else, else quoted.

    Printable text stays as it is; everything else is escaped.
    """
    if _PLAIN.match(value) and value.lower() not in _WORDS:
        return Yaml(value)
    return Yaml(f'"{"".join(map(_quoted, value))}"')


def scalar(value: Any) -> Yaml:
    """A string, integer or boolean as a YAML scalar. Raises `TypeError` for anything else: lists are looped over."""
    kind = type(value)
    if kind is Yaml:
        return value  # type: ignore[no-any-return]  # the line above says what it is
    if kind is str:
        return text(value)
    if isinstance(value, str):  # such as Jinja2's Markup: a claim to be safe that counts for nothing here
        return text(str.__str__(value))
    if value is True or value is False:
        return Yaml(str(value).lower())
    if isinstance(value, int):
        return Yaml(value)
    raise TypeError(f"a {type(value).__name__} cannot be printed; only text, integers and booleans can")


def visible(value: object) -> str:
    """Any text on one line, with what does not print (controls, line separators, direction marks) as escapes."""
    line = str(value)
    return line if line.isprintable() else "".join(char if _shows(char) else _escape(char) for char in line)


def comment(value: object) -> Yaml:
    """Any text as a YAML comment of one line, with its `#`: no reader sees the end of a line in it."""
    return Yaml(f"# {visible(value)}".rstrip())


@functools.lru_cache(1 << 16)
def block(written: Yaml, indent: int) -> Yaml:
    """Lines that a template wrote, indented for where they are put; the first line is there already.

    Raises `TypeError` for plain text: that is a value, and has to be quoted.
    """
    if not isinstance(written, Yaml):
        raise TypeError("block takes what another template wrote, not a value")
    return Yaml(written.replace("\n", "\n" + " " * indent))


def _shows(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _quoted(char: str) -> str:
    return _SHORT.get(char) or (char if char.isprintable() else _escape(char))


def _escape(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
