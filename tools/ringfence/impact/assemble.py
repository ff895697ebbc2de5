"""The report, put together from its parts."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ringfence.affected import Scope
from ringfence.connectivity import ClusterState, Connectivity, Profile, diff, evaluate
from ringfence.findings import Finding, Location
from ringfence.impact import gates, waves
from ringfence.impact.approvals import approvals, changed_paths
from ringfence.impact.automatic import automatic
from ringfence.impact.changes import Comparison, DiffRow, Sides
from ringfence.impact.collapse import over_clusters
from ringfence.impact.measures import measures
from ringfence.impact.objects import key_of, object_changes
from ringfence.impact.origins import origins
from ringfence.impact.pages import ABANDONED, UNDEFINED
from ringfence.impact.relabelled import finding as relabelled_finding
from ringfence.impact.relabelled import pods as relabelled_pods
from ringfence.impact.relabelled import relabelled
from ringfence.impact.relabelled import rows as relabelled_rows
from ringfence.impact.traffic import Traffic
from ringfence.impact.types import Change, Reason, Report
from ringfence.model.types import Guardrail, Model, Waiver
from ringfence.observe import Observations
from ringfence.sources import Tree
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify import Declared, State, states, violations
from ringfence.verify.ends import End, end_of, is_other
from ringfence.verify.ends import name as end_name
from ringfence.verify.pages import NOT_HELD


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a tree, how to name it, and its model (None where it has no usable declarations).

    `whole`: nothing that it declares is lost to an error.
    """

    tree: Tree
    label: str
    model: Model | None
    whole: bool = True


def assess(
    base: Side,
    head: Side,
    model: Model,
    today: datetime.date,
    only: str | None = None,
    *,
    checked: Iterable[Finding] = (),
    approved: Iterable[str] = (),
    scope: Scope | None = None,
    logs: Mapping[str, Observations] | None = None,
    used_threshold: int | None = None,
) -> Report:
    """The impact of `head` (whose model is `model`) on `base`; `only` limits it to one cluster by name.

    `scope` is that of the change, where both sides are the parts of it.

    `checked` is what the checks of declarations found in the head, of which gates judge some; `approved` are owners who
    have agreed already.
    """
    models = [item for item in (base.model, model) if item is not None]
    homes = {item.clusters[only].kubernetes_cluster for item in models if only in item.clusters} if only else None
    within = scope.namespaces if scope else None
    before = _states(base.model, base.tree, homes, within) if base.model else {}
    after = _states(model, head.tree, homes, within, before)
    why = origins(base.tree, head.tree, base.model if base.whole else None, model, within)
    traffic = Traffic(logs, base.model) if logs and base.model else None
    sides = Sides.of(base.model, model, base.tree, why, traffic)
    moved = relabelled(base.model, model)
    pairs = [(before.get(name) or _empty(name), after.get(name) or _empty(name)) for name in sorted({*before, *after})]
    found: list[Change] = []
    findings: list[Finding] = []
    broken: list[Finding] = []
    unheld: set[str] = set()
    for one, other in pairs:
        comparison = Comparison(one, other, sides)
        rows, doubts = _rows(one, other)
        findings += doubts
        found += comparison.changes(rows)
        if old := relabelled_pods(moved, one, other):
            found += comparison.changes(relabelled_rows(one, other, old), Reason.LABELS, old)
        findings += other.findings
        findings += waves.transient(one, other)
        now = violations(other, model, today)
        unheld |= {item.subject.rpartition(" ")[2] for item in now if item.check is NOT_HELD}
        violated = _new_violations(one, other, base.model, model, today, now)
        broken += [item for item in violated if item.check is not NOT_HELD]
        findings += [item for item in violated if item.check is NOT_HELD]
    objects = [_objects(found_states) for found_states in (before, after)]
    if only is not None:
        found = [item for item in found if only in item.clusters]
        pairs = [pair for pair in pairs if any(only in state.objects for state in pair)]
        objects = [{only: side.get(only, ())} for side in objects]
    changes = over_clusters(found)
    findings += [*_abandoned(*objects), *map(relabelled_finding, moved)]
    paths = list(scope.paths) if scope else changed_paths(base.tree, head.tree)
    asked = approvals(paths, base.model, model, approved)
    shares = measures(pairs)
    checked = tuple(checked)
    facts = gates.Facts(
        base.model,
        model,
        tuple(pairs),
        changes,
        shares,
        asked,
        tuple(broken),
        checked,
        len(unheld),
        tuple(sorted(logs or ())),
        used_threshold,
    )
    verdicts, judged = gates.judge(facts)
    findings = [*findings, *judged, *(item for item in checked if item.check.code not in gates.JUDGED)]
    touched = object_changes(*objects)
    return Report(
        base=base.label,
        head=head.label,
        clusters=tuple(sorted({*objects[0], *objects[1]})),
        changes=changes,
        objects=touched,
        approvals=asked,
        findings=tuple(dict.fromkeys(findings)),
        guardrails_checked=len(model.guardrails),
        gates=verdicts,
        measures=shares,
        origins=why,
        scope=tuple(sorted(within)) if within is not None else None,
        automatic=automatic(changes, touched, asked, verdicts, findings),
        logs=facts.logs,
    )


