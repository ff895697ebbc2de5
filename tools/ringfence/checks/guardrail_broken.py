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

from ringfence.checks.sides import Ends, SideEnd, forbidden, matches
from ringfence.checks.waiving import Raised
from ringfence.findings import Check, Location, Severity
from ringfence.model.types import Cluster, Flow, Grant, Guardrail, Leg, Model
from ringfence.values.ports import NO_PORTS, PortSet

CHECK = Check("RF301", "guardrail-broken", Severity.ERROR, __doc__)


@dataclass(slots=True)
class _Broken:
    """What one flow or grant opens against a guardrail: each pair of ends with its ports and clusters."""

    where: Location
    pairs: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def add(self, source: str, destination: str, ports: PortSet, cluster: str) -> None:
        self.pairs.setdefault((source, destination, str(ports)), []).append(cluster)


def find(model: Model) -> Iterator[Raised]:
    """One finding for each guardrail and each flow or grant that breaks it."""
    guardrails = [guardrail for guardrail in model.guardrails if not guardrail.must]
    if not guardrails:
        return
    ends = Ends(model)
    clusters = [
        (cluster, _by_source(model.legs_in(cluster)), ends.pods(cluster)) for cluster in model.clusters.values()
    ]
    for guardrail in guardrails:
        broken: dict[str, _Broken] = {}
        for cluster, legs, pods in clusters:
            _flows(guardrail, cluster, legs, ends, broken)
            for grant in model.grants_in(cluster):
                _grant(guardrail, cluster, grant, model, pods, ends, broken)
        for subject in sorted(broken):
            yield _raised(guardrail, subject, broken[subject])


def _by_source(legs: Iterable[tuple[Flow, Leg]]) -> dict[str, list[tuple[Flow, Leg]]]:
    result: dict[str, list[tuple[Flow, Leg]]] = {}
    for flow, leg in legs:
        result.setdefault(leg.source.id, []).append((flow, leg))
    return result


def _flows(
    guardrail: Guardrail,
    cluster: Cluster,
    legs: dict[str, list[tuple[Flow, Leg]]],
    ends: Ends,
    broken: dict[str, _Broken],
) -> None:
    reached: dict[str, bool] = {}
    for source, group in legs.items():
        if not _any(guardrail, "source", ends.of(group[0][1].source, cluster)):
            continue
        for flow, leg in group:
            destination = leg.destination.id
            if destination not in reached:
                reached[destination] = _any(guardrail, "destination", ends.of(leg.destination, cluster))
            if reached[destination] and (ports := forbidden(guardrail, PortSet.of(leg.ports))):
                broken.setdefault(flow.id, _Broken(flow.where)).add(source, destination, ports, cluster.name)


def _grant(
    guardrail: Guardrail,
    cluster: Cluster,
    grant: Grant,
    model: Model,
    pods: Iterable[SideEnd],
    ends: Ends,
    broken: dict[str, _Broken],
) -> None:
    peer_part, pod_part = ("destination", "source") if grant.to_peer else ("source", "destination")
    if not _any(guardrail, peer_part, ends.of(grant.peer, cluster)):
        return
    for pod in pods:
        ports = forbidden(guardrail, granted_ports(grant, pod.workload, model))
        if ports and _any(guardrail, pod_part, (pod,)):
            name = pod.workload or f"any other pod of {pod.namespace}"
            source, destination = (name, grant.peer.name) if grant.to_peer else (grant.peer.name, name)
            broken.setdefault(f"baseline/{grant.name}", _Broken(grant.where)).add(
                source, destination, ports, cluster.name
            )


def granted_ports(grant: Grant, workload: str, model: Model) -> PortSet:
    """The ports that a grant opens between its peer and a workload (an id, or empty for any other pod)."""
    ports = PortSet.of(grant.ranges)
    if grant.port_names and workload:
        for name in grant.port_names:
            port = model.workloads[workload].port(name)
            ports |= PortSet.of(port.ranges) if port else NO_PORTS
    return ports


def _any(guardrail: Guardrail, part: str, ends: Iterable[SideEnd]) -> bool:
    side = guardrail.source if part == "source" else guardrail.destination
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
