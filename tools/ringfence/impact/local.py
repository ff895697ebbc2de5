"""What differs in one Kubernetes cluster: connections, objects, guardrails, and what gates judge of its states."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ringfence.connectivity import ClusterState, Connectivity, Profile, evaluate
from ringfence.findings import Finding, Location
from ringfence.impact import bulk, restricted, waves
from ringfence.impact.changes import Comparison, DiffRow, Sides
from ringfence.impact.facts import ClusterFacts
from ringfence.impact.gates import default_deny, mass_change, stages
from ringfence.impact.measures import measures
from ringfence.impact.objects import object_changes
from ringfence.impact.relabelled import Relabelled
from ringfence.impact.relabelled import pods as relabelled_pods
from ringfence.impact.relabelled import rows as relabelled_rows
from ringfence.impact.types import Change, Reason
from ringfence.impact.undefined import Undefined
from ringfence.model.types import Guardrail, Model, Waiver
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS
from ringfence.verify import Declared, State, violations
from ringfence.verify.ends import end_of, is_other
from ringfence.verify.objects import Objects
from ringfence.verify.pages import NOT_HELD


class Compared(Struct, frozen=True):
    """What is the same for every cluster: both models, what is known of both sides, what is relabelled, the day.

    `logs` are the clusters with flow logs. `complete`: each connection is listed, however many there are.
    """

    base: Model | None
    head: Model
    sides: Sides
    moved: list[Relabelled]
    today: datetime.date
    logs: tuple[str, ...]
    complete: bool = False

    def facts(self, one: State, other: State) -> ClusterFacts:
        """The facts of one Kubernetes cluster, of its state in the base and in the head."""
        comparison = Comparison(one, other, self.sides)
        clusters = tuple(sorted({*one.objects, *other.objects}))
        logs = tuple(name for name in clusters if name in self.logs)
        # with a log of it each pair is asked for
        much = bulk.bulk(one, other, sys.maxsize if logs or self.complete else bulk.LISTED)
        rows, doubts = _rows(one, other, much)
        changes = list(comparison.changes(rows))
        if old := relabelled_pods(self.moved, one, other):
            changes += comparison.changes(relabelled_rows(one, other, old), Reason.LABELS, old)
        now = violations(other, self.head, self.today)
        violated = _new_violations(one, other, self.base, self.head, self.today, now)
        waiting = [item for item in violated if item.check is NOT_HELD]
        return ClusterFacts(
            name=other.name,
            clusters=clusters,
            changes=tuple(changes),
            findings=(
                *doubts,
                *other.findings,
                *restricted.findings(one, other),
                *waves.transient(one, other),
                *waiting,
            ),
            broken=tuple(item for item in violated if item.check is not NOT_HELD),
            unheld=tuple(sorted({item.subject.rpartition(" ")[2] for item in now if item.check is NOT_HELD})),
            objects=object_changes(one.objects, other.objects),
            abandoned=tuple(_abandoned(one.objects, other.objects)),
            shares=measures([(one, other)]),
            lost=tuple(default_deny.losses(one, other)),
            closing=tuple(mass_change.closing(one, other, much)) if much.left_out or _closes(changes) else (),
            stages=stages.opening(one, other),
            logs=logs,
            left_out=much.left_out,
        )


def _closes(changes: Sequence[Change]) -> bool:
    return any(change.closed for change in changes)


def _rows(one: State, other: State, much: bulk.Bulk) -> tuple[list[DiffRow], list[Finding]]:
    """What differs between two states and is to be listed, and what cannot be told."""
    nodes = one.connectivity.cluster.profile.nodes | other.connectivity.cluster.profile.nodes
    rows: list[DiffRow] = []
    findings: list[Finding] = []
    doubts = Undefined(one, other)
    for item in much.laid.changes(but=much.but):
        ends = end_of(item.source), end_of(item.destination)
        # nodes reach the pods that they run, whatever policies say; what nobody declared is left to `verify`
        of_node = ends[0] <= nodes if isinstance(ends[0], AddressSet) else ends[0] == bulk.HOST
        told = of_node or any(is_other(end) for end in ends)
        undefined = NO_PORTS
        if not told and item.undefined_before != item.undefined_after:
            undefined = item.undefined_before | item.undefined_after
            alone = item.undefined_before - item.undefined_after
            findings += doubts.findings(ends, item.undefined_after, alone, item.after)
        if item.before != item.after:
            rows.append((ends[0], ends[1], item.before, item.after, undefined))
    return rows, findings


def empty(name: str) -> State:
    """A Kubernetes cluster that one side does not have: nothing runs in it."""
    nothing: Connectivity = evaluate(ClusterState(profile=Profile()))
    return State(name, (), Declared({}), nothing, Objects(), ())


def _new_violations(
    before: State, after: State, base: Model | None, head: Model, today: datetime.date, found: Sequence[Finding]
) -> list[Finding]:
    """Guardrails that the head breaks (`found`); those that the base broke in the same way are said to be old.

    The guardrails and waivers of the base count too: a change is not judged by what it makes of them itself.
    """
    subjects = {item.subject for item in found}
    old = {(item.subject, item.message) for item in violations(before, base, today, subjects)} if base else set()
    result = []
    for item in found:
        known = (item.subject, item.message) in old
        if known and item.check is NOT_HELD:
            continue  # a stage that stays what it was
        note = " (it was broken before, too)" if known else ""
        result.append(
            item.check.at(item.where, item.message + note, hint=item.hint, subject=item.subject, related=item.related)
        )
    if base is None or (_same(base.guardrails, head.guardrails) and _same(base.waivers, head.waivers)):
        return result
    known_now = old | {(item.subject, item.message) for item in found}
    loosened = violations(after, replace(head, guardrails=base.guardrails, waivers=base.waivers), today)
    return result + [
        item.check.at(
            item.where,
            f"{item.message} (as the base revision has it: this change itself removes, alters or waives it)",
            hint="loosen a guardrail in a merge request of its own, and what it then allows in the next",
            subject=item.subject,
            related=item.related,
        )
        for item in loosened
        if item.check is not NOT_HELD and (item.subject, item.message) not in known_now
    ]


def _same(base: Sequence[Guardrail | Waiver], head: Sequence[Guardrail | Waiver]) -> bool:
    """Whether two lists say the same, wherever they stand."""
    nowhere = Location("")
    return [replace(item, where=nowhere) for item in base] == [replace(item, where=nowhere) for item in head]


def _abandoned(before: Objects, after: Objects) -> Iterator[tuple[str, str]]:
    """Clusters and namespaces for which nothing is rendered any more."""
    for cluster in sorted(before):
        gone = before.namespaces(cluster) - after.namespaces(cluster)
        yield from ((cluster, name) for name in sorted(gone))
