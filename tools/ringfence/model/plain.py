"""The plain flow, of which a large repository has thousands alike: one source, one destination, nothing to report.

What its texts stand for is found out once. Whatever is not plain goes the long way (`flows`), which gives the same and
says what is wrong.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ringfence.findings import Finding, Location
from ringfence.model import dates
from ringfence.model.layout import Place
from ringfence.model.names import Names
from ringfence.model.node import Node
from ringfence.model.types import End, Flow, Leg, Peer, Workload
from ringfence.values.ports import PortRange

Ranges = tuple[PortRange, ...]
Resolve = Callable[[Node, Sequence[tuple[Node, End]], Names], list[Ranges]]
"""The ports of each destination, or an empty list where any of them is unknown."""


class Plain:
    """Builds plain flows; what texts stand for is kept. None stands for a text that needs the long way."""

    def __init__(self, names: Names, ports: Resolve) -> None:
        self._told: list[Finding] = []
        self._names = replace(names, report=self._told.append)
        self._resolve = ports
        self._ends: dict[str, dict[str, End | None]] = {}
        self._ports: dict[tuple[Any, ...], tuple[Ranges, tuple[str, ...]] | None] = {}
        self._environments: dict[tuple[str, ...], frozenset[str] | None] = {}
        self._dates: dict[str, datetime.date | None] = {}

    def flow(self, place: Place, name: str, data: Any, node: Callable[[], Node], where: Location) -> Flow | None:
        """The flow of an item of a document, or nothing where it is not plain; `node` is the item with its place."""
        if type(data) is not dict:
            return None
        reason, ticket = data.get("reason"), data.get("ticket", "")
        if not name or type(reason) is not str or type(ticket) is not str:
            return None
        source = self._end(place, data.get("from"), node)
        destination = self._end(place, data.get("to"), node)
        if source is None or destination is None or source is destination:
            return None
        ports = self._ports_of(data.get("ports"), destination, node)
        if ports is None:
            return None
        environments: frozenset[str] | None = self._names.environments
        if "environments" in data:
            environments = self._environments_of(data["environments"], node)
        expires = None
        if "expires" in data:
            expires = self._date(data["expires"], node)
            if expires is None:
                return None
        if not environments:
            return None
        shared = environments
        if type(source) is Workload:
            shared = shared & source.environments
        elif type(destination) is Peer:
            return None
        if type(destination) is Workload:
            shared = shared & destination.environments
        if not shared or (shared != environments and "environments" in data):
            return None
        legs = (Leg(source, destination, ports[0]),)
        return Flow(place.namespace, name, place.team, legs, ports[1], environments, reason, expires, ticket, where)

    def _end(self, place: Place, text: Any, node: Callable[[], Node]) -> End | None:
        if type(text) is not str:
            return None
        here = "" if "/" in text else place.namespace
        known = self._ends.get(here)
        if known is None:
            known = self._ends[here] = {}
        if text not in known:
            found = self._names.end(Node(node(), "", text), place.namespace)
            known[text] = found if self._quiet() else None
        return known[text]

    def _ports_of(
        self, listed: Any, destination: End, node: Callable[[], Node]
    ) -> tuple[Ranges, tuple[str, ...]] | None:
        if type(listed) is not list:
            return None
        for item in listed:
            if type(item) is not str and type(item) is not int:
                return None  # a boolean is equal to a number, and not the same
        # ends with equal ports have one tuple of them, which the ends keep alive
        key = (id(destination.ports), *listed)
        if key not in self._ports:
            item = node()
            found = self._resolve(item.get("ports"), [(item, destination)], self._names)
            self._ports[key] = (found[0], tuple(map(str, listed))) if self._quiet() and found else None
        return self._ports[key]

    def _environments_of(self, listed: Any, node: Callable[[], Node]) -> frozenset[str] | None:
        if type(listed) is not list or not all(type(item) is str for item in listed):
            return None
        key = tuple(listed)
        if key not in self._environments:
            found = self._names.environment_set(node().get("environments"))
            self._environments[key] = found if self._quiet() else None
        return self._environments[key]

    def _date(self, text: Any, node: Callable[[], Node]) -> datetime.date | None:
        if type(text) is not str:
            return None
        if text not in self._dates:
            found = dates.read(node().get("expires"), self._names.report)
            self._dates[text] = found if self._quiet() else None
        return self._dates[text]

    def _quiet(self) -> bool:
        """Whether what was just found out said nothing."""
        quiet = not self._told
        self._told.clear()
        return quiet
