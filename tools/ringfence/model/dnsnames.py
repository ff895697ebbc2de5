"""DNS names of catalogue peers as written: exact, or with one `*.` for one label."""

from __future__ import annotations

import re

from ringfence.model.node import Node
from ringfence.model.ports import Report, shorten
from ringfence.model.problems import addresses as problems

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_NAME = rf"(\*\.)?({_LABEL}\.)+[a-z]([-a-z0-9]{{0,61}}[a-z0-9])?"
_ADDRESS = r"[0-9.]+(/[0-9]+)?|[0-9a-f:.]*:[0-9a-f:.]*(/[0-9]+)?"
_URL = r"(?:[a-z][a-z0-9+.-]*://)?([^/:@\s]+)(?::[0-9]+)?(?:/.*)?"


def read(node: Node, report: Report) -> tuple[str, ...]:
    """The names of a list that are DNS names, sorted; the others are reported."""
    return tuple(sorted({name for item in node.texts() if (name := _one(item, report))}))


def is_name(text: str) -> bool:
    """Whether a text is a DNS name of two labels or more in lower case, `*.` before it allowed."""
    return len(text) <= 253 and re.fullmatch(_NAME, text) is not None


def _one(item: Node, report: Report) -> str:
    text = item.text()
    if is_name(text):
        return text
    plain = text.strip().lower()
    found = re.fullmatch(_URL, plain)
    guess = (found[1] if found else plain).rstrip(".")
    if plain.lstrip("*.") == "":
        why, hint = "would match every name there is", "write `cidrs: [0.0.0.0/0]`, which says so"
    elif re.fullmatch(_ADDRESS, plain):
        why, hint = "is an address", "write it below `cidrs`"
    elif plain.startswith("**."):
        why, hint = (
            "matches any number of labels, which not every release can say",
            f"write `{plain[1:]}` for one label",
        )
    elif is_name(guess):
        why, hint = "is not the bare name in lower case", f"write `{guess}`"
    elif "*" in plain:
        why = "has a `*` where dialects differ in what it matches"
        hint = "write the full name, or `*.` and at least two labels, such as `*.example.com`"
    else:
        why, hint = "is not a DNS name of two labels or more", "write one such as `api.example.com`"
    report(problems.BAD_DNS_NAME.at(item.where, f"`{shorten(text)}` {why}", hint=hint))
    return ""
