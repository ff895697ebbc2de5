"""What connectivity is computed from: pods, namespaces, policies, and what the network plugin makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import force_setattr, replace

from ringfence.connectivity import dialects
from ringfence.findings import Finding, Location
from ringfence.manifests import (
    METADATA_NAME,
    AdminPolicy,
    AdminRule,
    ContainerPort,
    Labels,
    NetworkPolicy,
    Opaque,
    Rule,
    Service,
)
from ringfence.values.addresses import NOWHERE, AddressSet
from ringfence.values.partly import Partly
from ringfence.values.ports import NO_PORTS, PortSet

if TYPE_CHECKING:
    from ringfence.manifests.calico import CalicoObject
    from ringfence.manifests.cilium import CidrGroup, CiliumPolicy

NO_PLACE = Location("")
"""The place of an endpoint that no file declares."""


class Profile(Struct, frozen=True):
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


class Endpoint(Partly, frozen=True):
    """A pod (kind `Pod`) or all the pods of a workload, alike in everything that policies see.

    `addresses` are all of its exact pod addresses, empty for not known. `where` is the place that declares it; two that
    differ in nothing else are equal.
    `account` is the name of its service account, empty for not known. `declares` are the ports of its containers, named
    or not: nothing hangs on them but advice.
    """

    ASIDE = ("where", "id")

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
    id: str = ""

    def __post_init__(self) -> None:
        # kept, since every row asks for it
        force_setattr(self, "id", f"{self.namespace}/{self.name}")

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


class Place(Struct, frozen=True, order=True):
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


class ClusterState(Struct, frozen=True):
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

    def asked(self, ends: Iterable[str | None]) -> ClusterState:
        """The same cluster with an answer for those of some ends that are places, named by a policy or not."""
        found = {place for end in ends if end and (place := Place.of(end))}
        return replace(self, places=tuple(sorted({*self.places, *found}))) if found else self

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
