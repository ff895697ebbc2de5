"""Pages of the findings on network plugins and their profiles."""

from ringfence.findings import Check, Severity

UNKNOWN_CNI = Check(
    "RF144",
    "unknown-cni",
    Severity.ERROR,
    """
There is no profile of a network plugin.

## What it finds

A `cni` of a cluster, or an `extends` of a profile, with a name or a version of which neither the tool nor
`policies/profiles/` has a profile. Without a version, the newest profile of the name counts; `3.32.1` means `3.32`.

## Why it matters

The profile says what the plugin enforces. Of an unknown one nothing can be proven.

## Fails

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: calico, version: "3.23"}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

## Passes

```yaml
# policies/clusters/dev.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: dev
server: https://dev.example.com:6443
cni: {name: calico, version: "3.32"}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```
""",
)

PROFILE_RING = Check(
    "RF145",
    "profile-ring",
    Severity.ERROR,
    """
Profiles of network plugins extend one another in a ring.

## What it finds

A profile of `policies/profiles/` that extends itself, or another one that leads back to it.

## Why it matters

Each would take its facts from the other, and neither says where they come from.

## Fails

```yaml
# policies/profiles/ours.yaml
apiVersion: ringfence.dev/v1alpha1
kind: CniProfile
title: Our Cilium
extends: ours
facts: {}
```

## Passes

```yaml
# policies/profiles/ours.yaml
apiVersion: ringfence.dev/v1alpha1
kind: CniProfile
title: Our Cilium
extends: cilium@1.20
facts: {}
```
""",
)

CHECKS = (UNKNOWN_CNI, PROFILE_RING)
