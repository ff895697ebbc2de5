"""Assertions held against what the policies allow, each with the first pair that breaks it."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ringfence.connectivity import Connectivity, Explanation, bits
from ringfence.connectivity.cluster import DNS
from ringfence.connectivity.listing import end_name
from ringfence.errors import UsageError
from ringfence.findings import Finding
from ringfence.manifests import METADATA_NAME, PodsPeer, Selector
from ringfence.values.addresses import AddressSet
from ringfence.values.nearest import nearest
from ringfence.values.ports import ALL_PORTS, NO_PORTS, PortSet
from ringfence.verify.assertionpages import NOTHING
from ringfence.verify.assertions import WORLD, Statement, Term


class Result(enum.StrEnum):
    """How a statement fares. UNDEFINED neither holds nor fails for certain; ERROR says nothing about anything."""

    PASS = "pass"  # noqa: S105 -- a verdict, no password
    FAIL = "fail"
    UNDEFINED = "undefined"
    ERROR = "error"


class Outcome(Struct, frozen=True):
    """How one statement fares: over `pairs` of ends, of which `broken` fail (or, if none, are undefined).

    `ports` are those of the first broken pair that break it, `explanation` is of it. `findings` say why it is an error.
    """

    statement: Statement
    result: Result
    pairs: int = 0
    broken: int = 0
    ports: PortSet = NO_PORTS
    explanation: Explanation | None = None
    findings: tuple[Finding, ...] = ()


def judge(statements: Sequence[Statement], connectivity: Connectivity) -> list[Outcome]:
    """Each statement held against the connectivity, in the order given."""
    judge_ = _Judge(connectivity)
    return [judge_.outcome(statement) for statement in statements]


class _Pairs:
    """Some pairs, and the first of them with its ports. With a pod, all addresses outside are one end."""

    def __init__(self, pods: int) -> None:
        self._pods = pods
        self._inside = 0
        self._outward: set[int] = set()
        self._inward = 0
        self.first: tuple[int, int] | None = None
        self.ports = NO_PORTS

    @property
    def count(self) -> int:
        """How many pairs there are."""
        return self._inside + len(self._outward) + self._inward.bit_count()

    def add(self, source: int, where: int, ports: PortSet) -> None:
        """The pairs of one source with some destinations, all on the same ports; none without a port."""
        if not where or not ports:
            return
        if not self._pods >> source & 1:
            self._inward |= where
        else:
            self._inside += (where & self._pods).bit_count()
            if where & ~self._pods:
                self._outward.add(source)
        pair = source, (where & -where).bit_length() - 1
        if self.first is None or pair < self.first:
            self.first, self.ports = pair, ports


class _Judge:
    """Holds statements against the connectivity of one cluster."""

    def __init__(self, connectivity: Connectivity) -> None:
        self._result = connectivity
        self._ends = _Ends(connectivity)

    def outcome(self, statement: Statement) -> Outcome:
        """How a statement fares."""
        findings: list[Finding] = []
        sources, destinations = (
            self._ends.of(terms, statement, findings) for terms in (statement.sources, statement.destinations)
        )
        if findings:
            return Outcome(statement, Result.ERROR, findings=tuple(findings))
        pods = self._result.space.all_pods
        pairs, failed, open_ = _Pairs(pods), _Pairs(pods), _Pairs(pods)
        for source in bits.positions(sources):
            where = destinations & ~(1 << source)
            if not pods >> source & 1:
                where &= pods
            pairs.add(source, where, statement.ports)
            self._hold(statement, source, where, failed, open_)
        if not pairs.count:
            message = (
                f"`{statement.name}` is about no pair of different ends of which one is a pod, so it would always hold"
            )
            hint = "name two different ends, one of them among the manifests"
            return Outcome(
                statement,
                Result.ERROR,
                findings=(NOTHING.at(statement.where, message, hint=hint, subject=statement.name),),
            )
        broken = failed if failed.count else open_
        result = Result.FAIL if failed.count else Result.UNDEFINED if open_.count else Result.PASS
        return Outcome(statement, result, pairs.count, broken.count, broken.ports, self._explained(broken))

    def _hold(self, statement: Statement, source: int, where: int, failed: _Pairs, open_: _Pairs) -> None:
        """Gather the pairs of one source for which a statement fails, or is not settled."""
        wanted = statement.ports
        rest = where
        for sure, possible, there in self._cells(source, where):
            rest &= ~there
            if statement.must:
                failed.add(source, there, wanted - possible)
                open_.add(source, 0 if wanted - possible else there, wanted - sure)
            else:
                failed.add(source, there, wanted & sure)
                open_.add(source, 0 if wanted & sure else there, wanted & possible)
        if statement.must:
            failed.add(source, rest, wanted)

    def _cells(self, source: int, where: int) -> Iterator[tuple[PortSet, PortSet, int]]:
        """The destinations that a source may reach, with what is surely and what is possibly allowed."""
        sure, possible = self._result.table[source]
        ports = self._result.atoms.ports
        for mask, there in possible.items():
            left = there & where
            for certain, here in sure.items():
                if common := left & here:
                    left ^= common
                    yield ports(certain), ports(mask), common
            if left:
                yield NO_PORTS, ports(mask), left

    def _explained(self, broken: _Pairs) -> Explanation | None:
        """Why the first broken pair fares so, on the first of its ports unless it is all of them."""
        if broken.first is None:
            return None
        source, destination = (self._result.space.end(position) for position in broken.first)
        first = broken.ports.ranges()[0]
        point = (None, None) if broken.ports == ALL_PORTS else (first.protocol, first.first)
        answer = self._result.explain(source, destination, *point)
        return replace(answer, source=end_name(source), destination=end_name(destination))


class _Ends:
    """The positions that the ends of statements stand for."""

    def __init__(self, connectivity: Connectivity) -> None:
        self._result = connectivity
        self._space = space = connectivity.space
        self._names: dict[str, int] = {}
        for position, end in enumerate(space.endpoints):
            for name in {end.id, str(end), f"{end.namespace}/*", "*"}:
                self._names[name] = self._names.get(name, 0) | 1 << position
        for pod, workload in connectivity.cluster.workload_of.items():
            self._names.setdefault(pod, self._names.get(workload, 0))
        self._names |= {str(place): 1 << position for place, position in space.place_at.items()}
        self._names[WORLD] = space.outside & ~sum(
            1 << position for place, position in space.place_at.items() if place.kind != DNS
        )

    def of(self, terms: Sequence[Term], statement: Statement, findings: list[Finding]) -> int:
        """The positions of some terms together; what stands for nothing gives a finding."""
        found = 0
        for term in terms:
            where, hint = self._term(term)
            found |= where
            if not where:
                message = f"no pod of the manifests is `{term}`, so `{statement.name}` says nothing about them"
                findings.append(NOTHING.at(term.where, message, hint=hint, subject=statement.name))
        return found

    def _term(self, term: Term) -> tuple[int, str]:
        """The positions of a term, or none and what to do."""
        if not term.text:
            return self._labelled(term)
        if found := self._names.get(term.text, 0):
            return found, ""
        if _is_address(term.text):
            return self._addresses(term.text)
        guess = nearest(term.text, self._names)
        bare = sorted(name for name in self._names if name.rpartition("/")[2] == term.text)
        if bare and "/" not in term.text:
            guess = bare[0]
        return 0, f"did you mean `{guess}`?" if guess else "ringfence connections lists the workloads"

    def _labelled(self, term: Term) -> tuple[int, str]:
        namespaces = dict(term.namespace_labels)
        if term.namespace:
            namespaces[METADATA_NAME] = term.namespace
        sure, _ = self._space.peers("", PodsPeer(Selector.of(dict(term.labels)), Selector.of(namespaces)))
        keys = {key for end in self._space.endpoints for key, _ in end.labels}
        guesses = [nearest(key, keys) for key, _ in term.labels if key not in keys]
        near = next(filter(None, guesses), "")
        return (
            sure & self._space.all_pods,
            f"did you mean the label `{near}`?" if near else "check labels and namespace",
        )

    def _addresses(self, text: str) -> tuple[int, str]:
        try:
            wanted = AddressSet.of([text if "/" in text else f"{text}/{128 if ':' in text else 32}"])
            return bits.of(self._result.positions(wanted)), ""
        except ValueError as error:
            return 0, str(error)
        except UsageError as error:
            return 0, f"{error.message}; {error.hint}"


def _is_address(text: str) -> bool:
    """Whether a text is meant as an address or CIDR."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
