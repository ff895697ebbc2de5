"""What a person probably meant by a value of the wrong form. Knows no schema: the caller tries which guess is valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ringfence.values.nearest import nearest
from ringfence.values.ports import PROTOCOLS

_DATE = re.compile(r"(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})")
_PORTS = re.compile(r"(?P<first>[0-9]{1,5})-(?P<last>[0-9]{1,5})(?:/(?P<protocol>[A-Za-z]+))?")
_GERMAN_DATE = re.compile(r"(?P<day>[0-9]{1,2})[.](?P<month>[0-9]{1,2})[.](?P<year>[0-9]{4})")


def repairs(value: Any) -> Iterator[str]:
    """Guesses at a text of the right form, the likeliest first."""
    if not isinstance(value, str) or len(value) > 500:
        return
    text = " ".join(value.split())
    if not text:
        return
    if (ports := _PORTS.fullmatch(text)) and int(ports["first"]) > int(ports["last"]):
        yield f"{ports['last']}-{ports['first']}/{ports['protocol'] or PROTOCOLS[0]}"
    yield text
    yield text.lower()
    yield text.upper()
    name = re.sub(r"[\s_.]+", "-", text.lower())
    yield name
    yield name.strip("-")
    yield re.sub(r"\s*([/-])\s*", r"\1", text)
    yield f"@{text}"
    yield f"{text}/TCP"
    yield f"{text}/{128 if ':' in text else 32}"
    number, slash, protocol = text.replace(":", "-").rpartition("/")
    if slash:
        yield f"{number}/{nearest(protocol.upper(), PROTOCOLS)}"
    yield f"{protocol.replace(' ', '')}/TCP"
    for pattern in (_DATE, _GERMAN_DATE):
        if match := pattern.fullmatch(text):
            yield f"{match['year']}-{match['month']:0>2}-{match['day']:0>2}"
