"""RF758: a rule for ports that no pod behind it declares."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.connectivity import Direction, Endpoint, bits
from ringfence.findings import Check, Finding, Severity
from ringfence.lint import evidence
from ringfence.lint.evidence import Evidence
from ringfence.lint.views import Rule
from ringfence.manifests import AdminPolicy, AdminRule, NetworkPolicy, PodsPeer, PolicyPort
from ringfence.manifests import Rule as NetworkRule
from ringfence.values.nearest import nearest
from ringfence.values.ports import NO_PORTS, PortRange, PortSet

CHECK = Check(
    "RF758",
    "port-not-declared",
    Severity.WARNING,
    """
A rule for a port that none of its pods declares.

## What it finds

A port of a rule whose destinations are declared workloads, chosen by their labels and all with declared container
ports, where none of them declares this port: a number or range without any of theirs, or a port name that none of them
has. Destinations that a selector does not pick by a label, and workloads without a declared port, are left alone.

## Why it matters

Policies see the port of the pod, after a Service has translated its own: a rule for port 80 of the Service does not
open 8080 of the pod. A name that no pod has opens nothing. A number can still be right, since declaring ports is
voluntary in Kubernetes; then declare it.

## Fails

```yaml
# api.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
  ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 80}]}]
```

## Passes

```yaml
# api.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
  ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 8080}]}]
```
""",
)


def find(seen: Evidence) -> Iterator[Finding]:
    """Each port of a rule that no destination declares."""
    for rule in seen.views.rules:
        ruling = rule.rule.rule
        if not isinstance(ruling, NetworkRule | AdminRule) or not ruling.ports:
            continue
        pods = _destinations(seen, rule, ruling)
        if not pods or not all(item.declares for item in pods):
            continue
        declared = NO_PORTS
        for item in pods:
            declared |= item.declares
        for port in dict.fromkeys(_once(ruling.ports)):
            if not _is_there(port, pods, declared, ruling.ports):
                yield _finding(rule, port, pods, declared)


def _destinations(seen: Evidence, rule: Rule, ruling: NetworkRule | AdminRule) -> list[Endpoint]:
    """The declared pods that a rule's ports are for; none where labels do not pick them all."""
    space, policy = seen.result.space, rule.applied.policy
    namespace = policy.namespace if isinstance(policy, NetworkPolicy) else ""
    if rule.applied.direction is Direction.EGRESS:
        peers = list(ruling.peers)
    elif isinstance(policy, NetworkPolicy):
        peers = [PodsPeer(policy.selector, None)]
    else:
        peers = [policy.subject] if isinstance(policy, AdminPolicy) else []
    found = 0
    for peer in peers:
        if not isinstance(peer, PodsPeer) or not _picks(peer):
            return []
        here = space.peers(namespace, peer)[1] & seen.declared
        if not here:
            return []
        found |= here
    return [space.endpoints[position] for position in bits.positions(found)]


def _picks(peer: PodsPeer) -> bool:
    """Whether a peer names pods by a label that they must have."""
    return any(item.operator == "In" for item in peer.pods.requirements)


def _once(ports: tuple[PolicyPort, ...]) -> Iterator[PolicyPort]:
    """The ports with one for each name, since an administrator's policy names no protocol beside it."""
    names: set[str] = set()
    for port in ports:
        if port.name not in names or not port.name:
            yield port
        names.add(port.name)


def _is_there(port: PolicyPort, pods: list[Endpoint], declared: PortSet, ports: tuple[PolicyPort, ...]) -> bool:
    if port.name:
        wanted = {(one.name, one.protocol) for one in ports}
        return any((own.name, own.protocol) in wanted and own.name == port.name for item in pods for own in item.ports)
    return bool(declared & PortSet.of([PortRange(port.protocol, port.first, port.last)]))


def _finding(rule: Rule, port: PolicyPort, pods: list[Endpoint], declared: PortSet) -> Finding:
    names = sorted({own.name for item in pods for own in item.ports})
    if port.name:
        what = f"port name {port.name!r}"
        close = nearest(port.name, names)
        hint = f"did you mean {close}?" if close else f"the pods name {', '.join(names) or 'no port'}"
    else:
        what = f"port {PortRange(port.protocol, port.first, port.last)}"
        hint = f"the pods declare {declared}; policies see the port of the pod, not that of a Service"
    who = evidence.some([str(item) for item in pods])
    return CHECK.at(
        evidence.place(rule),
        f"{evidence.rule(rule)} is for {what}, which none of its pods declares ({who})",
        hint=hint,
        subject=rule.applied.policy.id,
        related=[(pods[0].where, f"declares {pods[0].declares}")],
    )
