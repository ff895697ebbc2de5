"""Findings on policies: what is valid, and has no effect, or another than it seems.

    lint.findings(cluster)

Every claim rests on the sets of the connectivity engine, whatever the dialect: a rule is redundant if the connections
are the same without it, not if it looks like another. What facts that no file holds could change is not claimed. One
module a check; `views` and `judge` are what they share.
"""

from __future__ import annotations

from ringfence.connectivity import ClusterState, Connectivity, evaluate
from ringfence.findings import Finding, in_order
from ringfence.lint import (
    enforcement,
    hosts,
    isolation,
    misspelt,
    order,
    portnames,
    ports,
    redundant,
    selectors,
    shadowed,
    sides,
    wide,
)
from ringfence.lint.evidence import Evidence

_RULES = (shadowed, redundant, order, selectors, sides, isolation, hosts, ports, wide, misspelt, portnames)

CHECKS = tuple(module.CHECK for module in (*_RULES, enforcement))
"""The checks of this stage. Codes RF750-RF761."""


def findings(cluster: ClusterState, result: Connectivity | None = None) -> list[Finding]:
    """What the checks find in a cluster, in report order. `result`: its evaluation with representatives, if known."""
    found = list(enforcement.find(cluster))
    seen = Evidence.of(result or evaluate(cluster, representatives=True))
    for module in _RULES:
        found += module.find(seen)
    return in_order(found)
