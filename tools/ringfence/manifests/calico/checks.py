"""The checks on Calico objects: identities and pages. Codes RF730-RF739."""

from __future__ import annotations

from ringfence.findings import Check, Severity

REFUSED = Check(
    "RF730",
    "calico-object-refused",
    Severity.ERROR,
    """A Calico object that the API server refuses.

## What it finds
Values that the schema of `projectcalico.org/v3` turns down: an action other than Allow, Deny, Log and Pass, a type that
is not exactly Ingress or Egress or stands twice, an order that is no number, an ICMP type above 254, `preDNAT` with
egress rules, a built-in tier with another default action, wrong types of values.

## Why it matters
The object never reaches the cluster, and what is there instead cannot be known from the files: every connection that
the object could touch is undefined.

## Fails
    spec:
      selector: app == 'web'
      ingress: [{action: allow}]

## Passes
    spec:
      selector: app == 'web'
      ingress: [{action: Allow}]
""",
)

UNKNOWN_FIELD = Check(
    "RF731",
    "calico-unknown-field",
    Severity.ERROR,
    """A field that Calico's API does not have.

## What it finds
A key that `projectcalico.org/v3` of open source Calico does not declare, at any depth: slips, fields of NetworkPolicy
v1 (`from`, `podSelector`), and fields of the commercial editions (`domains`).

## Why it matters
With strict validation the object is refused. Without it the field is dropped, and a rule that has lost its condition
matches everything.

## Fails
    egress:
      - action: Allow
        destination: {domains: [api.example.com]}

## Passes
    egress:
      - action: Allow
        destination: {nets: [192.0.2.10/32]}
""",
)

NOT_ENFORCED = Check(
    "RF732",
    "calico-object-not-enforced",
    Severity.ERROR,
    """A Calico object that the API server takes and Calico does not enforce as written.

## What it finds
What the resource definitions let through and Calico's own validation turns down: a selector with a syntax error, a CIDR
that is none, an unknown protocol, ports without a protocol that has ports, `icmp` without protocol ICMP, networks of
another family than `ipVersion`, `services` beside a selector, `global()` out of place, a tier with dots in its name, a
built-in tier with another order; and a staged NetworkPolicy v1 that could never be promoted.

## Why it matters
`kubectl apply` says "created", and then Calico's agent treats the object as missing, or drops the broken condition and
keeps the rest. A policy that looks effective and is not is worse than none. Connections that it could touch are
undefined.

## Fails
    spec:
      selector: app === 'web'
      ingress: [{action: Allow, destination: {ports: [80]}}]

## Passes
    spec:
      selector: app == 'web'
      ingress: [{action: Allow, protocol: TCP, destination: {ports: [80]}}]
""",
)

UNUSUAL = Check(
    "RF733",
    "calico-form-not-portable",
    Severity.WARNING,
    """A form that some releases of Calico refuse.

## What it finds
CIDRs with host bits, addresses without a prefix length, IPv4 and IPv6 networks in one rule, protocol names in another
case, selectors of more than 1024 characters.

## Why it matters
What is meant is clear, and Calico 3.32 reads it so. `calicoctl`, Calico's own API server or later resource definitions
refuse it, so an upgrade or another way to apply can lose the object.

## Fails
    - action: Allow
      protocol: tcp
      destination: {nets: [10.0.0.1/8]}

## Passes
    - action: Allow
      protocol: TCP
      destination: {nets: [10.0.0.0/8]}
""",
)

RULES_IGNORED = Check(
    "RF734",
    "calico-rules-ignored",
    Severity.WARNING,
    """Rules of a Calico policy that have no effect.

## What it finds
`ingress` rules beside `types` without Ingress, `egress` rules beside `types` without Egress, and rules or a selector
in a staged policy whose `stagedAction` is Delete.

## Why it matters
The rules read as if they were in force, and the direction stays as other policies leave it.

## Fails
    types: [Egress]
    ingress: [{action: Deny}]

## Passes
    types: [Ingress, Egress]
    ingress: [{action: Deny}]
""",
)

TIER_AND_NAME = Check(
    "RF735",
    "calico-name-and-tier-differ",
    Severity.WARNING,
    """A Calico policy whose name speaks of another tier than its `tier`.

## What it finds
A policy outside the tier `default` whose name does not begin with `<tier>.`, and a name with a dot whose first part is
not the tier of the policy.

## Why it matters
Up to 3.31 Calico refuses a policy without the prefix of its tier. A prefix without `tier` misleads: the policy stands
in the tier `default`, behind every other.

## Fails
    metadata: {name: platform.deny-egress}
    spec: {selector: all()}

## Passes
    metadata: {name: platform.deny-egress}
    spec: {tier: platform, selector: all()}
""",
)

STAGED = Check(
    "RF736",
    "calico-policy-staged",
    Severity.INFO,
    """A staged Calico policy: it is not enforced.

## What it finds
StagedNetworkPolicy, StagedGlobalNetworkPolicy and StagedKubernetesNetworkPolicy.

## Why it matters
A staged policy only reports what it would do. Nothing is allowed or denied by it until somebody writes the same policy
without "Staged".

## Fails
    kind: StagedNetworkPolicy

## Passes
    kind: NetworkPolicy
""",
)

BEYOND_PORTS = Check(
    "RF737",
    "calico-rule-beyond-ports",
    Severity.INFO,
    """Something in a Calico policy that addresses and ports cannot express.

## What it finds
`http` in a rule (needs application layer policy), and `doNotTrack`, `preDNAT` and `applyOnForward`, which speak of host
endpoints.

## Why it matters
Connections are shown by address, protocol and port. An `http` rule leaves the port open and restricts the requests on
it; policies before connection tracking or before NAT apply to hosts, not to pods.

## Fails
    - action: Allow
      http: {methods: [GET]}

## Passes
    - action: Allow
      protocol: TCP
      destination: {ports: [8080]}
""",
)

NO_SELECTOR = Check(
    "RF738",
    "calico-no-selector",
    Severity.WARNING,
    """A Calico policy that says nowhere what it applies to.

## What it finds
A policy without `selector`, `namespaceSelector` and `serviceAccountSelector`.

## Why it matters
It applies to every pod of its namespace; a GlobalNetworkPolicy to every pod of every namespace, those of the cluster
itself included, and to host endpoints. Written out as `selector: all()`, the reader sees it.

## Fails
    kind: GlobalNetworkPolicy
    spec: {types: [Ingress]}

## Passes
    kind: GlobalNetworkPolicy
    spec: {namespaceSelector: team == 'shop', types: [Ingress]}
""",
)

STORAGE_GROUP = Check(
    "RF739",
    "calico-storage-group",
    Severity.WARNING,
    """A Calico object written in the group of Calico's own storage.

## What it finds
Objects of `crd.projectcalico.org/v1`.

## Why it matters
That group is where Calico up to 3.31 stores what its own server has checked and completed. Applied directly, an object
passes no validation and gets no defaults: without `types` a policy covers both directions, whatever rules it has.

## Fails
    apiVersion: crd.projectcalico.org/v1
    kind: GlobalNetworkPolicy

## Passes
    apiVersion: projectcalico.org/v3
    kind: GlobalNetworkPolicy
""",
)

CHECKS = (
    REFUSED,
    UNKNOWN_FIELD,
    NOT_ENFORCED,
    UNUSUAL,
    RULES_IGNORED,
    TIER_AND_NAME,
    STAGED,
    BEYOND_PORTS,
    NO_SELECTOR,
    STORAGE_GROUP,
)
