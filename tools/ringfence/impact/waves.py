"""The states between two waves of a sync: nothing may close on the way that both ends of it keep.

Argo CD applies the objects of one wave, then those of the next, and prunes last. Policies of a wave that is still to
come are then those of the base. Within a wave the order is not ours to know: objects of one wave count as one step.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from typing import Any

from msgspec.structs import replace

from ringfence.connectivity import ClusterState, Laid, evaluate
from ringfence.findings import Finding, Location
from ringfence.impact.bulk import opened
from ringfence.impact.objects import by_key, wave_of
from ringfence.impact.pages import TRANSIENT
from ringfence.values.ports import NO_PORTS
from ringfence.verify.bundle import Data, Key
from ringfence.verify.ends import end_of, is_other, name
from ringfence.verify.objects import Plain
from ringfence.verify.state import State

NO_POLICIES = frozenset({"endpoints", "opaque", "findings"})
"""The lists of a cluster that hold no policies."""

SHOWN = 3
"""How many pairs a finding names."""


def transient(base: State, head: State) -> Iterator[Finding]:
    """A finding for each wave after which a connection is closed that the base and the head allow."""
    before, after = map(_objects, base.objects.beside(head.objects))
    steps = sorted({wave_of(item) for key, item in after.items() if before.get(key) != item})
    if len(steps) < 2 or not base.declared.pods:
        return
    waves = {key: wave_of(item) for key, item in _objects(head.objects).items()}
    for step in steps[:-1]:
        early = {_id(key) for key, wave in waves.items() if wave <= step}
        cluster = _between(base.connectivity.cluster, head.connectivity.cluster, early)
        between = evaluate(cluster, representatives=True, like=head.connectivity)
        lost = []
        laid = Laid(head.connectivity, between)
        for item in laid.changes(but=opened(laid)):
            source, destination = end_of(item.source), end_of(item.destination)
            ends = [end for end in (source, destination) if isinstance(end, str)]
            if is_other(source) or is_other(destination) or not all(end in base.declared.pods for end in ends):
                continue
            closed = (item.before - item.after) & base.connectivity.ports(source, destination)
            if closed != NO_PORTS:
                lost.append(f"{name(source)} → {name(destination)} on {closed}")
        if lost:
            more = f"; and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
            yield TRANSIENT.at(
                Location("policies/rendered"),
                f"in {head.name}, between sync wave {step} and the next, what both the base and the head allow is "
                f"closed: {'; '.join(lost[:SHOWN])}{more}",
                hint="let what allows come in an earlier wave than what denies, or sync in two changes",
                subject=f"wave {step}",
            )


def _objects(clusters: Plain) -> dict[Key, Data]:
    """The objects of all clusters that share a Kubernetes cluster; no two of them have the same namespaces."""
    return by_key(itertools.chain.from_iterable(clusters.values()))


def _id(key: Key) -> str:
    """The name that connectivity has for an object: `namespace/name`, or its name where there is no namespace."""
    _, _, namespace, title = key
    return f"{namespace}/{title}" if namespace else title


def _between(base: ClusterState, head: ClusterState, early: Collection[str]) -> ClusterState:
    """The head with its policies of early waves, and the base's in place of the others."""
    mixed: dict[str, Any] = {}
    for kind in ClusterState.__struct_fields__:
        before, after = getattr(base, kind), getattr(head, kind)
        if kind not in NO_POLICIES and isinstance(before, tuple) and isinstance(after, tuple):
            kept = [item for item in after if item.id in early]
            mixed[kind] = (*kept, *(item for item in before if item.id not in early))
    return replace(head, **mixed)
