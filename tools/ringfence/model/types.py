"""The frozen types that stages exchange: who exists, who may call whom, where and why.

Values here are resolved: names point at things that exist, ports are numbers, dates are dates. They know neither YAML
nor Git.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import force_setattr

from ringfence.findings import Location
from ringfence.values.addresses import NOWHERE, AddressSet
from ringfence.values.partly import Partly
from ringfence.values.ports import PortRange

if TYPE_CHECKING:
    from ringfence.documents import Document

Labels = tuple[tuple[str, str], ...]
"""Label pairs sorted by key: hashable, and the same bytes whatever the file's order."""

METADATA_NAME = "kubernetes.io/metadata.name"
"""The label that the API server puts on every namespace (KEP-2161)."""


class Fact(Struct, frozen=True):
    """One statement on a network plugin. `value` None: not known. `source` is where it was read."""

    value: bool | int | tuple[str, ...] | None
    source: str = ""
    note: str = ""


class Cni(Partly, frozen=True):
    """What a cluster's network plugin makes of policies, from its profile (`model.profiles`).

    A capability that is None is not known, and refused where a flow needs it. `ip_blocks_match_pods`: whether an
    `ipBlock` matches the addresses of pods. `dialects`: the kinds of policies that are enforced; `names` and `audit`:
    those of them in which egress to DNS names is enforced, and in which policies can be watched first. `admin_kinds`:
    the kinds of `policy.networking.k8s.io` that are enforced. `ports_per_peer`: how many ports a pod may have open
    towards one peer, or from it; None for any number. `version` is the profile's, empty where it has none. `facts` are
    all of this with their sources, and `notes` what else a person should know, each with its source.
    """

    ASIDE = ("where", "title", "facts", "notes")

    name: str
    ip_blocks_match_pods: bool | None
    where: Location = Location("")
    version: str = ""
    dialects: tuple[str, ...] = ("kubernetes",)
    admin_kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    audit: tuple[str, ...] = ()
    end_port: bool | None = None
    sctp: bool | None = None
    ipv6: bool | None = None
    ports_per_peer: int | None = None
    archived: bool | None = None
    title: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    notes: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """The name, with the version of the profile where it has one: `calico@3.32`."""
        return f"{self.name}@{self.version}" if self.version else self.name

    @property
    def enforces(self) -> bool:
        """Whether NetworkPolicy is enforced."""
        return "kubernetes" in self.dialects

    def note(self, fact: str) -> str:
        """What else must be known of a fact, in brackets after a blank, or nothing."""
        known = self.facts.get(fact)
        return f" ({known.note})" if known and known.note else ""


class Stage(Partly, frozen=True):
    """How far a namespace of a cluster is, by direction: what its policies really do there.

    `permissive`: everything stays open; `audit`: everything stays open and the network plugin reports what would be
    denied; `enforce`: what no rule allows is denied. The places are where the cluster's file says so.
    """

    ASIDE = ("where_ingress", "where_egress")

    ingress: str = "enforce"
    egress: str = "enforce"
    where_ingress: Location = Location("")
    where_egress: Location = Location("")

    @property
    def enforced(self) -> bool:
        """Whether both directions are."""
        return self.ingress == self.egress == "enforce"


STAGES = ("permissive", "audit", "enforce")
"""From open to closed."""

ENFORCED = Stage()


class Cluster(Partly, frozen=True):
    """One environment on one Kubernetes cluster, the unit that an overlay is rendered for.

    Two may share a Kubernetes cluster (`kubernetes_cluster`); then `namespace_pattern`, such as
    `{namespace}-{environment}`, tells their namespaces apart. The address sets hold what the cluster gives out itself.
    `stages` are those of single namespaces by declared name, where they are not the default. `guardrails` is the kind
    of policies by which the cluster itself denies what guardrails forbid, or `none`.
    """

    ASIDE = ("where_guardrails",)

    name: str
    environment: str
    kubernetes_cluster: str
    server: str
    namespace_pattern: str
    cni: Cni
    dialect: str
    pods: AddressSet
    services: AddressSet
    nodes: AddressSet
    where: Location
    default_stage: Stage = ENFORCED
    stages: tuple[tuple[str, Stage], ...] = ()
    guardrails: str = "none"
    where_guardrails: Location = Location("")

    def stage(self, namespace: str) -> Stage:
        """The stage of a declared namespace here."""
        return dict(self.stages).get(namespace, self.default_stage)

    def namespace_name(self, namespace: str) -> str:
        """The name that a declared namespace has in this cluster."""
        return self.namespace_pattern.replace("{namespace}", namespace).replace("{environment}", self.environment)

    @property
    def keeps_names(self) -> bool:
        """Whether namespaces have their declared names here, so that overlays can build on `base`."""
        return self.namespace_pattern == "{namespace}"


