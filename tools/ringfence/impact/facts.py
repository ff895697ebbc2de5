"""What each Kubernetes cluster contributes to a report: found in it alone, and judged together with the others'."""

from __future__ import annotations

from msgspec import Struct

from ringfence.findings import Finding
from ringfence.impact.types import Change, LeftOut, Measure, ObjectChange
from ringfence.verify.declared import Opening


class ClusterFacts(Struct, frozen=True):
    """What differs in one Kubernetes cluster.

    `clusters` lie on it on either side; a change and an object name those of them that they lie in. `broken` are the
    guardrails that the head breaks, `unheld` the names of those that a stage keeps from holding. `abandoned` are
    clusters with namespaces that nothing is rendered for any more; `lost` the ends that are isolated no longer, with
    direction and cluster; `closing` the cluster, namespace, number of connections that close and of all, where any
    does; `stages` those of the head that open what the base isolates. `logs` are the clusters with flow logs.
    `left_out` are connections that are counted and not among the changes.
    """

    name: str
    clusters: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    broken: tuple[Finding, ...] = ()
    unheld: tuple[str, ...] = ()
    objects: tuple[ObjectChange, ...] = ()
    abandoned: tuple[tuple[str, str], ...] = ()
    shares: tuple[Measure, ...] = ()
    lost: tuple[tuple[str, str, str], ...] = ()
    closing: tuple[tuple[str, str, int, int], ...] = ()
    stages: tuple[Opening, ...] = ()
    logs: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
