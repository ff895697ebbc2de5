"""Flows as a person would write them: one for each destination and set of ports, from all callers of a namespace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from ringfence.adopt.existing.peers import Named
from ringfence.adopt.existing.rules import End, Leg
from ringfence.adopt.existing.units import Unit
from ringfence.values.ports import NO_PORTS, PortSet

RuleKey = tuple[str, str, int]
"""A NetworkPolicy as `namespace/name`, the direction and the index of a rule."""

MOST = 480
"""How long the list of policies in a reason may be; a reason has 500 characters at most."""


class Flow(Struct, frozen=True):
    """A flow to be written into the folder of `namespace`; `rules` are those that it takes the place of."""

    namespace: str
    name: str
    sources: tuple[End, ...]
    destination: End
    ports: PortSet
    rules: tuple[RuleKey, ...]

    @property
    def id(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    @property
    def reason(self) -> str:
        """The policies that allowed it before."""
        listed = ", ".join(dict.fromkeys(policy for policy, _, _ in self.rules))
        if len(listed) > MOST:
            listed = f"{listed[:MOST].rpartition(', ')[0] or listed[:MOST]}, …"
        return f"As {listed} had it"

    def port_texts(self) -> list[str | int]:
        """The ports as a flow has them: by the names that the destination has for them, else by number."""
        known = self.destination.ports if isinstance(self.destination, Unit) else ()
        inside = {name: PortSet.of(ranges) for name, ranges in known if PortSet.of(ranges) <= self.ports}
        together = NO_PORTS
        for numbers in inside.values():
            together = together | numbers
        if together != self.ports:  # a name that would cut a range in two says less than the range
            whole = set(self.ports.ranges())
            inside = {name: numbers for name, numbers in inside.items() if whole.issuperset(numbers.ranges())}
        rest, names = self.ports, []
        for name, numbers in inside.items():
            if numbers & rest:
                names.append(name)
                rest = rest - numbers
        numeric: list[str | int] = [
            item.first if item.protocol == "TCP" and item.first == item.last else str(item) for item in rest.ranges()
        ]
        return [*names, *numeric]

    def end_text(self, end: End) -> str:
        """How the flow's file names an end."""
        if isinstance(end, Unit) and end.namespace == self.namespace:
            return end.name
        return end.id


def group(found: Iterable[tuple[Leg, RuleKey]], taken: Iterable[str] = ()) -> list[Flow]:
    """The flows of some legs, each with the rule that it comes from. Other flows have the `taken` ids."""
    ends: dict[str, End] = {}
    ports: dict[tuple[str, str], PortSet] = defaultdict(PortSet)
    origins: dict[tuple[str, str], set[RuleKey]] = defaultdict(set)
    for leg, rule in found:
        pair = leg.source.id, leg.destination.id
        ends.update({leg.source.id: leg.source, leg.destination.id: leg.destination})
        ports[pair] = ports.get(pair, NO_PORTS) | leg.ports
        origins[pair].add(rule)
    grouped: dict[tuple[str, str, PortSet, bool], list[str]] = defaultdict(list)
    for (source, destination), allowed in sorted(ports.items()):
        start, end = ends[source], ends[destination]
        folder = start.namespace if isinstance(start, Unit) else end.namespace
        grouped[folder, destination, allowed, isinstance(start, Named)].append(source)
    names = set(taken)
    result = []
    for (folder, destination, allowed, _), sources in grouped.items():
        end = ends[destination]
        name = _name(folder, [ends[item] for item in sources], end, names)
        known = sorted({rule for item in sources for rule in origins[item, destination]})
        starts = tuple(ends[item] for item in sources)
        result.append(Flow(folder, name, starts, end, allowed, tuple(known)))
    return sorted(result, key=lambda flow: (flow.namespace, flow.name))


def _name(folder: str, sources: list[End], destination: End, names: set[str]) -> str:
    plain = f"to-{destination.name}" if len(sources) > 1 else f"{sources[0].name}-to-{destination.name}"
    plain = plain[:63].strip("-")
    name, number = plain, 1
    while f"{folder}/{name}" in names:
        number += 1
        name = f"{plain[:58].strip('-')}-{number}"
    names.add(f"{folder}/{name}")
    return name
