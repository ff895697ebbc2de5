"""Pages of the findings on names: unknown, ambiguous, taken, reserved."""

from ringfence.findings import Check, Severity

UNKNOWN_END = Check(
    "RF110",
    "unknown-end",
    Severity.ERROR,
    """
A name is neither a workload nor a peer.

## What it finds

An end of a flow, grant, guardrail or `accepts` that names no workload (`namespace/workload`, or a bare name in the
folder of its namespace) and no peer of the catalogue.

## Why it matters

A rule for something that does not exist opens nothing today and something unknown tomorrow.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: payments/apo, ports: [8443], reason: A slip of the finger}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: payments/api, ports: [8444], reason: Both ends exist}]
```
""",
)

UNKNOWN_PORT = Check(
    "RF111",
    "unknown-port",
    Severity.ERROR,
    """
The destination has no port of this name.

## What it finds

A port name in a flow that the destination does not declare, or in a grant that no workload declares.

## Why it matters

A port name means what its owner wrote beside it. Nobody can say which port another name would open.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [http], reason: The checkout speaks grpc}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: A port that it declares}]
```
""",
)

UNKNOWN_ENVIRONMENT = Check(
    "RF112",
    "unknown-environment",
    Severity.ERROR,
    """
No cluster has this environment.

## What it finds

An environment that no file of `policies/clusters/` names.

## Why it matters

A flow or workload of an environment that does not exist would silently be nothing.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: Wrong environment, environments: [prd]}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: It exists, environments: [prod]}]
```
""",
)

UNKNOWN_NAMESPACE = Check(
    "RF113",
    "unknown-namespace",
    Severity.ERROR,
    """
No team declares this namespace.

## What it finds

A namespace in a guardrail or in `accepts` (`namespace/*`) that has no folder under `teams/`.

## Why it matters

A guardrail for a namespace that does not exist guards nothing.

## Fails

```yaml
# policies/guardrails/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails:
  - name: no-world
    never: {from: {world: true}, to: {namespaces: [payment]}}
    reason: Nothing outside calls the payments
```

## Passes

```yaml
# policies/guardrails/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails:
  - name: no-world
    never: {from: {world: true}, to: {namespaces: [payments]}}
    reason: Nothing outside calls the payments
```
""",
)

UNKNOWN_TEAM = Check(
    "RF114",
    "unknown-team",
    Severity.ERROR,
    """
There is no team of this name.

## What it finds

A team in a guardrail that has no folder under `teams/`.

## Why it matters

A guardrail for a team that does not exist guards nothing.

## Fails

```yaml
# policies/guardrails/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails:
  - name: no-world
    never: {from: {world: true}, to: {teams: [payment]}}
    reason: Nothing outside calls the payments
```

## Passes

```yaml
# policies/guardrails/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
guardrails:
  - name: no-world
    never: {from: {world: true}, to: {teams: [payments]}}
    reason: Nothing outside calls the payments
```
""",
)

AMBIGUOUS_END = Check(
    "RF115",
    "ambiguous-end",
    Severity.ERROR,
    """
A bare name is both a workload here and a peer of the catalogue.

## What it finds

A bare name in a flow or in `accepts` that fits a workload of this namespace and a catalogue peer.

## Why it matters

Adding a workload would silently change whom an existing flow reaches.

## Fails

```yaml
# teams/checkout/shop/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  frontend: {labels: {app: frontend}, ports: {http: 8080, metrics: 9090}}
  checkout: {labels: {app: checkout}, ports: {grpc: 5050}}
  prometheus: {labels: {app: prometheus}}
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: prometheus, to: frontend, ports: [metrics], reason: Which prometheus}]
```

## Passes

```yaml
# teams/checkout/shop/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  frontend: {labels: {app: frontend}, ports: {http: 8080, metrics: 9090}}
  checkout: {labels: {app: checkout}, ports: {grpc: 5050}}
  prometheus: {labels: {app: prometheus}}
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: shop/prometheus, to: frontend, ports: [metrics], reason: The one of this namespace}]
```
""",
)

DUPLICATE_NAME = Check(
    "RF116",
    "duplicate-name",
    Severity.ERROR,
    """
A name is taken.

## What it finds

Two flows of one namespace, or two peers, grants or guardrails, of one name, in one file or in several; and two
waivers of one subject from one rule.

## Why it matters

Waivers, reports and owners point at names. There is no merging, and the last one does not win.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: place-order, from: frontend, to: checkout, ports: [metrics], reason: The name is taken}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: read-metrics, from: frontend, to: checkout, ports: [metrics], reason: A name of its own}]
```
""",
)

RESERVED_NAME = Check(
    "RF117",
    "reserved-name",
    Severity.ERROR,
    """
The name is reserved.

## What it finds

A workload called `baseline` or `kustomization`, and a namespace called `baseline`, `default` or `kube-…`.

## Why it matters

The rendered file of such a workload would take the place of another. Kubernetes keeps `kube-…` namespaces for
itself, and a default deny there can stop the cluster; `default` is shared by everybody.

## Fails

```yaml
# teams/payments/payments/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  api: {labels: {app: api}, ports: {https: 8443}}
  baseline: {labels: {app: baseline}}
```

## Passes

```yaml
# teams/payments/payments/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  api: {labels: {app: api}, ports: {https: 8443}}
  base-line: {labels: {app: baseline}}
```
""",
)

CHECKS = (
    UNKNOWN_END,
    UNKNOWN_PORT,
    UNKNOWN_ENVIRONMENT,
    UNKNOWN_NAMESPACE,
    UNKNOWN_TEAM,
    AMBIGUOUS_END,
    DUPLICATE_NAME,
    RESERVED_NAME,
)
