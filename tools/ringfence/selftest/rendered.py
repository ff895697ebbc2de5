"""Ways to break rendered policies: what a hand, a bad merge or a wrong template does to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ringfence.checks import sides
from ringfence.checks.denials import NONE
from ringfence.documents import edit
from ringfence.documents.document import Route
from ringfence.manifests.kustomize import NAME
from ringfence.selftest import pairs
from ringfence.selftest.repository import BASELINE, Policy, Repository, Site, data
from ringfence.selftest.shapes import PORT, SHAPES, WORLD
from ringfence.selftest.types import Broken
from ringfence.values.ports import PortRange, PortSet
from ringfence.verify.foreign import OF_CLUSTER, OVERLAYS

NO_WORKLOAD = "no workload of an enforced namespace has a policy"
NO_PODS = "no policy of a workload has a rule for pods"


def comment(repository: Repository, site: Site) -> Broken | str:
    """A line at the end of a file."""
    path = site.policies[0].path
    return Broken({path: repository.read(path) + b"# by hand\n"})


def rule_deleted(repository: Repository, site: Site) -> Broken | str:
    """The first rule for pods is gone."""
    for policy, route, _ in _rules_for_pods(site):
        return Broken({policy.path: _without(repository, policy, route)})
    return NO_PODS


def ports_widened(repository: Repository, site: Site) -> Broken | str:
    """The first rule for pods has no ports, so all."""
    shape = SHAPES[site.cluster.dialect]
    for policy, route, rule in _rules_for_pods(site):
        if found := shape.ports(str(route[1]), rule):
            return Broken({policy.path: _without(repository, policy, (*route, *found))})
    return "no rule for pods names ports"


def peer_widened(repository: Repository, site: Site) -> Broken | str:
    """The peer of the first rule for pods is every pod of its namespace."""
    shape = SHAPES[site.cluster.dialect]
    for policy, route, rule in _rules_for_pods(site):
        if found := shape.any_pod(str(route[1]), rule):
            return Broken({policy.path: edit.set_value(repository.read(policy.path), (*route, *found[0]), found[1])})
    return NO_PODS


def world(repository: Repository, site: Site) -> Broken | str:
    """A workload may call any address."""
    return _egress_to(repository, site, WORLD)


def other_environment(repository: Repository, site: Site) -> Broken | str:
    """A workload may call the pods of a cluster of another environment."""
    for cluster in repository.model.clusters.values():
        if cluster.environment != site.cluster.environment and not cluster.pods & site.cluster.pods:
            first = next((cidr for cidr in cluster.pods.cidrs() if "." in cidr), "")
            if first:
                return _egress_to(repository, site, first)
    return "no cluster of another environment has pod addresses of its own"


def pair_opened(repository: Repository, site: Site) -> Broken | str:
    """A workload reaches another team's, by a rule at both ends."""
    for source, destination in pairs.strangers(repository, site):
        return Broken(pairs.both(repository, site, source, destination))
    return "every pair of workloads of two teams is declared"


def unasked(repository: Repository, site: Site) -> Broken | str:
    """The same, where the destination let the source in before."""
    for source, destination in pairs.strangers(repository, site):
        return Broken(
            pairs.out_of(repository, site, source, destination), pairs.into(repository, site, source, destination)
        )
    return "every pair of workloads of two teams is declared"


def guardrail_opened(repository: Repository, site: Site) -> Broken | str:
    """A pair that a guardrail forbids is open."""
    if site.cluster.guardrails != NONE:
        return f"{site.cluster.name} keeps guardrails by policies of its own, whatever those of teams allow"
    waived = {item.guardrail for item in repository.model.waivers}
    never = [item for item in repository.model.guardrails if not item.must and item.name not in waived]
    on = PortSet.of([PortRange("TCP", PORT, PORT)])
    for source, destination in pairs.of(site):
        ends = [sides.of_workload(end, site.cluster) for end in (pairs.owner(source), pairs.owner(destination))]
        for guardrail in never:
            if (
                sides.forbidden(guardrail, on)
                and sides.matches(guardrail.source, ends[0])
                and sides.matches(guardrail.destination, ends[1])
            ):
                return Broken(pairs.both(repository, site, source, destination))
    return f"no guardrail without waivers forbids a pair of workloads on {PORT}/TCP"


def selector_changed(repository: Repository, site: Site) -> Broken | str:
    """The policy of a workload selects other pods."""
    for policy in site.workloads:
        if found := SHAPES[site.cluster.dialect].other_selector(policy.data["spec"]):
            return Broken({policy.path: edit.set_value(repository.read(policy.path), *found)})
    return NO_WORKLOAD


def default_deny_removed(repository: Repository, site: Site) -> Broken | str:
    """The baseline of a namespace is deleted."""
    for policy in site.policies:
        if policy.name == BASELINE and not repository.is_patched(site, policy.namespace.name):
            return Broken({policy.path: None, policy.kustomization: _unlisted(repository, [policy])})
    return "no enforced namespace has a baseline of its own"


