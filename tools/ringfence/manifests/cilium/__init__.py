"""Cilium v2 policies as typed values: CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy and CiliumCIDRGroup.

    policy, findings = read(document)                 # a document that holds one object
    reading = read_object(document, root)             # one object below a route of a document

Two judges refuse objects: the API server by the CRDs (1.19), and Cilium's agent (1.20). What the server takes and the
agent refuses is in the cluster and not enforced; it is an error here. Whatever is wrong is a finding, never an
exception.

This package owns what Cilium's words mean. It knows neither workloads nor how connectivity is computed.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ringfence.documents.document import Document, Route
from ringfence.findings import Finding
from ringfence.manifests.cilium.checks import CHECKS
from ringfence.manifests.cilium.judge import By, Judge
from ringfence.manifests.cilium.policy import cidr_group, policy
from ringfence.manifests.cilium.selectors import is_left_out
from ringfence.manifests.cilium.types import (
    CidrGroup,
    CidrGroupPeer,
    CidrPeer,
    CiliumPolicy,
    CloudPeer,
    Direction,
    EndpointPeer,
    EndpointSelector,
    Entity,
    Icmp,
    Identity,
    NamePeer,
    NodePeer,
    Peer,
    PortRule,
    Rule,
    ServicePeer,
    Spec,
    Subject,
    Term,
)

__all__ = [
    "CHECKS",
    "KINDS",
    "CidrGroup",
    "CidrGroupPeer",
    "CidrPeer",
    "CiliumPolicy",
    "CloudPeer",
    "Direction",
    "EndpointPeer",
    "EndpointSelector",
    "Entity",
    "Icmp",
    "Identity",
    "NamePeer",
    "NodePeer",
    "Peer",
    "PortRule",
    "Reading",
    "Rule",
    "ServicePeer",
    "Spec",
    "Subject",
    "Term",
    "is_left_out",
    "read",
    "read_object",
]

KINDS = ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "CiliumCIDRGroup")
"""The kinds of `cilium.io` that this package reads."""


class Reading(Struct, frozen=True):
    """What became of one object. `value` is None where the server (`by_server`) or the agent (`by_agent`) refuses it.

    Refused by the agent alone means: in the cluster, and without any effect. Where only the form of its name is wrong,
    the server refuses the object and it is still read, for what it means is clear. `by_release`: agents of some
    releases refuse it and those of others obey it, so its effect is not known.
    """

    value: CiliumPolicy | CidrGroup | None
    findings: tuple[Finding, ...]
    by_server: bool
    by_agent: bool
    by_release: bool = False


def read(document: Document) -> tuple[CiliumPolicy | CidrGroup | None, list[Finding]]:
    """The policy or CIDRGroup that a document holds, or None after findings.

    To lower a policy into sets of connections, for each `Spec` and each identity that its `selector` selects
    (`nodes`: the host, never a pod):

    - A direction denies by default as soon as one spec that selects the endpoint has `default_deny` there, or a
      NetworkPolicy isolates it: allowed is then what some rule allows, of either kind. `egress: [{}]` is one rule
      whose `peers` are `()`, so it only switches default deny on.
    - `deny` rules win over every allow, those of a NetworkPolicy too, whatever the order. So: allowed =
      (any allow, or everything where nothing denies by default) minus every deny.
    - A rule matches its `peers` (None: anyone; `()`: nobody) AND its `ports` (None: every port; `()`: none of TCP, UDP
      and SCTP). Peers of one rule add up. Named ports resolve at the destination, as in a NetworkPolicy.
    - `EndpointPeer.selector.matches(identity)` decides on pods; the namespace that Cilium adds is in it already.
      `Entity`: `ALL` is anyone; `WORLD` is every address that is no pod and no node, of both families or of one;
      `CLUSTER` is every pod of the cluster with the nodes, `INIT`, `INGRESS`, `HEALTH`, `UNMANAGED` and
      `KUBE_APISERVER`; `HOST` and `REMOTE_NODE` are the nodes; `NONE` is nobody. A node reaches the pods it runs.
    - `CidrPeer` and `CidrGroupPeer` (once its groups are looked up; a missing group has no addresses) match addresses
      outside the cluster only: by default neither pods nor nodes. The CNI profile may say otherwise.
    - `PortRule.l7` leaves its ports open and restricts above them: the connection is allowed and marked L7-restricted.
      Another rule that allows the same peer and port without it lifts the restriction. `authentication` likewise
      marks, and allows.
    - `NamePeer`, `CloudPeer`, `ServicePeer` (without the Service at hand) and `NodePeer` say nothing about pods:
      outside addresses they could touch are undefined. A `NamePeer` also needs a rule with `l7` `dns` for the same
      endpoints, or nothing is ever allowed.
    - None, after a finding: what the object could touch is undefined, except that one which the agent refuses while
      the server takes it has no effect.
    """
    reading = read_object(document, ())
    return reading.value, list(reading.findings)


def read_object(document: Document, root: Route, data: Any = None) -> Reading:
    """Read the object below `root` of a document, an item of a List for instance. Its kind must be one of `KINDS`.

    `data` is the object where it is more than what is written: an item of a typed list takes its kind from the list.
    """
    if data is None:
        data = document.data
        for step in root:
            data = data[step]
    judge = Judge(document, root)
    value: CiliumPolicy | CidrGroup | None = None
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in KINDS:
        judge.mistyped((), f"this is no policy of Cilium: its kind is none of {', '.join(KINDS)}")
    elif data.get("apiVersion") != "cilium.io/v2":
        message = f"{kind} is not served as {str(data.get('apiVersion'))[:80]}; the server refuses the object"
        judge.refuse(("apiVersion",), message, "write cilium.io/v2")
    elif kind == "CiliumCIDRGroup":
        value = cidr_group(judge, data)
    else:
        value = policy(judge, data, clusterwide=kind == KINDS[1])
    refused = judge.refused_by
    return Reading(value, tuple(judge.findings), By.API in refused, By.AGENT in refused, judge.by_release)
