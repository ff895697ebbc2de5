"""The checks of `impact` besides the gates (`ringfence.impact.gates`)."""

from __future__ import annotations

from ringfence.findings import Check, Severity

STALE = Check(
    "RF602",
    "stale-render",
    Severity.ERROR,
    """\
The rendered policies are not what the declarations say.

## What it finds

A head whose `policies/rendered` differs from what `ringfence render` would write.

## Why it matters

The impact is computed from the rendered files, since they are what clusters sync. While they are stale it does not show
what the declarations would do.

## Fails

```yaml
# teams/shop/shop/flows.yaml has a new flow, and policies/rendered was not written again
```

## Passes

```yaml
# ringfence render was run, and its files are part of the change
```
""",
)

UNDEFINED = Check(
    "RF603",
    "undefined-change",
    Severity.ERROR,
    """\
A change whose effect cannot be told.

## What it finds

A connection between declared ends that the head leaves undefined, and the base not or on other ports. The message says
why. Where only the base leaves it undefined, it is RF609.

## Why it matters

An effect that cannot be proven is not safe to approve.

## Fails

```yaml
# in a rendered folder
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
```

## Passes

```yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
```
""",
)

ABANDONED = Check(
    "RF604",
    "namespace-loses-policies",
    Severity.WARNING,
    """\
A namespace has no rendered policies in a cluster any more.

## What it finds

A namespace for which the base rendered policies in a cluster and the head renders none.

## Why it matters

Argo CD and Flux leave the policies of such a namespace in the cluster as they are, and correct and update them no
more. If the namespace lives on, whoever deletes them opens every pod of it: the default is to allow everything.

## Fails

```yaml
# teams/shop/team.yaml no longer lists a namespace that still runs
namespaces: []
```

## Passes

```yaml
# the namespace is deleted in the cluster first, then here
namespaces: [shop]
```
""",
)

BASE_IN_ERROR = Check(
    "RF605",
    "base-in-error",
    Severity.WARNING,
    """\
The declarations of the base are in error themselves.

## What it finds

A base revision whose own declarations do not validate.

## Why it matters

The namespaces and workloads of the broken files are taken from the head, so that connections compare. The flows that
these files held are not known: what closes has as its cause what the comment above the rendered rule says of them.

## Fails

```yaml
# the default branch holds a file that does not validate
```

## Passes

```yaml
# the default branch validates
```
""",
)

RELABELLED = Check(
    "RF606",
    "labels-change",
    Severity.WARNING,
    """\
A workload or catalogue peer stands for other pods than before.

## What it finds

A workload, or a catalogue peer of pods, that base and head both declare, with different labels.

## Why it matters

Policies select pods by labels: pods that run with the old labels are cut off until they are replaced, or get what the
old labels now stand for. What opens and closes for them is among the changes, as `pods with the old labels`.

## Fails

```yaml
# the base has app: cart, and running pods carry it
workloads:
  cart: {labels: {app: cart-service}}
```

## Passes

```yaml
workloads:
  cart: {labels: {app: cart}}
```
""",
)

TRANSIENT = Check(
    "RF607",
    "closed-between-waves",
    Severity.WARNING,
    """\
A connection is cut for a moment while a change is synced.

## What it finds

A connection that the base and the head both allow, and that is closed between two sync waves of Argo CD: the policies
of early waves are then the head's, and those of later waves still the base's.

## Why it matters

A sync that hangs half-way stays there. What nobody meant to close is closed until it goes on.

## Fails

```yaml
# the default deny comes before the policies that allow
metadata:
  name: ringfence-baseline
  annotations: {argocd.argoproj.io/sync-wave: "-5"}
```

## Passes

```yaml
metadata:
  name: ringfence-baseline
  annotations: {argocd.argoproj.io/sync-wave: "10"}
```
""",
)

RESTRICTED = Check(
    "RF608",
    "restriction-changes",
    Severity.WARNING,
    """\
A connection stays open, and other requests pass on it.

## What it finds

A connection that the base and the head both allow, where only one of them restricts it above layer 4, or each by other
rules: Cilium's for HTTP or DNS, TLS names or authentication. Rules are compared as they are written: in whatever order
and policy they stand, but not by what they match. The finding is at a rule of the head.

## Why it matters

Nothing opens or closes at layer 4, so it is among no changes. Yet a rule without such a part that allows the same
ports, as a flow's is, lifts the restriction: every request passes where before some did. So does a wider rule.

## Fails

```yaml
# an adopted policy lets frontend only GET from cart, and a new flow from frontend to cart has the same port
toPorts:
  - ports: [{port: "8080", protocol: TCP}]
    rules: {http: [{method: GET}]}
```

```yaml
# the adopted policy let it only GET /public, and now says
rules: {http: [{method: ".*", path: "/.*"}]}
```

## Passes

```yaml
# the adopted policy goes in the same change, if every request is to pass; or there is no flow
```
""",
)

UNDEFINED_BEFORE = Check(
    "RF609",
    "undefined-base",
    Severity.WARNING,
    """\
What the head settles had no verdict in the base.

## What it finds

A connection between declared ends that the base leaves undefined and the head allows or denies. The message says why.

## Why it matters

The head is proven, so nothing passes that nobody sees: what it allows counts as opened, for every gate, though it may
have been open before. What it denies may have been open too; it is among no changes, and closes without being counted.

## Fails

```yaml
# the base allows addresses alone, and a name that the head allows may be one of them
sendgrid: {cidrs: [203.0.113.64/26]}
```

## Passes

```yaml
# both allow the name
sendgrid: {names: [api.sendgrid.com], cidrs: [203.0.113.64/26]}
```
""",
)

CHECKS = (STALE, UNDEFINED, ABANDONED, BASE_IN_ERROR, RELABELLED, TRANSIENT, RESTRICTED, UNDEFINED_BEFORE)
