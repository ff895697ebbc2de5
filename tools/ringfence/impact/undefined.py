"""Connections without a verdict on one side: which side it is, why, and what that means for the change.

A head without a verdict cannot be approved. A base without one, of what the head settles, hides no effect of the head:
what it allows counts as opened, and is judged so by every gate, though it may have been open before. What it denies is
no change that can be counted, and may close; that is said, and blocks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.connectivity import Connectivity
from ringfence.errors import UsageError
from ringfence.findings import Finding, Location
from ringfence.impact.pages import UNDEFINED, UNDEFINED_BEFORE
from ringfence.impact.speaking import Speaking
from ringfence.values.ports import PortSet
from ringfence.verify.ends import End, name
from ringfence.verify.state import State

EXPLAINED = 500
"""How many connections of a cluster are asked why they have no verdict: it takes some time."""

SHOWN = 3
"""How many reasons a finding names."""

_WHERE = Location("policies/rendered")


class Undefined:
    """What has no verdict in a Kubernetes cluster, of its state in the base and in the head."""

    def __init__(self, base: State, head: State) -> None:
        self._name = head.name
        self._sides = base.connectivity, head.connectivity
        self._speaking = Speaking(*self._sides)
        self._asked = 0

    def findings(self, ends: tuple[End, End], after: PortSet, before_only: PortSet, now: PortSet) -> Iterator[Finding]:
        """What there is to say of the ports without a verdict in the head, and in the base alone.

        `now` are those that the head allows for certain.
        """
        pair = f"{name(ends[0])} → {name(ends[1])}"
        if after:
            yield UNDEFINED.at(
                _WHERE,
                f"in {self._name}, what changes for {pair} on {after} cannot be told: the head leaves it "
                f"undefined{self._why(self._sides[1], ends)}",
                hint="change what the reason names, so that the head settles it",
                subject=pair,
            )
        if before_only:
            opened, closed = before_only & now, before_only - now - after
            means = [f"{opened} counts as opened, and may have been open"] if opened else []
            means += [f"{closed} may close"] if closed else []
            yield UNDEFINED_BEFORE.at(
                _WHERE,
                f"in {self._name}, the base leaves {pair} undefined{self._why(self._sides[0], ends)}: "
                f"{'; '.join(means)}",
                hint="the head settles it; see that what it says is meant",
                subject=pair,
            )

    def _why(self, side: Connectivity, ends: tuple[End, End]) -> str:
        """The reasons, as the end of a sentence; empty where they are not asked for any more."""
        self._asked += 1
        if self._asked > EXPLAINED:
            return ""
        try:
            reasons = self._speaking.of(side, *ends).reasons(*ends)
        except UsageError:  # an end that is not there
            return ""
        more = len(reasons) - SHOWN
        text = "; ".join(reasons[:SHOWN]) + (f"; and {more} reasons more" if more > 0 else "")
        return f", since {text}" if text else ""
