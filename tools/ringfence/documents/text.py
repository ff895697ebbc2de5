"""Bytes → text, with a finding for every character that a person could not see. Knows no YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ringfence.documents import codes
from ringfence.findings import Check, Finding, Location

_SHOWN = 5
"""How many places of one kind of character are named before the rest is counted."""

_ASCII_SEEN = bytes(range(0x20, 0x7F)) + b"\n"
_UNSEEN = (
    "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f"
    "\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]|\r(?!\n)"
)
_NAMES = {
    "\x00": "NUL",
    "\r": "a carriage return without a newline",
    "\x85": "a next-line character",
    "\u2028": "a Unicode line separator",
    "\u2029": "a Unicode paragraph separator",
    "\ufeff": "a byte order mark inside the text",
}


def unseen(text: str) -> list[str]:
    """The characters of a text that a person cannot see (newline and CR LF excepted, tab included)."""
    return re.findall(_UNSEEN, text)


def name_of(character: str) -> str:
    """A character in words, with its code point."""
    point = f"U+{ord(character):04X}"
    if character in _NAMES:
        return f"{_NAMES[character]} ({point})"
    if "\ud800" <= character <= "\udfff":
        return f"half of a character ({point})"
    if "\u202a" <= character <= "\u2069":
        return f"a character that turns the direction of text ({point})"
    return f"the control character {point}"


def decode(path: str, raw: bytes, limit: int, *, many: bool) -> tuple[str | None, list[Finding]]:
    """The text of a file without its byte order mark (None where reading on makes no sense), and what is wrong with it.

    `limit` is the greatest number of bytes. With `many` (manifests) a byte order mark and tabs are allowed.
    """
    if len(raw) > limit:
        size = f"{len(raw) / (1 << 20):.1f} MiB"
        message = f"the file has {size}; more than {limit >> 20} MiB is not read, since nobody can review it"
        return None, [codes.TOO_LARGE.at(Location(path), message, hint="split it into several files")]
    if wide := _wide(raw):
        message = f"the file is {wide} text; only UTF-8 means the same to every tool"
        return None, [codes.NOT_UTF8.at(Location(path, 1, 1), message, hint="save it as UTF-8")]
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return None, [_not_utf8(path, raw, error)]
    if raw.isascii() and not raw.translate(None, _ASCII_SEEN):
        return text, []
    findings: list[Finding] = []
    if text.startswith("\ufeff"):
        text = text[1:]
        if not many:
            message = "the file starts with a byte order mark, which some tools take for a part of the first key"
            findings.append(
                codes.BYTE_ORDER_MARK.at(Location(path, 1, 1), message, hint="save it as UTF-8 without BOM")
            )
    unseen_here = list(_characters(path, text, many=many))
    if unseen_here:
        # The YAML parser would stop at them; with blanks in their place it finds what else is wrong.
        text = re.sub(_UNSEEN, " ", text)
    return text, findings + unseen_here


def _characters(path: str, text: str, *, many: bool) -> Iterator[Finding]:
    places: dict[str, list[int]] = {}
    for match in re.finditer(_UNSEEN, text):
        if not (many and match[0] == "\t"):
            places.setdefault(match[0], []).append(match.start())
    for character, found in places.items():
        check, message, hint = _said_of(character)
        for start in found[:_SHOWN]:
            rest = len(found) - _SHOWN
            more = f" ({rest} more in this file)" if rest > 0 and start == found[_SHOWN - 1] else ""
            yield check.at(_location(path, text, start), message + more, hint=hint)


def _said_of(character: str) -> tuple[Check, str, str]:
    if character == "\t":
        message = "there is a tab here; YAML forbids it as indentation, and editors show it with different widths"
        return codes.TAB, message, "write spaces"
    message = f"there is {name_of(character)} here; a person who reviews the file cannot see it"
    return codes.FORBIDDEN_CHARACTER, message, "delete it"


def _location(path: str, text: str, start: int) -> Location:
    return Location(path, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))


def _wide(raw: bytes) -> str:
    """The name of a wide encoding that the bytes look like, or an empty string."""
    if raw.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "UTF-32"
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    nul = raw[:2].count(0)
    return "UTF-16" if len(raw) > 3 and nul == 1 and raw[:4].count(0) == 2 else ""


def _not_utf8(path: str, raw: bytes, error: UnicodeDecodeError) -> Finding:
    before = raw[: error.start]
    column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
    where = Location(path, before.count(b"\n") + 1, column)
    message = f"byte 0x{raw[error.start]:02X} is not valid UTF-8 here; each reader would guess at the character"
    return codes.NOT_UTF8.at(where, message, hint="save the file as UTF-8")
