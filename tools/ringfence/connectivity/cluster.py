"""What connectivity is computed from: pods, namespaces, policies, and what the network plugin makes of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ringfence.connectivity import checks, dialects
from ringfence.connectivity.dialects import Condition
from ringfence.findings import Finding, Location
from ringfence.manifests import (
    METADATA_NAME,
    AdminPolicy,
    AdminRule,
    ContainerPort,
    Labels,
    Manifests,
    NetworkPolicy,
    Opaque,
    PodsPeer,
    Rule,
    Selector,
    Service,
    Workload,
    parse_files,
)
from ringfence.manifests.checks import REPLICAS_DIFFER
from ringfence.values.addresses import NOWHERE, AddressSet
from ringfence.values.ports import NO_PORTS, PortSet

if TYPE_CHECKING:
    from ringfence.manifests.calico import CalicoObject
    from ringfence.manifests.cilium import CidrGroup, CiliumPolicy

NO_PLACE = Location("")
"""The place of an endpoint that no file declares."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a cluster's network plugin settles, and the addresses that the cluster gives out itself.

    `ip_blocks_match_pods`: whether an `ipBlock` matches the addresses of pods; None for not known, which makes what
    hangs on it undefined. `pods`, `services`, `nodes` may be empty (not known). Pod and service addresses are no
    external addresses. `enforces`: whether NetworkPolicy is enforced at all. `host_network_as_pods`: treat pods on the
    host's network like others, as most analysers do; the API leaves it undefined. `dialects` are those that the plugin
    obeys beside NetworkPolicy, None for not known.
    """

    name: str = dialects.UNSPECIFIED
    ip_blocks_match_pods: bool | None = None
    pods: AddressSet = NOWHERE
    services: AddressSet = NOWHERE
    nodes: AddressSet = NOWHERE
    enforces: bool = True
    host_network_as_pods: bool = False
    dialects: frozenset[str] | None = None

    def takes(self, dialect: str) -> bool | None:
        """Whether the plugin obeys the objects of a dialect (`calico`, `cilium`); None where that is not known."""
        plugin = self.name.partition("@")[0]
        if dialect in (self.dialects or ()) or plugin == dialect:
            return True
        # plugins that may or may not obey it: made of its plugin, or any plugin at all
        if dialect in plugin or plugin in ("gke-dataplane-v2", "kubernetes-generic"):
            return None
        return False if self.dialects is not None or plugin in _PLUGINS else None


_PLUGINS = ("antrea", "calico", "cilium", "flannel", "kube-router", "ovn-kubernetes", "weave")


UNSPECIFIED = Profile()
"""A profile that says nothing: what depends on the network plugin is undefined."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A pod (kind `Pod`) or all the pods of a workload, alike in everything that policies see.

    `addresses` are all of its exact pod addresses, empty for not known. `where` is the place that declares it.
    `account` is the name of its service account, empty for not known. `declares` are the ports of its containers, named
    or not: nothing hangs on them but advice.
    """

    namespace: str
    name: str
    kind: str = "Pod"
    labels: Labels = ()
    ports: tuple[ContainerPort, ...] = ()
    host_network: bool = False
    addresses: tuple[str, ...] = ()
    where: Location = NO_PLACE
    account: str = ""
    declares: PortSet = NO_PORTS

    @property
    def id(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}[{self.kind}]"

    @property
    def is_representative(self) -> bool:
        """Whether it stands for pods that nobody declared: any other of a namespace (`shop/*`), or of any (`*/*`)."""
        return self.name.startswith("*")


ENTITY, DNS = "entity", "dns"
"""The kinds of places."""

ENTITIES = ("host", "remote-node", "kube-apiserver", "health", "init", "ingress", "unmanaged")
"""The entities of Cilium's that are one thing in the cluster, by name. The others are sums of them."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An end that is no pod and is known by what it is, not by its addresses: `entity:host`, `dns:api.example.com`.

    `kind` is ENTITY (`host`, `remote-node`, `kube-apiserver` and others that Cilium names) or DNS: the addresses that a
    name has, whichever they are. A pattern stands for the names that it matches and no narrower place does.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def of(cls, text: str) -> Place | None:
        """The place that a text names, None for one that names no place."""
        kind, _, name = text.partition(":")
        if kind == DNS and name:
            return cls(DNS, name.lower().removesuffix("."))
        return cls(ENTITY, name) if kind == ENTITY and name in ENTITIES else None


