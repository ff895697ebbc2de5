"""The clusters, and what must hold between clusters that share a Kubernetes cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ringfence.findings import Location
from ringfence.model import blocks, cni, profiles, stages
from ringfence.model.layout import Place, is_label
from ringfence.model.node import Node
from ringfence.model.ports import Report, shorten
from ringfence.model.problems import clusters as problems
from ringfence.model.problems import files as file_problems
from ringfence.model.types import Cluster, Namespace, Peer

DEFAULT_PATTERN = "{namespace}"
FOLDER = "policies/clusters"
PROFILES = "policies/profiles"


def build(
    found: Iterable[tuple[Place, Node]], known: profiles.Profiles, lost: set[str], report: Report
) -> dict[str, Cluster]:
    """The clusters by name. One that cannot be built counts as lost, so that its environment is not called unknown."""
    result = {}
    for place, node in found:
        if cluster := _one(place, node, known, PROFILES in lost, report):
            result[cluster.name] = cluster
        else:
            lost.add(FOLDER)
    if not result and FOLDER not in lost:
        message = "no cluster is declared, so there is no environment to render for"
        report(file_problems.NO_CLUSTERS.at(Location(f"{FOLDER}/"), message, hint=f"add `{FOLDER}/<cluster>.yaml`"))
    _shared(result.values(), report)
    return dict(sorted(result.items()))


def _one(place: Place, node: Node, known: profiles.Profiles, lost: bool, report: Report) -> Cluster | None:
    networks = node.get("networks")
    sets = {name: blocks.read(networks.get(name), report) for name in ("pods", "services", "nodes")}
    blocks.disjoint([block for blocks_ in sets.values() for block in blocks_], report)
    plugin = cni.build(node.get("cni"), known, lost, report)
    pattern = _pattern(node.get("namespacePattern"), report)
    environment = node.get("environment").text()
    default, own = stages.read(node)
    guardrails = node.get("guardrails")
    if not (plugin and pattern and is_label(environment)):
        return None
    return Cluster(
        name=place.name,
        environment=environment,
        kubernetes_cluster=node.get("kubernetesCluster").text(place.name),
        server=node.get("server").text(),
        namespace_pattern=pattern,
        cni=plugin,
        dialect=node.get("dialect").text("kubernetes"),
        pods=blocks.address_set(sets["pods"]),
        services=blocks.address_set(sets["services"]),
        nodes=blocks.address_set(sets["nodes"]),
        where=node.where,
        default_stage=default,
        stages=own,
        guardrails=guardrails.text("none"),
        where_guardrails=guardrails.where,
    )


def _pattern(node: Node, report: Report) -> str:
    pattern = node.text(DEFAULT_PATTERN)
    if "{namespace}" not in pattern:
        why = "has no `{namespace}`, so every namespace would have one name"
    elif set("{}") & set(pattern.replace("{namespace}", "").replace("{environment}", "")):
        why = "has a placeholder other than `{namespace}` and `{environment}`"
    else:
        return pattern
    message = f"the pattern `{shorten(pattern)}` {why}"
    report(problems.BAD_PATTERN.at(node.where, message, hint='use "{namespace}" or "{namespace}-{environment}"'))
    return ""


def _shared(clusters: Iterable[Cluster], report: Report) -> None:
    first: dict[str, Cluster] = {}
    for cluster in sorted(clusters, key=lambda item: item.name):
        other = first.setdefault(cluster.kubernetes_cluster, cluster)
        differing = [
            name
            for name in ("server", "cni", "dialect", "guardrails", "pods", "services", "nodes")
            if _differ(cluster, other, name)
        ]
        if differing:
            report(
                problems.SHARED_DIFFERS.at(
                    cluster.where,
                    f"`{cluster.name}` and `{other.name}` are one Kubernetes cluster "
                    f"(`{cluster.kubernetes_cluster}`) and differ in {', '.join(differing)}",
                    hint=f"write the same as in `{other.where.path}`, or another `kubernetesCluster`",
                    related=[(other.where, "the other entry")],
                )
            )


def _differ(one: Cluster, other: Cluster, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def check_namespaces(
    clusters: Iterable[Cluster], namespaces: Iterable[Namespace], peers: Mapping[str, Peer], report: Report
) -> None:
    """Report names of namespaces in clusters that are not valid, or that two of them (or a peer's) share."""
    system = {peer.namespace: peer for peer in peers.values() if peer.is_pods}
    taken: dict[tuple[str, str], tuple[Cluster, Namespace]] = {}
    spaces = list(namespaces)
    for cluster in clusters:
        for space in spaces:
            if cluster.environment not in space.environments:
                continue
            name = cluster.namespace_name(space.name)
            if not is_label(name):
                report(
                    problems.BAD_NAMESPACE_NAME.at(
                        space.where,
                        f"namespace {space.name} would be called `{shorten(name)}` in cluster {cluster.name}, which "
                        f"has {len(name)} characters and must be a DNS label of at most 63",
                        hint="shorten the namespace, the environment or the pattern",
                        related=[(cluster.where, f"the pattern `{shorten(cluster.namespace_pattern)}`")],
                    )
                )
                continue
            other, theirs = taken.setdefault((cluster.kubernetes_cluster, name), (cluster, space))
            if (other.name, theirs.name) != (cluster.name, space.name):
                report(
                    problems.NAMES_COLLIDE.at(
                        space.where,
                        f"namespace {space.name} of `{cluster.name}` and {theirs.name} of `{other.name}` are both "
                        f"called `{name}` on Kubernetes cluster `{cluster.kubernetes_cluster}`, so their policies "
                        "would add up",
                        hint='tell them apart with `namespacePattern: "{namespace}-{environment}"`',
                        related=[(cluster.where, cluster.name), (other.where, other.name)],
                    )
                )
            if peer := system.get(name):
                report(
                    problems.NAMES_COLLIDE.at(
                        peer.where,
                        f"peer {peer.name} selects pods of `{name}`, which is team {space.team}'s namespace "
                        f"{space.name} in cluster {cluster.name}",
                        hint=f"name the workloads of `{space.name}` in flows instead of a peer",
                        related=[(space.where, "the namespace")],
                    )
                )
