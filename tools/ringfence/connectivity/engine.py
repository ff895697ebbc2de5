"""The evaluation: for each source, the ports that it may reach at each destination, surely and possibly.

In one direction, what is permitted is a union of rectangles (sources x destinations, port mask): those of the rules,
and one that is open for the pods that no policy isolates. A source's row is the overlay of its egress and its ingress
rows. Sources in the same rectangles share a row; in large clusters they share what large rectangles make of it, and
have their own single ends beside (`scattered`). Everything is computed twice, for what is sure and for what is
possible, unless nothing is uncertain; what is possible and not sure is undefined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Self

from ringfence.connectivity import bits
from ringfence.connectivity.resolve import Applied, Direction
from ringfence.connectivity.scattered import NONE, Both, Overlay, Packing, Way
from ringfence.connectivity.space import Space
from ringfence.manifests import Opaque

Row = dict[int, int]
"""Port mask to disjoint destinations."""


class Rectangles:
    """A union of rectangles of one direction, keyed by their sources.

    All powers of two share 61 hashes in Python, so a set alone is a slow key: its length goes with it.
    """

    def __init__(self) -> None:
        self._by_sources: dict[tuple[int, int], dict[int, int]] = {}

    def add(self, sources: int, destinations: int, mask: int) -> None:
        """Permit the ports between the sources and the destinations."""
        if sources and destinations and mask:
            key = sources.bit_length(), sources
            found = self._by_sources.get(key)
            if found is None:
                self._by_sources[key] = {mask: destinations}
            else:
                found[mask] = found.get(mask, 0) | destinations

    def per_source(self, size: int, wanted: int = -1) -> tuple[list[tuple[int, ...]], list[dict[int, int]]]:
        """For each wanted source the numbers of the groups that hold it; the groups (port mask to destinations)."""
        members: list[list[int]] = [[] for _ in range(size)]
        for number, (_, sources) in enumerate(self._by_sources):
            for position in bits.positions(sources & wanted):
                members[position].append(number)
        return [tuple(item) for item in members], list(self._by_sources.values())

    def differing(self, other: Rectangles) -> int:
        """The sources that may reach other destinations or ports by the rectangles of another."""
        found = 0
        for key in self._by_sources.keys() | other._by_sources.keys():
            if self._by_sources.get(key) != other._by_sources.get(key):
                found |= key[1]
        return found


class Side:
    """One direction of the cluster: who is isolated, and what is permitted, surely (0) and possibly (1).

    `subjects` narrows it to what is permitted to and by some pods.
    """

    def __init__(self, direction: Direction, space: Space, everything: int, subjects: int = -1) -> None:
        self._egress = direction is Direction.EGRESS
        self._space = space
        self._ports = everything
        self._subjects = subjects
        self.rectangles = (Rectangles(), Rectangles())
        self.isolated = [0, 0]
        self.fuzzy = False

    def permit(self, which: int, subjects: int, peers: int, mask: int) -> None:
        """Let subjects talk to peers; `which` is 0 for surely, 1 for possibly."""
        if self._subjects != -1:
            subjects &= self._subjects
        sources, destinations = (subjects, peers) if self._egress else (peers, subjects)
        self._add(which, sources, destinations, mask)

    def _add(self, which: int, sources: int, destinations: int, mask: int) -> None:
        self.rectangles[which].add(sources, destinations, mask)

    def apply(self, item: Applied, blind: int) -> None:
        """Add one direction of a policy; it says nothing sure about the pods in `blind`."""
        host = self._space.host
        if item.isolates:
            self.isolated[0] |= item.subjects[0] & ~blind & ~host
            self.isolated[1] |= item.subjects[1]
        self.fuzzy |= item.subjects[0] & ~blind != item.subjects[1] or bool(item.subjects[1] & host)
        for rule in item.rules:
            subjects = bits.sure_less(item.subjects_of(rule), blind)
            self.fuzzy = self.fuzzy or rule.peers[0] != rule.peers[1] or subjects[0] != subjects[1]
            for gate in rule.gates:
                self.fuzzy = self.fuzzy or gate.sure != gate.possible
                for which, allowed in ((0, gate.sure), (1, gate.possible)):
                    ends = subjects[which], rule.peers[which]
                    if allowed != -1:
                        ends = (ends[0], ends[1] & allowed) if self._egress else (ends[0] & allowed, ends[1])
                    self.permit(which, *ends, gate.mask)

    def doubt(self, opaque: Iterable[Opaque]) -> None:
        """Add what is not modelled: everything becomes possible for what it could touch."""
        for item in opaque:
            touched = self._touched(item)
            self.isolated[1] |= touched
            self.permit(1, touched, self._space.everything, self._ports)
            self.fuzzy |= bool(touched)

    def close(self) -> None:
        """Add what needs no rule: the pods that nothing isolates, host networks, nodes."""
        space = self._space
        for which in (0, 1):
            self.permit(which, space.everything & ~self.isolated[1 - which], space.everything, self._ports)
        if space.host:
            self.fuzzy = True
            self.permit(1, space.all_pods, space.host, self._ports)
        if space.nodes and not self._egress:
            self.fuzzy = True
            self.permit(1, space.all_pods, space.nodes, self._ports)

    def rows(self, wanted: int) -> dict[int, Way]:
        """What the direction permits to each of some sources. Sources in the same rectangles have one object."""
        if not wanted:
            return {}
        parts = [item.per_source(self._space.size, wanted) for item in self.rectangles[: 2 if self.fuzzy else 1]]
        drawn: list[dict[tuple[int, ...], Row]] = [{} for _ in parts]
        known: dict[tuple[tuple[int, ...], ...], Way] = {}
        result = {}
        for position in bits.positions(wanted):
            key = tuple(members[position] for members, _ in parts)
            if (way := known.get(key)) is None:
                found = [painted(done, key[n], parts[n][1]) for n, done in enumerate(drawn)]
                way = known[key] = (found[0], found[-1]), NONE
            result[position] = way
        return result

    def differing(self, other: Self) -> int:
        """The sources to which two sides permit different things."""
        return self.rectangles[0].differing(other.rectangles[0]) | self.rectangles[1].differing(other.rectangles[1])

    def _touched(self, item: Opaque) -> int:
        return self._space.members.get(item.namespace, 0) if item.namespace else self._space.all_pods


def blind_spots(space: Space, opaque: Iterable[Opaque]) -> int:
    """The pods about which nothing sure can be said, because something that is not modelled could deny."""
    result = 0
    for item in opaque:
        if item.may_deny:
            result |= space.members.get(item.namespace, 0) if item.namespace else space.all_pods
    return result


def rows(
    space: Space, egress: Mapping[int, Way], ingress: Mapping[int, Way], wanted: int, packing: Packing
) -> dict[int, Both]:
    """What each of some sources reaches, by what both directions permit it. Of the same two ways it is one object."""
    known: dict[tuple[int, int, bool], Both] = {}
    overlays = Overlay(-1, packing), Overlay(space.all_pods, packing)
    result = {}
    for position in bits.positions(wanted):
        ways = egress[position], ingress[position]
        outside = position >= space.pods
        key = id(ways[0]), id(ways[1]), outside
        if (both := known.get(key)) is None:
            both = known[key] = overlays[outside].of(*ways)
        result[position] = both
    return result


def painted(known: dict[tuple[int, ...], Row], numbers: tuple[int, ...], groups: list[dict[int, int]]) -> Row:
    """The union of some groups of rectangles, kept in `known` by their numbers."""
    row = known.get(numbers)
    if row is None:
        merged: dict[int, int] = defaultdict(int)
        for number in numbers:
            for mask, where in groups[number].items():
                merged[mask] |= where
        row = {}
        for mask in sorted(merged, key=int.bit_count, reverse=True):
            bits.paint(row, mask, merged[mask])
        known[numbers] = row
    return row
