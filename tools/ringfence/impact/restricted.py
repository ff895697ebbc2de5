"""What stays open and is restricted above layer 4 otherwise than before, by HTTP or DNS rules or the like.

No connection opens or closes then, and yet other requests pass: a rule without such a part that allows the same lifts
what restricts it, and another such part lets other requests through. What two such parts say is compared as it is
written: that one of them covers the other is not worked out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

from ringfence.connectivity import Connectivity, Direction
from ringfence.connectivity.above import Part
from ringfence.errors import UsageError
from ringfence.findings import Finding, Location
from ringfence.impact.pages import RESTRICTED
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify import State
from ringfence.verify.ends import End, end_of, is_other, name

_LIFTED = "stays open, and is no longer restricted by {kind} rules: a rule without them allows the same"
_PUT = "stays open, and is restricted by {kind} rules from now on: what they do not name is refused"
_OTHER = "stays open, and is restricted by other {kind} rules than before: other requests pass, or are refused"

PLACED = 500
"""How many findings of a cluster name the rule: to find one that lifts what restricts takes some time."""

_RENDERED = Location("policies/rendered")

_Ends = tuple[End, End]


def findings(one: State, other: State) -> Iterator[Finding]:
    """One finding for each pair of declared ends, kind of restriction and way that it changes."""
    before, after = one.connectivity, other.connectivity
    lifted = ((ends, kind, ports, _LIFTED) for ends, kind, ports in _beyond(before, after))
    put = ((ends, kind, ports, _PUT) for ends, kind, ports in _beyond(after, before))
    others = ((ends, kind, ports, _OTHER) for ends, kind, ports in _otherwise(before, after))
    for number, (ends, kind, ports, said) in enumerate((*lifted, *put, *others)):
        pair = f"{name(ends[0])} → {name(ends[1])}"
        where = None
        if number < PLACED:
            where = _freeing(before, after, ends, ports) if said is _LIFTED else _restricting(before, after, ends, kind)
        yield RESTRICTED.at(
            where or _RENDERED,
            f"in {other.name}, {pair} on {ports} {said.format(kind=kind)}",
            hint="ringfence explain says which rules allow it",
            subject=pair,
        )


def _beyond(here: Connectivity, there: Connectivity) -> Iterator[tuple[_Ends, str, PortSet]]:
    """The ports that are restricted here, and open without that there."""
    for ends, kind, ports, known in _both(here, there):
        if left := ports - known:
            yield ends, kind, left


def _otherwise(before: Connectivity, after: Connectivity) -> Iterator[tuple[_Ends, str, PortSet]]:
    """The ports that are restricted on both sides, and on which other requests pass."""
    said = before.restrictions.said(), after.restrictions.said()
    # where all rules say one thing, it is the same wherever they restrict
    kinds = {kind for kind in said[0].keys() & said[1] if said[0][kind] != said[1][kind] or len(said[0][kind]) > 1}
    for ends, kind, ports, known in _both(before, after) if kinds else ():
        if kind in kinds and (differing := ports & known & _differing(before, after, ends, kind)[0]):
            yield ends, kind, differing


def _both(here: Connectivity, there: Connectivity) -> Iterator[tuple[_Ends, str, PortSet, PortSet]]:
    """What is restricted here and open there: ends, kind, these ports, and those restricted so there."""
    for row in here.rows() if here.restrictions else ():
        if not row.restricted:
            continue
        ends = end_of(row.source), end_of(row.destination)
        if any(map(is_other, ends)):
            continue
        try:
            open_, known = there.ports(*ends), there.restricted(*ends)
        except UsageError:
            continue  # an end that is not there
        for kind, ports in row.restricted:
            if both := ports & open_:
                yield ends, kind, both, known.get(kind, NO_PORTS)


def _differing(before: Connectivity, after: Connectivity, ends: _Ends, kind: str) -> tuple[PortSet, set[str]]:
    """The ports on which something else passes, and what passes on one side alone, somewhere between two ends."""
    found, texts = NO_PORTS, set()
    for one, other in product(*(_positions(before, after, end) for end in ends)):
        sides = _said(before, one[0], other[0], kind), _said(after, one[1], other[1], kind)
        for key in sides[0].keys() | sides[1]:
            was, now = (side.get(key, NO_PORTS) for side in sides)
            if was != now:
                found |= (was - now) | (now - was)
                texts.add(key[1])
    return found, texts


def _said(side: Connectivity, source: int, destination: int, kind: str) -> dict[tuple[Direction, str], PortSet]:
    """What passes between two positions, on which ports."""
    found: dict[tuple[Direction, str], PortSet] = defaultdict(lambda: NO_PORTS)
    for part in _parts(side, source, destination, kind):
        for text in part.said:
            found[part.way[0], text] |= side.atoms.ports(part.mask)
    return found


def _parts(side: Connectivity, source: int, destination: int, kind: str = "") -> list[Part]:
    if not side.restrictions:
        return []
    return [part for part in side.restrictions.parts(source, destination) if not kind or part.way[1] == kind]


def _positions(before: Connectivity, after: Connectivity, end: End) -> list[tuple[int, int]]:
    """The positions of an end on both sides; of addresses, each that overlap."""
    if isinstance(end, str):
        return [(before.position(end), after.position(end))]
    pairs = product(before.positions(end), after.positions(end))
    return [(one, other) for one, other in pairs if _cell(before, one) & _cell(after, other) & end]


def _cell(side: Connectivity, position: int) -> AddressSet:
    return side.space.cells[position - side.space.pods]


def _restricting(before: Connectivity, after: Connectivity, ends: _Ends, kind: str) -> Location | None:
    """A rule of the head that restricts: one that says what none of the base says, if there is one."""
    new = _differing(before, after, ends, kind)[1]
    pairs = product(*(_positions(before, after, end) for end in ends))
    parts = [part for one, other in pairs for part in _parts(after, one[1], other[1], kind)]
    return next((part.where for part in sorted(parts, key=lambda part: not part.said & new)), None)


def _freeing(before: Connectivity, after: Connectivity, ends: _Ends, ports: PortSet) -> Location | None:
    """A rule of the head that lets through what rules of the base restricted."""
    ((one, other), *_) = product(*(_positions(before, after, end) for end in ends))
    ways = {part.way[0] for part in _parts(before, one[0], other[0])}
    restricting = {part.where for part in after.restrictions.rules(one[1], other[1])}
    explanation = after.explain(*ends)
    halves = ((Direction.EGRESS, explanation.egress), (Direction.INGRESS, explanation.ingress))
    matches = (match for way, half in halves if half and way in ways for match in half.matches)
    found = sorted((item.where for item in matches if item.ports & ports), key=restricting.__contains__)
    return next(iter(found), None)
