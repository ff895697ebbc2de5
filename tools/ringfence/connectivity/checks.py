"""What is wrong with manifests together, for the network plugin that is to obey them. Codes RF725-RF727."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ringfence.findings import Check, Finding, Severity

if TYPE_CHECKING:
    from ringfence.connectivity.cluster import ClusterState

NOT_OBEYED = Check(
    "RF725",
    "policy-of-another-plugin",
    Severity.ERROR,
    """A policy that the cluster's network plugin does not obey.

## What it finds
Policies of Calico for a cluster whose plugin is not Calico, and policies of Cilium for one whose plugin is not Cilium.
The plugin is that of the cluster's file, or of `--cni`.

## Why it matters
The object can be in the cluster, and looks effective: nothing enforces it. Connections are shown without it.

## Fails
    cni: {name: antrea}
    ---
    apiVersion: projectcalico.org/v3
    kind: GlobalNetworkPolicy

## Passes
    cni: {name: antrea}
    ---
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
""",
)

TWO_PLUGINS = Check(
    "RF726",
    "policies-of-two-plugins",
    Severity.ERROR,
    """Policies of Calico and of Cilium side by side, without a word which of them the cluster runs.

## What it finds
Manifests with policies of both, read without `--cni` or for a plugin of which neither is known.

## Why it matters
A cluster obeys one of them, and they mean different things. Every connection that a policy of either could touch is
undefined.

## Fails
    apiVersion: projectcalico.org/v3
    kind: NetworkPolicy
    ---
    apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy

## Passes
The same with `--cni calico` or `--cni cilium`: policies of the other are then RF725.
""",
)

TIER_MISSING = Check(
    "RF727",
    "calico-tier-not-declared",
    Severity.ERROR,
    """A Calico policy whose tier is not among the manifests.

## What it finds
A `tier` that is neither one of Calico's own (`default`, `kube-admin`, `kube-baseline`) nor declared by a Tier.

## Why it matters
The order of the tier decides which policies come first, and its `defaultAction` what becomes of the rest. Calico's
server refuses a policy whose tier is missing. Connections that the policy could touch are undefined.

## Fails
    kind: GlobalNetworkPolicy
    spec: {tier: platform, selector: all()}

## Passes
    kind: Tier
    metadata: {name: platform}
    spec: {order: 300}
    ---
    kind: GlobalNetworkPolicy
    spec: {tier: platform, selector: all()}
""",
)

CHECKS = (NOT_OBEYED, TWO_PLUGINS, TIER_MISSING)

_TITLES = {"calico": "Calico", "cilium": "Cilium"}


def findings(cluster: ClusterState) -> Iterator[Finding]:
    """The findings on the policies of dialects in one cluster."""
    from ringfence.connectivity import dialects

    policies = {name: dialects.policies(getattr(cluster, name)) for name in _TITLES}
    obeyed = {name: found for name, found in policies.items() if cluster.profile.takes(name) is not False}
    for name, found in policies.items():
        for item in found if name not in obeyed else ():
            message = f"{_of(name, item)} has no effect: the network plugin {cluster.profile.name} does not obey it"
            hint = "write it for the plugin of the cluster, or drop it"
            yield NOT_OBEYED.at(item.where, message, hint=hint, subject=item.id)
    if all(obeyed.get(name) for name in _TITLES):
        first, other = (obeyed[name][0] for name in _TITLES)
        message = (
            f"{_of('calico', first)} and {_of('cilium', other)} are for different plugins: all of both is undefined"
        )
        related = ((other.where, "a policy of Cilium"),)
        yield TWO_PLUGINS.at(first.where, message, hint="say which one runs: --cni calico", related=related)
    elif obeyed.get("calico"):
        from ringfence.connectivity import calico

        for policy in calico.without_tier(cluster.calico):
            message = f"{_of('calico', policy)} is in the tier {policy.tier!r}, which no manifest declares"
            hint = "add the Tier to the manifests: its order and its default action decide"
            yield TIER_MISSING.at(policy.where, message, hint=hint, subject=policy.id)


def _of(dialect: str, item: Any) -> str:
    return f"{_TITLES[dialect]}'s {item.kind} {item.id}"
