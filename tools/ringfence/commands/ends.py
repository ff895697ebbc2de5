"""Ends as a command line names them: workloads, namespaces, catalogue names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringfence.model.types import End, Model

HELP = "a workload (shop/cart), a namespace (shop/*) or a catalogue name"


def known(text: str, choices: Iterable[str], what: str) -> str:
    """The text, which must be one of the choices. Raises `UsageError` with the nearest of them."""
    from ringfence.values.nearest import nearest

    names = sorted(choices)
    if text in names:
        return text
    guess = nearest(text, names)
    if not guess and what in ("end", "flow"):
        # a bare name, or the right one under the wrong namespace or team
        bare = {name.rpartition("/")[2]: name for name in reversed(names)}
        guess = bare.get(nearest(text.rpartition("/")[2], bare), "")
    listed = f"the {what}s are {', '.join(names)}" if len(names) <= 12 else f"there are {len(names)} {what}s"
    lists = {"flow": "ringfence flows", "end": "ringfence connections"}
    if what in lists and len(names) > 12:
        listed += f": {lists[what]} lists them"
    raise UsageError(f"there is no {what} {text!r}", f"did you mean {guess}?" if guess else listed)


def pattern(model: Model, text: str) -> str:
    """An end to filter by: a workload's id, `namespace/*` or a peer's name. Raises `UsageError` for any other."""
    return known(text, {*model.workloads, *model.peers, *(f"{name}/*" for name in model.namespaces)}, "end")


def matches(end: End, wanted: str | None) -> bool:
    """Whether an end is the one that is wanted (None: any)."""
    return wanted in (None, end.id) or (
        wanted is not None and wanted.endswith("/*") and "/" in end.id and end.id.startswith(wanted[:-1])
    )
