"""One Kubernetes cluster as it would be: the rendered manifests' connectivity beside what the declarations say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ringfence.connectivity import ClusterState, Connectivity, Direction, accounts_of, evaluate
from ringfence.connectivity import checks as together
from ringfence.findings import Finding
from ringfence.manifests import NetworkPolicy
from ringfence.model.types import Adopted, Cluster, Model
from ringfence.sources import Tree
from ringfence.verify import adopted, foreign, rest, shape
from ringfence.verify.bundles import Bundles
from ringfence.verify.declared import OTHER, Declared, Pod, groups
from ringfence.verify.guarded import Guarded
from ringfence.verify.guarded import findings as guard_findings
from ringfence.verify.objects import Objects, joined
from ringfence.verify.said import Said, said

STAGED = "RF736"
"""The finding that a policy of Calico is staged."""


class State(Struct, frozen=True):
    """A Kubernetes cluster under the rendered tree.

    `clusters` share it; `objects` are the rendered objects of each;
    `findings` are what reading them found, and where the policies of guardrails are not those that are declared.
    `guarded` is what guardrails have the cluster itself deny. `within`: only what has an end in one of these namespaces
    (by declared name) is told; None: everything. `adopted` are policies beside the bundles, which `connectivity` counts
    in; `bare` is the connectivity without them, None where there are none; `teams` is the cluster without the policies
    of guardrails, None where there are none. `said` is what the declarations say of the cluster, without what only its
    policies speak of.
    """

    name: str
    clusters: tuple[Cluster, ...]
    declared: Declared
    connectivity: Connectivity
    objects: Objects
    findings: tuple[Finding, ...]
    guarded: Guarded = field(default_factory=lambda: Guarded(Declared({})))
    within: Collection[str] | None = None
    adopted: tuple[Adopted, ...] = ()
    bare: Connectivity | None = None
    teams: ClusterState | None = None
    said: Said | None = None

    @property
    def of_teams(self) -> ClusterState:
        """The cluster with the bundles of namespaces alone: without adopted policies and those of guardrails."""
        return self.teams or self.as_declared.cluster

    @property
    def as_declared(self) -> Connectivity:
        """What the bundles alone allow, without the adopted policies: what the proof is about."""
        return self.bare or self.connectivity

    def is_closed(self, pod: str, direction: Direction) -> bool:
        """Whether some policy isolates a pod in a direction, and its stage does not leave that open."""
        opened = (pod, str(direction)) in self.declared.opened
        return not opened and self.connectivity.is_isolated(pod, direction)


def states(
    model: Model,
    tree: Tree,
    only: Cluster | None = None,
    like: Mapping[str, State] | None = None,
    within: Collection[str] | None = None,
) -> list[State]:
    """The state of every Kubernetes cluster, or of the one that a cluster lies on, by name.

    `like` are states by name that may be much the same, of another revision: what they share is not computed again.
    `within` are the namespaces to look at, where it is not all of them.
    """
    return States(model, tree, within).all(like, only)


class States:
    """The states of one side, made one by one, so that not all of them need to be there at a time."""

    def __init__(
        self, model: Model, tree: Tree, within: Collection[str] | None = None, like: States | None = None
    ) -> None:
        """Take one side. What `like`, another side, has of the same content is read here only."""
        self._model, self._within = model, within
        self._clusters = groups(model)
        self._bundles: Bundles = Bundles(model, tree, like._bundles if like else None)
        self.names = sorted(self._clusters)

    @property
    def is_large(self) -> bool:
        """Whether a copy of this process is worth its making."""
        return len(self.names) > 1 and self._bundles.is_large

    @property
    def remembered(self) -> tuple[int, int]:
        """How many namespaces the cache knew of those that were asked for, and how many these were."""
        return self._bundles.remembered, self._bundles.families

    def read(self, names: Iterable[str]) -> None:
        """Read what is rendered for some Kubernetes clusters, those of other sides among them.

        Asked for together, what they have in common is read once; `of` reads what is not there yet.
        """
        self._bundles.read([self._clusters[name] for name in names if name in self._clusters])

    def of(self, name: str, like: State | None = None, beside: States | None = None) -> State:
        """The state of a Kubernetes cluster. Raises `KeyError` for an unknown name.

        `like` may be much the same; `beside` is another side, whose state may be made from this one.
        """
        clusters = self._clusters[name]
        others = beside._bundles.new(beside._clusters.get(name, ())) if beside else ()
        return _state(self._model, self._bundles, name, clusters, like, self._within, others)

    def all(self, like: Mapping[str, State] | None = None, only: Cluster | None = None) -> list[State]:
        """All states by name, or the one that a cluster lies on; what is rendered for no cluster is told in the first.

        `like` are states by name that may be much the same.
        """
        names = self.names if only is None else [only.kubernetes_cluster]
        self.read(names)
        found = [self.of(name, (like or {}).get(name)) for name in names]
        if found and only is None:
            found[0] = replace(found[0], findings=(*found[0].findings, *self.strays()))
        return found

    def strays(self) -> list[Finding]:
        """What is rendered for no cluster."""
        files = self._bundles.files
        return [*foreign.of_no_cluster(files, self._model), *foreign.other_kustomizations(files)]


def alone(model: Model, tree: Tree, cluster: Cluster) -> State:
    """The state of one cluster, as if no other lay on its Kubernetes cluster."""
    return _state(model, Bundles(model, tree), cluster.name, [cluster])


def _state(
    model: Model,
    rendered: Bundles,
    name: str,
    clusters: Sequence[Cluster],
    like: State | None = None,
    within: Collection[str] | None = None,
    others: Iterable[NetworkPolicy] = (),
) -> State:
    kept = adopted.of(model, clusters)
    had = like.objects if like else Objects()
    objects = Objects(
        {item.name: rendered.of(item, clusters, had.folders(item.name)) for item in clusters}, rendered.data
    )
    bundles = list(objects.bundles())
    findings = [finding for bundle in bundles for finding in bundle.findings]
    wide = {path for bundle in bundles for path in bundle.paths}
    if within is None and len(clusters) == len(groups(model)[clusters[0].kubernetes_cluster]):
        findings += adopted.missing(kept, {key for bundle in bundles for key in bundle.adopted})
    if any(bundle.own for bundle in bundles):
        tiers = {tier for bundle in bundles for tier in bundle.tiers}
        findings += shape.tiers(min(clusters, key=lambda item: item.name), tiers)
    parsed = joined(bundles)
    # a staged policy is what a stage declares; where it should be in force, what it denies is missing
    findings += [finding for finding in parsed.findings if finding.check.code != STAGED]
    own = said(model, clusters, like.said if like else None)
    state = ClusterState(
        policies=(*parsed.policies, *(rest.policies(model, clusters, within) if within is not None else ())),
        admin=tuple(parsed.admin),
        endpoints=own.endpoints,
        namespaces=own.namespaces,
        profile=own.profile,
        opaque=tuple(parsed.opaque),
        calico=tuple(parsed.calico),
        cilium=tuple(parsed.cilium),
        accounts=accounts_of(parsed),
        places=own.places,
        names_apart=True,
    )
    known = replace(own.declared, pods=dict(own.declared.pods))
    guards = _only(state, wide)
    calico = [item for item in parsed.calico if item.where.path not in wide]
    cilium = [item for item in parsed.cilium if item.where.path not in wide]
    findings += own.selectors.foreign(parsed.policies, calico, cilium)
    findings += together.findings(state)
    whole = adopted.joined(state, adopted.parsed(kept)) if kept else state
    for namespace in whole.all_namespaces():  # a policy for a namespace that nobody declared brings the pods there
        other = f"{namespace}/{OTHER}"
        known.pods.setdefault(other, Pod(other, None, None, None))
    beside = ClusterState(policies=tuple(others))
    bare = result = evaluate(state, representatives=True, like=like.as_declared if like else None, beside=beside)
    if kept:
        result = evaluate(whole, representatives=True, like=like.connectivity if like else None, beside=beside)
    for place in map(str, result.space.place_at):  # as does a name or entity that only a policy speaks of
        known.pods.setdefault(place, Pod(place, None, None, None))
    guarded, inside = Guarded(known, model, clusters), None
    if guarded.on:
        findings += [] if within is not None else guard_findings(guards, guarded, name, known.pods)
        inside = _only(state, wide, others=True)
    return State(
        name,
        tuple(clusters),
        known,
        result,
        objects,
        tuple(findings),
        guarded,
        within,
        tuple(kept),
        bare if kept else None,
        inside,
        own,
    )


def _only(state: ClusterState, paths: set[str], *, others: bool = False) -> ClusterState:
    """The cluster with the policies of some files only, or all `others`; then with everything that is no policy."""

    def stays(item: Any) -> bool:
        is_policy = hasattr(item, "ingress") or hasattr(item, "specs")
        return (item.where.path in paths) is not others or (others and not is_policy)

    kept: dict[str, Any] = {
        key: tuple(filter(stays, getattr(state, key))) for key in ("policies", "admin", "calico", "cilium")
    }
    return replace(state, **kept)
