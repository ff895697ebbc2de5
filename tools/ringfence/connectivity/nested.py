"""Which sets of named pods are parts of which: so that a report names a set only where it fares unlike the larger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ringfence.connectivity import bits
from ringfence.connectivity.labels import follows
from ringfence.connectivity.space import NamedPods
from ringfence.manifests import Labels, Requirement

Condition = tuple[str, Requirement]
"""A condition of a namespace ("namespace") or of a pod ("pod")."""


class Nesting:
    """The order of some sets of named pods by inclusion; the first is of all pods that no rule names."""

    def __init__(self, groups: Sequence[NamedPods], namespaces: Mapping[str, Labels]) -> None:
        self._groups = groups
        conditions = [frozenset(_conditions(item)) for item in groups]
        implied = _Implied({item for each in conditions for item in each})
        by_one: dict[Condition, list[int]] = defaultdict(list)
        for number, each in enumerate(conditions):
            if each:
                by_one[min(each)].append(number)
        at = {item: number for number, item in enumerate(groups)}
        within = [0]
        for number, item in enumerate(groups[1:], 1):
            meets = implied.by(conditions[number])
            if item.namespace:
                meets |= implied.by_labels(namespaces[item.namespace])
            places = ("", item.namespace)
            wider = {other for one in meets for other in by_one[one] if conditions[other] <= meets}
            wider = {other for other in wider if groups[other].namespace in places} | {at[NamedPods(item.namespace)]}
            within.append(bits.of((wider | {0}) - {number}))
        # of two that are one set, written differently, the later counts as a part of the earlier
        self._within = [
            where & ~bits.of(other for other in bits.positions(where) if other > number and within[other] >> number & 1)
            for number, where in enumerate(within)
        ]
        self._depth = [where.bit_count() for where in self._within]
        self._parts = [0] * len(groups)
        for number, where in enumerate(self._within):
            for larger in bits.positions(where):
                self._parts[larger] |= 1 << number

    def telling(self, found: Mapping[tuple[int, int], int]) -> Iterator[tuple[NamedPods, tuple[int, int]]]:
        """The sets that do not fare as the smallest larger ones given do together, larger ones first.

        `found` maps what sets may do to their numbers; those in none may do nothing. The set of all is given only where
        it may do anything. So what is in several sets that are given, and in no smaller one, may do what they all may.
        """
        everything = bits.span(0, len(self._groups))
        alike = {ports: kept for ports, where in found.items() if (kept := where & everything)}
        if rest := everything & ~sum(alike.values()):
            alike[0, 0] = rest
        most = max(alike.values(), key=int.bit_count)
        asked = unlike = everything & ~most
        for number in bits.positions(unlike):
            asked |= self._parts[number]

        def fares(number: int) -> tuple[int, int]:
            return next(ports for ports, where in alike.items() if where >> number & 1)

        given = 1
        for number in sorted(bits.positions(asked & ~1), key=self._depth.__getitem__):
            sure = possible = 0
            for other in bits.positions(self._smallest(self._within[number] & given)):
                sure, possible = sure | fares(other)[0], possible | fares(other)[1]
            if fares(number) != (sure, possible):
                given |= 1 << number
        for number in sorted(bits.positions(given), key=lambda number: (self._depth[number], number)):
            if number or fares(0) != (0, 0):
                yield self._groups[number], fares(number)

    def _smallest(self, where: int) -> int:
        """Those of some sets that no other of them is a part of."""
        larger = 0
        for number in bits.positions(where):
            larger |= self._within[number]
        return where & ~larger


def _conditions(item: NamedPods) -> Iterator[Condition]:
    for kind, selector in (("namespace", item.namespaces), ("pod", item.pods)):
        for requirement in selector.requirements:
            yield kind, requirement


class _Implied:
    """Finds which of some conditions follow from others, without comparing each with each."""

    def __init__(self, conditions: set[Condition]) -> None:
        self._values: dict[tuple[str, str, str], set[Condition]] = defaultdict(set)
        self._others: dict[tuple[str, str], set[Condition]] = defaultdict(set)
        for item in conditions:
            kind, requirement = item
            if requirement.operator == "In":
                for value in requirement.values:
                    self._values[kind, requirement.key, value].add(item)
            else:
                self._others[kind, requirement.key].add(item)

    def by(self, known: frozenset[Condition]) -> set[Condition]:
        """The conditions that follow from some condition among `known`."""
        found = set(known)
        for kind, requirement in known:
            near = set(self._others[kind, requirement.key])
            if requirement.operator == "In":
                near |= self._values[kind, requirement.key, requirement.values[0]]
            found |= {item for item in near if follows(requirement, item[1])}
        return found

    def by_labels(self, labels: Labels) -> set[Condition]:
        """The conditions of namespaces that some labels meet."""
        texts = dict(labels)
        found = {item for key, value in labels for item in self._values["namespace", key, value]}
        for (kind, _), items in self._others.items():
            if kind == "namespace":
                found |= {item for item in items if item[1].matches(texts)}
        return found
