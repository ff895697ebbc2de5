"""What an import plans: teams, workloads, peers and flows, and what stays as it is. `planning` makes it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from ringfence.adopt.existing.flows import Flow
from ringfence.adopt.existing.keeping import Keep
from ringfence.adopt.existing.peers import Named
from ringfence.adopt.existing.restated import Restated
from ringfence.adopt.existing.rules import Kept
from ringfence.adopt.existing.shared import Shared
from ringfence.adopt.existing.source import Source
from ringfence.adopt.existing.units import Unit
from ringfence.connectivity import Connectivity, Endpoint
from ringfence.findings import Location
from ringfence.manifests import Labels


class Options(Struct, frozen=True):
    """What a person chooses: the cluster and its environment, how teams are found, and whether to narrow.

    `team_label` is a label of namespaces whose value is the team; a namespace without it is its own team.
    """

    cluster: str
    environment: str
    cni: str
    pods: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    team_label: str = ""
    tighten: bool = False
    owners: tuple[str, ...] = ("@example/platform",)
    stages: bool = True


class Present(Struct, frozen=True):
    """What a repository that is added to has already: namespaces, peers, and what the manifests share with it."""

    namespaces: frozenset[str] = frozenset()
    peers: Mapping[str, Named] = field(default_factory=dict)
    workloads: frozenset[str] = frozenset()
    shared: Shared = field(default_factory=Shared)


class RuleFate(Struct, frozen=True):
    """What became of one rule: flows, or why it was kept.

    `dropped`: with `tighten`, it had no effect. `declared`: flows that the repository has say it already.
    """

    policy: str
    dialect: str
    direction: str
    index: int
    where: Location
    kept: Kept | None
    dropped: bool = False
    declared: bool = False


class Plan(Struct, frozen=True):
    """Everything that an import writes, and an account of every policy and rule of the original.

    `units` are those of `shared` namespaces too, which the repository has already: there, `added` are new.
    """

    options: Options
    source: Source
    original: Connectivity
    teams: Mapping[str, tuple[str, ...]]
    units: Mapping[str, tuple[Unit, ...]]
    namespace_labels: Mapping[str, Labels]
    peers: tuple[Named, ...]
    flows: tuple[Flow, ...]
    keeps: tuple[Keep, ...]
    stages: Mapping[str, tuple[str, ...]]
    fates: tuple[RuleFate, ...]
    strays: tuple[tuple[Endpoint, str], ...]
    inferred: tuple[Endpoint, ...] = ()
    restated: tuple[Restated, ...] = ()
    shared: Shared = field(default_factory=Shared)
    added: tuple[Unit, ...] = ()

    @property
    def converted(self) -> int:
        """How many rules became flows."""
        return sum(1 for item in self.fates if item.kept is None and not item.dropped and not item.declared)

    @property
    def declared(self) -> int:
        """How many rules are flows of the repository already."""
        return sum(1 for item in self.fates if item.declared)

    @property
    def share(self) -> float:
        """The share of rules that are flows, new ones or of before, from 0 to 1."""
        return (self.converted + self.declared) / len(self.fates) if self.fates else 1
