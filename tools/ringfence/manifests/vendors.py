"""The objects of Calico and Cilium among other manifests: read, judged, and told apart by API group.

Their packages are imported only where a manifest holds such an object.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ringfence.documents.document import Document, Route
from ringfence.findings import Finding

DIALECTS = {"projectcalico.org": "calico", "crd.projectcalico.org": "calico", "cilium.io": "cilium"}
"""Whose objects an API group holds."""


class Reading(Struct, frozen=True):
    """What became of one object of a dialect.

    `value` is a `CalicoObject`, a `CiliumPolicy`, a `CidrGroup` or a `Workload`; None where it is refused.
    `without_effect`: it is in the cluster and nothing obeys it. `scope` is the namespace to which its effects are
    confined, "" for the cluster. `staged`: it has an effect only once it is promoted.
    """

    dialect: str
    value: Any
    findings: tuple[Finding, ...]
    scope: str = ""
    without_effect: bool = False
    staged: bool = False


def read(document: Document, data: Any, root: Route, group: str, kind: str) -> Reading | None:
    """The object of a dialect, None for objects of other groups and of kinds that decide no connections."""
    dialect = DIALECTS.get(group)
    if dialect == "calico":
        from ringfence.manifests import calico

        if kind in calico.ENDPOINTS:
            endpoint, problems = calico.read_endpoint(document, data, root)
            return Reading(dialect, endpoint, tuple(problems), without_effect=True)
        if kind not in calico.KINDS:
            return None
        value, findings = calico.read(document, data, root)
        policy = "Policy" in kind
        return Reading(
            dialect,
            value,
            tuple(findings),
            scope=_namespace(data) if policy and calico.KINDS[kind] else "",
            staged=kind.startswith("Staged"),
        )
    if dialect == "cilium":
        from ringfence.manifests import cilium

        if kind in cilium.KINDS:
            found = cilium.read_object(document, root, data)
            scope = _namespace(data) if kind == cilium.KINDS[0] else ""
            harmless = found.by_agent and not found.by_server and not found.by_release
            return Reading(dialect, found.value, found.findings, scope, without_effect=harmless)
    return None


def _namespace(data: Any) -> str:
    meta = data.get("metadata") if isinstance(data, dict) else None
    found = meta.get("namespace") if isinstance(meta, dict) else None
    return found if isinstance(found, str) and found else "default"
