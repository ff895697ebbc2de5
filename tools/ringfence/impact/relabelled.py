"""Workloads and catalogue peers whose labels change: the same name stands for other pods, which no connection shows."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.findings import Finding
from ringfence.impact.pages import RELABELLED
from ringfence.model.types import Labels, Model, Peer, Workload


def relabelled(base: Model | None, head: Model) -> Iterator[Finding]:
    """A finding for each end of pods that both sides declare, with other labels."""
    if base is None:
        return
    for kind, before, after in (("workload", base.workloads, head.workloads), ("peer", base.peers, head.peers)):
        for name in sorted(before.keys() & after.keys()):
            old, new = before[name], after[name]
            if old.labels != new.labels and _where(old) == _where(new):
                yield RELABELLED.at(
                    new.where,
                    f"{kind} {name} stood for pods with {_text(old.labels)} and now stands for pods with "
                    f"{_text(new.labels)}: with this sync, a pod that has only the old labels loses the connections of "
                    f"{name}, and any pod that has the new ones gets them",
                    hint="let the pods carry both labels first; change the declaration when they do",
                    subject=name,
                )


def _where(end: Workload | Peer) -> str:
    """The declared namespace; for addresses, none."""
    return end.namespace


def _text(labels: Labels) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels) or "any labels"
