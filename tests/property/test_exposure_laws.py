"""Exposure on random clusters: what it says of pods that nobody declared holds for pods that come.

Whether labels meet a selector, and whether one selector follows from another, is worked out here by trying all labels.
"""

from __future__ import annotations

import itertools
from typing import Any

from clusters import clusters, files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.connectivity import ClusterState, Connectivity, Direction, Endpoint, Profile, evaluate, from_directory
from ringfence.connectivity.exposure import exposure, named_pods
from ringfence.connectivity.space import NamedPods
from ringfence.manifests import METADATA_NAME, PodsPeer, Selector
from ringfence.values.ports import NO_PORTS, PortSet

Object = dict[str, Any]
Labels = dict[str, str]

SETTINGS = settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
VALUES = ("x", "y", "z", "", None)
ALL_LABELS = [
    {key: value for key, value in zip(("app", "tier", "k"), chosen, strict=True) if value is not None}
    for chosen in itertools.product(VALUES, repeat=3)
]
NEW = "new"
"""A namespace that no manifest and no selector names."""

PLACES = [{**labels, METADATA_NAME: name} for labels in ALL_LABELS for name in ("a", "b", "c", NEW)]


def selectors(cluster: ClusterState) -> tuple[set[Selector], set[Selector]]:
    """All selectors of pods and of namespaces."""
    pods, namespaces = {policy.selector for policy in cluster.policies}, set()
    for rule in cluster.rules():
        for peer in rule.peers:
            if isinstance(peer, PodsPeer):
                pods.add(peer.pods)
                namespaces |= {peer.namespaces} - {None}
    return pods, namespaces


def is_named(known: Selector, labels: Labels, asked: set[Selector], domain: list[Labels]) -> bool:
    """Whether labels meet the selector that is known, and of those asked just the ones that follow from it."""
    if not known.matches(labels):
        return False
    like = [item for item in domain if known.matches(item)]
    return all(selector.matches(labels) == all(map(selector.matches, like)) for selector in asked)


@SETTINGS
@given(clusters(), st.data())
def test_what_is_said_of_named_pods_holds_for_one_that_comes(objects: list[Object], data: st.DataObject):
    cluster = from_directory(files(objects), Profile("p", ip_blocks_match_pods=False))
    labels = data.draw(st.sampled_from(ALL_LABELS))
    name = data.draw(st.sampled_from([*cluster.all_namespaces(), NEW]))
    of_namespace = data.draw(st.sampled_from(ALL_LABELS)) if name == NEW else dict(cluster.all_namespaces()[name])
    pods, namespaces = selectors(cluster)
    coming = Endpoint(name, "coming", labels=tuple(sorted(labels.items())))
    after = evaluate(
        ClusterState(
            policies=cluster.policies,
            endpoints=(*cluster.endpoints, coming),
            namespaces={**cluster.namespaces, name: tuple(of_namespace.items())},
            profile=cluster.profile,
        )
    )
    groups = named_pods(cluster)
    before = evaluate(cluster, named=groups)
    place = {**of_namespace, METADATA_NAME: name}
    for group in groups:
        here = group.namespace == name
        if name == NEW and not group.namespace:
            here = is_named(group.namespaces, place, namespaces, PLACES)
        if not here or not is_named(group.pods, labels, pods, ALL_LABELS):
            continue
        for end in cluster.endpoints:
            for ends, now in (((end, group.endpoint), (end, coming)), ((group.endpoint, end), (coming, end))):
                certain, more = before.ports(*ends), before.undefined(*ends)
                assert certain <= after.ports(*now) <= certain | more, (group, ends)


@SETTINGS
@given(clusters())
def test_what_is_left_out_fares_as_the_smallest_larger_sets_together(objects: list[Object]):
    cluster = from_directory(files(objects), Profile("p", ip_blocks_match_pods=False))
    groups = named_pods(cluster)
    result = evaluate(cluster, named=groups)
    given_ = {
        (row.workload, row.direction, row.peer): row for row in exposure(cluster, likes=True).rows if not row.is_world
    }
    declared = {name: dict(labels) for name, labels in cluster.all_namespaces().items()}
    larger = {one: [other for other in groups if other != one and is_part(one, other, declared)] for one in groups}
    for end, direction, group in itertools.product(cluster.endpoints, Direction, filter(is_simple, groups)):
        ports = ports_of(result, end, direction, group)
        if row := given_.get((end, direction, group)):
            assert (row.ports, row.undefined) == ports
            continue
        around = [other for other in larger[group] if (end, direction, other) in given_]
        smallest = [one for one in around if not any(one in larger[other] for other in around)]
        sure = possible = NO_PORTS
        for one in smallest:
            certain, more = ports_of(result, end, direction, one)
            sure, possible = sure | certain, possible | certain | more
        assert ports == (sure, possible - sure)


def is_simple(group: NamedPods) -> bool:
    """Whether its selectors have one condition a label; of two that hold together, more can follow than of each."""
    return all(
        len({item.key for item in selector.requirements}) == len(selector.requirements)
        for selector in (group.namespaces, group.pods)
    )


def ports_of(result: Connectivity, end: Endpoint, direction: Direction, group: NamedPods) -> tuple[PortSet, PortSet]:
    ends = (end, group.endpoint) if direction is Direction.EGRESS else (group.endpoint, end)
    return result.ports(*ends), result.undefined(*ends)


def is_part(group: NamedPods, other: NamedPods, declared: dict[str, Labels]) -> bool:
    """Whether all pods of a set are in another."""
    if other.namespace:
        inside = group.namespace == other.namespace
    elif group.namespace:
        inside = other.namespaces.matches({**declared[group.namespace], METADATA_NAME: group.namespace})
    else:
        inside = all(other.namespaces.matches(item) for item in PLACES if group.namespaces.matches(item))
    return inside and all(other.pods.matches(item) for item in ALL_LABELS if group.pods.matches(item))
