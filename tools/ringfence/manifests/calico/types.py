"""Typed values of Calico v3 objects: what a manifest says, checked, with the defaults that Calico's servers write.

They know neither YAML nor how connectivity is computed. Everything is frozen and hashable.
"""

from __future__ import annotations

import math

from msgspec import Struct

from ringfence.findings import Location
from ringfence.manifests.calico.selector import Expression
from ringfence.manifests.types import Labels, NetworkPolicy
from ringfence.values.addresses import AddressSet

DEFAULT_TIER = "default"
KUBERNETES_ORDER = 1000.0
"""Where a NetworkPolicy v1 stands among the policies of the tier `default`."""

TIER_ORDERS = {
    "kube-admin": 1e3,
    "default": 1e6,
    "kube-baseline": 1e7,
    "adminnetworkpolicy": 1e3,
    "baselineadminnetworkpolicy": 1e7,
}
"""Tiers that Calico makes itself, with their orders: `kube-*` from 3.32, `*adminnetworkpolicy` up to 3.31."""

TIER_ACTIONS = {name: "Deny" if name == DEFAULT_TIER else "Pass" for name in TIER_ORDERS}
"""What happens at the end of each tier that Calico makes itself."""

PROTOCOLS = {"ICMP": 1, "TCP": 6, "UDP": 17, "ICMPv6": 58, "SCTP": 132, "UDPLite": 136}
"""The protocols that have a name, with their IP protocol numbers."""

WITH_PORTS = {6: "TCP", 17: "UDP", 132: "SCTP"}
"""The protocols that have ports, by number."""

NAMESPACE_LABEL = "projectcalico.org/namespace"
"""The label that every endpoint and network set of a namespace has, with the namespace's name."""

NAMESPACE_NAME_LABEL = "projectcalico.org/name"
"""The label with its name that Calico sees on each namespace, and on each service account."""


class Port(Struct, frozen=True):
    """One entry of `ports`: numbers `first`-`last`, or a `name` (then both are 0)."""

    first: int
    last: int
    name: str = ""


class ServiceAccounts(Struct, frozen=True):
    """Endpoints by their service account: its name is among `names` (if any) AND its labels match `selector`."""

    names: tuple[str, ...]
    selector: Expression | None


class Service(Struct, frozen=True):
    """A Kubernetes Service: its endpoints' addresses, and for a destination their ports."""

    namespace: str
    name: str


class Entity(Struct, frozen=True):
    """`source` or `destination` of a rule. Every part that is given must hold; None and () mean "not given".

    With `selector`, `not_selector`, `namespaces` or `accounts`, only endpoints and network sets that Calico knows can
    match, with one exception: `not_selector` alone in a global policy matches unknown addresses too.
    """

    selector: Expression | None = None
    not_selector: Expression | None = None
    namespaces: Expression | None = None
    accounts: ServiceAccounts | None = None
    service: Service | None = None
    nets: AddressSet | None = None
    not_nets: AddressSet | None = None
    ports: tuple[Port, ...] = ()
    not_ports: tuple[Port, ...] = ()


class Icmp(Struct, frozen=True):
    """ICMP type and code, None for any."""

    type: int | None
    code: int | None


class Rule(Struct, frozen=True):
    """One rule; the first that matches a packet decides (Log never decides). `index` as in the object.

    Protocols are IP protocol numbers, None for any. `http`: the rule also looks at requests (layer 7).
    """

    action: str
    protocol: int | None
    not_protocol: int | None
    ip_version: int | None
    source: Entity
    destination: Entity
    icmp: Icmp | None
    not_icmp: Icmp | None
    http: bool
    index: int
    where: Location


class CalicoPolicy(Struct, frozen=True):
    """NetworkPolicy, GlobalNetworkPolicy and their staged forms.

    `namespace` is "" for a global one. `selector` is `all()` where none is given; `namespaces` and `accounts` narrow it
    by labels of the namespace and of the service account. `ingress` or `egress` is None where the policy says nothing
    of that direction: it then does not select an endpoint there. `order` None is last; `staged` is "" for a policy in
    force, else Set, Delete, Learn or Ignore. `storage`: written in the group crd.projectcalico.org.
    """

    kind: str
    namespace: str
    name: str
    tier: str
    order: float | None
    selector: Expression
    namespaces: Expression | None
    accounts: Expression | None
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None
    apply_on_forward: bool
    do_not_track: bool
    pre_dnat: bool
    staged: str
    storage: bool
    where: Location

    @property
    def id(self) -> str:
        """`namespace/name`, or the name of a global policy."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def sort_key(self) -> tuple[float, str]:
        """The order within a tier: by `order`, the absent last, then by name, namespace and kind.

        Source: felix calc/policy_sorter.go since 3.31. Before, ties went by `namespace/name`.
        """
        return (math.inf if self.order is None else self.order, f"{self.name}/{self.namespace}/{self.kind}")


class StagedKubernetesPolicy(Struct, frozen=True):
    """A StagedKubernetesNetworkPolicy: the NetworkPolicy v1 that it would become, without effect until then."""

    policy: NetworkPolicy
    staged: str

    @property
    def id(self) -> str:
        """`namespace/name`."""
        return self.policy.id

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.policy.namespace

    @property
    def name(self) -> str:
        """Its name."""
        return self.policy.name

    @property
    def kind(self) -> str:
        """The kind as in the manifest."""
        return "StagedKubernetesNetworkPolicy"

    @property
    def where(self) -> Location:
        """The place that declares it."""
        return self.policy.where


class Tier(Struct, frozen=True):
    """A tier. `action` (Deny or Pass) ends it for endpoints that one of its policies selects; `order` None is last."""

    name: str
    order: float | None
    action: str
    where: Location

    @property
    def id(self) -> str:
        """The name."""
        return self.name

    @property
    def sort_key(self) -> tuple[float, str]:
        """The order of evaluation: by `order`, the absent last, then by name."""
        return (math.inf if self.order is None else self.order, self.name)


class NetworkSet(Struct, frozen=True):
    """A NetworkSet or (`namespace` "") a GlobalNetworkSet: addresses that selectors find by `labels`."""

    namespace: str
    name: str
    labels: Labels
    nets: AddressSet
    where: Location

    @property
    def id(self) -> str:
        """`namespace/name`, or the name of a global set."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class HostEndpoint(Struct, frozen=True):
    """An interface of a host with its labels and the addresses that it is expected to have, if any are said."""

    name: str
    labels: Labels
    nets: AddressSet
    where: Location

    @property
    def id(self) -> str:
        """The name."""
        return self.name


CalicoObject = CalicoPolicy | StagedKubernetesPolicy | Tier | NetworkSet | HostEndpoint
