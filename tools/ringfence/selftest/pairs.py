"""Two workloads whose policies are opened to each other by hand."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.documents import edit
from ringfence.model.types import Workload
from ringfence.selftest.repository import Policy, Repository, Site
from ringfence.selftest.shapes import SHAPES
from ringfence.selftest.types import Edits


def of(site: Site) -> Iterator[tuple[Policy, Policy]]:
    """Every two policies of workloads, both ways round."""
    for source in site.workloads:
        for destination in site.workloads:
            if source is not destination:
                yield source, destination


def strangers(repository: Repository, site: Site) -> Iterator[tuple[Policy, Policy]]:
    """Workloads of two teams between which nothing is declared or accepted."""
    declared = {(leg.source.id, leg.destination.id) for _, leg in repository.model.legs_in(site.cluster)}
    for source, destination in of(site):
        one, other = owner(source), owner(destination)
        accepted = {one.id, f"{one.namespace}/*"} & set(other.accepts)
        if one.team != other.team and (one.id, other.id) not in declared and not accepted:
            yield source, destination


def owner(policy: Policy) -> Workload:
    """The workload of one of them."""
    assert policy.workload is not None  # noqa: S101 - of `site.workloads`
    return policy.workload


def out_of(repository: Repository, site: Site, source: Policy, destination: Policy) -> Edits:
    """The source may call the destination, as far as its own policy goes."""
    return _rule(repository, site, source, destination, "egress")


def into(repository: Repository, site: Site, source: Policy, destination: Policy) -> Edits:
    """The destination lets the source in."""
    return _rule(repository, site, destination, source, "ingress")


def both(repository: Repository, site: Site, source: Policy, destination: Policy) -> Edits:
    """The two together."""
    return {**out_of(repository, site, source, destination), **into(repository, site, source, destination)}


def _rule(repository: Repository, site: Site, own: Policy, peer: Policy, way: str) -> Edits:
    labels = owner(peer).labels
    rule = SHAPES[site.cluster.dialect].pods(way, site.cluster.namespace_name(peer.namespace.name), labels)
    return {own.path: edit.append(repository.read(own.path), ("spec", way), rule)}
