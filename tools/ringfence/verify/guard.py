"""Guardrails held against what the rendered policies do: `never` on every connection, `must` on named pairs."""

from __future__ import annotations

import datetime
import operator
from collections.abc import Collection, Iterator

from ringfence.checks import guardrail_unmet, sides
from ringfence.connectivity import Connectivity, Row, bits
from ringfence.findings import Finding
from ringfence.model.types import Cluster, Flow, Guardrail, Model, Workload
from ringfence.model.types import End as ModelEnd
from ringfence.values.ports import ALL_PORTS, PortSet
from ringfence.verify.declared import Opening, peer_id, workload_id
from ringfence.verify.ends import End, end_of, name, statements
from ringfence.verify.pages import GUARDRAIL, NOT_HELD
from ringfence.verify.parts import Part, parts
from ringfence.verify.rows import touches
from ringfence.verify.state import State


def violations(
    state: State, model: Model, today: datetime.date, subjects: Collection[str] | None = None
) -> list[Finding]:
    """The guardrails that the rendered policies of a Kubernetes cluster break, without what a valid waiver covers.

    `subjects`: at least what is to be said of these is found, all of it where a stage leaves anything open.
    """
    found = list(_Never(state, model, today).findings(None if state.declared.opened else subjects))
    return found + list(_must(state, model, today))


Names = tuple[frozenset[str], frozenset[str]]
"""The guardrails that speak of an end as a source, and as a destination."""

_ARROW = " → "
_source = operator.attrgetter("source")
_destination = operator.attrgetter("destination")


class _Never:
    """The `never` guardrails over all rows of a state."""

    def __init__(self, state: State, model: Model, today: datetime.date) -> None:
        self._state, self._model, self._today = state, model, today
        self._guardrails = [item for item in model.guardrails if not item.must]
        self._parts: dict[tuple[End, str], list[Part]] = {}
        self._spoken: dict[tuple[End, str], Names] = {}
        self._of_namespace: dict[tuple[str, str], Names] = {}
        self._alike = not any(
            sides.names_workloads(side) for item in self._guardrails for side in (item.source, item.destination)
        )

    def findings(self, subjects: Collection[str] | None = None) -> Iterator[Finding]:
        """One finding a guardrail and pair of ends; of `subjects` only, and perhaps of others."""
        if not self._guardrails:
            return
        pods = self._state.declared.pods
        waiting: dict[str, dict[Opening, None]] = {}
        result = self._state.connectivity
        for row in self._spoken_of() if subjects is None else result.between(*_positions(result, subjects)):
            ends = end_of(row.source), end_of(row.destination)
            managed = [pods[end] for end in ends if isinstance(end, str) and pods[end].cluster is not None]
            if not managed:
                continue
            cluster = managed[0].cluster
            assert cluster is not None  # noqa: S101 - by the line above
            # An undeclared pod counts only with what it certainly may do; what its labels may give it is judged on the
            # declared pod that has them.
            ports = row.allowed
            if self._speaking(ends[0], cluster.environment)[0].isdisjoint(
                self._speaking(ends[1], cluster.environment)[1]
            ):
                continue
            opened = self._opened(*ends)
            for source, source_end in self._split(ends[0], cluster.environment):
                for destination, destination_end in self._split(ends[1], cluster.environment):
                    for guardrail in self._guardrails:
                        if sides.matches(guardrail.source, source_end) and sides.matches(
                            guardrail.destination, destination_end
                        ):
                            broken = sides.forbidden(guardrail, ports)
                            broken = broken - self._waived(guardrail, source, destination)
                            if broken and opened:
                                waiting.setdefault(guardrail.name, {}).update(opened)
                            elif broken:
                                yield self._finding(guardrail, source, destination, broken)
        for guardrail in self._guardrails:
            if guardrail.name in waiting:
                yield self._waiting(guardrail, list(waiting[guardrail.name]))

    def _spoken_of(self) -> Iterator[Row]:
        """The rows between ends of which some guardrail may speak: whole rows are looked at, no pair by itself."""
        result, space = self._state.connectivity, self._state.connectivity.space
        environments = {cluster.environment for cluster in self._state.clusters}
        outgoing: dict[int, set[str]] = {}
        members: dict[str, list[int]] = {}
        for at in range(space.size):
            for environment in environments:
                spoken = self._speaking(end_of(space.end(at)), environment)
                outgoing.setdefault(at, set()).update(spoken[0])
                for guardrail in spoken[1]:
                    members.setdefault(guardrail, []).append(at)
        incoming = {guardrail: bits.of(places) for guardrail, places in members.items()}
        for source in range(space.size):
            where = 0
            for guardrail in outgoing.get(source, ()):
                where |= incoming.get(guardrail, 0)
            where |= space.outside if where & space.outside else 0  # addresses are told together
            if where and touches(result.table[source][0], where):
                yield from result.between(1 << source, where)
                if source >= space.pods:
                    return  # with it come all from outside

    def _opened(self, source: End, destination: End) -> dict[Opening, None]:
        """The stages that leave the way from one end to the other open, at either of them.

        What an end that is not open lets through is exactly what is declared, so `validate` has judged it already.
        """
        found = self._state.declared.opened
        ways = ((str(source), "egress"), (str(destination), "ingress"))
        return {opening: None for way in ways if (opening := found.get(way))}

    def _waiting(self, guardrail: Guardrail, opened: list[Opening]) -> Finding:
        names = sorted({f"{item.namespace} ({item.direction} {item.stage})" for item in opened})
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        return NOT_HELD.at(
            guardrail.where,
            f"in {self._state.name}, guardrail {guardrail.name} does not hold yet, since not everything is "
            f"enforced: {', '.join(names[:5])}{more}",
            hint="run: ringfence promote, once what is declared is complete",
            subject=f"{self._state.name} {guardrail.name}",
            related=[(opened[0].where, "the stage")],
        )

    def _split(self, end: End, environment: str) -> list[Part]:
        key = (end, environment)
        if key not in self._parts:
            self._parts[key] = list(parts(end, self._state.declared, self._model, environment))
        return self._parts[key]

    def _speaking(self, end: End, environment: str) -> Names:
        """The guardrails that speak of some part of an end."""
        pod = self._state.declared.pods.get(end) if isinstance(end, str) and self._alike else None
        if pod is not None and pod.namespace is not None and pod.cluster is not None:
            place = pod.cluster.name, pod.namespace.name
            if place not in self._of_namespace:
                self._of_namespace[place] = self._found(end, environment)
            return self._of_namespace[place]
        key = (end, environment)
        if key not in self._spoken:
            self._spoken[key] = self._found(end, environment)
        return self._spoken[key]

    def _found(self, end: End, environment: str) -> Names:
        seen = [part for _, part in self._split(end, environment)]
        found = (
            [item.name for item in self._guardrails if any(sides.matches(side(item), part) for part in seen)]
            for side in (_source, _destination)
        )
        return frozenset(next(found)), frozenset(next(found))

    def _waived(self, guardrail: Guardrail, source: End, destination: End) -> PortSet:
        """The ports between two ends that waivers take out: all for a waived workload, those of a waived flow."""
        subjects = _waivers(self._model, guardrail, self._today)
        if not subjects:
            return PortSet()
        declared = self._state.declared
        if any(isinstance(end, str) and declared.pods[end].label in subjects for end in (source, destination)):
            return ALL_PORTS
        found = PortSet()
        # addresses are cut where catalogue peers begin and end, so a statement speaks of all of them or of none
        for statement in statements(declared, source, destination):
            if isinstance(statement.cause, Flow) and statement.cause.id in subjects:
                found = found | statement.ports
        return found

    def _finding(self, guardrail: Guardrail, source: End, destination: End, ports: PortSet) -> Finding:
        explanation = self._state.connectivity.explain(source, destination)
        halves = [half for half in (explanation.egress, explanation.ingress) if half]
        related = [
            (match.where, f"{match.policy} {half.direction}[{match.index}] allows {match.ports & ports}")
            for half in halves
            for match in half.matches
            if match.ports & ports
        ]
        return GUARDRAIL.at(
            guardrail.where,
            f"in {self._state.name}, the rendered policies allow {name(source)} → {name(destination)} on {ports}, "
            f"which guardrail {guardrail.name} forbids: {guardrail.reason}",
            hint="take the flow away, or ask for a waiver in policies/waivers",
            subject=f"{name(source)}{_ARROW}{name(destination)}",
            related=related,
        )


