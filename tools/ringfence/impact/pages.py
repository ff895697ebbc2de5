"""The checks of `impact`: gates on what a change does."""

from __future__ import annotations

from ringfence.findings import Check, Severity

COLLATERAL = Check(
    "RF601",
    "collateral-connection",
    Severity.ERROR,
    """\
A connection opens and no declaration is behind it.

## What it finds

Ports of a connection that the head's rendered policies allow, the base's did not, and that neither a flow nor a
baseline grant of the head declares.

## Why it matters

Nobody asked for it, so nobody reviewed it: a label that changed, a rendered file edited by hand, or a template that
widens rules.

## Fails

```yaml
# a rendered policy gains a rule by hand
spec:
  ingress:
    - {}
```

## Passes

```yaml
# a flow declares the connection, and `ringfence render` writes the rule
flows:
  - name: read-cart
    from: shop/frontend
    to: cart/cart
    ports: [grpc]
    reason: The page shows the cart
```
""",
)

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

A connection between declared ends for which the verdict of the base or of the head is undefined, and differs.

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
these files held are not known: they are missing among the causes of what closes.

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

Connections are told by name, and under the same name they stay as they are. But policies select pods by labels: pods
that run with the old labels are cut off until they are replaced.

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

CHECKS = (COLLATERAL, STALE, UNDEFINED, ABANDONED, BASE_IN_ERROR, RELABELLED)