def with_findings(report: Report, more: Iterable[Finding]) -> Report:
    """The report with findings that others made, in report order, which also speak against an automatic approval."""
    findings = (*report.findings, *more)
    verdict = automatic(report.changes, report.objects, report.approvals, report.gates, findings)
    return replace(report, findings=tuple(dict.fromkeys(findings)), automatic=verdict)


def _states(
    model: Model,
    tree: Tree,
    homes: Collection[str] | None,
    within: Collection[str] | None,
    like: Mapping[str, State] | None = None,
) -> dict[str, State]:
    """The states of one side by Kubernetes cluster, of all or of some; `like` is the other side."""
    if homes is None:
        return {state.name: state for state in states(model, tree, like=like, within=within)}
    chosen = {item.kubernetes_cluster: item for item in model.clusters.values() if item.kubernetes_cluster in homes}
    return {name: state for name, cluster in chosen.items() for state in states(model, tree, cluster, like, within)}


def _rows(one: State, other: State) -> tuple[list[DiffRow], list[Finding]]:
    """What differs between two states, and what cannot be told."""
    nodes = one.connectivity.cluster.profile.nodes | other.connectivity.cluster.profile.nodes
    rows: list[DiffRow] = []
    findings = []
    for item in diff(one.connectivity, other.connectivity):
        ends = [end_of(end) for end in (item.source, item.destination)]
        # nodes reach the pods that they run, whatever policies say; what nobody declared is left to `verify`
        told = any(is_other(end) for end in ends) or (isinstance(ends[0], AddressSet) and ends[0] <= nodes)
        undefined = NO_PORTS
        if not told and item.undefined_before != item.undefined_after:
            undefined = item.undefined_before | item.undefined_after
            findings.append(_undefined(other.name, ends[0], ends[1], undefined))
        if item.before != item.after:
            rows.append((ends[0], ends[1], item.before, item.after, undefined))
    return rows, findings


def _objects(found: Mapping[str, State]) -> dict[str, Sequence[Mapping[str, Any]]]:
    return {cluster: objects for state in found.values() for cluster, objects in state.objects.items()}


def _empty(name: str) -> State:
    """A Kubernetes cluster that one side does not have: nothing runs in it."""
    nothing: Connectivity = evaluate(ClusterState(profile=Profile()))
    return State(name, (), Declared({}), nothing, {}, ())


def _new_violations(
    before: State, after: State, base: Model | None, head: Model, today: datetime.date, found: Sequence[Finding]
) -> list[Finding]:
    """Guardrails that the head breaks (`found`); those that the base broke in the same way are said to be old.

    The guardrails and waivers of the base count too: a change is not judged by what it makes of them itself.
    """
    old = {(item.subject, item.message) for item in violations(before, base, today)} if base else set()
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


def _undefined(cluster: str, source: End, destination: End, ports: PortSet) -> Finding:
    pair = f"{end_name(source)} → {end_name(destination)}"
    return UNDEFINED.at(
        Location("policies/rendered"),
        f"in {cluster}, what changes for {pair} on {ports} cannot be told: the base or the head leaves it undefined",
        hint="ringfence verify says why",
        subject=pair,
    )


def _abandoned(
    before: Mapping[str, Sequence[Mapping[str, Any]]], after: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[Finding]:
    result = []
    for cluster in sorted(before):
        gone = {key_of(item)[2] for item in before[cluster]} - {key_of(item)[2] for item in after.get(cluster, ())}
        result += [
            ABANDONED.at(
                Location("policies/rendered"),
                f"namespace {name} has no policies in {cluster} any more: those that are there stay and are synced no "
                "longer; if it lives on without them, every pod of it is open",
                hint="delete the namespace in the cluster first",
                subject=name,
            )
            for name in sorted(gone)
        ]
    return result
