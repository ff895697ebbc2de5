"""Pages of the findings on adopted policies (RF160 to RF169)."""

from ringfence.findings import Check, Severity

NOT_A_POLICY = Check(
    "RF160",
    "adopted-not-a-policy",
    Severity.ERROR,
    """
An object among the adopted policies is no policy.

## What it finds

An object below `policies/adopted/` without a name that the API server takes, or of a kind that is no network policy of
any dialect, and no tier or set of addresses that such a policy may need.

## Why it matters

What stands there is rendered into the cluster as it is. A Deployment or a role would get there past every other review.

## Fails

```yaml
# policies/adopted/prod/shop/debug.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: debug, namespace: shop}
```

## Passes

```yaml
# policies/adopted/prod/shop/debug.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: debug, namespace: shop}
spec: {podSelector: {matchLabels: {app: debug}}, policyTypes: [Ingress], ingress: [{}]}
```
""",
)

MISPLACED = Check(
    "RF161",
    "adopted-misplaced",
    Severity.ERROR,
    """
An adopted policy stands in the folder of another cluster or namespace than its own.

## What it finds

A folder of `policies/adopted/` that is no cluster's, and an object whose `metadata.namespace` is not the name that the
namespace of its folder has in the cluster (`_cluster`: an object without namespace).

## Why it matters

The folder says for which cluster and namespace the policy is reviewed. In force it would be somewhere else.

## Fails

```yaml
# policies/adopted/prod/shop/old.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: old, namespace: payments}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{}]}
```

## Passes

```yaml
# policies/adopted/prod/payments/old.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: old, namespace: payments}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{}]}
```
""",
)

NAME_TAKEN = Check(
    "RF162",
    "adopted-name-taken",
    Severity.ERROR,
    """
An adopted policy has the name of another object.

## What it finds

Two adopted policies of one cluster that are one object to the API server, and one whose name begins with `ringfence`,
as the names of rendered objects do.

## Why it matters

The cluster keeps one object of a name: the one that is applied last. The other has no effect.

## Fails

```yaml
# policies/adopted/prod/shop/old.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ringfence-cart, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{}]}
```

## Passes

```yaml
# policies/adopted/prod/shop/old.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{}]}
```
""",
)

CHECKS = (NOT_A_POLICY, MISPLACED, NAME_TAKEN)
