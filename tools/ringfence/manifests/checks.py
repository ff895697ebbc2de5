"""The checks of this stage: identities and pages. Codes RF700-RF729."""

from __future__ import annotations

from ringfence.findings import Check, Severity

REFUSED = Check(
    "RF701",
    "networkpolicy-refused",
    Severity.ERROR,
    """A NetworkPolicy that the API server refuses.

## What it finds
Values that validation in the server turns down: ports out of range, an `endPort` below its `port`, a peer that is empty
or mixes `ipBlock` with a selector, a CIDR with host bits, an exception outside its CIDR, bad names and labels, wrong
types.

## Why it matters
The object never reaches the cluster, so what it was to protect stays as it was. Ringfence cannot know what is there
instead: connections of every pod of the namespace become undefined. (Only where the fault is the form of a name, the
policy is still read as it is written.)

## Fails
    ingress:
      - ports: [{port: 70000}]

## Passes
    ingress:
      - ports: [{port: 7000}]
""",
)

UNKNOWN_FIELD = Check(
    "RF702",
    "networkpolicy-unknown-field",
    Severity.ERROR,
    """A field that a policy's API does not have.

## What it finds
A key that the API does not declare, at any depth of a NetworkPolicy or of an administrator's policy.

## Why it matters
Without strict validation the server drops the field and keeps the rest: `form:` for `from:` leaves an empty rule, which
allows everyone. With strict validation the object is refused. So what the field could touch is undefined. A peer of an
administrator's policy that has no other field closes its rule, as its API says: a rule that allows then matches
nothing, and one that denies or passes denies everything.

## Fails
    ingress:
      - form: [{podSelector: {}}]

## Passes
    ingress:
      - from: [{podSelector: {}}]
""",
)

NOT_MODELLED = Check(
    "RF703",
    "policy-kind-not-modelled",
    Severity.ERROR,
    """A policy of a kind that Ringfence does not evaluate.

## What it finds
Objects that decide connections and are neither NetworkPolicy v1, an administrator's policy of
`policy.networking.k8s.io`, nor a policy of Calico or Cilium: those of Antrea, of cloud providers and others, told apart
by API group.

## Why it matters
Such a policy can allow and deny before or after NetworkPolicy does. Leaving it out would give wrong answers, so every
connection that it could touch is undefined.

## Fails
    apiVersion: crd.antrea.io/v1beta1
    kind: ClusterNetworkPolicy

## Passes
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
""",
)

BESIDE = Check(
    "RF715",
    "kind-not-evaluated",
    Severity.INFO,
    """Objects that may stop or redirect connections beside network policies, and are not evaluated.

## What it finds
Policies of service meshes (Istio, Linkerd, Consul, Kuma) and other kinds of vendors that are called policies, once a
kind with their number. Policies about objects, such as those of Kyverno, are not meant.

## Why it matters
Answers are about network policies alone. A mesh can still refuse a connection that they allow, and a redirect can lead
it elsewhere; none of these can open what they deny.

## Fails
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy

## Passes
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
""",
)

DUPLICATE = Check(
    "RF704",
    "object-declared-twice",
    Severity.ERROR,
    """Two objects with the same kind, namespace and name.

## What it finds
A NetworkPolicy, Namespace or workload that appears more than once among the manifests read together.

## Why it matters
A cluster holds one of them: the one applied last, which nobody can read from the files.

## Fails
Two NetworkPolicy objects `shop/default-deny` in two files.

## Passes
One NetworkPolicy `shop/default-deny`, and another with a name of its own.
""",
)

OBJECT_REFUSED = Check(
    "RF705",
    "object-refused",
    Severity.ERROR,
    """A Namespace, workload or list that the API server refuses.

## What it finds
Missing names, labels that are no texts or have a wrong form, port numbers out of range, sections of the wrong type.

## Why it matters
Labels, names and named ports decide which policies apply. An object that cannot be read is left out of the answer.

## Fails
    kind: Namespace
    metadata: {name: shop, labels: {tier: 1}}

## Passes
    kind: Namespace
    metadata: {name: shop, labels: {tier: "1"}}
""",
)

REPLICAS_DIFFER = Check(
    "RF706",
    "replicas-differ",
    Severity.WARNING,
    """Pods of one owner that policies tell apart.

## What it finds
Pods with the same controller whose labels or named ports differ in something that a policy looks at.

## Why it matters
Policies see pods, not owners: such replicas can have different connections. They are shown one by one.

## Fails
Two pods of the DaemonSet `agent`, one with `tier: edge`, and a policy that selects `tier: edge`.

## Passes
Pods of one owner with the same labels.
""",
)

NOT_AN_OBJECT = Check(
    "RF707",
    "not-a-kubernetes-object",
    Severity.WARNING,
    """A document without `apiVersion` and `kind`.

## What it finds
YAML or JSON documents among the manifests that are no Kubernetes objects.

## Why it matters
Such a document is left out. If it was meant as a policy, it does not exist for the cluster either.

## Fails
    metadata: {name: default-deny}
    spec: {podSelector: {}}

## Passes
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: default-deny}
    spec: {podSelector: {}}
""",
)

EMPTY_MEANS_ALL = Check(
    "RF710",
    "empty-list-means-all",
    Severity.WARNING,
    """An empty `from`, `to` or `ports` list, which means everyone or every port.

## What it finds
`from: []`, `to: []` or `ports: []` in a rule of a NetworkPolicy.

## Why it matters
An empty list reads as "nobody" and means "everybody": the API treats it like an absent field.

## Fails
    ingress:
      - from: []

## Passes
    ingress: []        # nobody
    ingress: [{}]      # everybody, and it says so
""",
)

