"""The checks of the schemas: what a document may say (RF030–RF038)."""

from __future__ import annotations

from ringfence.findings import Check, Severity


def _check(code: str, name: str, doc: str) -> Check:
    return Check(code, name, Severity.ERROR, doc.strip() + "\n")


NOT_A_MAPPING = _check(
    "RF030",
    "not-a-mapping",
    """
The document is not a mapping.

## What it finds

A declaration whose top is a list or a single value.

## Why it matters

Without `apiVersion` and `kind` nothing says what the file declares.

## Fails

```yaml
- authorise-card
```

## Passes

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: []
```
""",
)
UNKNOWN_API_VERSION = _check(
    "RF031",
    "unknown-api-version",
    """
The document is of an unknown format.

## What it finds

An `apiVersion` that is missing or that this release does not read.

## Why it matters

Another version may give the same keys another meaning.

## Fails

```yaml
apiVersion: ringfence.dev/v1alpha2
kind: Flows
flows: []
```

## Passes

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: []
```
""",
)
UNKNOWN_KIND = _check(
    "RF032",
    "unknown-kind",
    """
The document is of an unknown kind.

## What it finds

A `kind` that is missing or misspelt.

## Why it matters

The file would declare nothing, and nobody would notice.

## Fails

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flow
flows: []
```

## Passes

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: []
```
""",
)
UNKNOWN_KEY = _check(
    "RF033",
    "unknown-key",
    """
A mapping has a key that does not exist.

## What it finds

A key that the schema of the document does not have at this place.

## Why it matters

A misspelt key that is skipped leaves a limit out: `enviroments` would open a flow in every environment.

## Fails

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows:
  - name: authorise-card
    from: shop/checkout
    to: payments/api
    ports: [https]
    reason: Card authorisation
    enviroments: [staging]
```

## Passes

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows:
  - name: authorise-card
    from: shop/checkout
    to: payments/api
    ports: [https]
    reason: Card authorisation
    environments: [staging]
```
""",
)
MISSING_KEY = _check(
    "RF034",
    "missing-key",
    """
A mapping lacks a key that it needs.

## What it finds

A required key that is not there, or none of two of which one is needed.

## Why it matters

What is left out has no safe default: a flow without `ports` must not mean all ports.

## Fails

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows:
  - name: authorise-card
    from: shop/checkout
    to: payments/api
    reason: Card authorisation
```

## Passes

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows:
  - name: authorise-card
    from: shop/checkout
    to: payments/api
    ports: [https]
    reason: Card authorisation
```
""",
)
WRONG_TYPE = _check(
    "RF035",
    "wrong-type",
    """
A value is of the wrong type.

## What it finds

Text where a list is needed, a number where text is needed, nothing where a value is needed, and the like.

## Why it matters

A guess at what was meant could open or close more than the author saw.

## Fails

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
contact: "#team-checkout"
owners: ["@example/checkout"]
namespaces: shop
```

## Passes

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
contact: "#team-checkout"
owners: ["@example/checkout"]
namespaces: [shop]
```
""",
)
WRONG_VALUE = _check(
    "RF036",
    "wrong-value",
    """
A value is not one of those allowed.

## What it finds

A name, port, date, CIDR or choice that does not have the form that it must have.

## Why it matters

Kubernetes would refuse it, or it would match nothing and the flow would silently not exist.

## Fails

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
contact: "#team-checkout"
owners: ["@example/checkout"]
namespaces: [Shop]
```

## Passes

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
contact: "#team-checkout"
owners: ["@example/checkout"]
namespaces: [shop]
```
""",
)
REPEATED_ITEM = _check(
    "RF037",
    "repeated-item",
    """
A list holds the same item twice.

## What it finds

Equal items in a list in which each may stand once.

## Why it matters

One of the two was probably meant to be another one.

## Fails

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
contact: "#team-checkout"
owners: ["@example/checkout"]
namespaces: [shop, shop]
```

## Passes

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
contact: "#team-checkout"
owners: ["@example/checkout"]
namespaces: [shop, cart]
```
""",
)
EXCLUDING_KEYS = _check(
    "RF038",
    "excluding-keys",
    """
Two keys exclude each other.

## What it finds

Keys of which one may be there, side by side: `guardrail` and `check` in a waiver, `never` and `must` in a
guardrail, `from` and `to` in a grant, `cidrs` and `namespace` in a peer, `except` or `world` without `cidrs`.

## Why it matters

The document would say two things, and which one holds would be a guess.

## Fails

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  stripe:
    description: The payment provider
    owner: platform
    cidrs: [192.0.2.0/24]
    namespace: stripe
```

## Passes

```yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  stripe:
    description: The payment provider
    owner: platform
    cidrs: [192.0.2.0/24]
```
""",
)

CHECKS: tuple[Check, ...] = (
    NOT_A_MAPPING,
    UNKNOWN_API_VERSION,
    UNKNOWN_KIND,
    UNKNOWN_KEY,
    MISSING_KEY,
    WRONG_TYPE,
    WRONG_VALUE,
    REPEATED_ITEM,
    EXCLUDING_KEYS,
)
"""Every check of this stage, by code."""
