"""A flow or grant breaks a guardrail.

## What it finds

A flow or a grant that opens, in any cluster, a connection that a guardrail of the platform says must `never` be. An
address peer counts as what its addresses are: a block that holds another cluster's pods, services or nodes reaches
that cluster's environment. A flow can be waived for one guardrail, and so can a workload that is an end of all of it.

## Why it matters

A guardrail is what the organisation has promised, for instance that no test system touches card data. The review of a
single flow easily misses it.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: show-cards, from: frontend, to: payments/api, ports: [https], reason: Against card-data}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: show-cards, from: checkout, to: payments/api, ports: [9443], reason: The checkout may}]
```
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ringfence.checks.sides import Ends, SideEnd, forbidden, matches, port_set
from ringfence.checks.waiving import Raised
from ringfence.findings import Check, Location, Severity
from ringfence.model.types import Cluster, Flow, Grant, Guardrail, Leg, Model, Side
from ringfence.values.ports import NO_PORTS, PortSet

CHECK = Check("RF301", "guardrail-broken", Severity.ERROR, __doc__)


@dataclass(slots=True)
class _Broken:
    """What one flow or grant opens against a guardrail: each pair of ends with its ports and clusters."""

    where: Location
    pairs: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def add(self, source: str, destination: str, ports: PortSet, cluster: str) -> None:
        """One pair of ends in one cluster."""
        self.pairs.setdefault((source, destination, str(ports)), []).append(cluster)


class _Legs:
    """The legs of flows in a cluster by their ends, so that a guardrail looks at those that it speaks of only."""

    def __init__(self, cluster: Cluster, ends: Ends) -> None:
        self.cluster = cluster
        self.pods = ends.pods(cluster)
        self._by_source: dict[str, list[tuple[str, Flow, Leg]]] = {}
        self._sources: dict[str, tuple[SideEnd, ...]] = {}
        self._destinations: dict[str, tuple[SideEnd, ...]] = {}
        for flow, leg in ends.legs(cluster):
            source, destination = leg.source.id, leg.destination.id
            if source not in self._sources:
                self._sources[source] = ends.of(leg.source, cluster)
            if destination not in self._destinations:
                self._destinations[destination] = ends.of(leg.destination, cluster)
            self._by_source.setdefault(source, []).append((destination, flow, leg))

    def between(self, source: Side, destination: Side) -> Iterator[tuple[str, str, Flow, Leg]]:
        """The legs whose ends two sides speak of, with the ids of their ends."""
        reached = {end for end, seen in self._destinations.items() if _any(destination, seen)}
        if not reached:
            return
        for id_, seen in self._sources.items():
            if _any(source, seen):
                for end, flow, leg in self._by_source[id_]:
                    if end in reached:
                        yield id_, end, flow, leg


def find(model: Model, ends: Ends) -> Iterator[Raised]:
    """One finding for each guardrail and each flow or grant that breaks it."""
    guardrails = [guardrail for guardrail in model.guardrails if not guardrail.must]
    if not guardrails:
        return
    clusters = [_Legs(cluster, ends) for cluster in model.clusters.values()]
    for guardrail in guardrails:
        broken: dict[str, _Broken] = {}
        for legs in clusters:
            for source, destination, flow, leg in legs.between(guardrail.source, guardrail.destination):
                if ports := forbidden(guardrail, port_set(leg.ports)):
                    broken.setdefault(flow.id, _Broken(flow.where)).add(source, destination, ports, legs.cluster.name)
            for grant in model.grants_in(legs.cluster):
                _grant(guardrail, legs, grant, model, ends, broken)
        for subject in sorted(broken):
            yield _raised(guardrail, subject, broken[subject])


def _grant(
    guardrail: Guardrail, legs: _Legs, grant: Grant, model: Model, ends: Ends, broken: dict[str, _Broken]
) -> None:
    sides = guardrail.source, guardrail.destination
    pod_side, peer_side = sides if grant.to_peer else sides[::-1]
    if not _any(peer_side, ends.of(grant.peer, legs.cluster)):
        return
    for pod in legs.pods:
        if matches(pod_side, pod) and (ports := forbidden(guardrail, granted_ports(grant, pod.workload, model))):
            name = pod.workload or f"any other pod of {pod.namespace}"
            source, destination = (name, grant.peer.name) if grant.to_peer else (grant.peer.name, name)
            entry = broken.setdefault(f"baseline/{grant.name}", _Broken(grant.where))
            entry.add(source, destination, ports, legs.cluster.name)


def granted_ports(grant: Grant, workload: str, model: Model) -> PortSet:
    """The ports that a grant opens between its peer and a workload (an id, or empty for any other pod)."""
    ports = port_set(grant.ranges)
    if grant.port_names and workload:
        for name in grant.port_names:
            port = model.workloads[workload].port(name)
            ports |= port_set(port.ranges) if port else NO_PORTS
    return ports


def _any(side: Side, ends: Iterable[SideEnd]) -> bool:
    return any(matches(side, end) for end in ends)


def _raised(guardrail: Guardrail, subject: str, broken: _Broken) -> Raised:
    shown = [
        f"{source} → {destination} on {ports} in {', '.join(clusters)}"
        for (source, destination, ports), clusters in sorted(broken.pairs.items())
    ]
    text = "; ".join(shown[:3]) + (f"; and {len(shown) - 3} more" if len(shown) > 3 else "")
    what = "grant" if subject.startswith("baseline/") else "flow"
    # a workload's waiver holds for what the workload does, and not for the other pairs of the same flow
    ends = set.intersection(*({source, destination} for source, destination, _ in broken.pairs))
    finding = CHECK.at(
        broken.where,
        f"{what} {subject} breaks the guardrail {guardrail.name} ({guardrail.reason}): {text}",
        hint=f"remove or narrow it, or ask the platform team for a waiver of `{guardrail.name}` for `{subject}`",
        subject=subject,
        related=[(guardrail.where, f"the guardrail {guardrail.name}")],
    )
    return Raised(finding, guardrail.name, {subject, *ends})
