"""The checks of Cilium's policies: identities and pages. Codes RF740-RF749."""

from __future__ import annotations

from ringfence.findings import Check, Severity

REFUSED = Check(
    "RF740",
    "cilium-policy-refused",
    Severity.ERROR,
    """A Cilium policy that the API server refuses.

## What it finds
Values that the CRD of the kind turns down: a port written as a number, a protocol in lower case, an entity that it does
not list, no rules at all, both selectors at once, more than 40 ports, a CIDR without a prefix length, `null`, wrong
types, bad names.

## Why it matters
The object never reaches the cluster, so what it was to protect stays as it was.

## Fails
    ingress:
      - toPorts: [{ports: [{port: 80, protocol: tcp}]}]

## Passes
    ingress:
      - toPorts: [{ports: [{port: "80", protocol: TCP}]}]
""",
)

UNKNOWN_FIELD = Check(
    "RF741",
    "cilium-unknown-field",
    Severity.ERROR,
    """A field that Cilium's kind does not have.

## What it finds
A key that the CRD does not declare, at any depth: `fromEndpoint`, `toFQDNs` in a deny rule, `rules` in a deny rule.

## Why it matters
Without strict validation the server drops the field and keeps the rest, which means something else: a rule that has
lost its peers and keeps its ports allows everyone. With strict validation the object is refused.

## Fails
    ingress:
      - fromEndpoint: [{}]

## Passes
    ingress:
      - fromEndpoints: [{}]
""",
)

NOT_ENFORCED = Check(
    "RF742",
    "cilium-policy-not-enforced",
    Severity.ERROR,
    """A Cilium policy that the API server takes and Cilium's agent does not enforce.

## What it finds
Objects that pass the CRD and fail in the agent: `ingress: []` as the only section, two kinds of peers in one rule,
`toPorts` beside `icmps`, port "70000", an exception outside its CIDR, `nodeSelector` in a CiliumNetworkPolicy, DNS
rules at ingress, L7 rules on anything but TCP, `fromRequires`.

## Why it matters
The object is in the cluster and looks applied, yet none of its rules are in force, not even the good ones. It fails
open: pods that nothing else selects stay reachable by everyone. Only its `Valid` condition tells.

## Fails
    spec: {endpointSelector: {}, ingress: []}

## Passes
    spec: {endpointSelector: {}, ingress: [{}]}
""",
)

MATCHES_NOTHING = Check(
    "RF743",
    "cilium-rule-matches-nothing",
    Severity.WARNING,
    """A rule of a Cilium policy that matches nothing.

## What it finds
A list of peers that is there and empty, an item of `toPorts` without ports, an empty rule that stands beside others or
in a deny section. An empty rule alone in `ingress` or `egress` is how default deny is written, and passes.

## Why it matters
In a NetworkPolicy the same words allow everyone or every port. In Cilium they allow, or deny, nothing.

## Fails
    egress:
      - toEndpoints: []

## Passes
    egress:
      - toEndpoints: [{}]
""",
)

READ_OTHERWISE = Check(
    "RF744",
    "cilium-value-read-otherwise",
    Severity.WARNING,
    """A value that Cilium reads otherwise than it looks.

## What it finds
`endPort` below its port or beside a named port (ignored), a port with a leading zero (octal), a CIDR with host bits
(they are dropped), an empty `toFQDNs`, `toServices` or group beside `toPorts` (anyone, on those ports).

## Why it matters
The policy is in force and does something else than its author reads in it.

## Fails
    toPorts: [{ports: [{port: "8000", endPort: 800}]}]

## Passes
    toPorts: [{ports: [{port: "8000", endPort: 8010}]}]
""",
)

NEEDS_OPTION = Check(
    "RF745",
    "cilium-needs-agent-option",
    Severity.WARNING,
    """A rule that only works with an option of the agent that is off by default.

## What it finds
`fromNodes` and `toNodes` (`enable-node-selector-labels`), `nodeSelector` (`enable-host-firewall`), the protocols VRRP
and IGMP (`enable-extended-ip-protocols`).

## Why it matters
Where the option is off, the agent refuses the policy or ignores it, and what it was to protect stays open.

## Fails
    egress: [{toNodes: [{matchLabels: {zone: a}}]}]

## Passes
    egress: [{toEntities: [remote-node]}]
""",
)

NAMESPACE_REPLACED = Check(
    "RF746",
    "cilium-namespace-replaced",
    Severity.WARNING,
    """An endpoint selector that names another namespace than its policy's.

## What it finds
`io.kubernetes.pod.namespace` in the `endpointSelector` of a CiliumNetworkPolicy with a namespace that is not its own.

## Why it matters
A CiliumNetworkPolicy selects endpoints of its own namespace only. Cilium drops the other name (`k8s:`) or selects
nothing (without source), and the pods that were meant stay unprotected.

## Fails
    metadata: {name: a, namespace: shop}
    spec: {endpointSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": payments}}, ingress: [{}]}

## Passes
    metadata: {name: a, namespace: payments}
    spec: {endpointSelector: {}, ingress: [{}]}
""",
)

LABEL_LEFT_OUT = Check(
    "RF747",
    "cilium-label-left-out",
    Severity.WARNING,
    """A selector on a label that Cilium leaves out of identities.

## What it finds
Labels that Cilium's default filter drops: `pod-template-hash`, `controller-revision-hash`,
`statefulset.kubernetes.io/pod-name`, those that begin with `kubernetes.io`, `io.kubernetes` or `k8s.io`, and others.

## Why it matters
Policies see identities, not pods. A label that is in no identity matches no endpoint, whatever the pods carry, and
`NotIn` and `DoesNotExist` match all of them. (A cluster can set another filter.)

## Fails
    endpointSelector: {matchLabels: {statefulset.kubernetes.io/pod-name: db-0}}

## Passes
    endpointSelector: {matchLabels: {app.kubernetes.io/name: db}}
""",
)

CHECKS = (
    REFUSED,
    UNKNOWN_FIELD,
    NOT_ENFORCED,
    MATCHES_NOTHING,
    READ_OTHERWISE,
    NEEDS_OPTION,
    NAMESPACE_REPLACED,
    LABEL_LEFT_OUT,
)
