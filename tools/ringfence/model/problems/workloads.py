"""Pages of the findings on workloads."""

from ringfence.findings import Check, Severity

LABELS_OVERLAP = Check(
    "RF150",
    "workloads-overlap",
    Severity.ERROR,
    """
The labels of one workload also select another.

## What it finds

Two workloads of one namespace that exist in one environment, where every label of one is a label of the other too.

## Why it matters

A policy selects pods by labels, and policies add up: whatever is opened for the first workload would be open for
the second, without a flow that says so.

## Fails

```yaml
# teams/payments/payments/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  api: {labels: {app: api}, ports: {https: 8443}}
  api-admin: {labels: {app: api, tier: admin}}
```

## Passes

```yaml
# teams/payments/payments/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  api: {labels: {app: api, tier: public}, ports: {https: 8443}}
  api-admin: {labels: {app: api, tier: admin}}
```
""",
)

NO_LABELS = Check(
    "RF151",
    "workload-without-labels",
    Severity.ERROR,
    """
A workload has no labels.

## What it finds

A workload whose `labels` are absent or empty.

## Why it matters

An empty selector selects every pod of the namespace: each flow of the workload would be open for all of them.

## Fails

```yaml
# teams/payments/payments/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  api: {labels: {app: api}, ports: {https: 8443}}
  report: {labels: {}}
```

## Passes

```yaml
# teams/payments/payments/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  api: {labels: {app: api}, ports: {https: 8443}}
  report: {labels: {app: report}}
```
""",
)

HOST_NETWORK = Check(
    "RF152",
    "host-network",
    Severity.ERROR,
    """
Pods in the host's network cannot be declared.

## What it finds

A workload with `hostNetwork`.

## Why it matters

Such pods have the address of their node. Policies normally do not select them, and what the API does with them is
left to the network plugin: a declared rule would look safe and do nothing.

## Fails

```yaml
# teams/payments/payments/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  api: {labels: {app: api}, ports: {https: 8443}, hostNetwork: true}
```

## Passes

```yaml
# teams/payments/payments/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  api: {labels: {app: api}, ports: {https: 8443}}
```
""",
)

OUTSIDE_NAMESPACE = Check(
    "RF153",
    "workload-outside-its-namespace",
    Severity.ERROR,
    """
A workload names an environment in which its namespace does not exist.

## What it finds

An environment of a workload that its namespace does not have.

## Why it matters

Nothing would be rendered for it there, and its flows would silently be nothing.

## Fails

```yaml
# teams/payments/payments/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
environments: [prod]
workloads:
  api: {labels: {app: api}, ports: {https: 8443}, environments: [dev, prod]}
```

## Passes

```yaml
# teams/payments/payments/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
environments: [dev, prod]
workloads:
  api: {labels: {app: api}, ports: {https: 8443}, environments: [prod]}
```
""",
)

CHECKS = (LABELS_OVERLAP, NO_LABELS, HOST_NETWORK, OUTSIDE_NAMESPACE)
