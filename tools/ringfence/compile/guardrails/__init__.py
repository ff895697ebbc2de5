"""Guardrails to cluster-wide policies that deny, above all policies of teams; one module for each kind.

Every rule denies and none depends on another, so the order of rules and policies makes no difference: a guardrail that
comes or goes changes its own objects only, and all have one priority.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringfence.checks.denials import NONE, Denial, of
from ringfence.compile.guardrails import admin, calico, cilium
from ringfence.compile.guardrails.parts import Guard
from ringfence.model.types import Cluster, Model

__all__ = ["KINDS", "Guard", "guards", "tier"]

KINDS: dict[str, Callable[[Denial], list[tuple[str, str, dict[str, Any]]]]] = {
    "AdminNetworkPolicy": admin.admin_network_policies,
    "ClusterNetworkPolicy": admin.cluster_network_policies,
    "calico": calico.policies,
    "cilium": cilium.policies,
}
"""What makes the version, kind and `spec` of each object of one denial, by the kind that a cluster's file names."""


def guards(model: Model, cluster: Cluster) -> list[Guard]:
    """The objects that deny what guardrails forbid on the Kubernetes cluster of a cluster, in order of their names."""
    if cluster.guardrails == NONE:
        return []
    found: list[Guard] = []
    count: dict[str, int] = {}
    for denial in of(model, cluster):
        for version, kind, spec in KINDS[cluster.guardrails](denial):
            name = f"{denial.guardrail.name}-{denial.direction}"
            count[name] = count.get(name, 0) + 1
            name += f"-{count[name]}" if count[name] > 1 else ""
            prefix = f"{calico.TIER}." if cluster.guardrails == "calico" else "ringfence-"
            found.append(Guard(f"guardrail-{name}", denial.guardrail, f"{prefix}{name}", version, kind, spec))
    return found


def tier(cluster: Cluster) -> dict[str, Any] | None:
    """The tier that guardrail policies need, if they do."""
    return calico.tier() if cluster.guardrails == "calico" else None
