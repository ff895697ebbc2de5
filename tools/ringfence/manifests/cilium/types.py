"""Typed values of Cilium's policies: what a manifest says once the agent has read it, with its defaults applied.

They know neither YAML nor how connectivity is computed. Source of the meanings: Cilium's documentation of policies and
`pkg/policy/api` (1.19 and 1.20). The distinctions that bite are kept apart: `peers` None is anyone and `()` is nobody,
`ports` None is every port and `()` is none of TCP, UDP and SCTP.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from msgspec import Struct

from ringfence.findings import Location
from ringfence.manifests.types import Labels, PolicyPort, Requirement, Selector
from ringfence.values.addresses import AddressSet


class Subject(enum.StrEnum):
    """Where an identity keeps the label that a term of a selector asks for."""

    POD = "k8s"
    ANY = "any"
    NAMESPACE = "namespace"
    NAMESPACE_LABEL = "namespace-label"
    CLUSTER = "cluster"
    SERVICE_ACCOUNT = "service-account"
    RESERVED = "reserved"
    OTHER = "other"


Identity = Mapping[Subject, Mapping[str, str]]
"""The labels of one identity. A pod has POD, NAMESPACE (`{"name": its namespace}`), NAMESPACE_LABEL, CLUSTER
(`{"name": …}`) and SERVICE_ACCOUNT (`{"name": …}`); the host has RESERVED `{"host": ""}`. A missing key is no label."""


class Term(Struct, frozen=True, order=True):
    """One condition. NAMESPACE, CLUSTER and SERVICE_ACCOUNT have the key `name`; OTHER has `source:key`.

    ANY is a label without source or with `any:`: a pod's own label, or a reserved one.
    """

    subject: Subject
    requirement: Requirement

    def matches(self, identity: Identity) -> bool:
        """Whether an identity meets the condition."""
        labels = identity.get(Subject.POD if self.subject is Subject.ANY else self.subject, {})
        if self.subject is Subject.ANY and self.requirement.key not in labels:
            labels = identity.get(Subject.RESERVED, {})
        return self.requirement.matches(labels)


class EndpointSelector(Struct, frozen=True):
    """Every term must hold; none selects everything. The namespace that Cilium adds is already a term."""

    terms: tuple[Term, ...] = ()

    def matches(self, identity: Identity) -> bool:
        """Whether the selector selects an identity."""
        return all(term.matches(identity) for term in self.terms)

    def of(self, *subjects: Subject) -> Selector:
        """The conditions on some subjects as a selector of their labels."""
        return Selector(tuple(sorted({term.requirement for term in self.terms if term.subject in subjects})))

    @property
    def pods(self) -> Selector:
        """The conditions on a pod's own labels."""
        return self.of(Subject.POD, Subject.ANY)

    def __str__(self) -> str:
        return ", ".join(f"{term.subject}:{term.requirement}" for term in self.terms) or "everything"


class Entity(enum.StrEnum):
    """A class of peers that Cilium names. The CRD of 1.19 refuses the worlds of one family; the agent knows them."""

    ALL = "all"
    WORLD = "world"
    WORLD_IPV4 = "world-ipv4"
    WORLD_IPV6 = "world-ipv6"
    CLUSTER = "cluster"
    HOST = "host"
    REMOTE_NODE = "remote-node"
    KUBE_APISERVER = "kube-apiserver"
    INIT = "init"
    INGRESS = "ingress"
    HEALTH = "health"
    UNMANAGED = "unmanaged"
    NONE = "none"


class EndpointPeer(Struct, frozen=True):
    """Endpoints by labels (`fromEndpoints`, `toEndpoints`)."""

    selector: EndpointSelector


class NodePeer(Struct, frozen=True):
    """Nodes by labels (`fromNodes`, `toNodes`): without effect unless the agent labels nodes."""

    selector: EndpointSelector


class CidrPeer(Struct, frozen=True):
    """Addresses without the exceptions. They are no pods and no nodes unless the agent is told so."""

    addresses: AddressSet
    text: str


class CidrGroupPeer(Struct, frozen=True):
    """Addresses of CIDRGroups without `excepts`: the one called `name`, or where that is empty all that match."""

    name: str
    selector: Selector
    excepts: AddressSet


class NamePeer(Struct, frozen=True):
    """Addresses that DNS gives for a name or a pattern; known only while the agent sees the answers."""

    name: str
    pattern: str


class ServicePeer(Struct, frozen=True):
    """What stands behind Services: one by `name`, or where that is empty all that match. `namespace` "" is any."""

    namespace: str
    name: str
    selector: Selector


class CloudPeer(Struct, frozen=True):
    """Addresses that a cloud provider gives (`toGroups`); `text` as plain data."""

    text: str


Peer = EndpointPeer | Entity | NodePeer | CidrPeer | CidrGroupPeer | NamePeer | ServicePeer | CloudPeer


class PortRule(Struct, frozen=True):
    """Ports by number or name with ANY spelled out as TCP, UDP and SCTP, `"0"` as all, names in lower case.

    `l7` is empty, or what restricts the connection above the open port: `http`, `kafka`, `dns`, `tls`, `listener` or
    the `l7proto`. `others` are protocols without ports. `dns` are the names whose questions pass, where `l7` is `dns`:
    the agent learns their addresses from the answers. `parts` are what passes then, each by itself (one rule for HTTP,
    one name), as texts that are the same where they say the same.
    """

    ports: tuple[PolicyPort, ...]
    others: tuple[str, ...]
    l7: str
    dns: tuple[NamePeer, ...] = ()
    parts: frozenset[str] = frozenset()


class Icmp(Struct, frozen=True):
    """A type of ICMP, as its number or name, of one family."""

    family: str
    type: str


class Rule(Struct, frozen=True):
    """Peers AND ports. None of peers is anyone, `()` nobody; None of ports is every port, `()` none.

    An element `{}` has neither peers nor ports nor types of ICMP: Cilium matches nothing with it, so its `peers` are
    `()`. `authentication` is the mode or empty: the connection is allowed once both ends have proved who they are.
    """

    peers: tuple[Peer, ...] | None
    ports: tuple[PortRule, ...] | None
    icmps: tuple[Icmp, ...]
    authentication: str
    index: int
    where: Location


class Direction(Struct, frozen=True):
    """The rules of one direction, and whether they switch default deny on for what the selector selects."""

    allow: tuple[Rule, ...]
    deny: tuple[Rule, ...]
    default_deny: bool


class Spec(Struct, frozen=True):
    """One element of `specs`, or `spec`. `nodes`: the selector is of nodes (the host firewall), not of endpoints."""

    selector: EndpointSelector
    nodes: bool
    ingress: Direction
    egress: Direction
    where: Location


class CiliumPolicy(Struct, frozen=True):
    """A CiliumNetworkPolicy, or where `namespace` is empty a CiliumClusterwideNetworkPolicy."""

    namespace: str
    name: str
    specs: tuple[Spec, ...]
    where: Location

    @property
    def kind(self) -> str:
        """The kind as in the manifest."""
        return "CiliumNetworkPolicy" if self.namespace else "CiliumClusterwideNetworkPolicy"

    @property
    def id(self) -> str:
        """`namespace/name`, or the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class CidrGroup(Struct, frozen=True):
    """A CiliumCIDRGroup: addresses that `cidrGroupRef` and `cidrGroupSelector` name."""

    name: str
    labels: Labels
    addresses: AddressSet
    where: Location
