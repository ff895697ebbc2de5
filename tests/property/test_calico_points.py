"""The engine on policies of Calico agrees with the point evaluator, with its own explanations, and with laws."""

from __future__ import annotations

import ipaddress
from itertools import cycle, islice, product
from typing import Any

from calico_evaluator import End, World
from calicoed import calico_clusters
from clusters import ADDRESSES, PORTS, files, names
from explained import every_pair, explained
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sampled import LEAST

from ringfence.connectivity import Connectivity, Profile, diff, evaluate, from_directory, to_json
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PROTOCOLS

Object = dict[str, Any]

WARNED = {"RF709", "RF710", "RF711", "RF733", "RF734"}
SETTINGS = settings(
    deadline=None, max_examples=90, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def result(objects: list[Object], profile: Profile | None = None, *, representatives: bool = False) -> Connectivity:
    state = from_directory(files(objects), profile or Profile())
    assert {finding.check.code for finding in state.findings} <= WARNED, [str(item) for item in state.findings]
    return evaluate(state, representatives)


def ends(world: World, version: int) -> tuple[list[End], list[End]]:
    """The pods and the outside addresses that talk an IP version."""
    pods = [
        End(name, item["ip"])
        for name, pod in world.pods.items()
        for item in pod["status"]["podIPs"]
        if ipaddress.ip_address(item["ip"]).version == version
    ]
    return pods, [End("", text) for text in ADDRESSES if ipaddress.ip_address(text).version == version]


def pairs(world: World, version: int) -> list[tuple[End, End]]:
    pods, outside = ends(world, version)
    return [*product(pods, pods), *product(pods, outside), *product(outside, pods)]


def test_every_point_agrees():
    count = 0

    @SETTINGS
    @given(calico_clusters())
    def check(objects: list[Object]) -> None:
        nonlocal count
        engine, world = result(objects), World(objects)
        picked = cycle(product(PROTOCOLS, PORTS))
        for version in (4, 6):
            for source, destination in pairs(world, version):
                one, other = source.name or source.address, destination.name or destination.address
                allowed = engine.ports(one, other)
                assert not engine.undefined(one, other)
                for protocol, port in islice(picked, 12):
                    expected = world.is_allowed(source, destination, protocol, port)
                    assert allowed.contains(protocol, port) == expected, (one, other, protocol, port)
                    count += 1

    check()
    assert count >= LEAST["Calico"]


@settings(SETTINGS, max_examples=15)
@given(calico_clusters(((4, 6),)))
def test_what_is_settled_for_pods_with_two_addresses_holds_for_both(objects: list[Object]):
    engine, world = result(objects), World(objects)
    for source, destination in (pair for version in (4, 6) for pair in pairs(world, version)):
        one, other = source.name or source.address, destination.name or destination.address
        allowed, undefined = engine.ports(one, other), engine.undefined(one, other)
        for protocol, port in product(PROTOCOLS, (1, 80, 443)):
            if not undefined.contains(protocol, port):
                assert allowed.contains(protocol, port) == world.is_allowed(source, destination, protocol, port)


@settings(SETTINGS, max_examples=40)
@given(calico_clusters(), st.booleans(), st.data())
def test_explanations_of_calico_walk_to_the_same_answer(
    objects: list[Object], representatives: bool, data: st.DataObject
):
    for item in objects:
        if item["kind"] == "Pod" and data.draw(st.booleans()):
            item["spec"]["hostNetwork"] = data.draw(st.booleans())
            item.pop("status")
    objects = [item for item in objects if item["kind"] != "ServiceAccount" or data.draw(st.booleans())]
    objects += data.draw(st.lists(st.sampled_from(STRANGE), max_size=2, unique_by=id))
    profile = Profile(
        pods=AddressSet.of(data.draw(st.sampled_from([[], ["10.1.0.0/16"], ["10.0.0.0/8"]]))),
        nodes=AddressSet.of(data.draw(st.sampled_from([[], ["203.0.113.0/24"]]))),
    )
    engine = evaluate(from_directory(files(objects), profile), representatives)
    asked = every_pair(engine)
    assert [told.allowed for told in explained(engine, asked)] == [engine.ports(*pair) for pair in asked]


@settings(SETTINGS, max_examples=30)
@given(calico_clusters(), st.randoms())
def test_order_of_files_never_matters_to_calico_and_nothing_differs_from_itself(objects: list[Object], random: Any):
    before = result(objects)
    shuffled = list(objects)
    random.shuffle(shuffled)
    after = result(shuffled)
    assert diff(before, after) == []
    assert to_json(before)["connections"] == to_json(after)["connections"]


@settings(SETTINGS, max_examples=30)
@given(calico_clusters())
def test_less_knowledge_never_contradicts(objects: list[Object]):
    """What is settled without addresses and service accounts is so with them."""
    vague = [{**item} for item in objects if item["kind"] != "ServiceAccount"]
    for item in vague:
        item.pop("status", None)
    known, unknown = result(objects), result(vague)
    pods = names(objects)
    for source, destination in (*product(pods, pods), *product(pods, ADDRESSES), *product(ADDRESSES, pods)):
        allowed, undefined = unknown.ports(source, destination), unknown.undefined(source, destination)
        settled = known.ports(source, destination)
        assert allowed <= settled <= (allowed | undefined)


STRANGE: list[Object] = [
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "refused", "namespace": "a"},
        "spec": {"podSelector": {}, "ingress": [{"from": [{}]}]},
    },
    {
        "apiVersion": "projectcalico.org/v3",
        "kind": "NetworkPolicy",
        "metadata": {"name": "refused", "namespace": "b"},
        "spec": {"selector": "a = b"},
    },
    {
        "apiVersion": "projectcalico.org/v3",
        "kind": "NetworkPolicy",
        "metadata": {"name": "lost.policy", "namespace": "c"},
        "spec": {"selector": "all()", "tier": "lost"},
    },
    {
        "apiVersion": "projectcalico.org/v3",
        "kind": "HostEndpoint",
        "metadata": {"name": "host", "labels": {"app": "x"}},
        "spec": {"expectedIPs": ["203.0.113.77"]},
    },
    {
        "apiVersion": "projectcalico.org/v3",
        "kind": "HostEndpoint",
        "metadata": {"name": "somewhere", "labels": {"app": "y"}},
        "spec": {"interfaceName": "*"},
    },
    {"apiVersion": "k8s.ovn.org/v1", "kind": "EgressFirewall", "metadata": {"name": "f", "namespace": "b"}},
]
"""Objects that leave something undefined."""
