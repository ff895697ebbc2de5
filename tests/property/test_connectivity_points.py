"""The set engine agrees with the point evaluator on random clusters, connection by connection."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

from clusters import PORTS, clusters, files, points
from explained import every_pair, explained
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from point_evaluator import is_allowed
from sampled import LEAST

from ringfence.connectivity import Connectivity, Profile, evaluate, from_directory
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import NO_PORTS, PROTOCOLS, PortRange, PortSet

Object = dict[str, Any]

SETTINGS = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def result(objects: list[Object], match_pods: bool | None) -> Connectivity:
    state = from_directory(files(objects), Profile("p", ip_blocks_match_pods=match_pods))
    assert not [finding for finding in state.findings if finding.check.code in ("RF701", "RF702", "RF705")]
    return evaluate(state)


def test_every_point_agrees():
    counted: Counter[bool] = Counter()

    @SETTINGS
    @given(clusters(), st.booleans())
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
    assert counted.total() >= LEAST["NetworkPolicy"]
    assert min(counted[True], counted[False]) > 1_000


@SETTINGS
@given(clusters())
def test_what_is_settled_holds_under_every_reading(objects: list[Object]):
    engine = result(objects, None)
    for source, destination in points(objects):
        allowed, undefined = engine.ports(source, destination), engine.undefined(source, destination)
        for protocol, port in product(PROTOCOLS, PORTS):
            answers = {is_allowed(objects, source, destination, protocol, port, reading) for reading in (True, False)}
            if allowed.contains(protocol, port):
                assert answers == {True}
            elif not undefined.contains(protocol, port):
                assert answers == {False}
        if undefined:
            assert engine.reasons(source, destination)


@SETTINGS
@given(clusters(), st.sampled_from([True, False, None]))
def test_rows_and_explanations_say_the_same_as_lookups(objects: list[Object], match_pods: bool | None):
    engine = result(objects, match_pods)
    listed = {(str(row.source), str(row.destination)): (row.allowed, row.undefined) for row in engine.rows()}
    for source, destination in product(engine.endpoints, engine.endpoints):
        if source == destination:
            assert (str(source), str(destination)) not in listed
            continue
        pair = engine.ports(source, destination), engine.undefined(source, destination)
        assert listed.get((str(source), str(destination)), (NO_PORTS, NO_PORTS)) == pair
    explained(engine, points(objects))


@SETTINGS
@given(clusters(), st.sampled_from(PORTS), st.sampled_from(PROTOCOLS))
def test_a_focused_explanation_is_the_whole_one_cut_to_its_port(objects: list[Object], port: int, protocol: str):
    engine = result(objects, True)
    focus = PortSet.of([PortRange(protocol, port, port)])
    for source, destination in points(objects):
        whole, cut = engine.explain(source, destination), engine.explain(source, destination, protocol, port)
        assert cut.allowed == whole.allowed & focus
        for one, other in ((whole.egress, cut.egress), (whole.ingress, cut.ingress)):
            if one and other:
                assert other.allowed == one.allowed & focus
                assert [item for item in one.matches if item.ports & focus] == [
                    item
                    for item in one.matches
                    if (item.policy, item.index, item.where) in [(m.policy, m.index, m.where) for m in other.matches]
                ]


@SETTINGS
@given(clusters(), st.data())
def test_explanations_agree_where_much_is_not_known(objects: list[Object], data: st.DataObject):
    """Host networks, nodes, refused and unknown policies, representatives, no addresses: one table, read two ways."""
    for item in objects:
        if item["kind"] == "Pod" and data.draw(st.booleans()):
            item["spec"]["hostNetwork"] = data.draw(st.booleans())
            item.pop("status")
    chosen = data.draw(st.lists(st.sampled_from(["refused", "confined", "wide"]), max_size=2, unique=True))
    objects += [STRANGE[item] for item in chosen]
    profile = Profile(
        "p",
        ip_blocks_match_pods=data.draw(st.sampled_from([True, False, None])),
        pods=AddressSet.of(data.draw(st.sampled_from([[], ["10.1.0.0/16"], ["10.1.1.0/24"], ["10.0.0.0/8"]]))),
        nodes=AddressSet.of(data.draw(st.sampled_from([[], ["203.0.113.0/24"]]))),
    )
    engine = evaluate(from_directory(files(objects), profile), representatives=data.draw(st.booleans()))
    explained(engine, every_pair(engine))


STRANGE: dict[str, Object] = {
    "refused": {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "refused", "namespace": "a"},
        "spec": {"podSelector": {}, "ingress": [{"from": [{}]}]},
    },
    "confined": {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "c", "namespace": "b"},
    },
    "wide": {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": {"name": "w"}},
}
