"""How often something was seen. Who only passes that on need not know what flow logs are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from ringfence.observe.types import Seen


class Usage(Struct, frozen=True):
    """How often something was seen, and when.

    `perhaps` of the count may have been something else, as the log does not say enough of its ends.
    """

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    perhaps: int = 0

    def plus(self, seen: Seen | Usage) -> Usage:
        """With more of it."""
        times = [item for item in (self.first, seen.first) if item]
        ends = [item for item in (self.last, seen.last) if item]
        perhaps = self.perhaps + (seen.perhaps if isinstance(seen, Usage) else 0)
        return Usage(self.count + seen.count, min(times, default=None), max(ends, default=None), perhaps)


NEVER = Usage()


def together(usages: Sequence[Usage | None]) -> Usage | None:
    """The sum of those that are known; None where none is."""
    known = [item for item in usages if item is not None]
    if not known:
        return None
    total = Usage()
    for item in known:
        total = total.plus(item)
    return total