class Port(Struct, frozen=True):
    """A named port of a workload or peer; one name may stand for several ranges (`dns`: 53/UDP and 53/TCP)."""

    name: str
    ranges: tuple[PortRange, ...]


class Workload(Struct, frozen=True):
    """A Deployment, StatefulSet or the like that a team declares: the labels of its pods and the ports it listens on.

    `id` is `namespace/name`, with the declared namespace. `environments` are those in which it exists. `accepts` are
    the `namespace/workload`, `namespace/*` or peer names that may call it when consent is declared.
    """

    namespace: str
    name: str
    team: str
    labels: Labels
    ports: tuple[Port, ...]
    service_account: str
    environments: frozenset[str]
    accepts: tuple[str, ...]
    where: Location
    id: str = ""

    def __post_init__(self) -> None:
        # kept, since stages ask for it millions of times
        force_setattr(self, "id", f"{self.namespace}/{self.name}")

    def port(self, name: str) -> Port | None:
        """The port of that name."""
        return next((port for port in self.ports if port.name == name), None)


class Peer(Struct, frozen=True):
    """A named end outside the teams, from the catalogue: addresses or DNS names or both, or pods of a system namespace.

    For addresses, `addresses` is the set and `cidrs`/`excepts` its canonical texts in canonical order. `names` are
    sorted DNS names of two labels or more, where a leading `*.` stands for one label; they count for egress, in a
    dialect that can say names, and other dialects use the addresses. `world` says that both lie outside the
    organisation. For pods, `namespace` (never patterned) and `labels` select them; no label
    selects all of the namespace.
    """

    name: str
    description: str
    owner: str
    ports: tuple[Port, ...]
    where: Location
    addresses: AddressSet = NOWHERE
    cidrs: tuple[str, ...] = ()
    excepts: tuple[str, ...] = ()
    world: bool = False
    namespace: str = ""
    labels: Labels = ()
    names: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The catalogue name."""
        return self.name

    @property
    def is_pods(self) -> bool:
        """Whether the peer is pods of the cluster and not addresses or names."""
        return bool(self.namespace)

    @property
    def only_names(self) -> bool:
        """Whether DNS names are all that is known of the peer: there is no address that could stand for them."""
        return bool(self.names) and not self.cidrs

    def port(self, name: str) -> Port | None:
        """The port of that name."""
        return next((port for port in self.ports if port.name == name), None)


End = Workload | Peer


class Leg(Struct, frozen=True):
    """One source and one destination of a flow, with the destination's ports as numbers (canonical order)."""

    source: End
    destination: End
    ports: tuple[PortRange, ...]

    def shared(self, environments: frozenset[str]) -> frozenset[str]:
        """Those of some environments in which both ends exist."""
        for end in (self.source, self.destination):
            if isinstance(end, Workload):
                environments &= end.environments
        return environments


