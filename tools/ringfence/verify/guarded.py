"""The policies of guardrails against the guardrails: what those of each alone deny, at each end of every pair.

Expected is what the declarations say, on a path of its own: ends are looked at one by one, where the compiler makes
selectors. A pod that nobody declared may be an exception by its labels, where one of its namespace is named; there its
verdict may be open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import copy
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ringfence.checks import sides
from ringfence.checks.denials import NONE
from ringfence.connectivity import ClusterState, Connectivity, Direction
from ringfence.findings import Finding
from ringfence.model.types import Cluster, Flow, Guardrail, Model, Workload
from ringfence.values.addresses import AddressSet
from ringfence.values.nearest import did_you_mean
from ringfence.values.ports import ALL_PORTS, NO_PORTS, PortSet
from ringfence.verify.declared import Declared, Pod
from ringfence.verify.direction import half
from ringfence.verify.ends import End, end_of, is_other, name, statements
from ringfence.verify.pages import GUARD_DIFFERS
from ringfence.verify.parts import Part, parts

_Row = tuple[AddressSet, PortSet, PortSet]
SHOWN = 3


class Guarded:
    """What the guardrails of one Kubernetes cluster forbid at the pods of teams, and its policies are to deny."""

    def __init__(self, declared: Declared, model: Model | None = None, clusters: Sequence[Cluster] = ()) -> None:
        self.on = any(cluster.guardrails != NONE for cluster in clusters)
        self._declared, self._model = declared, model
        self.guardrails = [item for item in model.guardrails if not item.must] if model and self.on else []
        self._parts: dict[tuple[End, str], list[Part]] = {}
        self._subjects: dict[str, set[str]] = {}
        for waiver in model.waivers if model else ():
            self._subjects.setdefault(waiver.guardrail, set()).add(waiver.subject)

    def only(self, guardrail: Guardrail) -> Guarded:
        """What one of the guardrails forbids alone."""
        alone = copy(self)
        alone.guardrails = [guardrail]
        alone.__dict__.pop("named", None)
        return alone

    def forbidden(self, source: End, destination: End, direction: Direction) -> Iterator[tuple[End, End, PortSet]]:
        """The parts of two ends with the ports that policies of one direction are to deny."""
        subject = source if direction is Direction.EGRESS else destination
        pod = self._declared.pods.get(subject) if isinstance(subject, str) else None
        if pod is None or pod.cluster is None or not self.guardrails:
            yield source, destination, NO_PORTS
            return
        environment = pod.cluster.environment
        for one, source_end in self._split(source, environment):
            for other, destination_end in self._split(destination, environment):
                ports = NO_PORTS
                for guardrail in self.guardrails:
                    if sides.matches(guardrail.source, source_end) and sides.matches(
                        guardrail.destination, destination_end
                    ):
                        ports = ports | sides.forbidden(guardrail, ALL_PORTS) - self._waived(guardrail, one, other)
                yield one, other, ports

    def depends(self, *ends: End) -> bool:
        """Whether what is denied between ends depends on labels that nobody knows."""
        return self.on and any(is_other(end) and str(end).partition("/")[0] in self.named for end in ends)

    @cached_property
    def named(self) -> set[str]:
        """The namespaces in which guardrails or waivers tell pods apart by their labels."""
        told = {item for one in self.guardrails for side in (one.source, one.destination) for item in _told(side)}
        told |= {item for one in self.guardrails for item in self._subjects.get(one.name, ())}
        for flow in self._model.flows if self._model else ():
            if flow.id in told:
                told |= {end.id for leg in flow.legs for end in (leg.source, leg.destination)}
        return {
            pod.id.partition("/")[0]
            for pod in self._declared.pods.values()
            if pod.declared is not None and pod.declared.id in told
        }

    def _split(self, end: End, environment: str) -> list[Part]:
        key = (end, environment)
        if key not in self._parts:
            assert self._model is not None  # noqa: S101 - there are guardrails
            self._parts[key] = list(parts(end, self._declared, self._model, environment))
        return self._parts[key]

    def _waived(self, guardrail: Guardrail, source: End, destination: End) -> PortSet:
        subjects = self._subjects.get(guardrail.name)
        if not subjects:
            return NO_PORTS
        for end in (source, destination):
            pod = self._declared.pods.get(end) if isinstance(end, str) else None
            if pod is not None and isinstance(pod.declared, Workload) and pod.declared.id in subjects:
                return ALL_PORTS
        found = NO_PORTS
        for statement in statements(replace(self._declared, opened={}), source, destination):
            if isinstance(statement.cause, Flow) and statement.cause.id in subjects:
                found = found | statement.ports
        return found


def _told(side: object) -> Iterator[str]:
    for field in ("workloads", "peers", "excepts"):
        yield from getattr(side, field)


class _Fault(Struct, frozen=True):
    """One pair on which policies and guardrail differ: `opens` where it should be denied and is not."""

    opens: bool
    direction: Direction
    pair: str


def findings(cluster: ClusterState, guarded: Guarded, state_name: str, pods: dict[str, Pod]) -> list[Finding]:
    """Where the policies of a guardrail, evaluated alone, differ from it: one finding a guardrail, kind and direction.

    `cluster` has the policies of guardrails only. A rule that another guardrail needs too counts for its own alone, so
    that nothing opens on the day on which the other goes.
    """
    result = list(_unclaimed(cluster, guarded))
    for guardrail in guarded.guardrails:
        own = guarded.only(guardrail)
        for direction in Direction:
            alone = half(_of(cluster, guardrail, direction), direction)
            found: dict[bool, list[_Fault]] = {}
            for fault in _faults(alone, own, direction, pods):
                found.setdefault(fault.opens, []).append(fault)
            result += [_finding(faults, guardrail, state_name) for _, faults in sorted(found.items(), reverse=True)]
    return result


_NAME = r"ringfence(?:-guardrails\.|-)(?P<guardrail>.+)-(?P<direction>ingress|egress)(?:-[0-9]+)?"
_POLICIES = ("admin", "calico", "cilium")


def _owner(item: Any) -> tuple[str, str]:
    """The guardrail and the direction that an object is for, by its name; empty where it is no policy."""
    found = re.fullmatch(_NAME, item.name)
    return (found["guardrail"], found["direction"]) if found else ("", "")


def _of(cluster: ClusterState, guardrail: Guardrail, direction: Direction) -> ClusterState:
    """The cluster with the policies of one guardrail for one direction, and whatever is no policy of any."""
    wanted = (guardrail.name, str(direction)), ("", "")
    kept: dict[str, Any] = {
        key: tuple(item for item in getattr(cluster, key) if _owner(item) in wanted) for key in _POLICIES
    }
    return replace(cluster, **kept)


def _unclaimed(cluster: ClusterState, guarded: Guarded) -> Iterator[Finding]:
    known = {item.name for item in guarded.guardrails}
    for item in (item for key in _POLICIES for item in getattr(cluster, key)):
        guardrail, _ = _owner(item)
        if guardrail and guardrail not in known:
            message = f"{item.id} is named for a guardrail {guardrail}, and no guardrail of that name forbids anything"
            hint = did_you_mean(guardrail, known) or "run: ringfence render"
            yield GUARD_DIFFERS.at(item.where, message, hint=hint, subject=item.id)


def _finding(faults: list[_Fault], guardrail: Guardrail, state_name: str) -> Finding:
    first = faults[0]
    more = f"; and {len(faults) - SHOWN} more pairs" if len(faults) > SHOWN else ""
    what = "leave open what it forbids" if first.opens else "deny what it does not forbid"
    pairs = "; ".join(fault.pair for fault in faults[:SHOWN])
    return GUARD_DIFFERS.at(
        guardrail.where,
        f"in {state_name}, the {first.direction} policies of guardrail {guardrail.name} alone {what}: {pairs}{more}",
        hint="run: ringfence render; if it stays, a template or a rendered file was edited",
        subject=guardrail.name,
    )


def _faults(result: Connectivity, guarded: Guarded, direction: Direction, pods: dict[str, Pod]) -> Iterator[_Fault]:
    """Each pair that differs in one direction, at the end whose policies speak."""
    between: dict[tuple[str, str], tuple[PortSet, PortSet]] = {}
    outside: dict[str, list[_Row]] = {}
    outgoing = direction is Direction.EGRESS
    for row in result.rows():
        source, destination = end_of(row.source), end_of(row.destination)
        if isinstance(source, str) and isinstance(destination, str):
            between[source, destination] = row.allowed, row.undefined
        elif isinstance(source, str) and isinstance(destination, AddressSet):
            outside.setdefault(source if outgoing else "", []).append((destination, row.allowed, row.undefined))
        elif isinstance(destination, str) and isinstance(source, AddressSet):
            outside.setdefault("" if outgoing else destination, []).append((source, row.allowed, row.undefined))
    nodes = AddressSet() if outgoing else result.cluster.profile.nodes
    in_cluster = [pod for pod in pods if "/" in pod]  # no DNS name, and nothing that has an address beside
    for pod in in_cluster:
        for other in in_cluster:
            ends = (pod, other) if outgoing else (other, pod)
            yield from _judged(guarded, direction, ends, between.get(ends, (NO_PORTS, NO_PORTS)))
        left = result.externals
        for addresses, allowed, undefined in outside.get(pod, []):
            left = left - addresses
            for part in (addresses - nodes, addresses & nodes):
                # nodes reach the pods that they run, so what is not settled for them is as it should be
                settled = NO_PORTS if part <= nodes else undefined
                if part:
                    ends_ = (pod, part) if outgoing else (part, pod)
                    spare = undefined - settled
                    yield from _judged(guarded, direction, ends_, (allowed, settled), spare)
        if left:
            yield from _judged(guarded, direction, (pod, left) if outgoing else (left, pod), (NO_PORTS, NO_PORTS))


def _judged(
    guarded: Guarded,
    direction: Direction,
    ends: tuple[End, End],
    verdict: tuple[PortSet, PortSet],
    spare: PortSet = NO_PORTS,
) -> Iterator[_Fault]:
    allowed, undefined = verdict
    if guarded.depends(*ends):
        spare, undefined = spare | undefined, NO_PORTS
    for source, destination, forbidden in guarded.forbidden(*ends, direction):
        opened = (allowed | undefined) & forbidden
        closed = ALL_PORTS - allowed - forbidden - spare
        for ports, opens in ((opened, True), (closed, False)):
            if ports:
                pair = f"{name(source)} → {name(destination)} on {ports}"
                yield _Fault(opens, direction, pair)
