"""From alike records to what was seen: workloads are found, observation points merged, addresses folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

from ringfence.observe.fold import Folded
from ringfence.observe.points import Tally, point
from ringfence.observe.policies import would_deny
from ringfence.observe.sides import End, Labels, end, stem
from ringfence.observe.troubles import Troubles
from ringfence.observe.types import Seen, Side, Verdict

Raw = tuple[str | None, ...]
Group = tuple[Raw, Raw, Raw, bool, int, int, int, int]
"""The first six columns of a key; the source's; the destination's; whether times are strange; connections; records; the
first and the last time in microseconds."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MICROS = (-62_135_596_800_000_000, 253_402_300_799_999_999)
"""The years 1 and 9999."""
_PROTOCOLS = {
    "6": "TCP",
    "17": "UDP",
    "132": "SCTP",
    "1": "ICMP",
    "58": "ICMPv6",
    "ICMPV6": "ICMPv6",
    "ICMP6": "ICMPv6",
}


class Ends:
    """The ends of all records, each pod under its workload."""

    def __init__(self, sides: Iterable[Raw]) -> None:
        self._owners: dict[tuple[str, str], tuple[str, str]] = {}
        self._labels: dict[tuple[str, ...], Labels] = {}
        self._by_stem: dict[tuple[str, str], set[Labels]] = {}
        self._pods: dict[tuple[str, str, Labels | None], str] = {}
        nameless: list[End] = []
        for item in map(end, sides):
            if item.workload and not item.entity:
                if item.pod:
                    where, owner = (item.namespace, item.pod), (item.workload, item.kind)
                    self._owners[where] = min(self._owners.get(where, owner), owner)
            elif item.pod:
                nameless.append(item)
        for item in nameless:
            if item.labels is not None and (item.namespace, item.pod) not in self._owners:
                self._by_stem.setdefault((item.namespace, stem(item.pod)), set()).add(item.labels)
        for item in nameless:
            if (item.namespace, item.pod) not in self._owners:
                alike = (item.namespace, stem(item.pod), self._known_labels(item))
                self._pods[alike] = min(self._pods.get(alike, item.pod), item.pod)

    def _known_labels(self, item: End) -> Labels | None:
        if item.labels is not None:
            return item.labels
        same = self._by_stem.get((item.namespace, stem(item.pod)), set())
        return next(iter(same)) if len(same) == 1 else None

    def side(self, item: End) -> tuple[Side, str]:
        """The side that an end is, without the labels of a workload and without its address; and its kind."""
        if item.entity or not (item.pod or item.workload or item.namespace):
            return Side(item.namespace, item.workload, names=item.names, entity=item.entity), ""
        workload, kind = item.workload, item.kind
        if not kind:
            known = self._owners.get((item.namespace, item.pod))
            if known is not None and (not workload or known[0] == workload):
                workload, kind = known
        if workload:
            if item.labels is not None:
                key = (item.namespace, workload, kind)
                self._labels[key] = self._labels.get(key, item.labels) & item.labels
            return Side(item.namespace, workload), kind
        labels = self._known_labels(item)
        pod = self._pods.get((item.namespace, stem(item.pod), labels), item.pod) if item.pod else ""
        return Side(item.namespace, pod=pod, labels=tuple(sorted(labels or ()))), ""

    def labelled(self, side: Side, kind: str) -> Side:
        """A workload's side with the labels that all of its pods had."""
        if not side.workload or side.entity:
            return side
        labels = self._labels.get((side.namespace, side.workload, kind), frozenset())
        return Side(side.namespace, side.workload, labels=tuple(sorted(labels)))


def finished(
    sides: Iterable[Raw], groups: Callable[[], Iterator[Group]], troubles: Troubles, where: str
) -> tuple[Seen, ...]:
    """What was seen, sorted. `where` names all files in what is said of all of them."""
    ends = Ends(sides)
    merged: dict[tuple[tuple[Side, str], tuple[Side, str], str, int], Folded] = {}
    unlabelled = 0
    for (form, place, said, policies, protocol, port), source, destination, strange, *counts in groups():
        count, records, first, last = counts
        one, other = end(source), end(destination)
        unlabelled += records * (form != "columns" and (_unlabelled(one) or _unlabelled(other)))
        verdict = "audited" if said == "allowed" and would_deny(policies) else said
        key = (ends.side(one), ends.side(other), _protocol(protocol or ""), int(port or 0))
        connection = merged.setdefault(key, Folded()).at((one.address, other.address))
        tally = connection.at(point(form or "", place or ""), verdict or "")
        tally.add(count, first, last, strange=strange)
    if unlabelled:
        troubles.add(where, "no-labels", count=unlabelled, example="pods are known by their names alone")
    if many := [key for key, folded in merged.items() if folded.level]:
        example = "addresses are given as networks, as there are more than can be told apart"
        troubles.add(where, "many-addresses", count=len(many), example=example)
    return tuple(sorted(_seen(ends, merged)))


def _seen(ends: Ends, merged: dict[tuple[tuple[Side, str], tuple[Side, str], str, int], Folded]) -> Iterator[Seen]:
    whole: dict[tuple[Side, Side, str, int, str], Tally] = {}
    for (source, destination, protocol, port), folded in merged.items():
        one, other = ends.labelled(*source), ends.labelled(*destination)
        for (near, far), connection in folded.connections.items():
            for verdict, tally in connection.verdicts().items():
                key = (_addressed(one, near), _addressed(other, far), protocol, port, verdict)
                whole.setdefault(key, Tally()).merge(tally)
    for (one, other, protocol, port, verdict), tally in whole.items():
        first, last = tally.times or cast(tuple[int, int], tally.strange)
        yield Seen(one, other, protocol, port, cast(Verdict, verdict), time(first), time(last), max(1, tally.count))


def _addressed(side: Side, address: str) -> Side:
    if not address or (side.workload and not side.entity) or side.pod:
        return side
    return Side(side.namespace, side.workload, side.pod, side.labels, address, side.names, side.entity)


def _unlabelled(item: End) -> bool:
    return bool(item.pod) and item.labels is None


def _protocol(text: str) -> str:
    name = text.strip().upper()
    return _PROTOCOLS.get(name, name)


def time(micros: int) -> datetime:
    """The time, in UTC, of microseconds since 1970; the nearest that there is, where the log's is absurd."""
    return _EPOCH + timedelta(microseconds=min(max(micros, _MOST_MICROS[0]), _MOST_MICROS[1]))
