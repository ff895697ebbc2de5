"""The walk through tiers agrees with the point evaluator, with its own explanations, and with laws."""

from __future__ import annotations

import copy
from collections import Counter
from itertools import permutations, product
from typing import Any

from clusters import PORTS, files, points
from explained import every_pair, explained
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sampled import LEAST
from tiered import tiered_clusters
from tiered_evaluator import KINDS, is_allowed

from ringfence.connectivity import Connectivity, Profile, diff, evaluate, from_directory, to_json
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PROTOCOLS

Object = dict[str, Any]

SETTINGS = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def result(objects: list[Object], match_pods: bool | None, *, representatives: bool = False) -> Connectivity:
    state = from_directory(files(objects), Profile("p", ip_blocks_match_pods=match_pods))
    assert {finding.check.code for finding in state.findings} <= {"RF709", "RF710", "RF711"}
    return evaluate(state, representatives)


def test_every_point_agrees():
    counted: Counter[bool] = Counter()

    @SETTINGS
    @given(tiered_clusters(), st.booleans())
    def agrees(objects: list[Object], match_pods: bool) -> None:
        engine = result(objects, match_pods)
        for source, destination in points(objects):
            ports = engine.ports(source, destination)
            assert not engine.undefined(source, destination)
            for protocol, port in product(PROTOCOLS, PORTS):
                expected = is_allowed(objects, source, destination, protocol, port, match_pods)
                assert ports.contains(protocol, port) == expected, (source, destination, protocol, port)
                counted[expected] += 1

    agrees()
    assert counted.total() >= LEAST["tiers"]
    assert min(counted[True], counted[False]) > 1_000


@SETTINGS
@given(tiered_clusters(ordered=False), st.booleans())
def test_equal_priorities_are_undefined_exactly_where_the_order_matters(objects: list[Object], match_pods: bool):
    engine = result(objects, match_pods)
    tiered = [item for item in objects if item["kind"] in KINDS]
    others = [item for item in objects if item["kind"] not in KINDS]
    orders = [[*others, *order] for order in permutations(tiered)]
    for source, destination in points(objects):
        allowed, undefined = engine.ports(source, destination), engine.undefined(source, destination)
        assert bool(undefined) == bool(engine.reasons(source, destination))
        for protocol, port in product(PROTOCOLS, (1, 80, 443, 65535)):
            egress_and_ingress = {
                is_allowed(order, source, destination, protocol, port, match_pods) for order in orders
            }
            if undefined.contains(protocol, port):
                assert not allowed.contains(protocol, port)
            else:
                assert egress_and_ingress == {allowed.contains(protocol, port)}
            if len(egress_and_ingress) == 2:
                assert undefined.contains(protocol, port)


@SETTINGS
@given(tiered_clusters(ordered=False), st.sampled_from([True, False, None]), st.booleans(), st.data())
def test_explanations_walk_to_the_same_answer(
    objects: list[Object], match_pods: bool | None, representatives: bool, data: st.DataObject
):
    for item in objects:
        if item["kind"] == "Pod" and data.draw(st.booleans()):
            item["spec"]["hostNetwork"] = data.draw(st.booleans())
            item.pop("status")
    strange = data.draw(st.lists(st.sampled_from([REFUSED, FOREIGN]), max_size=2, unique_by=id))
    objects += copy.deepcopy(strange)
    profile = Profile(
        "p",
        ip_blocks_match_pods=match_pods,
        pods=AddressSet.of(data.draw(st.sampled_from([[], ["10.1.0.0/16"], ["10.0.0.0/8"]]))),
        nodes=AddressSet.of(data.draw(st.sampled_from([[], ["203.0.113.0/24"]]))),
    )
    engine = evaluate(from_directory(files(objects), profile), representatives)
    for told in explained(engine, every_pair(engine)):
        assert all(half.steps for half in (told.egress, told.ingress) if half is not None)


@SETTINGS
@given(tiered_clusters(ordered=False), st.sampled_from([True, False, None]), st.randoms())
def test_order_of_objects_never_matters_and_nothing_differs_from_itself(
    objects: list[Object], match_pods: bool | None, random: Any
):
    before = result(objects, match_pods)
    shuffled = list(objects)
    random.shuffle(shuffled)
    after = result(shuffled, match_pods)
    assert diff(before, after) == []
    assert to_json(before)["connections"] == to_json(after)["connections"]


@SETTINGS
@given(tiered_clusters(), st.booleans())
def test_tiers_without_a_matching_subject_change_nothing(objects: list[Object], match_pods: bool):
    plain = [item for item in objects if item["kind"] not in KINDS]
    for item in objects:
        if item["kind"] in KINDS:
            item["spec"]["subject"] = {"namespaces": {"matchLabels": {"nobody": "here"}}}
    assert diff(result(plain, match_pods), result(objects, match_pods)) == []


REFUSED: Object = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "refused", "namespace": "a"},
    "spec": {"podSelector": {}, "ingress": [{"from": [{}]}]},
}

FOREIGN: Object = {
    "apiVersion": "k8s.ovn.org/v1",
    "kind": "EgressFirewall",
    "metadata": {"name": "f", "namespace": "b"},
}
