"""A tree read, checked and resolved into a model, step by step."""

from __future__ import annotations

from collections.abc import Iterable

from ringfence import cache, schema
from ringfence.findings import Finding, in_order
from ringfence.model import (
    adopted,
    baseline,
    catalog,
    clean,
    clusters,
    flows,
    guardrails,
    overlaps,
    profiles,
    reading,
    settings,
    stages,
    teams,
    waivers,
    workloads,
)
from ringfence.model.names import Names
from ringfence.model.problems import every
from ringfence.model.reading import Read
from ringfence.model.remembered import Remembered
from ringfence.model.types import Model, Namespace, Peer, Team, Workload
from ringfence.sources import MARK, Tree


def load(
    tree: Tree, absent: Iterable[str] = (), shared: Remembered | None = None
) -> tuple[Model | None, list[Finding]]:
    """The model of a repository and everything that is wrong with it.

    Every file of `teams/` and `policies/` is read, whatever is wrong with another. What is broken is left out of the
    model, and names that may stand in it are not reported as unknown; nor are those that may stand in the folders
    `absent`, of which the tree is known not to hold everything. There is no model without usable settings or without
    clusters. `shared` as for `reading.read`; without it, the cache is asked for the documents of many files.
    """
    paths = reading.files(tree)
    if shared is None:
        shared = Remembered(cache.store() if len(paths) >= clean.MANY else None)
    read = reading.read(tree, paths, shared)
    read.lost.update(absent)
    with shared.kept():
        return _resolved(read)


def _resolved(read: Read) -> tuple[Model | None, list[Finding]]:
    """What the documents say together."""
    findings = read.findings
    report = findings.append
    lost, broken = read.lost, set[str]()
    found = read.by_kind

    chosen = settings.build(next((node for _, node in found["Settings"]), None), MARK in lost, report)
    known_profiles = profiles.build(found["CniProfile"], report)
    known_clusters = clusters.build(found["Cluster"], known_profiles, lost, report)

    known_teams: dict[str, Team] = {}
    known_namespaces: dict[str, Namespace] = {}
    known_workloads: dict[str, Workload] = {}
    known_peers: dict[str, Peer] = catalog.build(found["Catalog"], broken, report)
    names = Names(
        environments=frozenset(cluster.environment for cluster in known_clusters.values()),
        peers=known_peers,
        teams=known_teams,
        namespaces=known_namespaces,
        workloads=known_workloads,
        lost=lost,
        broken=broken,
        report=report,
    )
    known_teams.update(teams.build(found["Team"], names))
    declared, spaces = teams.namespaces(read.spaces, names)
    known_namespaces.update(declared)
    teams.check_folders(
        [*found["Team"], *read.spaces, *read.flows],
        names,
        {(place.team, place.namespace) for place, _ in read.spaces},
    )
    built = workloads.build(spaces, broken, names)
    known_workloads.update({workload.id: workload for workload, _ in built})
    known_workloads.update(workloads.accept(built, names))
    ordered_workloads = dict(sorted(known_workloads.items()))
    stages.check(found["Cluster"], known_clusters, names)
    clusters.check_namespaces(known_clusters.values(), known_namespaces.values(), known_peers, report)

    gone = set[str]()
    known_flows = flows.build(read.flows, gone, names)
    known_grants = baseline.build(found["Baseline"], gone, names)
    known_guardrails = guardrails.build(found["Guardrails"], gone, names)
    known_waivers = waivers.build(found["Waivers"], known_guardrails, known_flows, known_grants, gone, names)
    known_adopted = adopted.build(found["Adopted"], known_clusters, names)
    overlaps.check(known_peers.values(), list(known_clusters.values()), known_flows, known_grants, report)

    findings = in_order(_without_echoes(findings))
    if chosen is None or not known_clusters:
        return None, findings
    return (
        Model(
            settings=chosen,
            clusters=known_clusters,
            peers=known_peers,
            teams=known_teams,
            namespaces=known_namespaces,
            workloads=ordered_workloads,
            flows=known_flows,
            grants=known_grants,
            guardrails=known_guardrails,
            waivers=known_waivers,
            files=read.files,
            adopted=known_adopted,
        ),
        findings,
    )


def _without_echoes(findings: list[Finding]) -> list[Finding]:
    """The findings without those of the schema on values of which the model says better what is wrong."""
    judged = {finding.where for finding in findings if finding.check in every.ALSO_SCHEMA}
    return [finding for finding in findings if finding.where not in judged or finding.check not in schema.CHECKS]
