"""Declared against rendered, pair by pair: what is missing, what is in excess, what cannot be settled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ringfence.connectivity import Endpoint, Row
from ringfence.findings import Finding, Location
from ringfence.model.types import Flow
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify.declared import OTHER, Declared, Statement, uncovered
from ringfence.verify.pages import EXCESS, MISSING, UNSETTLED
from ringfence.verify.state import State

End = str | AddressSet
Pair = tuple[End, End]
Allowed = dict[tuple[str, str], PortSet]
Addressed = dict[str, list[tuple[AddressSet, PortSet]]]


def compare(state: State) -> list[Finding]:
    """Every way in which the rendered policies of a Kubernetes cluster and its declarations differ. Exact."""
    rows = [row for row in state.connectivity.rows() if _managed(state.declared, row)]
    sure, possible = state.declared, state.declared.possible()
    findings = list(_missing(state, sure, rows))
    findings += _excess(state, sure, rows, [row.allowed for row in rows])
    findings += _excess(state, possible, rows, [row.allowed | row.undefined for row in rows], only_others=True)
    findings += _unsettled(state, rows)
    return list(dict.fromkeys(findings))


def pairs(state: State) -> int:
    """How many pairs of ends were compared, ordered; addresses outside count as one end."""
    managed = sum(1 for pod in state.declared.pods.values() if pod.namespace is not None)
    everyone = len(state.declared.pods) + 1
    others = everyone - managed
    return everyone * everyone - others * others


def _end(end: Endpoint | AddressSet) -> End:
    return end.id if isinstance(end, Endpoint) else end


def _managed(declared: Declared, row: Row) -> bool:
    """Whether an end of the row is a pod that some bundle is for."""
    ends = (_end(row.source), _end(row.destination))
    return any(isinstance(end, str) and declared.pods[end].namespace is not None for end in ends)


def _missing(state: State, declared: Declared, rows: Sequence[Row]) -> Iterator[Finding]:
    allowed: Allowed = {}
    outward: Addressed = {}
    inward: Addressed = {}
    for row in rows:
        source, destination = _end(row.source), _end(row.destination)
        if isinstance(source, str) and isinstance(destination, str):
            allowed[source, destination] = row.allowed
        elif isinstance(source, str) and isinstance(destination, AddressSet):
            outward.setdefault(source, []).append((destination, row.allowed))
        elif isinstance(destination, str) and isinstance(source, AddressSet):
            inward.setdefault(destination, []).append((source, row.allowed))
    for (source, destination), statements in declared.pairs.items():
        for statement in statements:
            lost = statement.ports - allowed.get((source, destination), NO_PORTS)
            if lost:
                yield _lost(state, statement, source, destination, lost)
    for pod, statements in (*declared.outward.items(), *declared.inward.items()):
        for statement in statements:
            going_out = statement.source == pod
            addresses = statement.destination if going_out else statement.source
            assert isinstance(addresses, AddressSet)  # noqa: S101 - by construction of the index
            known = (outward if going_out else inward).get(pod, [])
            for left, lost in uncovered(addresses & state.connectivity.externals, statement.ports, known):
                yield _lost(state, statement, *((pod, left) if going_out else (left, pod)), lost)


def _lost(state: State, statement: Statement, source: End, destination: End, ports: PortSet) -> Finding:
    cause = statement.cause
    kind, name = ("flow", cause.id) if isinstance(cause, Flow) else ("baseline grant", cause.name)
    explanation = state.connectivity.explain(source, destination)
    halves = [half for half in (explanation.egress, explanation.ingress) if half]
    at_fault = [half for half in halves if ports - half.allowed]
    related = [(item.where, f"{half.direction} of {half.subject} is isolated here") for half in at_fault for item in half.isolated_by]
    sides = " and ".join(f"{half.direction} of {half.subject}" for half in at_fault) or "the rendered policies"
    return MISSING.at(
        cause.where,
        f"in {state.name}, {kind} {name} declares {_name(source)} → {_name(destination)} on {ports}, "
        f"and the rendered policies deny it ({sides})",
        hint="run: ringfence render; if it stays, a template or a rendered file was edited",
        subject=name,
        related=dict.fromkeys(related),
    )


def _excess(
    state: State, declared: Declared, rows: Sequence[Row], actual: Sequence[PortSet], *, only_others: bool = False
) -> Iterator[Finding]:
    for row, ports in zip(rows, actual, strict=True):
        source, destination = _end(row.source), _end(row.destination)
        if only_others and not any(_is_other(end) for end in (source, destination)):
            continue
        if isinstance(source, str) and isinstance(destination, str):
            rest = ports
            for statement in declared.pairs.get((source, destination), ()):
                rest = rest - statement.ports
            if rest:
                yield _surplus(state, source, destination, rest)
        elif isinstance(source, str) and isinstance(destination, AddressSet):
            known = [(item.destination, item.ports) for item in declared.outward.get(source, ())]
            for left, rest in uncovered(destination, ports, _sets(known)):
                yield _surplus(state, source, left, rest)
        elif isinstance(destination, str) and isinstance(source, AddressSet):
            known = [(item.source, item.ports) for item in declared.inward.get(destination, ())]
            if only_others or row.undefined:
                source = source - state.connectivity.cluster.profile.nodes  # noqa: PLW2901 - nodes reach their own pods
            for left, rest in uncovered(source, ports, _sets(known)):
                yield _surplus(state, left, destination, rest)


def _sets(known: Sequence[tuple[End, PortSet]]) -> list[tuple[AddressSet, PortSet]]:
    return [(end, ports) for end, ports in known if isinstance(end, AddressSet)]


def _surplus(state: State, source: End, destination: End, ports: PortSet) -> Finding:
    explanation = state.connectivity.explain(source, destination)
    halves = [half for half in (explanation.egress, explanation.ingress) if half]
    found = [(match.where, half, match) for half in halves for match in half.matches if match.ports & ports]
    managed = [item for item in found if item[0].path]
    where = managed[0][0] if managed else Location("policies/rendered")
    related = [(place, f"{match.policy} {half.direction}[{match.index}] allows {match.ports & ports}") for place, half, match in managed]
    open_sides = [half.subject for half in halves if not half.isolated_by]
    note = f"; no policy isolates {' or '.join(open_sides)}" if open_sides and not managed else ""
    return EXCESS.at(
        where,
        f"in {state.name}, the rendered policies allow {_name(source)} → {_name(destination)} on {ports}, "
        f"and no flow or baseline grant declares it{note}",
        hint="run: ringfence render; if the connection is wanted, declare a flow for it",
        subject=f"{_name(source)} → {_name(destination)}",
        related=related[1:],
    )


def _unsettled(state: State, rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows:
        source, destination = _end(row.source), _end(row.destination)
        if not row.undefined or any(_is_other(end) for end in (source, destination)):
            continue
        if isinstance(source, AddressSet):
            source = source - state.connectivity.cluster.profile.nodes  # noqa: PLW2901 - nodes reach their own pods
            if not source:
                continue
        explanation = state.connectivity.explain(source, destination)
        yield UNSETTLED.at(
            Location("policies/rendered"),
            f"in {state.name}, {_name(source)} → {_name(destination)} on {row.undefined} cannot be settled: "
            + ("; ".join(explanation.reasons) or "the manifests do not say"),
            hint="keep only objects in policies/rendered that the renderer writes",
            subject=f"{_name(source)} → {_name(destination)}",
        )


def _is_other(end: End) -> bool:
    return isinstance(end, str) and end.endswith(f"/{OTHER}")


def _name(end: End) -> str:
    if isinstance(end, str):
        return f"any other pod of {end.removesuffix('/*')}" if _is_other(end) and end != "*/*" else (
            "a pod of any other namespace" if end == "*/*" else end
        )
    cidrs = end.cidrs()
    return ", ".join(cidrs[:3]) + (f" and {len(cidrs) - 3} more ranges" if len(cidrs) > 3 else "")
