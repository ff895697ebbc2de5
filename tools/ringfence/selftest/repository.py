"""The copy that is broken: its declarations, and the rendered policies of one cluster for each dialect."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from ringfence import documents, sources
from ringfence.manifests import kustomize
from ringfence.model.types import Cluster, Model, Namespace, Workload
from ringfence.sources import Tree
from ringfence.verify.foreign import NAMESPACE_KINDS

ROOTS = ("policies", "teams", "CODEOWNERS")
"""All that Ringfence reads of a repository."""

DIALECTS = tuple(NAMESPACE_KINDS)

BASELINE = "baseline"
"""The file of the policy that closes a whole namespace."""


def copied(tree: Tree, folder: Path) -> None:
    """Write what Ringfence reads of a tree into a new folder."""
    for path in (path for root in ROOTS for path in tree.files(root)):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(tree.read(path))


class Policy(Struct, frozen=True):
    """A rendered policy as its file has it. `workload` is None for the baseline and what keeps a stage open."""

    path: str
    data: dict[str, Any]
    namespace: Namespace
    workload: Workload | None

    @property
    def name(self) -> str:
        """The file's name without its ending: the workload's, or `baseline`."""
        return PurePosixPath(self.path).stem

    @property
    def kustomization(self) -> str:
        """The file that lists it."""
        return str(PurePosixPath(self.path).with_name(kustomize.NAME))

    def rules(self, direction: str) -> list[Any]:
        """The rules of `ingress` or `egress`."""
        return self.data["spec"].get(direction) or []


class Site(Struct, frozen=True):
    """A cluster whose rendered policies are broken: those of the namespaces that are enforced in both directions."""

    cluster: Cluster
    policies: tuple[Policy, ...]

    @property
    def workloads(self) -> tuple[Policy, ...]:
        """The policies of single workloads."""
        return tuple(policy for policy in self.policies if policy.workload is not None)

    def of_namespace(self, name: str) -> tuple[Policy, ...]:
        """All policies of a namespace by its declared name."""
        return tuple(policy for policy in self.policies if policy.namespace.name == name)


class Repository:
    """A repository in a folder that may be broken. Its files are read once: edits do not show here."""

    def __init__(self, root: Path, model: Model) -> None:
        """`model` is what the folder declares."""
        self.root = root
        self.model = model
        self._tree = sources.folder(root)
        self._overlays = kustomize.Overlays(self._tree.read, self._tree.files("policies/rendered"))

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        return self._tree.read(path)

    def files(self, under: str = "") -> list[str]:
        """The files below a folder."""
        return self._tree.files(under)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """Of each dialect, the cluster with the most flows that has enforced namespaces; in order of dialects."""
        found = []
        for dialect in DIALECTS:
            clusters = [item for item in self.model.clusters.values() if item.dialect == dialect]
            clusters.sort(key=lambda item: (-len(self.model.legs_in(item)), item.name))
            sites = (Site(cluster, tuple(self._policies(cluster))) for cluster in clusters)
            found += [site for site in sites if site.policies][:1]
        return tuple(found)

    def is_patched(self, site: Site, namespace: str) -> bool:
        """Whether the overlay of a namespace appends rules to policies of the base, which must then be there."""
        space = self.model.namespaces[namespace]
        found, _ = self._overlays.build(_folder(site.cluster, space))
        return any(isinstance(item, kustomize.Patched) for item in found)

    def _policies(self, cluster: Cluster) -> Iterator[Policy]:
        for namespace in self.model.namespaces_in(cluster):
            if not cluster.stage(namespace.name).enforced:
                continue
            for document in self._overlays.build(_folder(cluster, namespace))[0]:
                name = PurePosixPath(document.path).stem
                workload = self.model.workloads.get(f"{namespace.name}/{name}")
                yield Policy(document.path, data(self.read(document.path)), namespace, workload)


def data(raw: bytes) -> Any:
    """The plain data of a file of YAML that is known to be one."""
    document, _ = documents.read("", raw)
    assert document is not None  # noqa: S101 - it was read before
    return document.data


def _folder(cluster: Cluster, namespace: Namespace) -> str:
    return f"policies/rendered/overlays/{cluster.name}/{namespace.team}/{namespace.name}"
