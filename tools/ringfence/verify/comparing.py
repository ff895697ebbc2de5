"""Declared against rendered, pair by pair and direction by direction: missing, in excess, not settled.

Each direction is held against the declarations on its own, without what guardrails have the cluster deny, which has
its own proof (`guarded`): a wrong rule is found even where a guardrail still keeps the connection closed. What both
directions allow together is then exact too, and a rule that is too wide is found even while the other end's policies
still mask it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ringfence.connectivity import Direction, Row, bits
from ringfence.findings import Check, Finding, Location
from ringfence.model.types import Flow
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import ALL_PORTS, NO_PORTS, PortSet
from ringfence.verify.declared import Declared, Opening, Statement, uncovered
from ringfence.verify.differing import differing
from ringfence.verify.direction import half, one_direction
from ringfence.verify.ends import End, covered, end_of, is_name, is_other, name, statements
from ringfence.verify.expected import Expected
from ringfence.verify.pages import EXCESS, MISSING, UNSETTLED
from ringfence.verify.state import State


class Difference(Struct, frozen=True):
    """One pair on which the rendered policies and the declarations differ.

    `where` is at fault: the flow or grant that is denied, or the rule that allows too much; `subject` names it,
    `what` is the sentence of the pair, and `why` what holds for every pair of the same fault.
    """

    check: Check
    where: Location
    subject: str
    what: str
    why: str
    related: tuple[tuple[Location, str], ...] = ()


HINTS = {
    MISSING: "run: ringfence render; if it stays, a template or a rendered file was edited",
    EXCESS: "run: ringfence render; if the connection is wanted, declare a flow for it",
    UNSETTLED: "keep only objects in policies/rendered that the renderer writes",
}
SHOWN = 3
"""How many pairs of one fault a finding names."""


def compare(state: State) -> list[Finding]:
    """Every way in which the rendered policies of a cluster and its declarations differ, one finding a fault."""
    faults: dict[tuple[Check, Location, str, str], dict[Difference, None]] = {}
    for item in differences(state):
        faults.setdefault((item.check, item.where, item.subject, item.why), {})[item] = None
    findings = []
    for (check, where, subject, why), items in faults.items():
        pairs = list(dict.fromkeys(item.what for item in items))
        more = f"; and {len(pairs) - SHOWN} more pairs" if len(pairs) > SHOWN else ""
        message = f"in {state.name}, {why}: {'; '.join(pairs[:SHOWN])}{more}"
        related = dict.fromkeys(place for item in items for place in item.related)
        findings.append(check.at(where, message, hint=HINTS[check], subject=subject, related=related))
    return findings


def differences(state: State) -> Iterator[Difference]:
    """Each pair that differs, as it is found, some more than once. Exact: none exactly when both say the same."""
    known: dict[int, Expected] = {}
    for direction in Direction:
        yield from _Half(state, direction, known).differences()


def pairs(state: State) -> int:
    """How many ordered pairs of ends were compared; addresses outside count as one end."""
    managed = sum(1 for pod in state.declared.pods.values() if pod.namespace is not None)
    everyone = len(state.declared.pods) + 1
    others = everyone - managed
    return everyone * everyone - others * others


class _Half:
    """One direction: what the policies of the managed pods alone allow, as if the other ends had none."""

    def __init__(self, state: State, direction: Direction, known: dict[int, Expected]) -> None:
        self._state = state
        self._direction = direction
        whole = state.of_teams
        alike = whole is state.as_declared.cluster
        self._result = one_direction(state.as_declared, direction) if alike else half(whole, direction)
        self._nodes = self._result.cluster.profile.nodes
        space = self._result.space
        self._ends = {item.id for item in space.endpoints} | set(map(str, space.place_at))
        odd = differing(state.declared, self._result, direction, known)
        # of the others nothing is to be said, so only the rows of these are looked at one by one
        self._odd = {str(end_of(space.end(at))) for at in bits.positions(odd & (space.all_pods | space.in_places))}
        self._odd |= set(state.declared.pods) if odd == space.everything else set()
        self._outside = bool(odd & space.outside)
        self._rows = list(self._subjects(self._result.between(odd, space.everything)) if odd else ())

    def _subjects(self, rows: Iterable[Row]) -> Iterator[tuple[Row, End, End]]:
        """The rows of which something is declared, with their ends."""
        pods, outgoing = self._state.declared.pods, self._direction is Direction.EGRESS
        for row in rows:
            ends = end_of(row.source), end_of(row.destination)
            subject = ends[0 if outgoing else 1]
            # of pods that no bundle is for, nothing is said
            if isinstance(subject, str) and pods[subject].namespace is not None:
                yield row, *ends

    def differences(self) -> Iterator[Difference]:
        """What differs."""
        if not self._odd and not self._outside:
            return
        possible = self._state.declared.possible()  # the statements that undeclared pods may have
        yield from self._missing()
        outgoing = self._direction is Direction.EGRESS
        for row, source, destination in self._rows:
            opening = self._opening(source if outgoing else destination)
            if not opening:
                yield from self._excess(row, source, destination, row.allowed, self._state.declared)
            if is_name(destination):
                continue  # what is open to addresses may be open to a name that has one of them, declared or not
            if is_other(source) or is_other(destination):
                if not opening:
                    yield from self._excess(row, source, destination, row.allowed | row.undefined, possible)
            elif row.undefined:
                yield from self._unsettled(row)

    def _opening(self, subject: End) -> Opening | None:
        """What leaves the end open whose policies speak, if its stage does."""
        opened = self._state.declared.opened
        return opened.get((str(subject), str(self._direction))) if opened else None

    def _missing(self) -> Iterator[Difference]:
        allowed: dict[tuple[str, str], PortSet] = {}
        addressed: dict[str, list[tuple[AddressSet, PortSet]]] = {}
        for row, source, destination in self._rows:
            if isinstance(source, AddressSet):
                addressed.setdefault(str(destination), []).append((source, row.allowed))
            elif isinstance(destination, AddressSet):
                addressed.setdefault(source, []).append((destination, row.allowed))
            else:
                allowed[source, destination] = row.allowed
        outgoing = self._direction is Direction.EGRESS
        declared, pods = self._state.declared, self._state.declared.pods
        for (source, destination), said in declared.pairs.items():
            if source not in self._odd or pods[source if outgoing else destination].namespace is None:
                continue
            for statement in said:
                lost = statement.ports - allowed.get((source, destination), NO_PORTS)
                if lost:
                    yield self._lost(statement, source, destination, lost)
        for pod, said in (declared.outward if outgoing else declared.inward).items():
            for statement in said if (pod in self._odd if outgoing else self._outside) else ():
                addresses = covered(statement) & self._result.externals
                for left, lost in uncovered(addresses, statement.ports, addressed.get(pod, [])):
                    yield self._lost(statement, *self._way(pod, left), lost)
        for (pod, direction), opening in declared.opened.items():
            if direction == self._direction and (pod in self._odd or not outgoing):
                yield from self._closed(opening, pod, allowed, addressed.get(pod, []))

    def _closed(
        self,
        opening: Opening,
        pod: str,
        allowed: dict[tuple[str, str], PortSet],
        addressed: list[tuple[AddressSet, PortSet]],
    ) -> Iterator[Difference]:
        """What is denied to a pod whose stage leaves everything open."""
        incoming = self._direction is Direction.INGRESS
        for other in self._state.declared.pods:
            if other not in self._ends or (incoming and other not in self._odd):
                continue  # only adopted policies speak of it, or all is open to it
            ends = self._way(pod, other)
            lost = ALL_PORTS - allowed.get(ends, NO_PORTS)  # type: ignore[arg-type]  # two pods are two texts
            entity = "/" not in other and not is_name(other)  # named by guardrails; judged by its addresses
            if entity and self._state.guarded.on:
                continue
            if lost and other != pod and not (is_name(other) and incoming):
                yield self._lost(Statement(*ends, ALL_PORTS, opening), *ends, lost)
        everywhere = AddressSet() if incoming and not self._outside else self._result.externals
        for left, lost in uncovered(everywhere, ALL_PORTS, addressed):
            ends = self._way(pod, left)
            yield self._lost(Statement(*ends, ALL_PORTS, opening), *ends, lost)

    def _way(self, pod: str, other: End) -> tuple[End, End]:
        """A pod whose policies speak and another end, the source first."""
        return (pod, other) if self._direction is Direction.EGRESS else (other, pod)

    def _lost(self, statement: Statement, source: End, destination: End, ports: PortSet) -> Difference:
        cause = statement.cause
        if isinstance(cause, Opening):
            kind, title = f"stage {cause.stage} of", cause.id
        else:
            kind, title = ("flow", cause.id) if isinstance(cause, Flow) else ("baseline grant", cause.name)
        subject = source if self._direction is Direction.EGRESS else destination
        explanation = self._result.explain(source, destination)
        half = explanation.egress if self._direction is Direction.EGRESS else explanation.ingress
        isolated_by = half.isolated_by if half else ()
        related = [(item.where, f"{item.policy} isolates {name(subject)}") for item in isolated_by]
        return Difference(
            MISSING,
            cause.where,
            title,
            f"{name(source)} → {name(destination)} on {ports}",
            f"the rendered policies for {self._direction} of {name(subject)} deny what {kind} {title} declares",
            tuple(related),
        )

    def _excess(
        self, row: Row, source: End, destination: End, ports: PortSet, declared: Declared
    ) -> Iterator[Difference]:
        said = statements(declared, source, destination)
        if isinstance(source, str) and isinstance(destination, str):
            if len(said) == 1 and said[0].ports == ports:
                return
            for statement in said:
                ports = ports - statement.ports
            if ports:
                yield self._surplus(source, destination, ports)
            return
        outgoing = isinstance(source, str)
        addresses = destination if outgoing else source
        assert isinstance(addresses, AddressSet)  # noqa: S101 - two address ends make no row
        pieces = [(addresses, ports)]
        if not outgoing and row.undefined:
            # nodes reach the pods that they run, whatever policies say; what is allowed is open to all of them
            pieces = [(addresses - self._nodes, ports), (addresses & self._nodes, ports - row.undefined)]
        for part, open_ in pieces:
            for left, rest in uncovered(part, open_, [(covered(item), item.ports) for item in said]):
                yield self._surplus(source, left, rest) if outgoing else self._surplus(left, destination, rest)

    def _surplus(self, source: End, destination: End, ports: PortSet) -> Difference:
        subject = source if self._direction is Direction.EGRESS else destination
        explanation = self._result.explain(source, destination)
        half = explanation.egress if self._direction is Direction.EGRESS else explanation.ingress
        matches = [match for match in (half.matches if half else ()) if match.ports & ports]
        what = f"{name(source)} → {name(destination)} on {ports}"
        if not matches:
            why = f"no policy isolates {name(subject)} for {self._direction}, which allows what nobody declares"
            return Difference(EXCESS, Location("policies/rendered"), name(subject), what, why)
        rule = f"{matches[0].policy} {self._direction}[{matches[0].index}]"
        others = tuple((match.where, f"{match.policy} {self._direction}[{match.index}] too") for match in matches[1:])
        return Difference(EXCESS, matches[0].where, rule, what, f"{rule} allows what nobody declares", others)

    def _unsettled(self, row: Row) -> Iterator[Difference]:
        source, destination = end_of(row.source), end_of(row.destination)
        if isinstance(source, AddressSet) and source <= self._nodes:
            return
        reasons = self._result.explain(source, destination).reasons
        yield Difference(
            UNSETTLED,
            Location("policies/rendered"),
            "",
            f"{name(source)} → {name(destination)} on {row.undefined}",
            "no verdict can be given, since " + ("; ".join(reasons) or "the manifests do not say"),
        )
