"""Pages of the findings on clusters and the names of namespaces in them."""

from ringfence.findings import Check, Severity

NAMES_COLLIDE = Check(
    "RF140",
    "namespace-names-collide",
    Severity.ERROR,
    """
Two namespaces have one name on a Kubernetes cluster.

## What it finds

Two entries of `policies/clusters/` on one `kubernetesCluster` whose patterns give two namespaces the same name; and
a catalogue peer whose `namespace` is a team's.

## Why it matters

Policies of both would land in one namespace and add up: what one environment keeps closed, the other would open.

## Fails

```yaml
# policies/clusters/staging.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: staging
kubernetesCluster: dev
server: https://dev.example.com:6443
cni: {name: calico}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

## Passes

```yaml
# policies/clusters/staging.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: staging
kubernetesCluster: dev
namespacePattern: "{namespace}-{environment}"
server: https://dev.example.com:6443
cni: {name: calico}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```
""",
)

BAD_NAMESPACE_NAME = Check(
    "RF141",
    "namespace-name-invalid",
    Severity.ERROR,
    """
A namespace's name in a cluster is not valid.

## What it finds

A pattern that gives a namespace a name of more than 63 characters, or one that is not a DNS label.

## Why it matters

The API server refuses it, and nothing is isolated there.

## Fails

```yaml
# policies/clusters/prod.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: prod
namespacePattern: "{namespace}-{environment}-of-the-european-region-with-a-suffix-that-is-too-long"
server: https://prod.example.com:6443
cni: {name: cilium}
networks: {pods: [10.8.0.0/14], services: [10.12.0.0/20], nodes: [10.200.0.0/16]}
```

## Passes

```yaml
# policies/clusters/prod.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: prod
namespacePattern: "{namespace}-{environment}"
server: https://prod.example.com:6443
cni: {name: cilium}
networks: {pods: [10.8.0.0/14], services: [10.12.0.0/20], nodes: [10.200.0.0/16]}
```
""",
)

SHARED_DIFFERS = Check(
    "RF142",
    "shared-cluster-differs",
    Severity.ERROR,
    """
Two entries describe one Kubernetes cluster differently.

## What it finds

Two files of `policies/clusters/` with one `kubernetesCluster` that differ in `server`, `cni`, `dialect` or
`networks`.

## Why it matters

It is one cluster with one network plugin. Which of the two descriptions holds would depend on the order of files.

## Fails

```yaml
# policies/clusters/staging.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: staging
kubernetesCluster: dev
namespacePattern: "{namespace}-{environment}"
server: https://staging.example.com:6443
cni: {name: calico}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```

## Passes

```yaml
# policies/clusters/staging.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: staging
kubernetesCluster: dev
namespacePattern: "{namespace}-{environment}"
server: https://dev.example.com:6443
cni: {name: calico}
networks: {pods: [10.0.0.0/14], services: [10.4.0.0/20], nodes: [10.100.0.0/16]}
```
""",
)

BAD_PATTERN = Check(
    "RF143",
    "bad-namespace-pattern",
    Severity.ERROR,
    """
A pattern of namespace names cannot be used.

## What it finds

A `namespacePattern` without `{namespace}`, or with a placeholder other than `{namespace}` and `{environment}`.

## Why it matters

Without `{namespace}` every namespace would have the same name.

## Fails

```yaml
# policies/clusters/prod.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: prod
namespacePattern: "{team}-{namespace}"
server: https://prod.example.com:6443
cni: {name: cilium}
networks: {pods: [10.8.0.0/14], services: [10.12.0.0/20], nodes: [10.200.0.0/16]}
```

## Passes

```yaml
# policies/clusters/prod.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: prod
namespacePattern: "{environment}-{namespace}"
server: https://prod.example.com:6443
cni: {name: cilium}
networks: {pods: [10.8.0.0/14], services: [10.12.0.0/20], nodes: [10.200.0.0/16]}
```
""",
)

CHECKS = (NAMES_COLLIDE, BAD_NAMESPACE_NAME, SHARED_DIFFERS, BAD_PATTERN)
