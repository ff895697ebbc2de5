"""Kubernetes manifests as typed values: policies, namespaces, workloads, and what the API server would refuse.

    manifests = parse_files({"policies/shop.yaml": raw, ...})   # several files
    manifests = parse("policies/shop.yaml", raw)                # one file

A `Manifests` has `policies`, `admin` (policies with tiers), `calico` and `cilium` (objects of these dialects),
`namespaces`, `workloads`, `accounts`, `services`, `opaque`, `skipped` (a count by kind) and `findings`. Whatever is
wrong is a finding; what it could touch is in `opaque`, which connectivity makes undefined. Nothing is dropped in
silence.

This stage owns Kubernetes' validation rules. It knows neither flows nor how connectivity is computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ringfence.documents.document import Document
from ringfence.manifests.checks import CHECKS
from ringfence.manifests.known import Known, read
from ringfence.manifests.objects import Manifests
from ringfence.manifests.types import (
    METADATA_NAME,
    AdminPeer,
    AdminPolicy,
    AdminRule,
    BlockPeer,
    ContainerPort,
    Labels,
    Namespace,
    NamesPeer,
    NetworkPolicy,
    NetworksPeer,
    NodesPeer,
    Opaque,
    PodsPeer,
    PolicyPort,
    Requirement,
    Rule,
    Selector,
    Service,
    ServiceAccount,
    ServicePort,
    Workload,
)

__all__ = [
    "CHECKS",
    "METADATA_NAME",
    "AdminPeer",
    "AdminPolicy",
    "AdminRule",
    "BlockPeer",
    "ContainerPort",
    "Known",
    "Labels",
    "Manifests",
    "NamesPeer",
    "Namespace",
    "NetworkPolicy",
    "NetworksPeer",
    "NodesPeer",
    "Opaque",
    "PodsPeer",
    "PolicyPort",
    "Requirement",
    "Rule",
    "Selector",
    "Service",
    "ServiceAccount",
    "ServicePort",
    "Workload",
    "parse",
    "parse_documents",
    "parse_files",
]


def parse(path: str, raw: bytes) -> Manifests:
    """The objects of one file of YAML or JSON, several documents allowed."""
    return parse_files({path: raw})


def parse_files(files: Mapping[str, bytes], known: Known | None = None) -> Manifests:
    """The objects of files read together, in order of their paths.

    A file that cannot be read makes everything opaque. One whose only fault are words that readers take differently
    (`yes`) is read with them as text: the finding stands, and what it means is clear. `known` keeps what was read, so
    that what two trees both have is read once.
    """
    result = Manifests()
    for path in sorted(files):
        result.extend(read(path, files[path]) if known is None else known.file(path, files[path]))
    return result.finish()


def parse_documents(documents: Iterable[Document]) -> Manifests:
    """The objects of documents that are read already."""
    result = Manifests()
    result.add(documents)
    return result.finish()
