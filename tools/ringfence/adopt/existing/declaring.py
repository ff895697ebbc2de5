"""The files of a plan: declarations as a person would write them, and the adopted policies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ringfence.adopt.existing.flows import Flow
from ringfence.adopt.existing.keeping import Keep
from ringfence.adopt.existing.peers import Named
from ringfence.adopt.existing.plan import Options, Plan
from ringfence.adopt.existing.units import Unit
from ringfence.documents import edit
from ringfence.model.layout import ADOPTED, OF_CLUSTER
from ringfence.render import emit
from ringfence.render.adopted import printable
from ringfence.render.quoting import comment
from ringfence.values.ports import PortRange

API = "ringfence.dev/v1alpha1"
UNKNOWN_NETWORK = "192.0.2.0/24"
"""Reserved for documentation (RFC 5737): no address of any cluster, so it changes no verdict."""

UNKNOWN = "Not known from the manifests: write the real ones."


def files(plan: Plan, read: Callable[[str], bytes], *, fresh: bool, with_cluster: bool) -> dict[str, bytes]:
    """The files by path: new ones, and those of the repository that change, which `read` gives.

    `fresh`: a repository of its own, with settings; `with_cluster`: the cluster's file too. Raises `EditError`.
    """
    found: dict[str, bytes] = {}
    if fresh:
        found["policies/ringfence.yaml"] = _settings(plan)
    if with_cluster:
        found[f"policies/clusters/{plan.options.cluster}.yaml"] = cluster_file(plan.options, plan.stages)
    if plan.peers:
        text = ["Named ends outside the teams, as the policies of before had them. Give them better names."]
        data = {"peers": {peer.name: _peer(peer) for peer in plan.peers}}
        found[f"policies/catalog/{'imported' if fresh else f'imported-{plan.options.cluster}'}.yaml"] = _document(
            "Catalog", data, text
        )
    by_namespace: dict[str, list[Flow]] = defaultdict(list)
    for flow in plan.flows:
        by_namespace[flow.namespace].append(flow)
    for team, namespaces in plan.teams.items():
        if there := plan.shared.teams.get(team):
            path, raw = there
            for name in namespaces:
                raw = edit.append(raw, ("namespaces",), name)
            found[path] = raw
        else:
            found[f"teams/{team}/team.yaml"] = _team(plan, team, namespaces)
        for name in namespaces:
            folder = f"teams/{team}/{name}"
            found[f"{folder}/namespace.yaml"] = _namespace(plan, name, fresh)
            if flows := by_namespace.get(name):
                own = {"flows": [_flow(flow) for flow in flows]}
                found[f"{folder}/flows.yaml"] = _document("Flows", own, ["Who may call whom, and why."])
    found |= plan.shared.files
    for name, folder in plan.shared.folders.items():
        if flows := by_namespace.get(name):
            limit = {"environments": [plan.options.environment]}
            text = [f"Who may call whom in {plan.options.cluster}, beside what holds in other clusters too."]
            path = f"{folder}/imported-{plan.options.cluster}.yaml"
            found[path] = _document("Flows", {"flows": [{**_flow(flow), **limit} for flow in flows]}, text)
    for unit in plan.added:
        path = f"{plan.shared.folders[unit.namespace]}/namespace.yaml"
        value = {**_workload(unit), "environments": [plan.options.environment]}
        found[path] = edit.set_value(found.get(path) or read(path), ("workloads", unit.name), printable(value))
    for keep in plan.keeps:
        found[adopted_path(plan.options.cluster, keep)] = _adopted(keep)
    return dict(sorted(found.items()))


def edited(plan: Plan) -> set[str]:
    """The files of the repository that a plan changes on purpose, keeping all else that they say."""
    teams = {plan.shared.teams[team][0] for team in plan.teams if team in plan.shared.teams}
    spaces = {f"{plan.shared.folders[unit.namespace]}/namespace.yaml" for unit in plan.added}
    return {*plan.shared.files, *teams, *spaces}


def adopted_path(cluster: str, keep: Keep) -> str:
    """Where an adopted policy stands; the kind tells objects of one name apart where it is not the usual one."""
    name, kind = keep.data["metadata"]["name"], keep.data["kind"].lower()
    group = str(keep.data["apiVersion"]).rpartition("/")[0]
    file = f"{name}.yaml" if group == "networking.k8s.io" else f"{name}.{kind}.{group}.yaml"
    return f"{ADOPTED}{cluster}/{keep.namespace or OF_CLUSTER}/{file}"


def _document(kind: str, data: Mapping[str, Any], comments: Sequence[str]) -> bytes:
    whole = {"apiVersion": API, "kind": kind, **data}
    return _text(whole, comments).encode()


def _text(data: Mapping[str, Any], comments: Sequence[str]) -> str:
    lines = [*(comment(line) for line in comments), *emit.mapping(printable(data))]
    return "".join(f"{line}\n" for line in lines)


def _settings(plan: Plan) -> bytes:
    data = {
        "organisation": "Example",
        "repository": {"url": "https://git.example.com/platform/network-policies.git", "defaultBranch": "main"},
        "owners": list(plan.options.owners),
        "consent": "review",
        "tickets": "optional",
    }
    text = ["Repository-wide settings. This file also marks the root of the repository.", UNKNOWN]
    return _document("Settings", data, text)


def cluster_file(options: Options, stages: Mapping[str, tuple[str, ...]]) -> bytes:
    """The file of the cluster, with the directions of namespaces that stay open."""
    name, _, version = options.cni.partition("@")
    data: dict[str, Any] = {
        "environment": options.environment,
        "server": f"https://{options.cluster}.example.com:6443",
        "dialect": "kubernetes",
        "cni": {"name": name, **({"version": version} if version else {})},
        "networks": {
            "pods": list(options.pods) or [UNKNOWN_NETWORK],
            "services": list(options.services),
            "nodes": list(options.nodes),
        },
    }
    if stages:
        data["stages"] = {
            name: "permissive" if len(directions) == 2 else {directions[0]: "permissive"}
            for name, directions in sorted(stages.items())
        }
    text = ["The cluster that was imported. The address of its API server is not known from the manifests: write it."]
    if not options.pods:
        text.append(f"Nor are its networks: {UNKNOWN_NETWORK} stands for addresses that nobody has.")
    if stages:
        text.append("No policy closed what is permissive here; flows say what it needs before it is enforced.")
    return _document("Cluster", data, text)


def _peer(peer: Named) -> dict[str, Any]:
    data: dict[str, Any] = {"description": f"As {peer.seen} has it", "owner": "platform"}
    if peer.namespace:
        return {**data, "namespace": peer.namespace, **({"labels": dict(peer.labels)} if peer.labels else {})}
    data["cidrs"] = list(peer.cidrs)
    if peer.excepts:
        data["except"] = list(peer.excepts)
    return data if peer.world else {**data, "world": False}


def _team(plan: Plan, team: str, namespaces: Sequence[str]) -> bytes:
    data = {
        "description": f"Owns {', '.join(namespaces)}"[:500],
        "contact": f"#team-{team}",
        "owners": list(plan.options.owners),
        "namespaces": list(namespaces),
    }
    return _document("Team", data, [f"Who owns these namespaces. {UNKNOWN}"])


def _namespace(plan: Plan, name: str, fresh: bool) -> bytes:
    data: dict[str, Any] = {}
    if labels := plan.namespace_labels.get(name):
        data["labels"] = dict(labels)
    if not fresh:
        data["environments"] = [plan.options.environment]
    data["workloads"] = {unit.name: _workload(unit) for unit in plan.units[name]}
    return _document("Namespace", data, [f"What runs in the namespace {name}."])


def _workload(unit: Unit) -> dict[str, Any]:
    data: dict[str, Any] = {"labels": dict(unit.labels)}
    if unit.ports:
        data["ports"] = {name: _ports(ranges) for name, ranges in unit.ports}
    if unit.account not in ("", "default"):
        data["serviceAccount"] = unit.account
    return data


def _ports(ranges: Sequence[PortRange]) -> Any:
    texts = [item.first if item.protocol == "TCP" and item.first == item.last else str(item) for item in ranges]
    return texts[0] if len(texts) == 1 else texts


def _flow(flow: Flow) -> dict[str, Any]:
    sources = [flow.end_text(end) for end in flow.sources]
    return {
        "name": flow.name,
        "from": sources[0] if len(sources) == 1 else sources,
        "to": flow.end_text(flow.destination),
        "ports": flow.port_texts(),
        "reason": flow.reason,
    }


def _adopted(keep: Keep) -> bytes:
    head = "Kept from before the import, since flows do not say it. Delete this file once they do."
    own = [] if keep.opens else [head]
    return _text(keep.data, [*own, *keep.comments]).encode()
