"""The report, put together from its parts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.connectivity import ClusterState, Connectivity, Profile, diff, evaluate
from ringfence.findings import Finding, Location
from ringfence.impact.approvals import approvals, changed_paths
from ringfence.impact.changes import DiffRow, changes, collapse
from ringfence.impact.objects import key_of, object_changes
from ringfence.impact.pages import ABANDONED, COLLATERAL, UNDEFINED
from ringfence.impact.relabelled import relabelled
from ringfence.impact.types import Change, Report
from ringfence.model.types import Model
from ringfence.sources import Tree
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet
from ringfence.verify import Declared, State, states, violations
from ringfence.verify.ends import End, end_of, is_other
from ringfence.verify.ends import name as end_name


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a tree, how to name it, and its model (None where it has no usable declarations)."""

    tree: Tree
    label: str
    model: Model | None


def assess(base: Side, head: Side, model: Model, today: datetime.date, only: str | None = None) -> Report:
    """The impact of `head` (whose model is `model`) on `base`; `only` limits it to one cluster by name."""
    before = {state.name: state for state in states(base.model, base.tree)} if base.model else {}
    after = {state.name: state for state in states(model, head.tree)}
    found: list[Change] = []
    findings: list[Finding] = []
    for name in sorted({*before, *after}):
        one, other = before.get(name) or _empty(name), after.get(name) or _empty(name)
        nodes = one.connectivity.cluster.profile.nodes | other.connectivity.cluster.profile.nodes
        rows: list[DiffRow] = []
        for item in diff(one.connectivity, other.connectivity):
            ends = [end_of(end) for end in (item.source, item.destination)]
            # nodes reach the pods that they run, whatever policies say; what nobody declared is left to `verify`
            told = any(is_other(end) for end in ends) or (isinstance(ends[0], AddressSet) and ends[0] <= nodes)
            undefined = NO_PORTS
            if not told and item.undefined_before != item.undefined_after:
                undefined = item.undefined_before | item.undefined_after
                findings.append(_undefined(name, ends[0], ends[1], undefined))
            if item.before != item.after:
                rows.append((ends[0], ends[1], item.before, item.after, undefined))
        found += changes(one, other, rows, model)
        findings += other.findings
        findings += _new_violations(one, other, base.model, model, today)
    collapsed = collapse(item for item in found if only is None or only in item.clusters)
    findings += [_collateral(item) for item in collapsed if item.collateral]
    objects_before, objects_after = _objects(before), _objects(after)
    if only is not None:
        objects_before = {only: objects_before.get(only, ())}
        objects_after = {only: objects_after.get(only, ())}
    findings += [*_abandoned(objects_before, objects_after), *relabelled(base.model, model)]
    clusters = tuple(sorted({*objects_before, *objects_after}))
    return Report(
        base=base.label,
        head=head.label,
        clusters=clusters,
        changes=collapsed,
        objects=object_changes(objects_before, objects_after),
        approvals=approvals(changed_paths(base.tree, head.tree), base.model, model),
        findings=tuple(dict.fromkeys(findings)),
        guardrails_checked=len(model.guardrails),
    )


def _objects(found: Mapping[str, State]) -> dict[str, Sequence[Mapping[str, Any]]]:
    return {cluster: objects for state in found.values() for cluster, objects in state.objects.items()}


def _empty(name: str) -> State:
    """A Kubernetes cluster that one side does not have: nothing runs in it."""
    nothing: Connectivity = evaluate(ClusterState(profile=Profile()))
    return State(name, (), Declared({}), nothing, {}, ())


def _new_violations(
    before: State, after: State, base: Model | None, head: Model, today: datetime.date
) -> list[Finding]:
    """Guardrails that the head breaks; those that the base broke in the same way are said to be old."""
    old = {(item.subject, item.message) for item in violations(before, base, today)} if base else set()
    result = []
    for item in violations(after, head, today):
        known = (item.subject, item.message) in old
        note = " (the base breaks it too)" if known else ""
        result.append(
            item.check.at(item.where, item.message + note, hint=item.hint, subject=item.subject, related=item.related)
        )
    return result


def _collateral(change: Change) -> Finding:
    where = Location("policies/rendered")
    return COLLATERAL.at(
        where,
        f"{change.source} → {change.destination} opens on {change.collateral} in {', '.join(change.clusters)}, "
        "and no flow or baseline grant declares it",
        hint="run: ringfence render; if the connection is wanted, declare a flow for it",
        subject=f"{change.source} → {change.destination}",
    )


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
