"""Git is asked at once for what `impact` and `validate` want to know of it, and is at work while they are imported.

What is begun here changes nothing: whoever asks the same is told by it (`asking`), and nobody else is. So this is
done where it is plain what will be asked, and left alone everywhere else.
"""

from __future__ import annotations

import os
import sys

from ringfence import asking, quick

TYPE_CHECKING = False  # as in `typing`
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMITS = 50
"""How many commits `validate` asks the cache for."""

_VALUED = {"validate": ("--format", "--at"), "impact": ("--format", "--at", "--base", "--head", "--approved")}
"""Options with a value that change nothing of it, but for the sides."""


def begin(words: Sequence[str]) -> None:
    """Begin what the command line will ask for, if that is plain."""
    options = _options(words) if words and words[0] in _VALUED else None
    if options is None or None in (sys.stdin, sys.stdout, sys.stderr):
        return
    try:
        _begin(words[0] == "validate", options.get("--base", ""), options.get("--head", ""))
    except (OSError, ValueError):  # whoever asks meets it again, and knows how to say it
        asking.forget()


def _begin(validate: bool, base: str, head: str) -> None:
    root = quick.root_of(os.path.realpath("."))
    near = root
    while near and not os.path.lexists(f"{near}/.git"):
        near = os.path.dirname(near) if near != "/" else ""
    if not near:
        return
    places = asking.begin(root, asking.PLACES)
    questions = [asking.commits(COMMITS)] if validate else [asking.commit(side) for side in (base, head) if side]
    named = [asking.begin(near, question) for question in questions]
    top = os.path.realpath(os.fsdecode(places.hear()[0]).partition("\n")[0])
    commits = [process.hear()[0].partition(b"\n")[0].decode("ascii") for process in named]
    if top != near or not all(commit.isalnum() for commit in commits):
        return
    prefix = f"{root.removeprefix(top).removeprefix('/')}/".removeprefix("/")
    where = asking.where(prefix, asking.ONLY, asking.BUT if validate else ())
    if head:
        asking.begin(top, asking.between(commits[0], commits[1], where))
    else:
        asking.begin(top, asking.difference(commits[0], where))
        asking.begin(top, asking.OTHERWISE)


def _options(words: Sequence[str]) -> dict[str, str] | None:
    """The options by their names, where there are only some that leave plain what is asked for."""
    found = {}
    rest = iter(words[1:])
    for word in rest:
        value = next(rest, "") if word in _VALUED[words[0]] else ""
        if not value or value.startswith("-") or "\0" in value:
            return None
        found[word] = value
    off = os.environ.get("RINGFENCE_CACHE") == "off"
    return None if (off if words[0] == "validate" else "--base" not in found) else found
