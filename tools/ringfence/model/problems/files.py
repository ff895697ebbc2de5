"""Pages of the findings on which file stands where."""

from ringfence.findings import Check, Severity

UNEXPECTED_FILE = Check(
    "RF100",
    "unexpected-file",
    Severity.ERROR,
    """
A file stands where nothing reads it.

## What it finds

A file of `teams/` or `policies/` that is no document of that place: another extension, a folder too deep, an
unknown folder. `README.md`, `.gitkeep` and `.keep` may stand anywhere; `policies/rendered/` and
`policies/templates/` have their own readers.

## Why it matters

A file that nothing reads looks as if it protected something. A flow in `flows.yml` would open nothing, and a
guardrail in the wrong folder would guard nothing.

## Fails

```yaml
# teams/checkout/shop/more.yml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: Not read by anyone}]
```

## Passes

```yaml
# teams/checkout/shop/more.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: frontend, to: checkout, ports: [metrics], reason: The extension is yaml}]
```
""",
)

MISPLACED_KIND = Check(
    "RF101",
    "misplaced-kind",
    Severity.ERROR,
    """
A document of this kind belongs in another place.

## What it finds

A document whose `kind` is known, but not read in this folder.

## Why it matters

The place decides who owns a document: what is in `policies/` is the platform team's, what is in `teams/<team>/` that
team's. A grant in a team's folder would give the team the platform's rights.

## Fails

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Baseline
grants: [{name: all-dns, to: kube-dns, ports: [dns], reason: In a folder of a team}]
```

## Passes

```yaml
# policies/baseline/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Baseline
grants: [{name: all-dns, to: kube-dns, ports: [dns], reason: In a folder of the platform}]
```
""",
)

NO_SETTINGS = Check(
    "RF102",
    "no-settings",
    Severity.ERROR,
    """
The settings are missing or cannot be used.

## What it finds

`policies/ringfence.yaml` is absent, or is not a complete `Settings` document.

## Why it matters

The file marks the root of the repository and holds what every stage needs: the repository's address, the owners,
the way of consent. Guessing them would render the wrong thing.

## Fails

```yaml
# policies/ringfence.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Settings
organisation: Example Commerce
```

## Passes

```yaml
# policies/ringfence.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Settings
organisation: Example Commerce
repository: {url: https://gitlab.example.com/platform/network-policies.git, defaultBranch: main}
owners: ["@example/platform"]
```
""",
)

NO_CLUSTERS = Check(
    "RF103",
    "no-clusters",
    Severity.ERROR,
    """
No cluster is declared.

## What it finds

`policies/clusters/` holds no usable cluster.

## Why it matters

Without a cluster there is no environment, and nothing would be rendered or proven.

## Fails

```yaml
# policies/clusters/dev.yaml: removed
```

```yaml
# policies/clusters/prod.yaml: removed
```

## Passes

```yaml
# policies/clusters/prod.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: prod
server: https://prod.example.com:6443
cni: {name: cilium}
networks: {pods: [10.8.0.0/14], services: [10.12.0.0/20], nodes: [10.200.0.0/16]}
```
""",
)

BAD_NAME = Check(
    "RF104",
    "bad-name",
    Severity.ERROR,
    """
A file or folder that gives a name is not a valid name.

## What it finds

A team's folder, a namespace's folder or a cluster's file whose name is not a DNS label: lower-case letters, digits
and `-`, at most 63, with a letter or digit at both ends (RFC 1123).

## Why it matters

The name becomes the name of namespaces, folders and labels; the API server would refuse it.

## Fails

```yaml
# policies/clusters/Prod_EU.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: prod-eu
server: https://prod-eu.example.com:6443
cni: {name: calico}
networks: {pods: [10.16.0.0/14], services: [10.20.0.0/20], nodes: [10.210.0.0/16]}
```

## Passes

```yaml
# policies/clusters/prod-eu.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: prod-eu
server: https://prod-eu.example.com:6443
cni: {name: calico}
networks: {pods: [10.16.0.0/14], services: [10.20.0.0/20], nodes: [10.210.0.0/16]}
```
""",
)

NO_TEAM = Check(
    "RF105",
    "no-team-file",
    Severity.ERROR,
    """
A team's folder has no team.yaml.

## What it finds

A folder of `teams/` with documents in it, and no `team.yaml` beside them.

## Why it matters

`team.yaml` says who owns the folder and which namespaces are the team's. Without it nobody would be asked for review.

## Fails

```yaml
# teams/search/index/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads: {engine: {labels: {app: engine}}}
```

## Passes

```yaml
# teams/search/team.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Team
description: Product search
contact: "#team-search"
owners: ["@example/search"]
namespaces: [index]
```

```yaml
# teams/search/index/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads: {engine: {labels: {app: engine}}}
```
""",
)

NO_NAMESPACE = Check(
    "RF106",
    "no-namespace-document",
    Severity.ERROR,
    """
A namespace's folder has no Namespace document.

## What it finds

A folder `teams/<team>/<namespace>/` with flows in it, and no document of kind `Namespace`.

## Why it matters

The document declares the namespace and its workloads. Without it nothing is isolated there, and no flow can start
there.

## Fails

```yaml
# teams/checkout/basket/flows.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: prometheus, to: shop/checkout, ports: [metrics], reason: In a folder without a namespace}]
```

## Passes

```yaml
# teams/checkout/shop/extra.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows: [{name: a, from: prometheus, to: shop/checkout, ports: [metrics], reason: In the folder of the namespace}]
```
""",
)

NAMESPACE_TWICE = Check(
    "RF107",
    "namespace-declared-twice",
    Severity.ERROR,
    """
A namespace is declared twice.

## What it finds

Two `Namespace` documents for one namespace: two files of one folder, or folders of that name under two teams.

## Why it matters

There is no merging: which of the two lists of workloads is meant would depend on the order of files.

## Fails

```yaml
# teams/checkout/shop/second.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads: {adverts: {labels: {app: adverts}}}
```

## Passes

```yaml
# teams/checkout/shop/namespace.yaml
apiVersion: ringfence.dev/v1alpha1
kind: Namespace
workloads:
  frontend: {labels: {app: frontend}, ports: {http: 8080}}
  checkout: {labels: {app: checkout}, ports: {grpc: 5050, metrics: 9090}}
  adverts: {labels: {app: adverts}}
```
""",
)

CHECKS = (
    UNEXPECTED_FILE,
    MISPLACED_KIND,
    NO_SETTINGS,
    NO_CLUSTERS,
    BAD_NAME,
    NO_TEAM,
    NO_NAMESPACE,
    NAMESPACE_TWICE,
)
