"""One connection, seen at several points, counted once.

A packet may be reported where it leaves a pod, where it enters one, and on the way: by Hubble at trace points and when
policy is asked, by Calico at either end. Each point counts on its own; no point sees more than there was.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

_ENTERING = ("TO_ENDPOINT", "FROM_OVERLAY", "FROM_NETWORK")
_POLICY_VERDICT = "5"
_REPORTERS = {"src": "source", "1": "source", "dst": "destination", "dest": "destination", "2": "destination"}
"""What logs of Calico call a side, Goldmane also by number."""


class Tally(Struct):
    """A count and its times, in microseconds. Times that cannot be believed count if there are no others."""

    count: int = 0
    times: tuple[int, int] | None = None
    strange: tuple[int, int] | None = None

    def add(self, count: int, first: int, last: int, *, strange: bool) -> None:
        """Count more."""
        self.count += count
        if strange:
            self.strange = _span(self.strange, (first, last))
        else:
            self.times = _span(self.times, (first, last))

    def merge(self, other: Tally) -> None:
        """Count what another counted."""
        self.count += other.count
        self.times = _span(self.times, other.times)
        self.strange = _span(self.strange, other.strange)


class Point(Struct, frozen=True):
    """Where something was seen."""

    side: str
    """`source`, `destination`, or what a log with columns calls it."""
    asked: bool
    """Whether the record is of policy's answer, and not of a packet that passed by."""
    name: str


def point(form: str, name: str) -> Point:
    """The point that a record's columns `format` and `point` are."""
    if form == "hubble":
        event, place, direction = (*name.split("|"), "", "")[:3]
        entering = direction == "INGRESS" or (direction != "EGRESS" and place in _ENTERING)
        return Point("destination" if entering else "source", event == _POLICY_VERDICT, name)
    side = _REPORTERS.get(name, name)
    return Point(side, True, side)


class Connection(Struct):
    """What was seen of alike connections, by point and verdict."""

    tallies: dict[tuple[Point, str], Tally] = field(default_factory=dict)

    def at(self, place: Point, verdict: str) -> Tally:
        """The tally of a verdict at a point."""
        return self.tallies.setdefault((place, verdict), Tally())

    def merge(self, other: Connection) -> None:
        """Count what another counted, point by point."""
        for (place, verdict), tally in other.tallies.items():
            self.at(place, verdict).merge(tally)

    def verdicts(self) -> dict[str, Tally]:
        """How often each verdict was given, and when.

        Denied: what was denied at the source never came to the destination, so both count. Allowed: a source's side
        does not see what the destination denies, nor do trace points see that a policy which is only audited denied;
        where that happened, those who know are asked.
        """
        told = {verdict: self._places(verdict) for verdict in ("allowed", "denied", "audited")}
        found = {}
        if told["denied"]:
            found["denied"] = Tally()
            for side in sorted({place.side for place in told["denied"]}):
                found["denied"].merge(self._most("denied", (p for p in told["denied"] if p.side == side)))
        if told["audited"]:
            found["audited"] = self._most("audited", told["audited"])
        knowing = [place for place in told["allowed"] if self._knows(place, told["denied"], told["audited"])]
        if knowing:
            found["allowed"] = self._most("allowed", knowing)
        return found

    def _places(self, verdict: str) -> list[Point]:
        return [place for place, given in self.tallies if given == verdict]

    def _knows(self, place: Point, denied: list[Point], audited: list[Point]) -> bool:
        if any(item.side == "destination" for item in denied) and place.side == "source":
            return False
        return not audited or (place.asked and place.side in {item.side for item in audited})

    def _most(self, verdict: str, places: Iterable[Point]) -> Tally:
        """The largest count of some points, with the times of all of them."""
        most = Tally()
        for place in places:
            tally = self.tallies[place, verdict]
            count = max(most.count, tally.count)
            most.merge(tally)
            most.count = count
        return most


def _span(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])
