"""Connections that close because nothing kept them closed before: too many to list, they are counted.

A cluster without policies is open: every pair of ends on every port. Where a change closes most of that, a list of the
pairs says nothing to anybody. So from `LISTED` such pairs on, they are left out of the list and counted exactly; what
opens is always listed, and gates judge the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from ringfence.connectivity import Laid, bits
from ringfence.impact.types import LeftOut
from ringfence.values.ports import ALL_PORTS
from ringfence.verify.ends import is_other
from ringfence.verify.state import State

LISTED = 10_000
"""So many pairs of one Kubernetes cluster are listed that were open on every port and are on fewer or on none."""

HOST = "entity:host"
"""The node of a pod, as Cilium names it."""


class Bulk(Struct, frozen=True):
    """What is left out in one Kubernetes cluster: destinations by source, as positions of `laid`.

    `left_out` are their numbers, by the clusters that the ends belong to.
    """

    laid: Laid
    but: Mapping[int, int]
    left_out: tuple[LeftOut, ...] = ()


def bulk(base: State, head: State, listed: int = LISTED) -> Bulk:
    """What is too much to list between two states; nothing where it is not."""
    laid = Laid(base.connectivity, head.connectivity)
    pods = (1 << len(laid.order)) - 1
    cells = (1 << len(laid.order) + len(laid.cells)) - 1 ^ pods
    known = {**base.declared.pods, **head.declared.pods}
    cluster_of = {
        at: pod.cluster.name
        for at, end in enumerate(laid.order)
        if (pod := known.get(end.id)) and pod.namespace and pod.cluster
    }
    managed = bits.of(cluster_of)
    members = {name: bits.of(at for at in cluster_of if cluster_of[at] == name) for name in set(cluster_of.values())}
    others = bits.of(at for at, end in enumerate(laid.order) if is_other(end.id))
    nodes = base.connectivity.cluster.profile.nodes | head.connectivity.cluster.profile.nodes
    others |= bits.of(len(laid.order) + at for at, cell in enumerate(laid.cells) if cell <= nodes)
    first = len(laid.order) + len(laid.cells)
    others |= bits.of(first + at for at, place in enumerate(laid.places) if str(place) == HOST)
    but: dict[int, int] = {}
    closed: Counter[tuple[str, ...]] = Counter()
    narrowed: Counter[tuple[str, ...]] = Counter()
    inward = [0, 0]
    for source in range(laid.size):
        # what is undefined for pods that nobody declared, and from nodes, is the business of `verify`
        where = laid.closing(source, -1 if others >> source & 1 else others & pods) & (
            -1 if managed >> source & 1 else managed
        )
        if not where:
            continue
        but[source] = where
        rows = laid.rows(source)
        still = reached(rows[2].values()) if rows else 0
        parts = where & ~still, where & still
        if cells >> source & 1:
            inward = [inward[0] | parts[0], inward[1] | parts[1]]
            continue
        for found, part in zip((closed, narrowed), parts, strict=True):
            found.update(_by_clusters(cluster_of.get(source), part & ~cells, members))
            if part & cells:
                found[(cluster_of[source],)] += 1
    for found, part in zip((closed, narrowed), inward, strict=True):
        found.update(_by_clusters(None, part, members))
    if closed.total() + narrowed.total() <= listed:
        return Bulk(laid, {})
    sets = sorted({*+closed, *+narrowed})
    return Bulk(laid, but, tuple(LeftOut(clusters, closed[clusters], narrowed[clusters]) for clusters in sets))


def _by_clusters(own: str | None, where: int, members: Mapping[str, int]) -> Counter[tuple[str, ...]]:
    """How many destinations of a source in `own` there are, by the clusters that the two ends belong to."""
    number: Counter[tuple[str, ...]] = Counter()
    for name, inside in members.items():
        if here := (where & inside).bit_count():
            number[tuple(sorted({name, own or name}))] += here
            where &= ~inside
    if own and where:
        number[(own,)] += where.bit_count()
    return number


def opened(laid: Laid) -> dict[int, int]:
    """By source, the positions that are open on every port after, to which nothing closes."""
    rows = ((source, laid.rows(source)) for source in range(laid.size))
    return {source: found[2].get(ALL_PORTS, 0) for source, found in rows if found}


Place = tuple[str, str]
"""Cluster and declared namespace."""


def by_place(rows: Mapping[int, int], places: Mapping[int, Place]) -> Counter[Place]:
    """How many pairs each place has a part in: `rows` are destinations by source, `places` those of positions."""
    members: dict[Place, int] = {}
    for at, here in places.items():
        members[here] = members.get(here, 0) | 1 << at
    alike: dict[tuple[int, int], Counter[Place | None]] = {}
    for source, where in rows.items():
        alike.setdefault((where.bit_count(), where), Counter())[places.get(source)] += 1
    total: Counter[Place] = Counter()
    for (size, where), sources in alike.items():
        number = sources.total()
        for place, count in sources.items():
            if place is not None:
                total[place] += size * count
        for place, count in _spread(size, where, places, members):
            total[place] += count * (number - sources[place])
    return total


def _spread(
    size: int, where: int, places: Mapping[int, Place], members: Mapping[Place, int]
) -> Iterator[tuple[Place, int]]:
    """How many of some positions lie in each place."""
    if size < len(members):
        yield from Counter(places[at] for at in bits.positions(where) if at in places).items()
    else:
        yield from ((place, (where & inside).bit_count()) for place, inside in members.items())


def reached(rows: Iterable[int]) -> int:
    """The positions of a row, on whichever ports."""
    found = 0
    for where in rows:
        found |= where
    return found