RULES_IGNORED = Check(
    "RF711",
    "rules-without-policy-type",
    Severity.WARNING,
    """A section for a direction that the policy does not cover.

## What it finds
`egress` beside `policyTypes` without Egress, `ingress` beside `policyTypes` without Ingress, and `egress: []` without
any `policyTypes`.

## Why it matters
The section has no effect, and the direction stays open unless another policy isolates it. Cilium alone enforces rules
there all the same.

## Fails
    policyTypes: [Ingress]
    egress: []

## Passes
    policyTypes: [Ingress, Egress]
    egress: []
""",
)

NO_SELECTOR = Check(
    "RF712",
    "no-pod-selector",
    Severity.WARNING,
    """A NetworkPolicy without `podSelector`.

## What it finds
`spec.podSelector` that is absent or null.

## Why it matters
The policy applies to every pod of its namespace. Written out as `podSelector: {}`, the reader sees it.

## Fails
    spec: {policyTypes: [Ingress]}

## Passes
    spec: {podSelector: {}, policyTypes: [Ingress]}
""",
)

REPEATED_TYPE = Check(
    "RF713",
    "policy-type-repeated",
    Severity.WARNING,
    """The same policy type twice.

## What it finds
`policyTypes: [Ingress, Ingress]` or the same with Egress.

## Why it matters
The server accepts it, and the other direction, which was probably meant, stays open.

## Fails
    policyTypes: [Ingress, Ingress]

## Passes
    policyTypes: [Ingress, Egress]
""",
)

ADMIN_REFUSED = Check(
    "RF708",
    "admin-policy-refused",
    Severity.ERROR,
    """An AdminNetworkPolicy, BaselineAdminNetworkPolicy or ClusterNetworkPolicy that the API server refuses.

## What it finds
What the CRDs of `policy.networking.k8s.io` (v1alpha1, v1alpha2) turn down: missing `subject`, `from` or `to`, empty
lists and peers, two members where exactly one belongs, unknown actions and tiers, priorities above 1000, too many
rules, ports out of range, a range whose start is not below its end, CIDRs in a wrong form, a
BaselineAdminNetworkPolicy that is not named `default`.

## Why it matters
The object never reaches the cluster, and such a policy can deny: every connection of the cluster becomes undefined.

## Fails
    spec: {tier: Admin, priority: 1001, subject: {namespaces: {}}}

## Passes
    spec: {tier: Admin, priority: 1000, subject: {namespaces: {}}}
""",
)

EXPERIMENTAL = Check(
    "RF709",
    "admin-policy-experimental",
    Severity.ERROR,
    """A field that only the experimental channel of an administrator's policy has.

## What it finds
`nodes` and `domainNames` peers and, in v1alpha1, `namedPort`.

## Why it matters
A cluster with the CRDs of the standard channel refuses the object, and its rules are not there. Ringfence reads it as
a cluster with the experimental channel does.

## Fails
    egress:
      - {action: Deny, to: [{nodes: {}}]}

## Passes
    egress:
      - {action: Deny, to: [{networks: [10.200.0.0/16]}]}
""",
)

ADMIN_DOUBTFUL = Check(
    "RF714",
    "admin-policy-doubtful",
    Severity.WARNING,
    """A value that the API server accepts in an administrator's policy, and that an implementation cannot read.

## What it finds
Selectors with an unknown operator, without the values that it needs or with malformed labels; a protocol that is none
of TCP, UDP and SCTP; a CIDR with host bits; a port range whose end lies below its start.

## Why it matters
The CRDs do not check these. What a network plugin makes of them is its own affair, so what hangs on them is undefined.
(A CIDR with host bits is read as its network.)

## Fails
    subject: {namespaces: {matchExpressions: [{key: team, operator: IsIn, values: [shop]}]}}

## Passes
    subject: {namespaces: {matchExpressions: [{key: team, operator: In, values: [shop]}]}}
""",
)

KUSTOMIZATION = Check(
    "RF720",
    "kustomization-not-supported",
    Severity.ERROR,
    """A kustomization that uses more than Ringfence renders.

## What it finds
Fields other than `resources` and `patches`, patches that do more than append rules to a NetworkPolicy, targets that
match nothing, resources that are missing or lie outside the repository.

## Why it matters
Ringfence reads back what it rendered to prove what it does. A kustomization that it would have to guess proves nothing.

## Fails
    commonLabels: {team: shop}

## Passes
    resources: [../../../base/shop/checkout]
    patches:
      - path: checkout-rules.yaml
        target: {group: networking.k8s.io, version: v1, kind: NetworkPolicy, name: ringfence-checkout}
""",
)

CHECKS = (
    REFUSED,
    UNKNOWN_FIELD,
    NOT_MODELLED,
    BESIDE,
    DUPLICATE,
    OBJECT_REFUSED,
    REPLICAS_DIFFER,
    NOT_AN_OBJECT,
    EMPTY_MEANS_ALL,
    RULES_IGNORED,
    NO_SELECTOR,
    REPEATED_TYPE,
    ADMIN_REFUSED,
    EXPERIMENTAL,
    ADMIN_DOUBTFUL,
    KUSTOMIZATION,
)
