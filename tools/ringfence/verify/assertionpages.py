"""The pages of the checks on assertions."""

from __future__ import annotations

from ringfence.findings import Check, Severity

REPEATED = Check(
    "RF800",
    "assertion-name-repeated",
    Severity.ERROR,
    """\
Two assertions have one name.

## What it finds

A statement under `must` or `mustNot` whose name another statement of the same run has.

## Why it matters

A report and a pipeline know a statement by its name. With two of one name, nobody can tell which one failed.

## Fails

```yaml
must:
  - {name: pay, from: shop/cart, to: payments/api}
mustNot:
  - {name: pay, from: world, to: payments/api}
```

## Passes

```yaml
must:
  - {name: cart-pays, from: shop/cart, to: payments/api}
mustNot:
  - {name: world-does-not-pay, from: world, to: payments/api}
```
""",
)

NOTHING = Check(
    "RF801",
    "assertion-names-nothing",
    Severity.ERROR,
    """\
An assertion names an end that is not among the manifests.

## What it finds

A workload, namespace or labels in `from` or `to` that no pod of the manifests has, an address that the cluster gives
out itself, a statement whose two sides are no pair of different ends, and a range of ports that ends below its start.

## Why it matters

A statement on nothing always holds. It looks like a promise that is kept, and a renamed workload would make it one.

## Fails

```yaml
mustNot:
  - {name: world-does-not-pay, from: world, to: payment/api}      # the namespace is payments
```

## Passes

```yaml
mustNot:
  - {name: world-does-not-pay, from: world, to: payments/api}
```
""",
)

CHECKS = (REPEATED, NOTHING)
