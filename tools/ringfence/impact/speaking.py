"""Results with an answer for the places that only the policies of the other side speak of."""

from __future__ import annotations

from ringfence.connectivity import Connectivity, Place, speaking_of
from ringfence.verify.ends import End


class Speaking:
    """The places (`entity:host`, `dns:api.example.com`) that either of two sides speaks of."""

    def __init__(self, base: Connectivity, head: Connectivity) -> None:
        self._places = sorted({*base.space.places, *head.space.places})
        self._known: dict[int, tuple[Connectivity, Connectivity]] = {}

    def of(self, side: Connectivity, *ends: End) -> Connectivity:
        """A side that has an answer for some ends; another one than the side itself is made once."""
        own = set(map(str, side.space.places))
        if all(end in own or Place.of(end) is None for end in ends if isinstance(end, str)):
            return side
        if id(side) not in self._known:
            # the side is kept too, so that no other one gets its id
            self._known[id(side)] = side, speaking_of(side, self._places)
        return self._known[id(side)][1]
