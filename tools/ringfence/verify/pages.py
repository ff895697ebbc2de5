"""The checks of `verify`: each says how the rendered policies and the declarations disagree."""

from __future__ import annotations

from ringfence.findings import Check, Severity

MISSING = Check(
    "RF501",
    "declared-but-denied",
    Severity.ERROR,
    """\
A declared connection that the rendered policies deny.

## What it finds

A pair of ends and ports that a flow or a baseline grant declares, and that the rendered manifests do not allow:
a rule was deleted or narrowed, an object is missing, or a template writes something else than was compiled.

## Why it matters

The connection would be cut when the cluster syncs, although everyone agreed on it.

## Fails

```yaml
# the flow says shop/frontend → cart/cart on 7070/TCP, and policies/rendered/base/cart/cart/cart.yaml has
spec:
  ingress: []
```

## Passes

```yaml
spec:
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}
          podSelector: {matchLabels: {app: frontend}}
      ports: [{port: 7070, protocol: TCP}]
```
""",
)

EXCESS = Check(
    "RF502",
    "allowed-but-not-declared",
    Severity.ERROR,
    """\
A connection that the rendered policies allow and nobody declared.

## What it finds

A pair of ends and ports that the rendered manifests allow, for which there is neither a flow nor a baseline
grant: a rule was added or widened by hand, or an object that isolates pods is missing. Pods that nobody
declared count too: a rule for labels that no declared workload carries is found through them.

## Why it matters

The cluster would allow what nobody reviewed.

## Fails

```yaml
spec:
  ingress:
    - {}
```

## Passes

```yaml
spec:
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}
          podSelector: {matchLabels: {app: frontend}}
      ports: [{port: 7070, protocol: TCP}]
```
""",
)

UNSETTLED = Check(
    "RF503",
    "undefined-connection",
    Severity.ERROR,
    """\
A connection for which no verdict can be given.

## What it finds

A pair of declared ends for which the rendered manifests do not settle a verdict, with the reason: an object
that cannot be read or is not modelled, or a rule whose effect is left to the network plugin.

## Why it matters

What cannot be proven is refused: the cluster may allow more, or less, than was declared.

## Fails

```yaml
# in a rendered folder
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
```

## Passes

```yaml
# only objects that the renderer writes
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
```
""",
)

GUARDRAIL = Check(
    "RF504",
    "guardrail-broken-by-policies",
    Severity.ERROR,
    """\
The rendered policies break a guardrail.

## What it finds

A connection that the rendered manifests allow and a `never` guardrail forbids, or one that a `must` guardrail
asks for and they deny. It is judged on what the manifests do, whatever the flows say; a valid waiver takes its
subject out.

## Why it matters

A guardrail is the platform's promise. A flow that breaks it is found before it is rendered; this finds every other way.

## Fails

```yaml
# a rule in a rendered policy of the card data namespace
ingress:
  - {}
```

## Passes

```yaml
ingress:
  - from:
      - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: checkout}}
        podSelector: {matchLabels: {app: checkoutservice}}
```
""",
)

FOREIGN_OBJECT = Check(
    "RF505",
    "foreign-object",
    Severity.ERROR,
    """\
Something among the rendered policies that no declaration can be behind.

## What it finds

Below `policies/rendered/overlays`: folders of clusters or namespaces that nobody declares, objects that are no
NetworkPolicy, policies for another namespace than their folder's, and kustomizations under another name than
`kustomization.yaml`.

## Why it matters

A cluster would sync what nobody declared: a Deployment, a role, or a policy that cuts a namespace that is not the
team's.

## Fails

```yaml
# policies/rendered/base/cart/cart/cart.yaml
kind: NetworkPolicy
metadata: {name: ringfence-cart, namespace: kube-system}
```

## Passes

```yaml
# policies/rendered/base/cart/cart/cart.yaml
kind: NetworkPolicy
metadata: {name: ringfence-cart, namespace: cart}
```
""",
)

FOREIGN_SELECTOR = Check(
    "RF506",
    "foreign-selector",
    Severity.ERROR,
    """\
A rendered policy selects pods by labels that nobody declared.

## What it finds

A selector of a rendered policy that is not exactly the labels of a declared workload or catalogue peer, or empty: a
label was dropped, or a value or condition added. Namespaces must be selected by their name.

## Why it matters

Such a selector also picks pods that nobody knows, or misses some of those that are meant. What it does to them
cannot be read from the declarations.

## Fails

```yaml
podSelector:
  matchExpressions:
    - {key: app, operator: In, values: [frontend, debug]}
```

## Passes

```yaml
podSelector:
  matchLabels: {app: frontend}
```
""",
)

