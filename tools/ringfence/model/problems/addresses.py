"""Pages of the findings on addresses of peers and clusters."""

from ringfence.findings import Check, Severity

BAD_CIDR = Check(
    "RF130",
    "bad-cidr",
    Severity.ERROR,
    """
An address block is not a CIDR in canonical form.

## What it finds

A block without a prefix length, with bits behind the prefix, with leading zeros, an IPv6 address that is not in its
shortest form, and an IPv4 address written as IPv6.

## Why it matters

Kubernetes 1.36 refuses such a block, older servers read it as something else, and a comparison of texts misses it.

## Fails

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail: {description: Mail relay, owner: platform, cidrs: [198.51.100.9/24]}
```

## Passes

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail: {description: Mail relay, owner: platform, cidrs: [198.51.100.0/24]}
```
""",
)

EXCEPT_OUTSIDE = Check(
    "RF131",
    "except-outside",
    Severity.ERROR,
    """
An exception lies outside of the address blocks.

## What it finds

An entry of `except` that is not inside one of the `cidrs`, and smaller than it.

## Why it matters

The API server refuses such an object. And an exception that takes nothing out protects nothing.

## Fails

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail: {description: Mail relay, owner: platform, cidrs: [198.51.100.0/24], except: [203.0.113.0/25]}
```

## Passes

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail: {description: Mail relay, owner: platform, cidrs: [198.51.100.0/24], except: [198.51.100.0/25]}
```
""",
)

CIDR_OVERLAP = Check(
    "RF132",
    "blocks-overlap",
    Severity.ERROR,
    """
Two address blocks of one list overlap.

## What it finds

Two `cidrs` of a peer, two of its `except`, or two networks of a cluster (pods, services, nodes) that share addresses.

## Why it matters

Deleting one of the two would not close it, and an exception could count for one and not for the other. For a
cluster it would be unclear whether an address is a pod's or a node's.

## Fails

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail: {description: Mail relay, owner: platform, cidrs: [198.51.100.0/24, 198.51.100.128/25]}
```

## Passes

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail: {description: Mail relay, owner: platform, cidrs: [198.51.100.0/24, 203.0.113.128/25]}
```
""",
)

CIDR_IN_CLUSTER = Check(
    "RF133",
    "block-in-cluster",
    Severity.ERROR,
    """
An address block holds pods or services of a cluster.

## What it finds

A peer outside of the organisation (`world`) that shares addresses with the pods or services of any cluster; and any
other address peer that is used in the very cluster whose pods or services it holds.

## Why it matters

Inside a cluster an address belongs to one pod now and to another in a minute, and network plugins disagree whether
a block matches pods at all. A flow inside a cluster names workloads; the world leaves the clusters out.

## Fails

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  anywhere: {description: No exception, owner: platform, cidrs: [0.0.0.0/0]}
```

## Passes

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  anywhere: {description: Without ourselves, owner: platform, cidrs: [0.0.0.0/0], except: [10.0.0.0/8]}
```
""",
)

BAD_DNS_NAME = Check(
    "RF134",
    "bad-dns-name",
    Severity.ERROR,
    """
A DNS name of a peer is not one that policies can hold.

## What it finds

A name of a peer that is not two or more labels in lower case, such as `api.example.com`: a URL, an address, a final
dot, a `*` elsewhere than before the first dot, or a `*` alone.

## Why it matters

A policy matches the names that pods ask the cluster's DNS for. A name in another form matches nothing, or in one
dialect more than in another.

## Fails

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail: {description: Mail relay, owner: platform, names: [https://mail.example.com/]}
```

## Passes

```yaml
# policies/catalog/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail: {description: Mail relay, owner: platform, names: [mail.example.com, "*.mail.example.com"]}
```
""",
)

CHECKS = (BAD_CIDR, EXCEPT_OUTSIDE, CIDR_OVERLAP, CIDR_IN_CLUSTER, BAD_DNS_NAME)