class Flow(Struct, frozen=True):
    """A declared intent: who may call whom, on which ports, and why.

    `legs` is every pair of a source and a destination. `environments` are those that the flow names, or all.
    `ports_text` are the ports as written.
    """

    namespace: str
    name: str
    team: str
    legs: tuple[Leg, ...]
    ports_text: tuple[str, ...]
    environments: frozenset[str]
    reason: str
    expires: datetime.date | None
    ticket: str
    where: Location

    @property
    def id(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"


class Grant(Struct, frozen=True):
    """A baseline flow: what the platform grants to every pod, or to every workload that has a port of some name.

    `to_peer`: every pod of every team namespace may call `peer` (egress). Otherwise `peer` may call them (ingress):
    with `ranges`, every pod on those ports; with `port_names`, only workloads that declare a port so named, on its
    numbers.
    """

    name: str
    peer: Peer
    to_peer: bool
    ranges: tuple[PortRange, ...]
    port_names: tuple[str, ...]
    environments: frozenset[str]
    reason: str
    where: Location


class Side(Struct, frozen=True):
    """Which ends a guardrail speaks of: each non-empty field must match (AND), any item of it does (OR).

    All empty: every end. `namespaces` and `workloads` are declared names (`payments`, `payments/api`); `world`: any
    address outside the organisation. `excepts` are workloads, `namespace/*` or peer names taken out again.
    """

    environments: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    world: bool = False
    excepts: tuple[str, ...] = ()


class Guardrail(Struct, frozen=True):
    """A platform statement on connectivity: `must` be reachable (`must` true) or never.

    `ports` limits the statement; none means every port.
    """

    name: str
    must: bool
    source: Side
    destination: Side
    ports: tuple[PortRange, ...]
    reason: str
    where: Location


class Waiver(Struct, frozen=True):
    """An approved exception to a check (`RF…` code or name) or a guardrail (its name), for one subject, until a date.

    `subject` is a flow id or workload id; the waiver is spent after `expires` (the day itself still counts).
    """

    check: str
    guardrail: str
    subject: str
    reason: str
    approver: str
    expires: datetime.date
    where: Location


class Team(Partly, frozen=True):
    """A team: its contacts, the owners that code review asks, and the namespaces that it claims.

    `claims` are the places of `namespaces`, in the same order.
    """

    ASIDE = ("claims",)

    name: str
    description: str
    contact: str
    owners: tuple[str, ...]
    namespaces: tuple[str, ...]
    where: Location
    claims: tuple[Location, ...] = ()


class Namespace(Struct, frozen=True):
    """A team's namespace by its declared name, with its own labels, and the environments in which it exists."""

    name: str
    team: str
    labels: Labels
    environments: frozenset[str]
    where: Location


class Settings(Struct, frozen=True):
    """Repository-wide choices (`policies/ringfence.yaml`).

    `gates` are the levels of the gates of `impact` that the file gives: pairs of a gate and its level (`error`, `warn`
    or `ignore`).
    `policy_writers` may write policies in the namespaces of teams: users, and groups as `group:NAME`. Empty: no matter.
    """

    organisation: str
    default_branch: str
    repository_url: str
    platform_owners: tuple[str, ...]
    consent: str
    require_ticket: bool
    warn_days: int
    argocd_namespace: str
    flux_namespace: str
    where: Location
    gates: tuple[tuple[str, str], ...] = ()
    mass_change_percent: int = 50
    used_threshold: int = 0
    policy_writers: tuple[str, ...] = ()


class Adopted(Partly, frozen=True):
    """A policy that no flow says yet, kept as somebody wrote it, in any dialect, beside the bundles of one cluster.

    `namespace` is the declared name of a team's namespace, else the name in the cluster, or empty for an object of the
    cluster as a whole. `data` is the object as written; `document` is where it stands.
    """

    ASIDE = ("document",)

    cluster: str
    namespace: str
    group: str
    kind: str
    name: str
    data: Mapping[str, Any]
    document: Document
    where: Location

    def __hash__(self) -> int:
        return hash((self.id, self.where))  # what was written is a mapping

    @property
    def id(self) -> str:
        """The kind with `namespace/name`, or with the name alone."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Model(Struct, frozen=True):
    """Everything that a repository declares, resolved. Mappings are in sorted order of their keys."""

    settings: Settings
    clusters: Mapping[str, Cluster]
    peers: Mapping[str, Peer]
    teams: Mapping[str, Team]
    namespaces: Mapping[str, Namespace]
    workloads: Mapping[str, Workload]
    flows: tuple[Flow, ...]
    grants: tuple[Grant, ...]
    guardrails: tuple[Guardrail, ...]
    waivers: tuple[Waiver, ...]
    files: int = 0
    adopted: tuple[Adopted, ...] = ()

    @property
    def environments(self) -> frozenset[str]:
        """Every environment that some cluster has."""
        return frozenset(cluster.environment for cluster in self.clusters.values())

    def namespaces_in(self, cluster: Cluster) -> list[Namespace]:
        """The team namespaces that exist in a cluster, by name."""
        return [item for item in self.namespaces.values() if cluster.environment in item.environments]

    def workloads_in(self, cluster: Cluster) -> list[Workload]:
        """The workloads that exist in a cluster, by id."""
        return [item for item in self.workloads.values() if cluster.environment in item.environments]

    def legs_in(self, cluster: Cluster) -> list[tuple[Flow, Leg]]:
        """The legs of flows that hold in a cluster: the flow names its environment, and both ends exist there."""
        environment = cluster.environment
        return [
            (flow, leg)
            for flow in self.flows
            if environment in flow.environments
            for leg in flow.legs
            if (isinstance(leg.source, Peer) or environment in leg.source.environments)
            and (isinstance(leg.destination, Peer) or environment in leg.destination.environments)
        ]

    def adopted_in(self, cluster: Cluster) -> list[Adopted]:
        """The adopted policies of a cluster, by namespace, kind and name."""
        return [item for item in self.adopted if item.cluster == cluster.name]

    def grants_in(self, cluster: Cluster) -> list[Grant]:
        """The baseline grants that hold in a cluster."""
        return [grant for grant in self.grants if cluster.environment in grant.environments]
