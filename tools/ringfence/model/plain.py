"""The plain flow, of which a large repository has thousands alike: nothing to report.

What its texts stand for is found out once. Whatever is not plain goes the long way (`flows`), which gives the same and
says what is wrong.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from ringfence.documents import Document
from ringfence.findings import Finding, Location
from ringfence.model import dates
from ringfence.model.layout import Place
from ringfence.model.names import Names
from ringfence.model.node import Node
from ringfence.model.rows import FlowRow, Flows, namespaces
from ringfence.model.types import End, Flow, Leg, Peer
from ringfence.values.known import Known
from ringfence.values.ports import PortRange

Found = TypeVar("Found")
Listed = tuple[str | int, ...]
Ranges = tuple[PortRange, ...]
Within = frozenset[str] | None
Resolve = Callable[[Node, Sequence[tuple[Node, End]], Names], list[Ranges]]
"""The ports of each destination, or an empty list where any of them is unknown."""


class Plain:
    """Builds plain flows; what texts stand for is kept. None stands for a text that needs the long way."""

    def __init__(self, names: Names, ports: Resolve) -> None:
        self._told: list[Finding] = []
        self._names = replace(names, report=self._told.append)
        self._resolve = ports
        # a name that could be another one's too, or may be that of an end in error, goes the long way
        doubtful = {*names.broken, *names.peers}
        self._workloads = {id_: item for id_, item in names.workloads.items() if id_ not in doubtful}
        self._local: dict[str, dict[str, End]] = defaultdict(dict)
        for item in self._workloads.values():
            self._local[item.namespace][item.name] = item
        self._here: Known[str, Mapping[str, End]] = Known(self._bare)
        self._ports: dict[tuple[int, Listed], Ranges] = {}
        self._texts: Known[Listed, tuple[str, ...]] = Known(lambda listed: tuple(map(str, listed)))
        self._environments: Known[tuple[str, ...], frozenset[str] | None] = Known(self._set)
        self._flows: dict[tuple[int, Within], tuple[Flows, list[tuple[int, Flow | None]]]] = {}
        self._dates: Known[str, datetime.date | None] = Known(self._date)

    def flows(self, place: Place, document: Flows, within: Within = None) -> list[tuple[int, Flow | None]]:
        """The flow of each row of a document, with the number of the row; None where it is not plain.

        `within`: of the plain ones, those that stand in one of these namespaces or have an end there; None: all.
        """
        # keyed by identity, much cheaper than by value; the document is kept, so that no identity is given out again
        key = id(document), within
        known = self._flows.get(key)
        if known is None:
            rows: Iterable[tuple[int, FlowRow | None]] = enumerate(document.rows)
            here = place.namespace
            if within is not None and here not in within:
                rows = ((at, row) for at, row in rows if not (row and within.isdisjoint(namespaces(row, here))))
            build = self._of(place, document.where.path)
            known = self._flows[key] = (document, [(at, build(row) if row else None) for at, row in rows])
        return known[1]

    def _of(self, place: Place, path: str) -> Callable[[FlowRow], Flow | None]:
        """What gives the flow of a row of the document at `path`, or nothing where it is not plain."""
        namespace, team = place.namespace, place.team
        everywhere, several = self._names.environments, self._environments
        here, texts, dates = self._here[namespace], self._texts, self._dates
        local, workload = here.get, self._workloads.get

        def flow(row: FlowRow) -> Flow | None:
            name, start, end, listed, reason, ticket, wanted, day, line, column = row
            environments = everywhere if wanted is None else several[wanted]
            expires = None if day is None else dates[day]
            if not environments or (expires is None and day is not None):
                return None
            if type(start) is str and type(end) is str:
                leg = self._leg(local(start) or workload(start), local(end) or workload(end), listed)
                if leg is None:
                    return None
                legs: tuple[Leg, ...] = (leg,)
                used = leg.shared(environments)
            else:
                legs = self._legs(self._several(here, start), self._several(here, end), listed)
                shared = [leg.shared(environments) for leg in legs]
                used = frozenset[str]().union(*shared) if all(shared) else _NOWHERE
            if not used or (wanted is not None and used != environments):
                return None
            where = Location(path, line, column)
            return Flow(namespace, name, team, legs, texts[listed], environments, reason, expires, ticket, where)

        return flow

    def _leg(self, source: End | None, destination: End | None, listed: Listed) -> Leg | None:
        if source is None or destination is None or source is destination:
            return None
        if type(source) is type(destination) is Peer:
            return None
        # ends with equal ports have one tuple of them, which the ends keep alive
        key = id(destination.ports), listed
        ports = self._ports.get(key) or self._ranges(key, destination)
        return Leg(source, destination, ports) if ports else None

    def _legs(self, sources: list[End | None], destinations: list[End | None], listed: Listed) -> tuple[Leg, ...]:
        legs = [self._leg(source, destination, listed) for source in sources for destination in destinations]
        return tuple(leg for leg in legs if leg) if all(legs) else ()

    def _ranges(self, key: tuple[int, Listed], destination: End) -> Ranges:
        node = _node(list(key[1]))
        found = self._quiet(self._resolve(node, [(node, destination)], self._names))
        self._ports[key] = found[0] if found else ()
        return self._ports[key]

    def _bare(self, namespace: str) -> dict[str, End]:
        """What texts without `/` stand for in a namespace."""
        local, peers, broken = self._local[namespace], self._names.peers, self._names.broken
        found = {text: end for text, end in {**peers, **local}.items() if not (text in peers and text in local)}
        if broken:
            found = {
                text: end for text, end in found.items() if text not in broken and f"{namespace}/{text}" not in broken
            }
        return {text: end for text, end in found.items() if "/" not in text}

    def _several(self, here: Mapping[str, End], texts: str | tuple[str, ...]) -> list[End | None]:
        """The ends of texts; none where one is there twice."""
        listed = (texts,) if isinstance(texts, str) else texts
        ends = [here.get(text) or self._workloads.get(text) for text in listed]
        return ends if len({id(end) for end in ends}) == len(ends) else []

    def _set(self, listed: tuple[str, ...]) -> frozenset[str] | None:
        return self._quiet(self._names.environment_set(_node(list(listed))))

    def _date(self, text: str) -> datetime.date | None:
        return self._quiet(dates.read(_node(text), self._names.report))

    def _quiet(self, found: Found) -> Found | None:
        """What was just found out, if nothing was said."""
        if not self._told:
            return found
        self._told.clear()
        return None


_NOWHERE = frozenset[str]()
_EMPTY = Document("", None)


def _node(value: Any) -> Node:
    """A value without a place: what is said of it is not passed on."""
    return Node(_EMPTY, "", value)
