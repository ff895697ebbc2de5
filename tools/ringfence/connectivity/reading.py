"""A cluster from manifests: which pods are one endpoint, and what the other objects say of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ringfence.connectivity import checks, dialects
from ringfence.connectivity.cluster import UNSPECIFIED, ClusterState, Endpoint, Profile
from ringfence.connectivity.dialects import Condition
from ringfence.findings import Finding
from ringfence.manifests import (
    Labels,
    Manifests,
    PodsPeer,
    Selector,
    Service,
    Workload,
    parse_files,
)
from ringfence.manifests.checks import REPLICAS_DIFFER


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
