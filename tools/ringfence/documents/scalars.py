"""What an unquoted scalar means: the core schema of YAML 1.2, minus what readers disagree on.

Declarations are ours: `no`, `12:30` and `2027-03-31` are text, as YAML 1.2 says. A number that YAML 1.1 and 1.2 read
differently (`010` is 8 or 10, `0o17` text or 15) is refused, and so is a whole number written as a fraction (`8443.0`).

Manifests go to a cluster, whose reader (sigs.k8s.io/yaml) follows YAML 1.1 in part: `010` is octal there, and words
that it or another YAML 1.1 reader would take for a boolean or a number (`yes`, `on`, `20:21`, `1_000`, `0b11`) are
refused.
"""

from __future__ import annotations

import math
import re
from sys import intern
from typing import Any, NamedTuple

from ringfence.documents import codes
from ringfence.findings import Check


class Refused(NamedTuple):
    """A scalar that is an error: the check, what is wrong and the fix. `text` is the scalar as written."""

    check: Check
    text: str
    message: str
    hint: str


def shown(text: str) -> str:
    """A text of the user's, short enough for a message."""
    return text if len(text) <= 60 else f"{text[:57]}…"


FIRST_OF_NUMBER = frozenset("0123456789+-.")
"""No other character starts a number in any reader."""

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    "<<": Refused(
        codes.MERGE_KEY,
        "<<",
        "`<<` merges another mapping in: what this one holds is then not written here, and later keys silently win",
        "write the keys out, or quote '<<' if it is only text",
    ),
}
_YAML_1_1_BOOLEANS = ["y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"]

_NUMBER = re.compile(
    r"(?P<int>[-+]?(?:0|[1-9][0-9]*))"
    r"|(?P<hex>0x[0-9a-fA-F]+)"
    r"|(?P<zero>[-+]?0[0-9]+)"
    r"|(?P<octal>0o[0-7]+)"
    r"|(?P<endless>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
)
_YAML_1_1_NUMBER = re.compile(
    r"[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?"
    r"|[-+]?0[bB][-+]?[01]+|[-+]?0[xX][0-9a-fA-F]+|[-+]?0[oO][0-7]+"
    r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
)
"""Of a text without its `_`, which go-yaml (`resolve.go`) leaves out wherever they stand."""

_DIGITS = 20
_LIMIT = 1 << 63


def declared_number(text: str) -> Any:
    """The value of an unquoted scalar of a declaration that may be a number: int, float, its text or `Refused`."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    kind = match.lastgroup
    if kind == "int":
        return _integer(text, 10)
    if kind == "hex":
        return _integer(text, 16)
    if kind == "float":
        value = _float(text)
        if isinstance(value, float) and value.is_integer():
            return _ambiguous(
                text, "it is a whole number written as a fraction", f"write {int(value)}, or '{text}' for text"
            )
        return value
    if kind == "endless":
        return _endless(text)
    octal = f"octal to some YAML readers, and {'text' if kind == 'octal' else 'decimal'} to others"
    plain = ("-" if text[0] == "-" else "") + (text.lstrip("+-0o") or "0")
    return _ambiguous(text, f"it is {octal}", f"write {plain} for the number, or '{text}' for text")


def manifest_number(text: str) -> Any:
    """The same for a Kubernetes manifest, with the numbers that a cluster reads in it."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        if _YAML_1_1_NUMBER.fullmatch(text.replace("_", "")):
            return _ambiguous(
                text, "it is a number to a YAML 1.1 reader and text to others", f"write '{shown(text)}' for text"
            )
        return text
    kind = match.lastgroup
    if kind == "int":
        # Beyond 64 bits, the cluster's reader makes a floating-point number of it.
        value = _integer(text, 10)
        return _float(text) if isinstance(value, Refused) else value
    if kind == "hex":
        return _integer(text, 16)
    if kind == "float":
        value = _float(text)
        if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
            return int(value)
        return value
    if kind == "endless":
        return _endless(text)
    if text.lstrip("+-0o").strip("01234567"):
        return _ambiguous(
            text,
            "it starts like an octal number and is none",
            f"write it without the zero, or '{shown(text)}' for text",
        )
    return _integer(text.replace("o", "", 1), 8)


def _integer(text: str, base: int) -> Any:
    if len(text) > _DIGITS * (4 if base == 8 else 1):
        return _too_large(text)
    value = int(text, base)
    return value if -_LIMIT <= value < _LIMIT else _too_large(text)


def _float(text: str) -> Any:
    value = float(text)
    return value if math.isfinite(value) else _too_large(text)


def _too_large(text: str) -> Refused:
    message = f"{shown(text)} does not fit in 64 bits, so readers would disagree on its value"
    return Refused(codes.NUMBER_OUT_OF_RANGE, text, message, "write a smaller number, or quote it if it is text")


def _endless(text: str) -> Refused:
    message = f"{text} is not a number that anything can be compared with"
    return Refused(codes.NUMBER_OUT_OF_RANGE, text, message, f"write a number, or '{text}' if it is text")


def _ambiguous(text: str, why: str, hint: str) -> Refused:
    return Refused(codes.AMBIGUOUS_SCALAR, text, f"{shown(text)} is ambiguous: {why}", hint)


WORDS_OF_MANIFESTS: dict[str, Any] = _WORDS | {
    word: _ambiguous(
        word, "a cluster reads it as a boolean and YAML 1.2 as text", f"write '{word}' for text, or true or false"
    )
    for word in _YAML_1_1_BOOLEANS
}
"""The same with the words that only YAML 1.1 takes for booleans, each refused."""


def meaning(text: str, *, many: bool) -> Any:
    """What an unquoted scalar stands for: int, float, bool, None, its text or `Refused`; `many` for a manifest."""
    words = WORDS_OF_MANIFESTS if many else _WORDS
    if text in words:
        return words[text]
    if text[0] in FIRST_OF_NUMBER:
        return manifest_number(text) if many else declared_number(text)
    return intern(text)
