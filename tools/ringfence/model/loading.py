"""A tree read, checked and resolved into a model, step by step."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from ringfence import cache, schema
from ringfence.findings import Finding, in_order
from ringfence.model import clean, existing, flows, overlaps, reading, teams, waivers
from ringfence.model.problems import every
from ringfence.model.reading import Read
from ringfence.model.remembered import Remembered
from ringfence.model.types import Model
from ringfence.sources import Tree


def load(
    tree: Tree,
    absent: Iterable[str] = (),
    shared: Remembered | None = None,
    within: frozenset[str] | None = None,
) -> tuple[Model | None, list[Finding]]:
    """The model of a repository and everything that is wrong with it.

    Every file of `teams/` and `policies/` is read, whatever is wrong with another. What is broken is left out of the
    model, and names that may stand in it are not reported as unknown; nor are those that may stand in the folders
    `absent`, of which the tree is known not to hold everything. There is no model without usable settings or without
    clusters. `shared` as for `reading.read`; without it, the cache is asked for the documents of many files. `within`:
    of flows, only those that stand in one of these namespaces or have an end there are looked at; None: all.
    """
    paths = reading.files(tree)
    if shared is None:
        shared = Remembered(cache.store() if len(paths) >= clean.MANY else None)
    read = reading.read(tree, paths, shared)
    read.lost.update(absent)
    with shared.kept():
        return _resolved(read, shared, within)


def _resolved(read: Read, shared: Remembered, within: frozenset[str] | None) -> tuple[Model | None, list[Finding]]:
    """What the documents say together."""
    report = read.findings.append
    known = existing.of(read, report, shared.existing)
    if not read.findings:
        shared.existing = known
    gone, names = {*known.gone}, replace(known.names, report=report)
    teams.check_folders([*read.by_kind["Team"], *read.spaces, *read.flows], names, known.spaces)
    known_flows = flows.build(read.flows, gone, names, known.plain, within)
    known_waivers = waivers.build(read.by_kind["Waivers"], known.guardrails, known_flows, known.grants, gone, names)
    overlaps.check(names.peers.values(), list(known.clusters.values()), known_flows, known.grants, report)

    findings = in_order(_without_echoes(read.findings))
    if known.settings is None or not known.clusters:
        return None, findings
    return (
        Model(
            settings=known.settings,
            clusters=known.clusters,
            peers=names.peers,
            teams=names.teams,
            namespaces=names.namespaces,
            workloads=known.workloads,
            flows=known_flows,
            grants=known.grants,
            guardrails=known.guardrails,
            waivers=known_waivers,
            files=read.files,
            adopted=known.adopted,
        ),
        findings,
    )


def _without_echoes(findings: list[Finding]) -> list[Finding]:
    """The findings without those of the schema on values of which the model says better what is wrong."""
    judged = {finding.where for finding in findings if finding.check in every.ALSO_SCHEMA}
    return [finding for finding in findings if finding.where not in judged or finding.check not in schema.CHECKS]
