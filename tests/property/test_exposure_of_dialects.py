"""Exposure where policies of Calico and Cilium are: nothing that some labels would open is left out in silence."""

from __future__ import annotations

from typing import Any

from calicoed import calico_clusters
from ciliated import ciliated_clusters
from clusters import clusters, files
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from test_exposure_laws import ALL_LABELS, NEW, PLACES

from ringfence.connectivity import ClusterState, Direction, Endpoint, Profile, dialects, evaluate, from_directory
from ringfence.connectivity.calico import named as named_by_calico
from ringfence.connectivity.calico.named import alternatives
from ringfence.connectivity.exposure import exposure, named_pods
from ringfence.manifests import METADATA_NAME, PodsPeer, Requirement
from ringfence.manifests.calico import CalicoPolicy, effective
from ringfence.values.ports import NO_PORTS

Object = dict[str, Any]

SETTINGS = settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def cluster_of(objects: list[Object], plugin: str) -> ClusterState:
    return dialects.in_force(from_directory(files(objects), Profile(plugin, ip_blocks_match_pods=plugin == "calico")))


@SETTINGS
@given(calico_clusters())
def test_what_labels_would_open_under_calico_has_a_row(objects: list[Object]):
    covers(cluster_of(objects, "calico"))


@SETTINGS
@given(ciliated_clusters())
def test_what_labels_would_open_under_cilium_has_a_row(objects: list[Object]):
    covers(cluster_of(objects, "cilium"))


@SETTINGS
@given(clusters())
def test_what_labels_would_open_has_a_row(objects: list[Object]):
    covers(cluster_of(objects, "antrea"))


def covers(cluster: ClusterState) -> None:
    """What is possible for pods with any labels stands in some row."""
    unknown, rows = evaluate(cluster, representatives=True), exposure(cluster, likes=True).rows
    others = [f"{name}/*" for name in (*cluster.all_namespaces(), "*")]
    for end in cluster.endpoints:
        for direction in Direction:
            open_ = NO_PORTS
            for row in rows:
                if (row.workload, row.direction) == (end, direction) and row.is_pods:
                    open_ |= row.ports | row.undefined
            for other in others:
                pair = (other, str(end)) if direction is Direction.INGRESS else (str(end), other)
                assert unknown.ports(*pair) | unknown.undefined(*pair) <= open_, (str(end), other, direction)


@SETTINGS
@given(calico_clusters(), st.data())
def test_what_is_said_of_named_pods_under_calico_holds_for_one_that_comes(objects: list[Object], data: st.DataObject):
    cluster = cluster_of(objects, "calico")
    labels = data.draw(st.sampled_from(ALL_LABELS))
    of_namespace = {**data.draw(st.sampled_from(ALL_LABELS)), METADATA_NAME: NEW}
    asked, asked_of_namespaces = _asked(cluster)
    groups = [group for group in named_pods(cluster) if not group.namespace]
    fitting = [
        group
        for group in groups
        if _exactly(group.pods.requirements, asked, labels, ALL_LABELS)
        and _exactly(group.namespaces.requirements, asked_of_namespaces, of_namespace, PLACES)
    ]
    assume(fitting)
    coming = Endpoint(NEW, "coming", labels=tuple(sorted(labels.items())), account="default")
    before = evaluate(cluster, named=groups)
    after = evaluate(_with(cluster, coming, of_namespace))
    for group in fitting:
        for end in cluster.endpoints:
            for ends, now in (((end, group.endpoint), (end, coming)), ((group.endpoint, end), (coming, end))):
                certain, more = before.ports(*ends), before.undefined(*ends)
                assert certain <= after.ports(*now) | after.undefined(*now), (group, ends)
                assert after.ports(*now) <= certain | more, (group, ends)


def _asked(cluster: ClusterState) -> tuple[set[Requirement], set[Requirement]]:
    """What any selector asks of the labels of pods, and of namespaces."""
    peers = {peer for rule in cluster.rules() for peer in rule.peers if isinstance(peer, PodsPeer)}
    peers |= {*named_by_calico(cluster.calico), *(PodsPeer(policy.selector, None) for policy in cluster.policies)}
    peers |= {policy.subject for policy in cluster.admin}
    asked = {item for peer in peers for item in peer.pods.requirements}
    of_namespaces = {item for peer in peers if peer.namespaces for item in peer.namespaces.requirements}
    for policy in cluster.calico:
        for chosen in alternatives(effective.selected(policy)) if isinstance(policy, CalicoPolicy) else ():
            for of_namespace, item in chosen:
                (of_namespaces if of_namespace else asked).add(item)
    return asked, of_namespaces


def _with(cluster: ClusterState, coming: Endpoint, labels: dict[str, str]) -> ClusterState:
    namespaces = {**cluster.namespaces, coming.namespace: tuple(sorted(labels.items()))}
    return replace(cluster, endpoints=(*cluster.endpoints, coming), namespaces=namespaces)


def _exactly(known: Any, asked: Any, labels: dict[str, str], domain: list[dict[str, str]]) -> bool:
    """Whether labels meet the conditions that are known, and of those asked, each way round, just what follows."""
    if not all(item.matches(labels) for item in known):
        return False
    like = [item for item in domain if all(condition.matches(item) for condition in known)]
    return all(item.matches(labels) == all(map(item.matches, like)) for item in asked)
