"""The plain flow, of which a large repository has thousands alike: nothing to report.

What its texts stand for is found out once. Whatever is not plain goes the long way (`flows`), which gives the same and
says what is wrong.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from ringfence.documents import Document
from ringfence.findings import Finding, Location
from ringfence.model import dates
from ringfence.model.layout import Place
from ringfence.model.names import Names
from ringfence.model.node import Node
from ringfence.model.rows import FlowRow
from ringfence.model.types import End, Flow, Leg, Peer
from ringfence.values.ports import PortRange

Key = TypeVar("Key")
Found = TypeVar("Found")
Listed = tuple[str | int, ...]
Ranges = tuple[PortRange, ...]
Resolve = Callable[[Node, Sequence[tuple[Node, End]], Names], list[Ranges]]
"""The ports of each destination, or an empty list where any of them is unknown."""


class Plain:
    """Builds plain flows; what texts stand for is kept. None stands for a text that needs the long way."""

    def __init__(self, names: Names, ports: Resolve) -> None:
        self._told: list[Finding] = []
        self._names = replace(names, report=self._told.append)
        self._resolve = ports
        self._everywhere: _Known[str, End | None] = _Known(partial(self._end, ""))
        self._here: _Known[str, _Known[str, End | None]] = _Known(self._namespace)
        self._ports: dict[tuple[int, Listed], Ranges] = {}
        self._texts: _Known[Listed, tuple[str, ...]] = _Known(lambda listed: tuple(map(str, listed)))
        self._environments: _Known[tuple[str, ...], frozenset[str] | None] = _Known(self._set)
        self._dates: _Known[str, datetime.date | None] = _Known(self._date)

    def flow(self, place: Place, row: FlowRow, path: str) -> Flow | None:
        """The flow of a row of the document at `path`, or nothing where it is not plain."""
        name, start, end, listed, reason, ticket, wanted, day, line, column = row
        environments = self._names.environments if wanted is None else self._environments[wanted]
        expires = None if day is None else self._dates[day]
        if not environments or (expires is None and day is not None):
            return None
        here = self._here[place.namespace]
        if type(start) is str and type(end) is str:
            leg = self._leg(here[start], here[end], listed)
            legs = (leg,) if leg else _NONE
        else:
            legs = self._legs(_several(here, start), _several(here, end), listed)
        used = [leg.shared(environments) for leg in legs]
        if not all(used) or not used:
            return None
        if wanted is not None and environments.difference(*used):
            return None
        texts, where = self._texts[listed], Location(path, line, column)
        return Flow(place.namespace, name, place.team, legs, texts, environments, reason, expires, ticket, where)

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

    def _namespace(self, namespace: str) -> _Known[str, End | None]:
        """What texts stand for in a namespace."""
        return _Known(lambda text: self._everywhere[text] if "/" in text else self._end(namespace, text))

    def _end(self, namespace: str, text: str) -> End | None:
        return self._quiet(self._names.end(_node(text), namespace))

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


class _Known(dict[Key, Found]):
    """What is found out once for each key."""

    def __init__(self, find: Callable[[Key], Found]) -> None:
        self._find = find

    def __missing__(self, key: Key) -> Found:
        found = self[key] = self._find(key)
        return found


def _several(known: _Known[str, End | None], texts: str | tuple[str, ...]) -> list[End | None]:
    """The ends of texts; none where one is there twice."""
    ends = [known[text] for text in ((texts,) if isinstance(texts, str) else texts)]
    return ends if len({id(end) for end in ends}) == len(ends) else []


_NONE: tuple[Leg, ...] = ()
_NOWHERE = Document("", None)


def _node(value: Any) -> Node:
    """A value without a place: what is said of it is not passed on."""
    return Node(_NOWHERE, "", value)
