"""Pages of the findings on flows: their ends, ports, environments and dates."""

from ringfence.findings import Check, Severity

FLOW_TO_ITSELF = Check(
    "RF120",
    "flow-to-itself",
    Severity.ERROR,
    """
A flow goes from a workload to itself.

## What it finds

A workload that stands on both sides of one flow.

## Why it matters

A pod always reaches itself, so the flow looks superfluous; yet between two replicas of the workload it would open
traffic that nobody asked for. Where replicas do talk to each other, declare them as two workloads.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: checkout, to: checkout, ports: [grpc], reason: Calls itself}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: Calls another}]
```
""",
)

SILENT_FLOW = Check(
    "RF121",
    "flow-in-no-environment",
    Severity.ERROR,
    """
A flow holds in no environment.

## What it finds

Two ends that exist in no environment together, or none that the flow names; and an environment that a flow names
although none of its pairs of ends exists there.

## Why it matters

The flow would silently be nothing: its author believes that the connection is open.

## Fails

```yaml
# teams/checkout/shop/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  frontend: {labels: {app: frontend}, environments: [dev]}
  checkout: {labels: {app: checkout}, ports: {grpc: 5050, metrics: 9090}, environments: [prod]}
```

## Passes

```yaml
# teams/checkout/shop/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  frontend: {labels: {app: frontend}, environments: [prod]}
  checkout: {labels: {app: checkout}, ports: {grpc: 5050, metrics: 9090}}
```
""",
)

PEER_TO_PEER = Check(
    "RF122",
    "flow-between-peers",
    Severity.ERROR,
    """
Neither end of a flow is a workload.

## What it finds

A flow from a catalogue peer to a catalogue peer.

## Why it matters

Policies are rendered for the workloads of the teams only: such a flow would open nothing.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: prometheus, to: stripe, ports: [https], reason: Neither end is ours}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: prometheus, to: frontend, ports: [http], reason: One end is ours}]
```
""",
)

REPEATED_VALUE = Check(
    "RF123",
    "repeated-value",
    Severity.ERROR,
    """
A list names the same thing twice.

## What it finds

The same end, port, environment or namespace twice in one list, whatever its spelling: `checkout` and
`shop/checkout`, or `https` and `8443/TCP`.

## Why it matters

One of the two was probably meant to be something else. And whoever deletes one of them believes that it is closed.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics, 9090/TCP], reason: The same port twice}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics, 9091/TCP], reason: Two ports}]
```
""",
)

BAD_PORT = Check(
    "RF124",
    "bad-port",
    Severity.ERROR,
    """
A port or range of ports is not possible.

## What it finds

A port outside of 1–65535, a range whose first port is after its last, and a protocol other than TCP, UDP and SCTP.

## Why it matters

The API server refuses it, or worse, reads it as something else.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [30100-30000/TCP], reason: Backwards}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [30000-30100/TCP], reason: Forwards}]
```
""",
)

BAD_DATE = Check(
    "RF125",
    "bad-date",
    Severity.ERROR,
    """
A date does not exist.

## What it finds

An `expires` that is no day of the calendar in the form `2027-03-31`.

## Why it matters

A flow or waiver with such a date would never expire.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: No such day, expires: 2031-02-29}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: Such a day, expires: 2032-02-29}]
```
""",
)

REPEATED_FLOW = Check(
    "RF126",
    "repeated-flow",
    Severity.WARNING,
    """
Another flow already allows all of this.

## What it finds

A flow whose every pair of ends, with its ports and environments, is also in one other flow.

## Why it matters

Whoever deletes one of the two believes that the connection is closed, and it stays open.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: order-again, from: frontend, to: checkout, ports: [5050], reason: As place-order}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: order-again, from: frontend, to: checkout, ports: [5051], reason: Another port}]
```
""",
)

CHECKS = (FLOW_TO_ITSELF, SILENT_FLOW, PEER_TO_PEER, REPEATED_VALUE, BAD_PORT, BAD_DATE, REPEATED_FLOW)
