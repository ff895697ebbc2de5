"""A rendered folder as typed objects, and the reading of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ringfence.findings import Finding
from ringfence.manifests import Manifests, NetworkPolicy
from ringfence.manifests.kustomize import Overlays
from ringfence.manifests.once import Once
from ringfence.model.types import Adopted as AdoptedPolicy
from ringfence.model.types import Cluster, Model
from ringfence.verify import adopted, foreign, shape

Data = Mapping[str, Any]

Key = tuple[str, str, str, str]
"""API group, kind, namespace, name."""


def key_of(data: Data) -> Key:
    """The identity by which Argo CD and Flux track an object; the version is no part of it."""
    group = str(data.get("apiVersion", "")).rpartition("/")[0]
    found = data.get("metadata")
    meta = found if isinstance(found, Mapping) else {}
    return (group, str(data.get("kind", "")), str(meta.get("namespace", "")), str(meta.get("name", "")))


class Place(Struct, frozen=True):
    """A folder that is to be read, and what decides how: whose it is (`foreign.folders`), and what is adopted there.

    `clusters` share the Kubernetes cluster. `asked` is all else that a cluster asks of it, and `kept` what is adopted,
    as texts to compare. `may_be_plain`: it is for NetworkPolicies of a namespace, for which nothing is adopted.
    """

    folder: str
    namespace: str
    cluster: Cluster
    clusters: tuple[Cluster, ...]
    adopted: tuple[AdoptedPolicy, ...]
    asked: str
    kept: str
    may_be_plain: bool

    @classmethod
    def all(cls, clusters: Sequence[Cluster], files: Sequence[str], model: Model) -> Iterator[Place]:
        """All folders of clusters that share a Kubernetes cluster."""
        items = tuple(adopted.of(model, clusters))
        kept = repr([(item.id, item.where, item.data) for item in items])
        others = {"", foreign.OF_CLUSTER, *adopted.namespaces(items)}
        own = [(item.pods, item.services, item.nodes) for item in clusters]
        for cluster in clusters:
            asked = repr((cluster.dialect, cluster.guardrails, own))
            plain = cluster.dialect == "kubernetes"
            for folder, namespace in foreign.folders(files, model, cluster).items():
                may_be = plain and namespace not in others
                yield cls(folder, namespace, cluster, tuple(clusters), items, asked, kept, may_be)


class Bundle(Struct, frozen=True, eq=False):
    """What a folder holds. Nobody may change anything of it.

    `policies` are its NetworkPolicies; `more` is all that it holds, where that is more than these. `findings` are what
    is wrong beside what `more` says. `keys` are those of its objects, adopted ones included; `adopted` says which those
    are. `own` is the number of its documents without them, `tiers` the names of tiers among these, and `paths` the
    files they stand in. `files` are all that it is built from, and `sound` says that nothing is wrong with that. `data`
    are the objects, where they are kept.
    """

    policies: tuple[NetworkPolicy, ...]
    keys: tuple[Key, ...]
    own: int
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    more: Manifests | None = None
    adopted: frozenset[adopted.Key] = frozenset()
    tiers: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    data: tuple[Data, ...] | None = None
    sound: bool = True

    @classmethod
    def plain(cls, policies: Sequence[NetworkPolicy]) -> Bundle:
        """One of which nothing is to be said, and that holds these policies only."""
        keys = tuple(("networking.k8s.io", "NetworkPolicy", item.namespace, item.name) for item in policies)
        return cls(tuple(policies), keys, len(policies))

    @property
    def is_plain(self) -> bool:
        """Whether nothing is to be said of it, and it holds NetworkPolicies of a namespace only."""
        return not self.findings and self.more is None and not self.adopted and len(self.keys) == len(self.policies)

    def like(self, other: Bundle) -> Bundle:
        """The same, with the policies of another one in the place of those that are equal."""
        known = {item.id: item for item in other.policies}
        policies = tuple(had if (had := known.get(item.id)) == item and had else item for item in self.policies)
        return replace(self, policies=policies) if self.more is None else self


class Reading:
    """Reads folders that have documents in common: each document once."""

    def __init__(self, overlays: Overlays, *, keep: bool, like: Reading | None = None) -> None:
        """Take what builds folders, and whether the objects are kept as plain data.

        Documents that `like`, the reading of another side, has read are not looked at again.
        """
        self._overlays = overlays
        self._keep = keep
        self._shapes: shape.Shapes = like._shapes if like else shape.Shapes()
        self._once: Once = like._once if like else Once()

    def bundle(self, place: Place) -> Bundle:
        """What a folder holds."""
        built = self._overlays.built(place.folder)
        own, odd, there = adopted.apart(place.adopted, built.documents)
        findings = (
            *built.findings,
            *odd,
            *foreign.in_folder(place.folder, place.namespace, place.cluster, own),
            *self._shapes.odd(own, place.clusters),
        )
        # what is no mapping is no object, and is among the findings
        data = tuple(item.data for item in built.documents if isinstance(item.data, Mapping))
        part = self._once.parse(own)
        return Bundle(
            tuple(part.policies),
            tuple(map(key_of, data)),
            len(own),
            tuple(built.files),
            findings,
            None if part == Manifests(policies=part.policies) else part,
            frozenset(there),
            frozenset(shape.tier_names(own)),
            frozenset(item.path for item in own) if place.namespace == foreign.OF_CLUSTER else frozenset(),
            data if self._keep else None,
            not built.findings,
        )
