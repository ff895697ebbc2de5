"""Many connections of one namespace close at once.

## What it finds

A namespace in a cluster more than a share of whose connections are closed by policies, and not by workloads that go.
The share is `gates.mass-change-percent` of the settings, 50 by default.

## Why it matters

An intended change closes what somebody named. A namespace that loses most of its connections is more often a label that
was renamed, a file that was deleted, or a merge that went wrong.

## Fails

```yaml
# teams/shop/shop/flows.yaml is emptied while its workloads live on
flows: []
```

## Passes

```yaml
# a large clean-up in several changes, or with a higher share for the time being
gates:
  mass-change-percent: 80
```
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.connectivity import bits
from ringfence.findings import Check, Finding, Location, Severity
from ringfence.impact.bulk import Bulk, Place, by_place, reached
from ringfence.impact.gates.facts import Facts, Rule
from ringfence.impact.measures import connections
from ringfence.impact.types import Level
from ringfence.values.addresses import NOWHERE, AddressSet
from ringfence.verify.ends import End
from ringfence.verify.state import State

CHECK = Check("RF613", "mass-change", Severity.WARNING, __doc__)


def find(facts: Facts) -> Iterator[Finding]:
    """One finding for each such namespace and cluster."""
    percent = _percent(facts)
    if not any(change.closed for change in facts.changes) and not any(one.left_out for one in facts.clusters):
        return
    for cluster, namespace, closed, total in sorted(item for one in facts.clusters for item in one.closing):
        if closed * 100 > total * percent:
            declared = facts.head.namespaces.get(namespace)
            yield CHECK.at(
                declared.where if declared else Location("policies/rendered"),
                f"{closed} of {total} connections of namespace {namespace} close in {cluster}, more than {percent} %",
                hint="if it is meant, close them in several changes, or raise `mass-change-percent` in "
                "policies/ringfence.yaml for the time being",
                subject=namespace,
            )


def passes(facts: Facts) -> str:
    """The sentence of a change that closes little."""
    return f"no namespace loses more than {_percent(facts)} % of its connections"


def _percent(facts: Facts) -> int:
    """The smaller share of both sides: a change does not loosen its own gate."""
    own = facts.head.settings.mass_change_percent
    return min(own, facts.base.settings.mass_change_percent) if facts.base else own


def closing(before: State, after: State, much: Bulk) -> Iterator[tuple[str, str, int, int]]:
    """Cluster and namespace of a Kubernetes cluster, the connections of the base that close there, and all of them.

    Only places where something closes, in order.
    """
    laid = much.laid
    pods, alive = (
        before.declared.pods,
        bits.of(at for at, end in enumerate(laid.order) if end.id in after.declared.pods),
    )
    known = {at: pod for at, end in enumerate(laid.order) if (pod := pods.get(end.id)) and pod.declared}
    managed = bits.of(at for at, pod in known.items() if pod.namespace)
    everyone = bits.of(known)
    had: dict[int, int] = {}
    has: dict[int, int] = {}
    for source in known:
        rows = laid.both(source)
        here = reached(rows[0].values()) & (everyone if managed >> source & 1 else managed)
        had[source] = here
        has[source] = here if not alive >> source & 1 else here & (~alive | reached(rows[3].values()))
    places = {at: (pod.cluster.name, pod.namespace.name) for at, pod in known.items() if pod.cluster and pod.namespace}
    total = by_place(had, places)
    closed = total - by_place(has, places)
    outside = before.connectivity.space.outside, after.connectivity.space.outside
    still = _Open(after, outside[1])
    for _, ends in connections(before, towards=outside[0]):
        found = _places(before, ends)
        total.update(found)
        lives = all(end in after.declared.pods for end in ends if isinstance(end, str))
        if lives and not still.holds(ends):
            closed.update(found)
    for cluster, namespace in sorted(closed):
        if closed[cluster, namespace]:
            yield cluster, namespace, closed[cluster, namespace], total[cluster, namespace]


class _Open:
    """What a state allows or leaves undefined with what is outside: places, and the addresses of each pod."""

    def __init__(self, state: State, towards: int) -> None:
        self._pairs: set[tuple[End, End]] = set()
        self._addresses: dict[tuple[bool, End], AddressSet] = {}
        for _, (source, destination) in connections(state, possible=True, towards=towards):
            if isinstance(source, AddressSet):
                self._add((False, destination), source)
            elif isinstance(destination, AddressSet):
                self._add((True, source), destination)
            else:
                self._pairs.add((source, destination))

    def _add(self, key: tuple[bool, End], addresses: AddressSet) -> None:
        self._addresses[key] = self._addresses.get(key, NOWHERE) | addresses

    def holds(self, ends: tuple[End, End]) -> bool:
        """Whether anything is left between two ends; for addresses, between the pod and any of them."""
        source, destination = ends
        if isinstance(source, AddressSet):
            return bool(self._addresses.get((False, destination), NOWHERE) & source)
        if isinstance(destination, AddressSet):
            return bool(self._addresses.get((True, source), NOWHERE) & destination)
        return ends in self._pairs


def _places(state: State, ends: tuple[End, End]) -> set[Place]:
    pods = [state.declared.pods[end] for end in ends if isinstance(end, str)]
    return {(pod.cluster.name, pod.namespace.name) for pod in pods if pod.cluster and pod.namespace}


GATE = Rule("mass-change", CHECK, Level.WARN, find, passes)
