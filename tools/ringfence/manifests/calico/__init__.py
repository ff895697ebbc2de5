"""Calico v3 objects as typed values, and what Calico would refuse, ignore or misread.

    found, findings = read(document)                       # the one object of a document
    found, findings = read(document, data, ("items", 3))   # one object inside a list

The kinds are in `KINDS`, of the groups in `GROUPS`. This package knows the grammar and the rules of Calico's API; it
knows neither other objects of the cluster nor how connectivity is computed.
"""

from __future__ import annotations

from typing import Any

from ringfence.documents.document import Document, Route
from ringfence.findings import Finding
from ringfence.manifests.calico.checks import CHECKS, REFUSED, STORAGE_GROUP
from ringfence.manifests.calico.endpoints import read_host_endpoint, read_workload_endpoint
from ringfence.manifests.calico.grammar import SelectorError, parse
from ringfence.manifests.calico.policies import read_policy, read_staged_kubernetes
from ringfence.manifests.calico.reader import CalicoReader
from ringfence.manifests.calico.sets import read_set, read_tier
from ringfence.manifests.calico.types import (
    CalicoObject,
    CalicoPolicy,
    HostEndpoint,
    NetworkSet,
    StagedKubernetesPolicy,
    Tier,
)
from ringfence.manifests.types import Workload

__all__ = [
    "CHECKS",
    "ENDPOINTS",
    "GROUPS",
    "KINDS",
    "CalicoObject",
    "CalicoPolicy",
    "HostEndpoint",
    "NetworkSet",
    "SelectorError",
    "StagedKubernetesPolicy",
    "Tier",
    "parse",
    "read",
    "read_endpoint",
]

GROUPS = {"projectcalico.org": "v3", "crd.projectcalico.org": "v1"}
"""The API groups with the one version that each serves."""

KINDS = {
    "NetworkPolicy": True,
    "GlobalNetworkPolicy": False,
    "Tier": False,
    "NetworkSet": True,
    "GlobalNetworkSet": False,
    "StagedNetworkPolicy": True,
    "StagedGlobalNetworkPolicy": False,
    "StagedKubernetesNetworkPolicy": True,
}
"""The kinds that `read` takes, and whether they live in a namespace."""

ENDPOINTS = ("WorkloadEndpoint", "HostEndpoint")
"""The kinds that `read_endpoint` takes."""


def read_endpoint(document: Document, data: Any, root: Route) -> tuple[Workload | HostEndpoint | None, list[Finding]]:
    """The pod or host of an endpoint of `projectcalico.org/v3`, kept after findings as far as it can be read."""
    reader = CalicoReader(document, root, REFUSED)
    if not isinstance(data.get("metadata"), dict):
        reader.refuse((), "the endpoint has no `metadata`; the server refuses it")
        return None, reader.findings
    workload = data["kind"] == "WorkloadEndpoint"
    found = read_workload_endpoint(reader, data) if workload else read_host_endpoint(reader, data)
    return found, reader.findings


def read(document: Document, data: Any = None, root: Route = ()) -> tuple[CalicoObject | None, list[Finding]]:
    """One Calico object of a document, and what is wrong with it.

    `data` at `root` of the document is the object; without them the whole document is. The caller has looked at group
    and kind (`GROUPS`, `KINDS`). None comes back where the server or Calico itself turns the object down: what it could
    touch is then undefined (a staged kind can touch nothing). Never raises.

    How a connection is judged (felix calc/policy_sorter.go, policy_resolver.go; libcalico-go updateprocessors), for
    each direction at the pod that is selected (egress at the source, ingress at the destination):

    - Tiers go by `Tier.sort_key`. Those that Calico makes are in `types.TIER_ORDERS` and `types.TIER_ACTIONS`:
      kube-admin 1,000 and kube-baseline 10,000,000 (Pass; AdminNetworkPolicy or ClusterNetworkPolicy live there), and
      default 1,000,000 (Deny). A policy of a tier that is not there is undefined: Calico's servers refuse it, and
      Felix applies one that it finds, behind every other tier.
    - In a tier, policies that select the pod and have rules for the direction (`ingress` or `egress` not None, also if
      empty) go by `CalicoPolicy.sort_key`. A NetworkPolicy v1 is one of the tier `default` with order 1000
      (`types.KUBERNETES_ORDER`): its rules allow, nothing in it denies.
    - The first rule that matches decides: Allow and Deny end the walk, Pass goes to the next tier, Log goes on.
    - No rule matched: the tier's action (Deny, or Pass) if one of its policies selected the pod in the direction, else
      the tier is left out. After the last tier the pod's profile allows.
    - Labels decide through `effective`: a pod has its own, those of its namespace as `pcns.KEY`, those of its service
      account as `pcsa.KEY`, and some of Calico's; a network set likewise. A policy selects the pods whose effective
      labels match `effective.selected(policy)`.
    - An `Entity` means the pods and network sets whose effective labels match `effective.meant(entity, namespace)`,
      and any address where that is None. Who or what matches `not_selector`, in any namespace, is taken away. A pod is
      also meant where a network set holds its address. A negation holds for a global network set too: it has no labels
      of a namespace. `nets` match addresses of pods as of others. Named ports are those of the endpoint at that side,
      of the rule's protocol.
    - A rule is read for each IP version by itself: `nets` and `not_nets` are cut to the version, and where one that is
      given is left empty, the rule matches nothing of that version (`notNets: [10.0.0.0/8]` matches no IPv6 at all).
    - `do_not_track` and `pre_dnat` policies touch hosts only. `staged` policies count only as if promoted: Set takes
      the place of the policy with the same name, Delete takes it away, Learn and Ignore do neither.
    """
    reader = CalicoReader(document, root, REFUSED)
    found: CalicoObject | None = None
    data = reader.mapping(
        document.data if data is None else data, (), ("apiVersion", "kind", "metadata", "spec", "status")
    )
    if data is None:
        return None, reader.findings
    group, _, version = str(data.get("apiVersion")).partition("/")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS or group not in GROUPS:
        reader.refuse((), "this is no object of Calico that decides connections", f"kinds: {', '.join(KINDS)}")
        return None, reader.findings
    if version != GROUPS[group]:
        message = f"{kind} is not served as {data['apiVersion']}; the server refuses the object"
        reader.refuse(("apiVersion",), message, "write projectcalico.org/v3")
    storage = group != "projectcalico.org"
    if storage:
        message = f"{kind} of {group}: storage of Calico, not checked and not completed by its server"
        reader.warn(STORAGE_GROUP, ("apiVersion",), message, "write projectcalico.org/v3")
    if kind == "Tier":
        found = read_tier(reader, data)
    elif kind.endswith("NetworkSet"):
        found = read_set(reader, data, kind)
    elif kind == "StagedKubernetesNetworkPolicy":
        found = read_staged_kubernetes(reader, data)
    else:
        found = read_policy(reader, data, kind, storage=storage)
    return found, reader.findings
