"""Typed values of Kubernetes objects: what a manifest says, checked, with the defaults that the API server writes.

They know neither YAML nor how connectivity is computed. Everything is frozen, hashable and in canonical order where
order has no meaning, so equal manifests give equal values.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ringfence.findings import Location
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PortSet

Labels = tuple[tuple[str, str], ...]
"""Label pairs sorted by key."""

METADATA_NAME = "kubernetes.io/metadata.name"
"""The label that the API server puts on every namespace, with its name (KEP-2161)."""


def sorted_labels(labels: Mapping[str, str]) -> Labels:
    """The canonical form of a mapping of labels."""
    return tuple(sorted(labels.items()))


class Requirement(Struct, frozen=True, order=True):
    """One condition on one label; `operator` is In, NotIn, Exists or DoesNotExist, `values` sorted."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet the condition; NotIn and DoesNotExist hold where the key is absent."""
        if self.operator == "In":
            return self.key in labels and labels[self.key] in self.values
        if self.operator == "NotIn":
            return self.key not in labels or labels[self.key] not in self.values
        return (self.key in labels) == (self.operator == "Exists")

    def __str__(self) -> str:
        if self.operator == "In" and len(self.values) == 1:
            return f"{self.key}={self.values[0]}"
        if self.values:
            return f"{self.key} {'in' if self.operator == 'In' else 'not in'} ({', '.join(self.values)})"
        return self.key if self.operator == "Exists" else f"!{self.key}"


class Selector(Struct, frozen=True, cache_hash=True):  # the engine looks these up more often than anything else
    """A label selector: every requirement must hold; none selects everything. `matchLabels` are In with one value."""

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def of(cls, labels: Mapping[str, str]) -> Selector:
        """The selector of `matchLabels`."""
        return cls(tuple(sorted(Requirement(key, "In", (value,)) for key, value in labels.items())))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet every requirement."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        return ", ".join(map(str, self.requirements)) or "everything"


class PodsPeer(Struct, frozen=True, cache_hash=True):
    """Pods by labels; `namespaces` absent means the namespace of the policy itself."""

    pods: Selector
    namespaces: Selector | None

    def __str__(self) -> str:
        where = "the same namespace" if self.namespaces is None else f"namespaces with {self.namespaces}"
        return f"pods with {self.pods} in {where}"


class BlockPeer(Struct, frozen=True):
    """An `ipBlock`: `addresses` is the CIDR without its exceptions, `text` as written."""

    addresses: AddressSet
    text: str

    def __str__(self) -> str:
        return self.text


Peer = PodsPeer | BlockPeer


class NetworksPeer(Struct, frozen=True):
    """One entry of `networks` of an administrator's policy: the addresses of pods count too, by the API's own text."""

    addresses: AddressSet
    text: str

    def __str__(self) -> str:
        return self.text


class NodesPeer(Struct, frozen=True):
    """Nodes by their labels, as destinations."""

    nodes: Selector

    def __str__(self) -> str:
        return f"nodes with {self.nodes}"


class NamesPeer(Struct, frozen=True):
    """Destinations outside the cluster by domain names; which addresses they have, no file says."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.names)


AdminPeer = PodsPeer | NetworksPeer | NodesPeer | NamesPeer


class PolicyPort(Struct, frozen=True, cache_hash=True):
    """One entry of `ports`: by numbers `first`-`last`, or by `name` (then both are 0)."""

    protocol: str
    first: int
    last: int
    name: str = ""


class Rule(Struct, frozen=True):
    """Allow these peers on these ports; no peer means everyone, no port means every port. `index` as in the object."""

    peers: tuple[Peer, ...]
    ports: tuple[PolicyPort, ...]
    index: int
    where: Location


class NetworkPolicy(Struct, frozen=True):
    """A NetworkPolicy v1. `ingress` or `egress` is None where the policy does not isolate that direction.

    `policyTypes` is already applied: rules of a direction that it leaves out are in `left_out_ingress` or
    `left_out_egress`. They have no effect by the API's text; Cilium enforces them.
    """

    namespace: str
    name: str
    selector: Selector
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None
    where: Location
    left_out_ingress: tuple[Rule, ...] = ()
    left_out_egress: tuple[Rule, ...] = ()

    @property
    def id(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"


class AdminRule(Struct, frozen=True):
    """One rule of an administrator's policy; `action` is Allow (also for Accept), Deny or Pass.

    `closed` says why the rule fails closed (a peer of a kind that nobody knows): Allow then matches nothing, and Deny
    and Pass deny everything. `unclear` says why its match is not sure. No port means every port; a port name stands
    once for each protocol, as the API names none.
    """

    action: str
    name: str
    peers: tuple[AdminPeer, ...]
    ports: tuple[PolicyPort, ...]
    index: int
    where: Location
    closed: str = ""
    unclear: str = ""


class AdminPolicy(Struct, frozen=True):
    """An AdminNetworkPolicy, BaselineAdminNetworkPolicy or ClusterNetworkPolicy: rules in order, in one tier.

    `tier` is Admin or Baseline. A lower `priority` comes first; a BaselineAdminNetworkPolicy has 0.
    """

    kind: str
    name: str
    tier: str
    priority: int
    subject: PodsPeer
    ingress: tuple[AdminRule, ...]
    egress: tuple[AdminRule, ...]
    where: Location

    @property
    def id(self) -> str:
        """Its name; there is no namespace."""
        return self.name


class Namespace(Struct, frozen=True):
    """A namespace with its labels, `kubernetes.io/metadata.name` included whatever the file says."""

    name: str
    labels: Labels
    where: Location


class ContainerPort(Struct, frozen=True, order=True):
    """A named port that a container declares."""

    name: str
    protocol: str
    number: int


class Workload(Struct, frozen=True):
    """A Pod, or the pods that a Deployment or the like makes: their labels, named ports and known addresses.

    `owner` is (kind, name) of its controller, empty strings where it has none. `account` is its service account.
    `declares` are the ports of its containers, named or not; it is for information only, in Kubernetes too.
    """

    namespace: str
    name: str
    kind: str
    labels: Labels
    ports: tuple[ContainerPort, ...]
    host_network: bool
    addresses: tuple[str, ...]
    owner: tuple[str, str]
    where: Location
    account: str = "default"
    declares: PortSet = NO_PORTS

    @property
    def id(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"


class ServicePort(Struct, frozen=True):
    """Where a port of a Service ends at a pod: at a number, or at the pod's port of a `name` (then it is 0)."""

    protocol: str
    number: int
    name: str = ""


class Service(Struct, frozen=True):
    """A Service. `selector` None: which pods stand behind it, no manifest says."""

    namespace: str
    name: str
    selector: Selector | None
    ports: tuple[ServicePort, ...]
    where: Location


class ServiceAccount(Struct, frozen=True):
    """A service account with its labels."""

    namespace: str
    name: str
    labels: Labels
    where: Location


class Opaque(Struct, frozen=True):
    """Something that decides connections and that is not modelled: what it could touch is undefined.

    `namespace` limits it to pods of one namespace ("" means the cluster). `may_deny`: it could also take away what
    other policies allow; a refused NetworkPolicy cannot. `digest` tells two versions of it apart. `dialect` is `calico`
    or `cilium` for an object that only such a plugin looks at, `staged` for one that counts only if promoted, else "".
    """

    what: str
    why: str
    namespace: str
    may_deny: bool
    digest: str
    where: Location
    dialect: str = ""
