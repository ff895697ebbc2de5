"""DNS names and patterns of names, as Cilium's agent compares them: which names of one another they speak of.

`*` is any run of letters, digits, `-` and `_` inside one label; `*` alone is every name; `**.` is labels in front, one
to newer agents' and one or more to older ones' disagreement. Source: Cilium `pkg/fqdn/matchpattern`.
"""

from __future__ import annotations

import re
from functools import lru_cache

_STAR = "[-a-zA-Z0-9_]*"
_FRESH = "X"
"""A letter that no pattern in lower case holds: it stands for whatever a `*` of the other one takes."""


def plain(text: str) -> str:
    """A name or pattern in the form that is compared: lower case, without the dot of the root."""
    return text.lower().removesuffix(".")


@lru_cache(maxsize=65536)
def covers(pattern: str, other: str) -> bool:
    """Whether a name or pattern surely speaks of every name that another one speaks of."""
    if pattern in ("*", other):
        return True
    if other == "*" or other.startswith("**"):
        return False
    expression = "".join(_STAR if part == "*" else re.escape(part) for part in re.split(r"(\*)", pattern))
    return re.fullmatch(expression, other.replace("*", _FRESH)) is not None


@lru_cache(maxsize=4096)
def meets(one: str, other: str) -> bool:
    """Whether some name can be of both."""
    if "*" in (one, other):
        return True
    if not one or not other:
        return not one.strip("*") and not other.strip("*")
    for this, that in ((one, other), (other, one)):
        if this.startswith("**."):
            rest = that
            while rest:
                _, dot, rest = rest.partition(".")
                if (dot and meets(this[3:], rest)) or ("*" in that and meets(this[3:], that)):
                    return True
            return False
    if one[0] == "*":
        return meets(one[1:], other) or (other[0] != "." and meets(one, other[1:]))
    if other[0] == "*":
        return meets(one, other[1:]) or (one[0] != "." and meets(one[1:], other))
    return one[0] == other[0] and meets(one[1:], other[1:])
