"""A connection that must be is not declared.

## What it finds

A guardrail with `must`, and a workload or peer of its `from` that no flow and no grant connects with each workload or
peer of its `to`, on all of its ports (without `ports`: on any). Catalogue peers count where the guardrail names them.
Both ends are taken in one cluster. A workload can be waived for one guardrail.

## Why it matters

What must be reachable is what everything else rests on: names, probes, the collection of logs. A cluster without it
fails in ways that are hard to read.

## Fails

```yaml
# policies/guardrails/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails:
  - name: metrics-are-read
    must: {from: {peers: [prometheus]}, to: {workloads: [shop/checkout, payments/api]}, ports: [9090/TCP]}
    reason: Alerts rest on metrics
```

## Passes

```yaml
# policies/guardrails/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails:
  - name: metrics-are-read
    must: {from: {peers: [prometheus]}, to: {workloads: [shop/checkout, shop/frontend]}, ports: [9090/TCP]}
    reason: Alerts rest on metrics
```
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ringfence.checks.guardrail_broken import granted_ports
from ringfence.checks.sides import Ends, OfWorkloads, matches, missing, port_set
from ringfence.checks.waiving import Raised
from ringfence.findings import Check, Finding, Severity
from ringfence.model.types import Cluster, End, Guardrail, Leg, Model, Peer, Side, Workload
from ringfence.values.ports import NO_PORTS, PortSet

CHECK = Check("RF302", "guardrail-unmet", Severity.ERROR, __doc__)


def find(model: Model, ends: Ends) -> Iterator[Raised]:
    """One finding for each guardrail and each workload that lacks something of it."""
    guardrails = [guardrail for guardrail in model.guardrails if guardrail.must]
    if not guardrails:
        return
    clusters = [_Declared(model, cluster, ends) for cluster in model.clusters.values()]
    for guardrail in guardrails:
        lacking: dict[str, dict[tuple[str, str, str], list[str]]] = {}
        for declared in clusters:
            cluster = declared.cluster
            for source, destination in pairs(guardrail, model, cluster, ends):
                if ports := declared.missing(guardrail, source, destination):
                    subject = source.id if isinstance(source, Workload) else destination.id
                    what = str(ports) if guardrail.ports else "any port"
                    lacking.setdefault(subject, {}).setdefault((source.id, destination.id, what), []).append(
                        cluster.name
                    )
        for subject in sorted(lacking):
            finding = _finding(guardrail, model.workloads[subject], lacking[subject])
            yield Raised(finding, guardrail.name, (subject,))


def pairs(guardrail: Guardrail, model: Model, cluster: Cluster, ends: Ends) -> Iterator[tuple[End, End]]:
    """The pairs of ends of which a `must` speaks in a cluster; at least one of the two is a workload."""
    sources = list(_matching(guardrail.source, model, cluster, ends))
    destinations = list(_matching(guardrail.destination, model, cluster, ends))
    for source in sources:
        for destination in destinations:
            if source.id != destination.id and not (isinstance(source, Peer) and isinstance(destination, Peer)):
                yield source, destination


def _matching(side: Side, model: Model, cluster: Cluster, ends: Ends) -> Iterator[End]:
    yield from OfWorkloads(side, cluster).among(model.workloads_in(cluster))
    for peer in model.peers.values() if side.peers or side.world else ():
        # a peer of pods is in the cluster; one of addresses is what it is anywhere
        if matches(side, ends.of(peer, cluster)[0]):
            yield peer


class _Declared:
    """What grants and flows open between two ends in a cluster."""

    def __init__(self, model: Model, cluster: Cluster, ends: Ends) -> None:
        self.cluster = cluster
        self._model = model
        self._ends = ends
        self._grants = model.grants_in(cluster)
        self._by_workload: dict[str, list[Leg]] | None = None

    def missing(self, guardrail: Guardrail, source: End, destination: End) -> PortSet:
        """What a `must` asks for and nothing opens. The grants come first, since they often do, and flows are many."""
        granted = self._granted(source, destination)
        if not missing(guardrail, granted):
            return NO_PORTS
        return missing(guardrail, granted | self._flowing(source, destination))

    def _granted(self, source: End, destination: End) -> PortSet:
        workload, other = (source, destination) if isinstance(source, Workload) else (destination, source)
        ports = NO_PORTS
        if isinstance(other, Peer):
            for grant in self._grants:
                if grant.to_peer == (other is destination) and _covers(grant.peer, other):
                    ports |= granted_ports(grant, workload.id, self._model)
        return ports

    def _flowing(self, source: End, destination: End) -> PortSet:
        if self._by_workload is None:
            self._by_workload = {}
            for _, leg in self._ends.legs(self.cluster):
                for end in (leg.source, leg.destination):
                    if isinstance(end, Workload):
                        self._by_workload.setdefault(end.id, []).append(leg)
        workload = source if isinstance(source, Workload) else destination
        ports = NO_PORTS
        for leg in self._by_workload.get(workload.id, ()):
            if _covers(leg.source, source) and _covers(leg.destination, destination):
                ports |= port_set(leg.ports)
        return ports


def _covers(declared: End, wanted: End) -> bool:
    """Whether what is declared for one end holds for all of another."""
    if declared.id == wanted.id:
        return True
    if not (isinstance(declared, Peer) and isinstance(wanted, Peer)) or declared.is_pods != wanted.is_pods:
        return False
    if declared.is_pods:
        return declared.namespace == wanted.namespace and set(declared.labels) <= set(wanted.labels)
    if wanted.only_names:
        return set(wanted.names) <= set(declared.names)
    return wanted.addresses <= declared.addresses


def _finding(guardrail: Guardrail, workload: Workload, lacking: dict[tuple[str, str, str], list[str]]) -> Finding:
    return CHECK.at(
        workload.where,
        f"{workload.id} lacks what the guardrail {guardrail.name} asks for ({guardrail.reason}): "
        f"{_listed(lacking.items())}",
        hint="add a flow, or ask the platform team for a grant, or for a waiver",
        subject=workload.id,
        related=[(guardrail.where, f"the guardrail {guardrail.name}")],
    )


def _listed(lacking: Iterable[tuple[tuple[str, str, str], list[str]]]) -> str:
    shown = [
        f"{source} → {destination} on {ports} in {', '.join(clusters)}"
        for (source, destination, ports), clusters in sorted(lacking)
    ]
    return "; ".join(shown[:3]) + (f"; and {len(shown) - 3} more" if len(shown) > 3 else "")
