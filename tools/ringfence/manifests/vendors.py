"""What is wrong with the policies of Calico and Cilium, which are read and judged but not yet evaluated.

Their packages are imported only where a manifest holds such an object.
"""

from __future__ import annotations

from typing import Any

from ringfence.documents.document import Document, Route
from ringfence.findings import Finding

_CALICO = ("projectcalico.org", "crd.projectcalico.org")
_CILIUM = "cilium.io"


def findings_of(document: Document, data: Any, root: Route, group: str, kind: str) -> list[Finding]:
    """What a server or an agent refuses of an object, or hardly anyone means; nothing for objects of other groups."""
    if group in _CALICO:
        from ringfence.manifests import calico

        return calico.read(document, data, root)[1] if kind in calico.KINDS else []
    if group == _CILIUM:
        from ringfence.manifests import cilium

        written: Any = document.data
        for step in root:
            written = written[step]
        # an item of a typed list takes its kind from the list, and Cilium's reader looks at what is written
        if kind in cilium.KINDS and written.get("kind") == kind:
            return list(cilium.read_object(document, root).findings)
    return []
