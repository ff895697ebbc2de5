"""Every mixture of old and new policies that a cluster can pass through, judged at once and exactly.

A namespace goes from its old objects to its new ones in steps. At a step some objects are settled, and each of the
others has its old or its new version (absence is a version too), independently: all 2ⁿ mixtures count. Namespaces
are at any of their steps, independently of one another.

What is used to look at all of them in one pass: the policies of a namespace alone decide about its pods, and they add
up. In one direction a connection is allowed where some object allows it, or none isolates the pod. So

- it is closed in some mixture where nothing settled allows it, no object allows it in both versions, and something
  isolates the pod in a version that does not allow it; the other objects may then have the version that does not;
- it is open in some mixture where egress and ingress are each allowed by some object in some version, or isolated by
  none, and both can be at once. Within one namespace they cannot where they need two versions of one object: each way
  to allow egress (a *witness*) is met with what ingress may come to beside it.

Where policies do not add up (denies, several tiers, what is not modelled) nothing is claimed: `NotExact` says why. What
policies of the whole cluster deny before all others, alike in every mixture, is taken away from all (`field`). That
they add up at both ends of the change is checked against the evaluation of the tiers. What is uncertain counts against
the change: closed is what is not surely allowed in some mixture, open what is possibly allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ringfence.connectivity import bits, tiers
from ringfence.connectivity.cluster import ClusterState
from ringfence.connectivity.engine import Row
from ringfence.connectivity.field import Both, Field, NotExact
from ringfence.connectivity.resolve import Direction

EITHER = 0b11
"""The versions that an object may have where nothing ties it: bit 0 for the old, bit 1 for the new."""


class Free(Struct, frozen=True):
    """An object whose version is open at a step."""

    name: str
    old: Both
    new: Both


class Step(Struct, frozen=True):
    """One step of a namespace: policies that are settled, and objects of which each may have either version."""

    settled: tuple[Both, ...]
    free: tuple[Free, ...] = ()


Constraint = tuple[int, ...]
"""For each free object of a step the versions that it may have."""


class Mixtures:
    """All mixtures at one step of the policies for the pods `here`: those of a namespace, or all that do not change."""

    def __init__(self, field: Field, here: int, step: Step) -> None:
        self.field = field
        self.here = here
        self.step = step
        self._known: dict[object, Row] = {}

    def least(self, direction: Direction, source: int) -> Row:
        """What is surely allowed in every mixture, to all destinations (egress) or those of the namespace (ingress)."""
        space, ports = self.field.space, self.field.atoms.everything
        allowed = self._settled(direction, source, 0)
        isolated = self._isolated(direction, 1)
        versions = [item for free in self.step.free for item in (free.old[direction], free.new[direction])]
        for free in self.step.free:
            tiers.add(allowed, bits.overlay(free.old[direction].rows[0][source], free.new[direction].rows[0][source]))
        if direction is Direction.EGRESS:
            open_: Row = {} if isolated >> source & 1 else {ports: space.everything}
            for item in versions:
                if item.isolated[1] >> source & 1:
                    open_ = bits.overlay(open_, item.rows[0][source])
            tiers.add(allowed, open_)
            return allowed
        open_ = {ports: self.here & ~isolated}
        for item in versions:
            spared = dict(item.rows[0][source])
            bits.paint(spared, ports, self.here & ~item.isolated[1])
            open_ = bits.overlay(open_, spared)
        tiers.add(allowed, open_)
        return tiers.within(allowed, ports, self.here)

    def witnesses(self, source: int) -> Iterator[tuple[Constraint, Row]]:
        """The ways in which egress of a pod here may be open: the versions that each needs, and where it leads."""
        space, ports = self.field.space, self.field.atoms.everything
        free, way = self.step.free, Direction.EGRESS
        anyhow = (EITHER,) * len(free)
        yield anyhow, self._settled(way, source, 1)
        spared = []
        for number, item in enumerate(free):
            for bit, part in ((1, item.old[way]), (2, item.new[way])):
                if row := part.rows[1][source]:
                    yield (*anyhow[:number], bit, *anyhow[number + 1 :]), row
            versions = ((1, item.old[way]), (2, item.new[way]))
            spared.append(sum(bit for bit, part in versions if not part.isolated[0] >> source & 1))
        if all(spared) and not self._isolated(way, 0) >> source & 1:
            yield tuple(spared), {ports: space.everything}

    def most(self, source: int, constraint: Constraint | None = None) -> Row:
        """The ingress that is possibly allowed in some mixture, to destinations in the namespace."""
        ports, way = self.field.atoms.everything, Direction.INGRESS
        free = self.step.free
        key = source, constraint
        if (found := self._known.get(key)) is not None:
            return found
        allowed = self._settled(way, source, 1)
        loose = self.here & ~self._isolated(way, 0)
        for item, versions in zip(free, constraint or (EITHER,) * len(free), strict=True):
            spared = 0
            for bit, part in ((1, item.old[way]), (2, item.new[way])):
                if versions & bit:
                    tiers.add(allowed, part.rows[1][source])
                    spared |= ~part.isolated[0]
            loose &= spared
        bits.paint(allowed, ports, loose)
        found = self._known[key] = tiers.within(allowed, ports, self.here)
        return found

    def within(self, source: int) -> Row:
        """What is possibly open in some mixture from a pod of the namespace to one of the namespace."""
        found: Row = {}
        for constraint, row in self.witnesses(source):
            tiers.add(found, bits.overlay(row, self.most(source, constraint)))
        return found

    def outward(self, source: int) -> Row:
        """The egress that is possibly open in some mixture from a pod of the namespace."""
        found: Row = {}
        for _, row in self.witnesses(source):
            tiers.add(found, row)
        return found

    def _settled(self, direction: Direction, source: int, which: int) -> Row:
        found: Row = {}
        for both in self.step.settled:
            tiers.add(found, both[direction].rows[which][source])
        return found

    def _isolated(self, direction: Direction, which: int) -> int:
        found = 0
        for both in self.step.settled:
            found |= both[direction].isolated[which]
        return found


class Flaw(Struct, frozen=True):
    """What some mixtures close or open from one source, and the steps in which they do.

    `steps` are numbers of steps by namespace; of two namespaces, both must be at one of theirs.
    """

    closes: bool
    source: int
    row: Row
    steps: tuple[tuple[str, tuple[int, ...]], ...]


class Change:
    """The way of a cluster from one end to the other: the steps of each namespace of which objects change.

    `rest` are the policies that stay. The first and the last step of a namespace are the ends, without free objects.
    """

    def __init__(self, field: Field, rest: Both, steps: Mapping[str, Sequence[Step]]) -> None:
        self.field = field
        space = field.space
        self._ways = {
            name: [
                Mixtures(field, space.members[name], Step((rest, field.always, *step.settled), step.free))
                for step in listed
            ]
            for name, listed in steps.items()
        }
        others = space.all_pods
        for name in steps:
            others &= ~space.members[name]
        self._rest = Mixtures(field, others, Step((rest, field.always)))
        self._of = {position: name for name in steps for position in bits.positions(space.members[name])}

    def steps(self, namespace: str) -> list[Step]:
        """The steps of a namespace, the ends among them."""
        return [item.step for item in self._ways[namespace]]

    def end(self, source: int, last: bool, which: int) -> Row:
        """What is surely (0) or possibly (1) allowed from a source before the change, or (`last`) after it."""
        at = -1 if last else 0
        name = self._of.get(source)
        mine = self._rest if name is None else self._ways[name][at]
        found: Row = {self.field.atoms.everything: self.field.space.everything}
        if source < self.field.space.pods:
            found = mine.least(Direction.EGRESS, source) if which == 0 else mine.outward(source)
        inward = self._outside(source)
        for other in (self._rest, *(listed[at] for listed in self._ways.values())):
            tiers.add(inward, other.least(Direction.INGRESS, source) if which == 0 else other.most(source))
        return bits.overlay(bits.overlay(found, inward), self.field.left(source, which))

    def _outside(self, source: int) -> Row:
        """Ingress outside the cluster, which nothing judges: it is open to pods."""
        space = self.field.space
        return {self.field.atoms.everything: space.outside} if source < space.pods and space.outside else {}

    def check(self, before: ClusterState, after: ClusterState) -> None:
        """Raise `NotExact` where an end is not what the evaluation of its tiers says."""
        for cluster, last in ((before, False), (after, True)):
            table = self.field.table(cluster)
            for source, both in enumerate(table or ()):
                for which in (0, 1):
                    if _differ(both[which], self.end(source, last, which)):
                        raise NotExact("what its policies allow is not the sum of what each of them allows")

    def flaws(self) -> Iterator[Flaw]:
        """Everything that some mixture closes and both ends allow, or that it opens and both ends deny."""
        for source in range(self.field.space.size):
            left = self.field.left(source, 1)
            kept = bits.overlay(self.end(source, False, 0), self.end(source, True, 0))
            open_: Row = {}
            for last in (False, True):
                tiers.add(open_, self.end(source, last, 1))
            yield from self._closed(source, kept)
            for flaw in self._opened(source, open_):
                if row := bits.overlay(flaw.row, left):
                    yield replace(flaw, row=row)

    def _closed(self, source: int, kept: Row) -> Iterator[Flaw]:
        everything = self.field.space.everything
        for name, listed in self._ways.items():
            ways = [(Direction.INGRESS, listed[0].here)]
            ways += [(Direction.EGRESS, everything)] if self._of.get(source) == name else []
            found = []
            for direction, where in ways:
                asked = tiers.within(kept, self.field.atoms.everything, where)
                found += [(number, _less(asked, item.least(direction, source))) for number, item in enumerate(listed)]
            yield from (Flaw(True, source, row, ((name, at),)) for row, at in _gathered(found))

    def _opened(self, source: int, open_: Row) -> Iterator[Flaw]:
        """Both directions have their own steps, but for pods of one namespace, where they are at the same one."""
        own = self._of.get(source)
        outward: list[tuple[int, Row]] = [(0, {self.field.atoms.everything: self.field.space.everything})]
        if own is not None:
            listed = self._ways[own]
            inside = [(number, _less(item.within(source), open_)) for number, item in enumerate(listed)]
            yield from (Flaw(False, source, row, ((own, at),)) for row, at in _gathered(inside))
            outward = [(number, item.outward(source)) for number, item in enumerate(listed)]
        elif source < self.field.space.pods:
            outward = [(0, self._rest.outward(source))]
        far = self._outside(source)
        tiers.add(far, self._rest.most(source))
        inward = {
            name: [(number, item.most(source)) for number, item in enumerate(listed)]
            for name, listed in self._ways.items()
            if name != own
        }
        inward[""] = [(0, far)]
        for name, there in inward.items():
            wanted = _less(bits.overlay(_union(outward), _union(there)), open_)
            if not wanted:
                continue
            for part, at in _gathered((number, bits.overlay(row, wanted)) for number, row in there):
                for row, mine in _gathered((number, bits.overlay(one, part)) for number, one in outward):
                    steps = ((own, mine),) if own is not None else ()
                    yield Flaw(False, source, row, (*steps, *(((name, at),) if name else ())))


def _union(found: Iterable[tuple[int, Row]]) -> Row:
    result: Row = {}
    for _, row in found:
        tiers.add(result, row)
    return result


def _less(region: Row, other: Row) -> Row:
    for mask, where in other.items():
        region = tiers.without(region, mask, where)
    return {mask: where for mask, where in region.items() if mask and where}


def _differ(a: Row, b: Row) -> bool:
    return bool(_less(a, b) or _less(b, a))


def _gathered(found: Iterable[tuple[int, Row]]) -> list[tuple[Row, tuple[int, ...]]]:
    """Disjoint regions, each with the numbers of all steps that hold it."""
    result: list[tuple[Row, tuple[int, ...]]] = []
    for number, row in found:
        parts: list[tuple[Row, tuple[int, ...]]] = []
        rest = row
        for known, numbers in result:
            common, apart = bits.overlay(known, row), _less(known, row)
            parts += [(common, (*(n for n in numbers if n != number), number))] if common else []
            parts += [(apart, numbers)] if apart else []
            rest = _less(rest, known)
        if rest:
            parts.append((rest, (number,)))
        result = parts
    return result
