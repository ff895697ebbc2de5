"""The answer for one cluster: which ports each pair may use, what is undefined, and lookups."""

from __future__ import annotations

import enum
import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from ringfence.connectivity import bits, dialects, scattered, space
from ringfence.connectivity.cluster import DNS, ClusterState, Endpoint, Place
from ringfence.connectivity.evaluation import Evaluation
from ringfence.connectivity.resolve import Direction
from ringfence.errors import UsageError
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import ALL_PORTS, NO_PORTS, PortSet

if TYPE_CHECKING:
    from ringfence.connectivity.explain import Explanation

End = Endpoint | AddressSet | Place
"""One end of a connection: a pod or workload of the cluster, addresses outside it, or what is known by a name."""


class Verdict(enum.StrEnum):
    """Whether a connection is possible. UNDEFINED: the API or the given facts do not settle it."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNDEFINED = "undefined"


class Row(NamedTuple):
    """A pair that may talk, or for which that is not settled. What is in neither set is denied.

    `restricted` are ports among both that are restricted above layer 4: by what (`http`, `dns`, ...), and which.
    """

    source: End
    destination: End
    allowed: PortSet
    undefined: PortSet
    restricted: tuple[tuple[str, PortSet], ...] = ()


class Counts(Struct, frozen=True):
    """How much was looked at."""

    endpoints: int
    namespaces: int
    policies: int
    cells: int


class Connectivity(Evaluation):
    """What the policies of one cluster allow. Made by `evaluate`, or from another one by `changed`."""

    @cached_property
    def _names(self) -> dict[str, list[int]]:
        """Positions by every name that an end answers to."""
        places = {str(place): [position] for place, position in self.space.place_at.items()}
        return {**space.names_of(self.space.endpoints), **places}

    @property
    def endpoints(self) -> list[Endpoint]:
        """The pods and workloads, representatives last, in the order of rows."""
        return self.space.endpoints

    @property
    def externals(self) -> AddressSet:
        """The addresses that count as outside: all but the pods and services of the profile."""
        return self.space.externals

    @property
    def counts(self) -> Counts:
        """How much was looked at."""
        policies = len(self.cluster.policies) + len(self.cluster.admin)
        policies += len(dialects.policies((*self.cluster.calico, *self.cluster.cilium)))
        return Counts(self.space.pods, len(self.space.namespaces), policies, len(self.space.cells))

    def count(self) -> int:
        """How many pairs of positions certainly have some port; addresses that policies tell apart count apart."""
        known: dict[int, int] = {}
        total = 0
        for sure, _ in self.table:
            wide, ends = scattered.parts(sure)
            if (number := known.get(id(wide))) is None:
                number = known[id(wide)] = sum(where.bit_count() for where in wide.values())
            total += number
            total += sum(not scattered.at(wide, position) for position in ends) if wide else len(ends)
        return total

    def rows(self, *, replicas: bool = True, towards: int = -1) -> Iterator[Row]:
        """Every pair with anything allowed or undefined, external sources last; addresses with equal ports are one set.

        A pod with itself is left out, as it always reaches itself. A workload with itself stands for two of its
        replicas; `replicas=False` leaves it out. `towards`: of pods, only the rows to these positions.
        """
        for source in range(self.space.pods):
            yield from self._rows_of(source, replicas, towards)
        yield from self._rows_from_outside()

    def between(self, sources: int, destinations: int) -> Iterator[Row]:
        """The rows from some positions to some; addresses among either are given with all others."""
        pods = self.space.all_pods
        for source in bits.positions(sources & pods):
            yield from self._rows_of(source, replicas=True, towards=destinations)
        if sources & ~pods:
            yield from self._rows_from_outside()

    def ports(self, source: str | End, destination: str | End) -> PortSet:
        """The ports on which a connection is certainly allowed. For a set of addresses: to or from all of them."""
        return self._pair(source, destination)[0]

    def undefined(self, source: str | End, destination: str | End) -> PortSet:
        """The ports on which it is not settled; `explain` says why.

        For a set of addresses: what may be allowed for all of them and is not certain.
        """
        return self._pair(source, destination)[1]

    def verdict(self, source: str | End, destination: str | End, protocol: str, port: int) -> Verdict:
        """The answer for one port."""
        allowed, undefined = self._pair(source, destination)
        if allowed.contains(protocol, port):
            return Verdict.ALLOWED
        return Verdict.UNDEFINED if undefined.contains(protocol, port) else Verdict.DENIED

    def restricted(self, source: str | End, destination: str | End) -> dict[str, PortSet]:
        """The ports that are open and restricted above layer 4, by what restricts them (`http`, `dns`, ...).

        For a set of addresses: those that are restricted to or from some of them.
        """
        if not self.restrictions:
            return {}
        allowed, undefined = self._pair(source, destination)
        found: dict[str, PortSet] = {}
        for start, end in product(self.positions(source), self.positions(destination)):
            if start != end or self.endpoints[start].kind != "Pod":  # a pod reaches itself whatever policies say
                for kind, mask in self.restrictions.at(start, end).items():
                    if ports := self.atoms.ports(mask) & (allowed | undefined):
                        found[kind] = found.get(kind, NO_PORTS) | ports
        return found

    def is_isolated(self, end: str | Endpoint, direction: Direction) -> bool:
        """Whether some policy certainly isolates a pod in a direction."""
        return bool(self.isolated[direction] >> self.position(end) & 1)

    def explain(
        self, source: str | End, destination: str | End, protocol: str | None = None, port: int | None = None
    ) -> Explanation:
        """Why a pair may or may not talk, in both directions; limited to one port or protocol where given.

        For addresses that policies tell apart, the first of them are explained.
        """
        from ringfence.connectivity.explain import Explainer

        starts, ends = self.positions(source), self.positions(destination)
        return Explainer(self).explain(starts[0], ends[0], self._pair(source, destination), protocol, port)

    def reasons(self, source: str | End, destination: str | End) -> tuple[str, ...]:
        """Why something of a pair is undefined; empty where nothing is."""
        return self.explain(source, destination).reasons

    def position(self, end: str | Endpoint | Place) -> int:
        """The position of a pod, workload or place. Raises `UsageError` for one that is unknown or ambiguous."""
        found = self._names.get(str(end), [])
        if len(found) == 1:
            return found[0]
        if found:
            kinds = ", ".join(str(self.space.end(position)) for position in found)
            raise UsageError(f"{end} names several workloads", f"write one of {kinds}")
        import difflib

        near = difflib.get_close_matches(str(end), list(self._names), 1)
        hint = f"did you mean {near[0]}?" if near else "write namespace/name, or an address"
        if str(end).startswith(("dns:", "entity:")):
            raise UsageError(f"no policy speaks of {end}", hint)
        raise UsageError(f"no pod or workload {end}", hint)

    def positions(self, end: str | End) -> list[int]:
        """The positions of an end; several only for addresses that policies tell apart. Never empty."""
        if isinstance(end, Endpoint | Place) or (isinstance(end, str) and not _is_address(end)):
            return [self.position(end)]
        wanted = AddressSet.of([_as_cidr(end)]) if isinstance(end, str) else end
        cells = self.space.cells
        found = [self.space.pods + index for index, cell in enumerate(cells) if cell & wanted]
        if not found:
            raise UsageError(f"{end} lies in the pod or service addresses of the cluster", "name the pod instead")
        return found

    def _pair(self, source: str | End, destination: str | End) -> tuple[PortSet, PortSet]:
        starts, ends = self.positions(source), self.positions(destination)
        if starts[0] >= self.space.pods and ends[0] >= self.space.pods:
            raise UsageError("both ends lie outside the cluster", "one end must be a pod or workload")
        allowed = possible = ALL_PORTS
        for start in starts:
            for end in ends:
                if start == end and self.endpoints[start].kind == "Pod":
                    continue
                sure, maybe = self.table[start]
                allowed &= self.atoms.ports(scattered.at(sure, end))
                possible &= self.atoms.ports(scattered.at(maybe, end))
        return allowed, possible - allowed

    def _rows_of(self, source: int, replicas: bool, towards: int = -1) -> Iterator[Row]:
        sure, maybe = self.table[source]
        start = self.space.end(source)
        outside: dict[_Answer, list[AddressSet]] = defaultdict(list)
        named = []
        is_pod = source < self.space.pods and self.endpoints[source].kind == "Pod"
        for end, allowed, possible in _pairs(sure, maybe, towards):
            if end == source and (is_pod or not replicas):
                continue
            answer = allowed, possible, self._restricted(source, end, possible)
            stop = self.space.end(end)
            if isinstance(stop, Endpoint):
                yield self._row(start, stop, answer)
            elif isinstance(stop, Place):
                named.append(self._row(start, stop, answer))
            else:
                outside[answer].append(stop)
        for answer, cells in outside.items():
            yield self._row(start, AddressSet.union(cells), answer)
        yield from named

    def _rows_from_outside(self) -> Iterator[Row]:
        joined: dict[int, dict[_Answer, list[AddressSet]]] = defaultdict(lambda: defaultdict(list))
        for index, cell in enumerate(self.space.cells):
            source = self.space.pods + index
            for end, allowed, possible in _pairs(*self.table[source]):
                answer = allowed, possible, self._restricted(source, end, possible)
                joined[end][answer].append(cell)
        for end in sorted(joined):
            for answer, cells in joined[end].items():
                yield self._row(AddressSet.union(cells), self.endpoints[end], answer)
        for place, source in self.space.place_at.items():
            if place.kind != DNS:  # a name is where a connection goes to
                yield from self._rows_of(source, replicas=True)

    def _restricted(self, source: int, end: int, possible: int) -> tuple[tuple[str, int], ...]:
        if not self.restrictions:
            return ()
        found = self.restrictions.at(source, end)
        return tuple((kind, mask & possible) for kind, mask in found.items() if mask & possible)

    def _row(self, source: End, destination: End, answer: _Answer) -> Row:
        allowed, possible, restricted = answer
        undefined = NO_PORTS if allowed == possible else self.atoms.ports(possible & ~allowed)
        above = tuple((kind, self.atoms.ports(mask)) for kind, mask in restricted)
        return Row(source, destination, self.atoms.ports(allowed), undefined, above)


_Answer = tuple[int, int, tuple[tuple[str, int], ...]]
"""The masks of what is allowed, of what is possible, and of what is restricted."""


def _pairs(sure: scattered.AnyRow, maybe: scattered.AnyRow, towards: int = -1) -> list[tuple[int, int, int]]:
    """Destinations in ascending order with the masks of what is allowed and of what is possible."""
    possible = scattered.ports(maybe, towards)
    certain = possible if sure is maybe else scattered.ports(sure, towards)
    return sorted((end, certain.get(end, 0), mask) for end, mask in possible.items())


def _is_address(text: str) -> bool:
    """Whether a text is an address or CIDR and no `namespace/name`: no namespace holds `.` or `:`."""
    return bool(re.match(r"[0-9A-Fa-f]*[.:]", text.split("/")[0]))


def _as_cidr(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise UsageError(f"{text!r} is no address", "write an address such as 203.0.113.7, or a CIDR") from None


def evaluate(
    cluster: ClusterState,
    representatives: bool = False,
    named: Sequence[space.NamedPods] = (),
    like: Connectivity | None = None,
    beside: ClusterState | None = None,
) -> Connectivity:
    """What the policies of a cluster allow, exactly.

    `representatives` adds `namespace/*` for any other pod of each namespace and `*/*` for a pod of any other namespace,
    with unknown labels: what some labels would open is undefined. `named` adds pods of which selectors are known.
    `like` is a result that may have most rows already, of a cluster much the same; `beside` is a cluster for which this
    result will be that.
    """
    if like is not None and like.asked == (representatives, named):
        return like.of(cluster)
    return Connectivity(cluster, representatives, named, beside)
