"""Workloads and catalogue peers whose labels change: what pods gain and lose that still run with the old ones.

Under its name a workload keeps its connections, since policies are rendered for the new labels. Pods that run when the
policies are synced have the old ones until they are replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ringfence.connectivity import Connectivity, diff, evaluate
from ringfence.findings import Finding
from ringfence.impact.changes import DiffRow
from ringfence.impact.pages import RELABELLED
from ringfence.impact.triggers import label_cause, labels_text
from ringfence.impact.types import Cause
from ringfence.model.types import Labels, Model, Peer, Workload
from ringfence.values.ports import NO_PORTS
from ringfence.verify.declared import peer_id, workload_id
from ringfence.verify.ends import end_of
from ringfence.verify.state import State


class Relabelled(Struct, frozen=True):
    """An end of pods that both sides declare, in the same namespace and with other labels."""

    kind: str
    before: Workload | Peer
    after: Workload | Peer

    @property
    def cause(self) -> Cause:
        """The labels as the cause of rows."""
        return label_cause(self.kind, self.before, self.after)


def relabelled(base: Model | None, head: Model) -> list[Relabelled]:
    """Every such end of two models."""
    if base is None:
        return []
    found = []
    for kind, before, after in (("workload", base.workloads, head.workloads), ("peer", base.peers, head.peers)):
        found += [
            Relabelled(kind, before[name], after[name])
            for name in sorted(before.keys() & after.keys())
            if before[name].labels != after[name].labels and before[name].namespace == after[name].namespace
        ]
    return found


def finding(item: Relabelled) -> Finding:
    """What a person must know of it."""
    name = item.after.id
    return RELABELLED.at(
        item.after.where,
        f"{item.kind} {name} stood for pods with {_text(item.before.labels)} and now stands for pods with "
        f"{_text(item.after.labels)}: with this sync, a pod that has only the old labels loses the connections of "
        f"{name}, and any pod that has the new ones gets them",
        hint="let the pods carry both labels first; change the declaration when they do",
        subject=name,
    )


def pods(items: list[Relabelled], base: State, head: State) -> dict[str, Cause]:
    """The ids of the pods of such ends in a cluster that both sides have, with the labels as their cause."""
    result = {}
    for item in items:
        if isinstance(item.after, Workload):
            ids = [workload_id(item.after, cluster) for cluster in head.clusters]
        else:
            ids = [peer_id(item.after)]
        result.update({id_: item.cause for id_ in ids if id_ in base.declared.pods and id_ in head.declared.pods})
    return result


def rows(base: State, head: State, chosen: Mapping[str, Cause]) -> Iterator[DiffRow]:
    """What differs for those pods from the base to the head's policies, while they still have their old labels."""
    old = _with_old_labels(base.connectivity, head.connectivity, chosen)
    for item in diff(base.connectivity, old):
        source, destination = end_of(item.source), end_of(item.destination)
        if item.before != item.after and not {source, destination}.isdisjoint(chosen):
            yield source, destination, item.before, item.after, NO_PORTS


def _with_old_labels(base: Connectivity, head: Connectivity, chosen: Mapping[str, Cause]) -> Connectivity:
    labels: dict[str, Labels] = {item.id: item.labels for item in base.cluster.endpoints}
    endpoints = tuple(
        replace(item, labels=labels[item.id]) if item.id in chosen else item for item in head.cluster.endpoints
    )
    return evaluate(replace(head.cluster, endpoints=endpoints), representatives=True)


def _text(labels: Labels) -> str:
    return labels_text(labels) if labels else "any labels"