def not_listed(repository: Repository, site: Site) -> Broken | str:
    """The policy of a workload is there, and no kustomization lists it."""
    for policy in site.workloads:
        if not repository.is_patched(site, policy.namespace.name):
            return Broken({policy.kustomization: _unlisted(repository, [policy])})
    return NO_WORKLOAD


def namespace_without_policies(repository: Repository, site: Site) -> Broken | str:
    """All policies of a namespace with workloads are gone."""
    for policy in site.workloads:
        found = site.of_namespace(policy.namespace.name)
        if not repository.is_patched(site, policy.namespace.name):
            lists = {item.kustomization: _unlisted(repository, found) for item in found}
            return Broken({**dict.fromkeys(item.path for item in found), **lists})
    return NO_WORKLOAD


def namespace_closed(repository: Repository, site: Site) -> Broken | str:
    """No policy of a namespace has a rule any more."""
    for policy in site.workloads:
        if not repository.is_patched(site, policy.namespace.name):
            found = site.of_namespace(policy.namespace.name)
            return Broken({item.path: _closed(site, item) for item in found})
    return NO_WORKLOAD


def guardrail_policy_not_listed(repository: Repository, site: Site) -> Broken | str:
    """The policy by which the cluster itself keeps a guardrail is there, and no kustomization lists it."""
    path = f"{OVERLAYS}/{site.cluster.name}/{OF_CLUSTER}/{NAME}"
    listed = data(repository.read(path))["resources"] if path in repository.files(path) else []
    for index, name in enumerate(listed):
        if name.startswith("guardrail"):
            return Broken({path: edit.remove(repository.read(path), ("resources", index))})
    return f"{site.cluster.name} has no policies for guardrails"


def foreign_object(repository: Repository, site: Site) -> Broken | str:
    """A Deployment stands among the policies."""
    pod = "{metadata: {labels: {app: x}}, spec: {containers: [{name: x, image: x}]}}"
    return _added(repository, site, f"spec: {{selector: {{matchLabels: {{app: x}}}}, template: {pod}}}", "Deployment")


def foreign_namespace(repository: Repository, site: Site) -> Broken | str:
    """A policy is for another namespace than its folder."""
    policy = site.policies[0]
    raw = edit.set_value(repository.read(policy.path), ("metadata", "namespace"), "kube-system")
    return Broken({policy.path: raw})


def unknown_policy(repository: Repository, site: Site) -> Broken | str:
    """A policy of a kind that nothing here evaluates."""
    return _added(repository, site, "spec: {}", "NetworkPolicy", "crd.antrea.io/v1beta1")


def _added(repository: Repository, site: Site, body: str, kind: str, api: str = "apps/v1") -> Broken:
    policy = site.policies[0]
    space = policy.data["metadata"]["namespace"]
    head = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x, namespace: {space}}}\n"
    path = policy.path.replace(f"/{policy.name}.yaml", "/ringfence-selftest.yaml")
    listed = edit.append(repository.read(policy.kustomization), ("resources",), "ringfence-selftest.yaml")
    return Broken({path: f"{head}{body}\n".encode(), policy.kustomization: listed})


def _without(repository: Repository, policy: Policy, route: Route) -> bytes:
    """A policy less one part; written anew where comments stand in the way."""
    raw = repository.read(policy.path)
    try:
        return edit.remove(raw, route)
    except edit.EditError:
        parent = whole = data(raw)
        for step in route[:-1]:
            parent = parent[step]
        del parent[route[-1]]
        return json.dumps(whole).encode()


def _closed(site: Site, policy: Policy) -> bytes:
    """A policy that isolates as before and allows nothing. The file is written anew, since its comments go too."""
    nothing = SHAPES[site.cluster.dialect].nothing()
    spec = {**policy.data["spec"], "ingress": nothing, "egress": nothing}
    return json.dumps({**policy.data, "spec": spec}).encode()


def _egress_to(repository: Repository, site: Site, cidr: str) -> Broken | str:
    rule = SHAPES[site.cluster.dialect].addresses("egress", cidr)
    for policy in site.workloads:
        return Broken({policy.path: edit.append(repository.read(policy.path), ("spec", "egress"), rule)})
    return NO_WORKLOAD


def _rules_for_pods(site: Site) -> Iterator[tuple[Policy, Route, dict[str, Any]]]:
    """The rules of workloads whose peer is pods with labels, with their routes."""
    shape = SHAPES[site.cluster.dialect]
    for policy in site.workloads:
        for direction in ("ingress", "egress"):
            for index, rule in enumerate(policy.rules(direction)):
                if shape.any_pod(direction, rule):
                    yield policy, ("spec", direction, index), rule


def _unlisted(repository: Repository, policies: list[Policy] | tuple[Policy, ...]) -> bytes:
    """The kustomization of policies in one folder without them."""
    path = policies[0].kustomization
    raw = repository.read(path)
    for policy in policies:
        if policy.kustomization == path:
            listed = data(raw)["resources"]
            raw = edit.remove(raw, ("resources", listed.index(policy.path.rpartition("/")[2])))
    return raw