def _positions(result: Connectivity, subjects: Collection[str]) -> tuple[int, int]:
    """The positions of sources and destinations that subjects of findings name; what is no pod may be any outside."""
    found = [0, 0]
    at: dict[str, int] = {}
    for position, end in enumerate(result.endpoints):
        at[name(end.id)] = at.get(name(end.id), 0) | 1 << position
    for subject in subjects:
        for side, text in enumerate(subject.split(_ARROW)[:2]):
            found[side] |= at.get(text, result.space.outside)
    return found[0], found[1]


def _must(state: State, model: Model, today: datetime.date) -> Iterator[Finding]:
    ends = sides.Ends(model)
    for guardrail in (item for item in model.guardrails if item.must):
        waived = _waivers(model, guardrail, today)
        for cluster in state.clusters:
            for source, destination in guardrail_unmet.pairs(guardrail, model, cluster, ends):
                subject = source if isinstance(source, Workload) else destination
                if not _is_within(state, source, destination):
                    continue
                here = [_in_cluster(end, cluster, state) for end in (source, destination)]
                if subject.id in waived or not here[0] or not here[1]:
                    continue
                missing = sides.missing(guardrail, state.connectivity.ports(here[0], here[1]))
                if missing:
                    yield GUARDRAIL.at(
                        guardrail.where,
                        f"in {state.name}, {name(here[0])} must reach {name(here[1])} on {missing} (guardrail "
                        f"{guardrail.name}), and the rendered policies do not allow it: {guardrail.reason}",
                        hint="grant it in policies/baseline, declare a flow, or ask for a waiver",
                        subject=subject.id,
                    )


def _is_within(state: State, *ends: ModelEnd) -> bool:
    """Whether a state tells what is between some ends."""
    within = state.within
    return within is None or any(isinstance(end, Workload) and end.namespace in within for end in ends)


def _in_cluster(end: ModelEnd, cluster: Cluster, state: State) -> End:
    """What connectivity calls an end of the model; no addresses where the cluster gives all of them out itself."""
    if isinstance(end, Workload):
        return workload_id(end, cluster)
    return peer_id(end) if end.is_pods else end.addresses & state.connectivity.externals


def _waivers(model: Model, guardrail: Guardrail, today: datetime.date) -> set[str]:
    return {item.subject for item in model.waivers if item.guardrail == guardrail.name and item.expires >= today}
