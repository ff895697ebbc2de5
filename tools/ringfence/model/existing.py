"""Who exists, and what the platform says: what all documents but those of flows and of waivers say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import is_

from msgspec import Struct

from ringfence.findings import Finding
from ringfence.model import (
    adopted,
    baseline,
    catalog,
    clusters,
    flows,
    guardrails,
    profiles,
    settings,
    stages,
    teams,
    workloads,
)
from ringfence.model.names import Names
from ringfence.model.plain import Plain
from ringfence.model.reading import Read
from ringfence.model.types import (
    Adopted,
    Cluster,
    Grant,
    Guardrail,
    Namespace,
    Peer,
    Settings,
    Team,
    Workload,
)
from ringfence.sources import MARK


class Existing(Struct, frozen=True):
    """What flows and waivers stand on. `names` knows teams, namespaces and peers too; `plain` builds flows among them.

    `spaces` are the folders that have a namespace's document, and `gone` the names of grants and guardrails that could
    not be built. It is of the `documents` of a tree that lacks the folders `absent`.
    """

    settings: Settings | None
    clusters: Mapping[str, Cluster]
    workloads: Mapping[str, Workload]
    grants: tuple[Grant, ...]
    guardrails: tuple[Guardrail, ...]
    adopted: tuple[Adopted, ...]
    names: Names
    plain: Plain
    spaces: frozenset[tuple[str, str]]
    gone: frozenset[str]
    absent: frozenset[str]
    documents: tuple[object, ...]


def of(read: Read, report: Callable[[Finding], None], known: Existing | None = None) -> Existing:
    """What exists by what was read; `known` where it is of the same documents, and nothing was to be said of those."""
    absent, documents = frozenset(read.lost), _documents(read)
    if known and known.absent == absent and _are_same(known.documents, documents):
        return known
    lost, broken, gone = {*absent}, set[str](), set[str]()
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
    built = workloads.build(spaces, broken, names)
    known_workloads.update({workload.id: workload for workload, _ in built})
    known_workloads.update(workloads.accept(built, names))
    stages.check(found["Cluster"], known_clusters, names)
    clusters.check_namespaces(known_clusters.values(), known_namespaces.values(), known_peers, report)
    return Existing(
        settings=chosen,
        clusters=known_clusters,
        workloads=dict(sorted(known_workloads.items())),
        grants=baseline.build(found["Baseline"], gone, names),
        guardrails=guardrails.build(found["Guardrails"], gone, names),
        adopted=adopted.build(found["Adopted"], known_clusters, names),
        names=names,
        plain=flows.plain(names),
        spaces=frozenset((place.team, place.namespace) for place, _ in read.spaces),
        gone=frozenset(gone),
        absent=absent,
        documents=documents,
    )


def _are_same(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))


def _documents(read: Read) -> tuple[object, ...]:
    """What says what exists; documents that several trees share are one object."""
    kinds = sorted(read.by_kind.keys() - {"Waivers"})
    nodes = (node for kind in kinds for _, node in read.by_kind[kind])
    return (*(space for _, space in read.spaces), *(node.document for node in nodes))
