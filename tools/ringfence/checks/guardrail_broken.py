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

from msgspec import Struct, field

from ringfence.checks.sides import Ends, OfWorkloads, SideEnd, forbidden, matches, other_pods, port_set
from ringfence.checks.waiving import Raised
from ringfence.findings import Check, Location, Severity
from ringfence.model.types import Cluster, End, Flow, Grant, Guardrail, Leg, Model, Side, Workload
from ringfence.values.ports import NO_PORTS, PortSet

CHECK = Check("RF301", "guardrail-broken", Severity.ERROR, __doc__)


class _Broken(Struct):
    """What one flow or grant opens against a guardrail: each pair of ends with its ports and clusters."""

    where: Location
    pairs: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def add(self, source: str, destination: str, ports: PortSet, cluster: str) -> None:
        """One pair of ends in one cluster."""
        self.pairs.setdefault((source, destination, str(ports)), []).append(cluster)


class _Spoken:
    """The workloads and peers that a side speaks of in a cluster."""

    def __init__(self, side: Side, cluster: Cluster, model: Model, ends: Ends) -> None:
        self._model = model
        self._workloads = OfWorkloads(side, cluster)
        self._peers = {peer.id for peer in model.peers.values() if _any(side, ends.of(peer, cluster))}

    def __bool__(self) -> bool:
        return not self._workloads.none or bool(self._peers)

    def __contains__(self, end: End) -> bool:
        return self._workloads(end) if isinstance(end, Workload) else end.id in self._peers

    def ids(self) -> set[str]:
        """The ids of all of them."""
        return self._peers | {item.id for item in self._workloads.among(self._model.workloads.values())}


class _Legs:
    """The legs of flows between the ends that guardrails speak of; the others are never looked at."""

    def __init__(self, guardrails: Iterable[Guardrail], model: Model, ends: Ends) -> None:
        self._meant: dict[tuple[str, str], tuple[_Spoken, set[str]]] = {}
        for guardrail in guardrails:
            for cluster in model.clusters.values():
                sources = _Spoken(guardrail.source, cluster, model, ends)
                reached = _Spoken(guardrail.destination, cluster, model, ends).ids() if sources else set()
                self._meant[guardrail.name, cluster.name] = (sources, reached)
        wanted = set[str]().union(*(reached for _, reached in self._meant.values()))
        self._into: dict[str, list[tuple[Flow, Leg]]] = {id_: [] for id_ in wanted}
        flows = model.flows if wanted else ()
        legs = [(flow, leg) for flow in flows for leg in flow.legs if leg.destination.id in wanted]
        for flow, leg in legs:
            self._into[leg.destination.id].append((flow, leg))

    def between(self, guardrail: Guardrail, cluster: Cluster) -> Iterator[tuple[Flow, Leg]]:
        """The legs in a cluster whose ends the two sides of a guardrail speak of."""
        sources, reached = self._meant[guardrail.name, cluster.name]
        for id_ in reached:
            for flow, leg in self._into[id_]:
                if leg.source in sources and cluster.environment in leg.shared(flow.environments):
                    yield flow, leg


def find(model: Model, ends: Ends) -> Iterator[Raised]:
    """One finding for each guardrail and each flow or grant that breaks it."""
    guardrails = [guardrail for guardrail in model.guardrails if not guardrail.must]
    legs = _Legs(guardrails, model, ends)
    for guardrail in guardrails:
        broken: dict[str, _Broken] = {}
        for cluster in model.clusters.values():
            for flow, leg in legs.between(guardrail, cluster):
                if ports := forbidden(guardrail, port_set(leg.ports)):
                    entry = broken.setdefault(flow.id, _Broken(flow.where))
                    entry.add(leg.source.id, leg.destination.id, ports, cluster.name)
            for grant in model.grants_in(cluster):
                _grant(guardrail, cluster, grant, model, ends, broken)
        for subject in sorted(broken):
            yield _raised(guardrail, subject, broken[subject])


def _grant(
    guardrail: Guardrail, cluster: Cluster, grant: Grant, model: Model, ends: Ends, broken: dict[str, _Broken]
) -> None:
    sides = guardrail.source, guardrail.destination
    pod_side, peer_side = sides if grant.to_peer else sides[::-1]
    if not _any(peer_side, ends.of(grant.peer, cluster)):
        return
    of_workloads = OfWorkloads(pod_side, cluster)
    pods = [(item.id, item.id) for item in of_workloads.among(model.workloads_in(cluster))]
    pods += [("", f"any other pod of {pod.namespace}") for pod in other_pods(model, cluster) if of_workloads.pod(pod)]
    for workload, name in pods:
        if ports := forbidden(guardrail, granted_ports(grant, workload, model)):
            source, destination = (name, grant.peer.name) if grant.to_peer else (grant.peer.name, name)
            entry = broken.setdefault(f"baseline/{grant.name}", _Broken(grant.where))
            entry.add(source, destination, ports, cluster.name)


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
