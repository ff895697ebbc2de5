"""Pages of the findings on what waivers name."""

from ringfence.findings import Check, Severity

UNKNOWN_GUARDRAIL = Check(
    "RF118",
    "unknown-guardrail",
    Severity.ERROR,
    """
There is no guardrail of this name.

## What it finds

A waiver for a guardrail that does not exist.

## Why it matters

The waiver excuses nothing, and would excuse a guardrail that takes the name one day.

## Fails

```yaml
# policies/waivers/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Waivers
waivers:
  - guardrail: card-date
    subject: shop/authorise-card
    reason: A slip of the finger
    approver: security@example.com
    expires: 2030-06-30
```

## Passes

```yaml
# policies/waivers/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Waivers
waivers:
  - guardrail: card-data
    subject: shop/read-cards
    reason: Until the report has moved
    approver: security@example.com
    expires: 2030-06-30
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: read-cards, from: frontend, to: payments/api, ports: [https], reason: The old report}]
```
""",
)

UNKNOWN_SUBJECT = Check(
    "RF119",
    "unknown-subject",
    Severity.ERROR,
    """
A waiver's subject does not exist.

## What it finds

A `subject` that is no flow, no workload and no grant (`baseline/<grant>`).

## Why it matters

The waiver excuses nothing, and would excuse whatever takes the name one day.

## Fails

```yaml
# policies/waivers/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Waivers
waivers:
  - guardrail: card-data
    subject: shop/authorize-card
    reason: A slip of the finger
    approver: security@example.com
    expires: 2030-06-30
```

## Passes

```yaml
# policies/waivers/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Waivers
waivers:
  - guardrail: card-data
    subject: shop/read-cards
    reason: Until the report has moved
    approver: security@example.com
    expires: 2030-06-30
```

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: read-cards, from: frontend, to: payments/api, ports: [https], reason: The old report}]
```
""",
)

CHECKS = (UNKNOWN_GUARDRAIL, UNKNOWN_SUBJECT)
