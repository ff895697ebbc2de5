"""The workloads that manifests hold, each with the fewest labels that pick out its pods and no other declared ones."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

from ringfence.connectivity import Endpoint
from ringfence.manifests import Labels, Requirement, Selector
from ringfence.model.layout import is_label
from ringfence.model.workloads import RESERVED
from ringfence.values.ports import PortRange, PortSet

VOLATILE = frozenset(
    {
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
        "controller-revision-hash",
        "controller-uid",
        "job-name",
        "pod-template-generation",
        "pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
    }
)
"""Labels that controllers write, and that are others with the next release or pod."""

USUAL = ("app", "app.kubernetes.io/name", "k8s-app", "app.kubernetes.io/component", "name", "component", "role")
"""Labels that mostly say which workload it is, the first ones first."""

MOST = 3
"""How many labels are tried together before all labels are taken."""


class Unit(Struct, frozen=True):
    """A workload to be declared: some pods of one namespace that policies can speak of together.

    `members` are the endpoints whose pods `labels` pick out; ports are by name, as its containers and Services say.
    """

    namespace: str
    name: str
    labels: Labels
    members: tuple[Endpoint, ...]
    ports: tuple[tuple[str, tuple[PortRange, ...]], ...]
    account: str

    @property
    def id(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    @property
    def declares(self) -> PortSet:
        """The ports of the containers."""
        found = PortSet()
        for item in self.members:
            found = found | item.declares
        return found

    def numbers(self, protocol: str, name: str) -> PortSet | None:
        """What a name of a port stands for in its pods; None where they do not agree."""
        found = {
            PortSet.of(
                PortRange(protocol, port.number, port.number)
                for port in item.ports
                if (port.protocol, port.name) == (protocol, name)
            )
            for item in self.members
        }
        return found.pop() if len(found) == 1 else None


def units(
    endpoints: Iterable[Endpoint], asked: Sequence[tuple[str, Selector]], named: Mapping[tuple[str, str, int], str]
) -> dict[str, tuple[Unit, ...]]:
    """The workloads by namespace, by name. Endpoints that no labels pick out are part of none.

    `asked` are the selectors of policies, each with its namespace or none: what they say of a workload is what it is
    declared with, and their labels are preferred. `named` are names of ports by namespace/name of
    the endpoint, protocol and number, for ports that have none.
    """
    by_namespace: dict[str, list[Endpoint]] = defaultdict(list)
    for item in endpoints:
        if not item.host_network:
            by_namespace[item.namespace].append(item)
    usage = Counter(requirement.key for _, selector in asked for requirement in selector.requirements)
    spelled = [
        (namespace, tuple(sorted((item.key, item.values[0]) for item in one.requirements)))
        for namespace, selector in asked
        for one in combos(selector) or ()
    ]
    counted = {
        name: Counter(labels for namespace, labels in spelled if namespace in ("", name)) for name in by_namespace
    }
    return {
        namespace: tuple(sorted(_units(items, usage, counted[namespace], named), key=lambda unit: unit.name))
        for namespace, items in sorted(by_namespace.items())
    }


def asking(unit: Unit, keys: frozenset[str]) -> Unit:
    """The workload with those labels too that all of its pods have and that policies ask for by key."""
    common = set.intersection(*(set(item.labels) for item in unit.members))
    more = {(key, value) for key, value in common if key in keys and key not in VOLATILE}
    return replace(unit, labels=tuple(sorted({*unit.labels, *more})))


def _units(
    items: Sequence[Endpoint],
    usage: Counter[str],
    spelled: Counter[Labels],
    named: Mapping[tuple[str, str, int], str],
) -> Iterator[Unit]:
    names: set[str] = set(RESERVED)
    taken: set[str] = set()
    fewest = {labels: None for item in items if (labels := _fewest(item, items, usage, spelled))}
    found = [(labels, _members(labels, items)) for labels in fewest]
    # the widest first: what they take in is no workload of its own, since no selector tells it apart
    for labels, members in sorted(found, key=lambda pair: (-len(pair[1]), str(pair[1][0]))):
        ids = {str(member) for member in members}
        if not ids & taken:
            taken |= ids
            first = min(members, key=lambda member: (len(member.name), member.name, member.kind))
            accounts = {member.account for member in members}
            yield Unit(
                first.namespace,
                _name(first, names),
                labels,
                tuple(members),
                _ports(members, named),
                accounts.pop() if len(accounts) == 1 else "",
            )


def _fewest(item: Endpoint, items: Sequence[Endpoint], usage: Counter[str], spelled: Counter[Labels]) -> Labels:
    """The labels that pick out as little as all labels together do: as a policy says them, else the fewest.

    Empty where there are none.
    """
    pairs = [pair for pair in item.labels if pair[0] not in VOLATILE]
    if not pairs:
        return ()
    pairs.sort(key=lambda pair: (-usage[pair[0]], USUAL.index(pair[0]) if pair[0] in USUAL else len(USUAL), pair))
    least = len(_members(tuple(pairs), items))
    for labels, _ in sorted(spelled.items(), key=lambda one: (-one[1], len(one[0]), one[0])):
        if set(labels) <= set(pairs) and len(_members(labels, items)) == least:
            return labels
    for size in range(1, min(MOST, len(pairs)) + 1):
        for chosen in combinations(pairs, size):
            if len(_members(chosen, items)) == least:
                return tuple(sorted(chosen))
    return tuple(sorted(pairs))


def _members(labels: Iterable[tuple[str, str]], items: Iterable[Endpoint]) -> list[Endpoint]:
    wanted = set(labels)
    return [item for item in items if wanted <= set(item.labels)]


def _name(item: Endpoint, names: set[str]) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", item.name.lower())[:63].strip("-") or item.kind.lower()
    name, number = plain, 1
    if name in names:
        name = f"{plain[:40].strip('-')}-{item.kind.lower()}"
    while name in names or not is_label(name):
        number += 1
        name = f"{plain[:55].strip('-')}-{number}"
    names.add(name)
    return name


def _ports(
    members: Sequence[Endpoint], named: Mapping[tuple[str, str, int], str]
) -> tuple[tuple[str, tuple[PortRange, ...]], ...]:
    """The ports that all members agree on, by name: those of containers, and those that only a Service names."""
    found: dict[str, set[PortRange]] = defaultdict(set)
    known: set[tuple[str, int]] = set()
    for member in members:
        for port in member.ports:
            found[port.name].add(PortRange(port.protocol, port.number, port.number))
            known.add((port.protocol, port.number))
    own = frozenset(found)
    for member in members:
        for item in member.declares.ranges():
            for number in range(item.first, item.last + 1):
                name = named.get((member.id, item.protocol, number))
                if name and name not in own and (item.protocol, number) not in known:
                    found[name].add(PortRange(item.protocol, number, number))
    return tuple(
        (name, tuple(sorted(ranges)))
        for name, ranges in sorted(found.items())
        if len({item.protocol for item in ranges}) == len(ranges)
    )


def combos(selector: Selector) -> Iterator[Selector] | None:
    """A selector as the selectors of single values that it joins; None where it is of another form, or of none."""
    parts = selector.requirements
    if not parts or any(item.operator != "In" for item in parts):
        return None
    return (Selector.of(chosen) for chosen in _chosen(parts))


def _chosen(parts: Sequence[Requirement]) -> Iterator[dict[str, str]]:
    if not parts:
        yield {}
        return
    for value in parts[0].values:
        for rest in _chosen(parts[1:]):
            if rest.get(parts[0].key, value) == value:
                yield {parts[0].key: value, **rest}