@dataclass(frozen=True, slots=True)
class ClusterState:
    """One cluster as an input. `namespaces` maps names to labels; namespaces that only pods or policies name are added.

    `policies` are NetworkPolicies, `admin` the policies with tiers and ordered rules, `calico` and `cilium` the objects
    of these dialects. `accounts` maps (namespace, service account) to labels; those of others are not known.
    `services` are the Services by namespace and name.
    `workload_of` maps pods (`namespace/name`) that are part of an endpoint to its name; `findings` and `skipped` come
    from reading. `places` are ends by name to be answered for beside those that policies name. `names_apart`: external
    addresses are taken for those that no such name has, so that a rule for names leaves nothing of them undefined.
    """

    policies: tuple[NetworkPolicy, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    namespaces: Mapping[str, Labels] = field(default_factory=dict)
    profile: Profile = UNSPECIFIED
    opaque: tuple[Opaque, ...] = ()
    workload_of: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    admin: tuple[AdminPolicy, ...] = ()
    calico: tuple[CalicoObject, ...] = ()
    cilium: tuple[CiliumPolicy | CidrGroup, ...] = ()
    accounts: Mapping[tuple[str, str], Labels] = field(default_factory=dict)
    services: Mapping[tuple[str, str], Service] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    names_apart: bool = False

    def rules(self) -> Iterator[Rule | AdminRule]:
        """Every rule of every NetworkPolicy and administrator's policy."""
        for policy in self.policies:
            yield from policy.ingress or ()
            yield from policy.egress or ()
        for other in self.admin:
            yield from (*other.ingress, *other.egress)

    def all_namespaces(self) -> dict[str, Labels]:
        """Every namespace with its labels, `kubernetes.io/metadata.name` on each, by name."""
        names = {item.namespace for item in self.endpoints} | {item.namespace for item in self.policies}
        names |= {space for item in (*self.calico, *self.cilium) if (space := getattr(item, "namespace", ""))}
        result = {name: dict(self.namespaces.get(name, ())) for name in sorted(names | set(self.namespaces))}
        return {name: tuple(sorted({**labels, METADATA_NAME: name}.items())) for name, labels in result.items()}


def from_directory(files: Mapping[str, bytes], profile: Profile = UNSPECIFIED, *, pods: bool = False) -> ClusterState:
    """The cluster that a set of manifests declares.

    Files that are no YAML or JSON by name, and kustomizations, are left out.
    `pods`: keep the pods of one owner apart instead of showing their workload.
    """
    wanted = {path: raw for path, raw in files.items() if is_manifest(path)}
    return from_manifests(parse_files(wanted), profile, pods=pods)


def is_manifest(path: str) -> bool:
    """Whether a file name says that it holds Kubernetes objects."""
    name = path.rsplit("/", 1)[-1]
    return name.endswith((".yaml", ".yml", ".json")) and name not in ("kustomization.yaml", "kustomization.yml")


def from_manifests(manifests: Manifests, profile: Profile = UNSPECIFIED, *, pods: bool = False) -> ClusterState:
    """The cluster of manifests that are read already; `pods` as in `from_directory`."""
    findings = list(manifests.findings)
    endpoints, workload_of = _endpoints(manifests.workloads, _requirements(manifests), pods, findings)
    state = ClusterState(
        policies=tuple(manifests.policies),
        endpoints=tuple(endpoints),
        namespaces={item.name: item.labels for item in manifests.namespaces},
        profile=profile,
        opaque=tuple(manifests.opaque),
        workload_of=workload_of,
        skipped=dict(manifests.skipped),
        admin=tuple(manifests.admin),
        calico=tuple(manifests.calico),
        cilium=tuple(manifests.cilium),
        accounts=accounts_of(manifests),
        services=services_of(manifests),
    )
    return replace(state, findings=(*findings, *checks.findings(state)))


def services_of(manifests: Manifests) -> dict[tuple[str, str], Service]:
    """The Services by namespace and name; one that is declared twice otherwise is left out."""
    found: dict[tuple[str, str], list[Service]] = defaultdict(list)
    for item in manifests.services:
        found[item.namespace, item.name].append(item)
    return {key: items[0] for key, items in found.items() if len({(item.selector, item.ports) for item in items}) == 1}


def accounts_of(manifests: Manifests) -> dict[tuple[str, str], Labels]:
    """The labels of the service accounts; one that is declared twice with other labels is left out."""
    result: dict[tuple[str, str], Labels] = {}
    differing = set()
    for item in manifests.accounts:
        key = item.namespace, item.name
        if result.setdefault(key, item.labels) != item.labels:
            differing.add(key)
    return {key: labels for key, labels in result.items() if key not in differing}


def _requirements(manifests: Manifests) -> dict[str, set[Condition]]:
    """What policies ask of the labels of pods, by label key."""
    selectors: list[Selector] = [policy.selector for policy in manifests.policies]
    selectors += [policy.subject.pods for policy in manifests.admin]
    for rule in ClusterState(policies=tuple(manifests.policies), admin=tuple(manifests.admin)).rules():
        selectors.extend(peer.pods for peer in rule.peers if isinstance(peer, PodsPeer))
    result: dict[str, set[Condition]] = defaultdict(set)
    for selector in selectors:
        for requirement in selector.requirements:
            result[requirement.key].add(requirement)
    for condition in dialects.conditions(manifests.calico, manifests.cilium):
        result[condition.key].add(condition)
    return result


def _differ(items: Sequence[Workload], requirements: Mapping[str, set[Condition]]) -> bool:
    """Whether policies tell some workloads apart: by ports, account, or a condition that not all of them meet."""
    if len({(item.ports, item.host_network, item.account) for item in items}) > 1:
        return True
    pairs = {pair for item in items for pair in set(item.labels) ^ set(items[0].labels)}
    labels = [dict(item.labels) for item in items]
    asked = (requirement for key in {key for key, _ in pairs} for requirement in requirements.get(key, ()))
    return any(len({requirement.matches(item) for item in labels}) > 1 for requirement in asked)


def _endpoints(
    workloads: Sequence[Workload], requirements: Mapping[str, set[Condition]], pods: bool, findings: list[Finding]
) -> tuple[list[Endpoint], dict[str, str]]:
    """One endpoint for each workload that a person declared; with `pods`, one for each pod. And whose each pod is."""
    result: list[Endpoint] = []
    owned: dict[tuple[str, str, str], list[Workload]] = defaultdict(list)
    declared = {(item.namespace, item.kind, item.name): item for item in workloads}
    for item in workloads:
        if item.owner[1] and not (pods and item.kind == "Pod"):
            owned[item.namespace, *_top_owner(item, declared)].append(item)
        else:
            result.append(_endpoint(item))
    taken = {(item.namespace, item.kind, item.name) for item in result}
    workload_of: dict[str, str] = {}
    for (namespace, kind, name), items in owned.items():
        if (namespace, kind, name) not in taken:
            if _differ(items, requirements):
                message = f"the pods of {kind or 'owner'} {namespace}/{name} differ in what policies look at"
                related = tuple((item.where, item.id) for item in items[1:])
                subject = f"{namespace}/{name}"
                findings.append(REPLICAS_DIFFER.at(items[0].where, message, subject=subject, related=related))
                result.extend(map(_endpoint, items))
                continue
            addresses = tuple(sorted({address for item in items for address in item.addresses}))
            result.append(replace(_endpoint(items[0]), name=name, kind=kind or "Owner", addresses=addresses))
        shown = f"{namespace}/{name}[{kind or 'Owner'}]"
        workload_of.update((item.id, shown) for item in items if item.kind == "Pod")
    return result, workload_of


def _top_owner(item: Workload, declared: Mapping[tuple[str, str, str], Workload]) -> tuple[str, str]:
    """Kind and name of what a person declared: a ReplicaSet with the hash of its template belongs to a Deployment."""
    seen = set()
    above = declared.get((item.namespace, *item.owner))
    while above is not None and above.owner[1] and above.owner not in seen:
        seen.add(above.owner)
        item = above
        above = declared.get((item.namespace, *item.owner))
    kind, name = item.owner
    suffix = dict(item.labels).get("pod-template-hash", "")
    if kind == "ReplicaSet" and suffix and name.endswith(f"-{suffix}"):
        return "Deployment", name.removesuffix(f"-{suffix}")
    return kind, name


def _endpoint(item: Workload) -> Endpoint:
    return Endpoint(
        item.namespace,
        item.name,
        item.kind,
        item.labels,
        item.ports,
        item.host_network,
        item.addresses,
        item.where,
        item.account,
        item.declares,
    )