NOT_HELD = Check(
    "RF507",
    "guardrail-not-held-yet",
    Severity.WARNING,
    """\
A guardrail that does not hold yet, since a namespace is not enforced.

## What it finds

A `never` guardrail that forbids connections which are only open because the stage of a namespace in a cluster is
`permissive` or `audit`. What flows declare against a guardrail is an error all the same.

## Why it matters

The promise is kept only once both ends are enforced. Until then whoever relies on it should know.

## Fails

```yaml
# policies/clusters/prod.yaml, with a guardrail that nothing reaches payments but checkout
stages:
  payments: permissive
```

## Passes

```yaml
# policies/clusters/prod.yaml
stage: enforce
```
""",
)


GUARD_DIFFERS = Check(
    "RF508",
    "guardrail-policies-differ",
    Severity.ERROR,
    """\
The policies that a cluster has for guardrails do not deny what the guardrails forbid.

## What it finds

Where a cluster's file has `guardrails`, the policies of each guardrail are evaluated alone, without those of teams and
of other guardrails, at each end of every pair. It finds what the guardrail forbids and they leave open, what they deny
and it does not forbid, and policies that are named for no guardrail.

## Why it matters

They are there for the day on which the policies of a team are wrong or missing. Until then nobody would notice that a
rule is gone.

## Fails

```yaml
# policies/rendered/overlays/prod/_cluster/guardrail-cards-egress.yaml, with `rules` taken out of it by hand
spec:
  egress: []
```

## Passes

`ringfence render` wrote the file.
""",
)
FOREIGN_FORM = Check(
    "RF509",
    "foreign-form",
    Severity.ERROR,
    """\
A rendered object says something that Ringfence never writes there.

## What it finds

In an object of `policies/rendered`:

- a key that the renderer never writes, such as ICMP, a service account, an HTTP rule, or an annotation by which a tool
  leaves the object out;
- another value where only one is right: the action of a rule, the order, tier or priority of a policy, the order of a
  Tier;
- addresses of the cluster's own pods, Services or nodes;
- DNS names without the rule that lets Cilium read DNS questions;
- a Tier that is missing.

## Why it matters

Connections are compared pair by pair and port by port. What is beyond that (ICMP, which policies are asked first,
whether the object is applied at all) would change what the cluster does while every pair still seems right.

## Fails

```yaml
# policies/rendered/overlays/prod/_cluster/tier-ringfence.yaml, moved behind the policies of others by hand
kind: Tier
metadata: {name: ringfence}
spec: {order: 2000000, defaultAction: Deny}
```

## Passes

```yaml
kind: Tier
metadata: {name: ringfence}
spec: {order: 100000, defaultAction: Deny}
```
""",
)
ADOPTED_DIFFERS = Check(
    "RF510",
    "adopted-policy-differs",
    Severity.ERROR,
    """\
A rendered adopted policy is not the one that is adopted.

## What it finds

A policy of `policies/adopted/` that is missing in `policies/rendered/`, or that is another there; and a rendered object
with the label `ringfence.dev/adopted` that nothing in `policies/adopted/` stands behind.

## Why it matters

Adopted policies are left out of the proof that the rendered policies do what flows declare. So what passes for one must
be exactly what was reviewed.

## Fails

```yaml
# policies/rendered/overlays/prod/shop/shop/extra.yaml, written by hand
metadata: {name: extra, namespace: shop, labels: {ringfence.dev/adopted: "true"}}
```

## Passes

`ringfence render` wrote the file from `policies/adopted/prod/shop/extra.yaml`.
""",
)

ADOPTED = Check(
    "RF511",
    "adopted-policies",
    Severity.INFO,
    """\
A cluster has adopted policies beside its bundles.

## What it finds

How many policies of `policies/adopted/` a cluster has, and how many connections between known ends they open or close
beyond what flows and the baseline declare.

## Why it matters

They are not said by any flow, so nobody gave a reason for them. The number should go down.

## Fails

```yaml
# policies/adopted/prod/shop/open-egress.yaml
spec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}
```

## Passes

Flows say what the pods need, and the file is gone.
""",
)
CHECKS = (
    MISSING,
    EXCESS,
    UNSETTLED,
    GUARDRAIL,
    FOREIGN_OBJECT,
    FOREIGN_SELECTOR,
    NOT_HELD,
    GUARD_DIFFERS,
    FOREIGN_FORM,
    ADOPTED_DIFFERS,
    ADOPTED,
)
