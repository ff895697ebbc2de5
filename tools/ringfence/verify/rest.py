"""What stands for the namespaces that nobody looks at, where a state is of some namespaces only."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ringfence.findings import Location
from ringfence.manifests import METADATA_NAME, NetworkPolicy, PodsPeer, Rule, Selector
from ringfence.manifests.types import Requirement
from ringfence.model.types import Cluster, Model

NAME = "not-looked-at"


def policies(model: Model, clusters: Sequence[Cluster], within: Collection[str]) -> list[NetworkPolicy]:
    """A policy for each other namespace of a model: it lets everything through from and to the namespaces within.

    So what those allow decides alone, and among the others there is nothing: their policies are not read, and nothing
    between them is told.
    """
    inside: list[str] = []
    outside: list[str] = []
    for cluster in clusters:
        for namespace in model.namespaces_in(cluster):
            (inside if namespace.name in within else outside).append(cluster.namespace_name(namespace.name))
    peer = PodsPeer(Selector(), Selector((Requirement(METADATA_NAME, "In", tuple(sorted(inside))),)))
    rules = (Rule((peer,), (), 0, Location("")),)
    return [NetworkPolicy(name, NAME, Selector(), rules, rules, Location("")) for name in sorted(outside)]
