"""Cilium's policies: the engine agrees with the point evaluator, with its own explanations, and with laws."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

from ciliated import PLACES, ciliated_clusters
from cilium_evaluator import World
from clusters import ADDRESSES, PORTS, files, names
from explained import every_pair, explained
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sampled import LEAST

from ringfence.connectivity import Connectivity, Place, Profile, diff, evaluate, from_directory, to_json
from ringfence.findings import has_errors
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PROTOCOLS

Object = dict[str, Any]

FEW = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
MANY = settings(FEW, max_examples=60)
POINTS = [
    (protocol, port) for protocol, port in product(PROTOCOLS, PORTS) if protocol == "TCP" or port in (79, 80, 443)
]


def result(objects: list[Object], *, representatives: bool = False, nodes: AddressSet | None = None) -> Connectivity:
    state = from_directory(files(objects), Profile("cilium", False, nodes=nodes or AddressSet()))
    assert not has_errors(state.findings), [str(item) for item in state.findings]
    assert state.opaque == ()
    places = tuple(Place(*text.split(":", 1)) for text in PLACES)
    return evaluate(replace(state, places=places), representatives)


def pairs(objects: list[Object]) -> list[tuple[str, str]]:
    pods = names(objects)
    entities = [place for place in PLACES if place.startswith("entity:")]
    return [*product(pods, [*pods, *ADDRESSES[:6], "2001:db8::5", *PLACES]), *product([*ADDRESSES, *entities], pods)]


def test_every_point_agrees():
    counted: Counter[str] = Counter()

    @MANY
    @given(ciliated_clusters())
    def agrees(objects: list[Object]) -> None:
        engine, world = result(objects), World(objects)
        for source, destination in pairs(objects):
            ports, undefined = engine.ports(source, destination), engine.undefined(source, destination)
            above = engine.restricted(source, destination)
            for point, (verdict, restricted) in zip(POINTS, world.answer(source, destination, POINTS), strict=True):
                told = True if ports.contains(*point) else None if undefined.contains(*point) else False
                assert told == verdict, (source, destination, point)
                marked = [kind for kind, where in sorted(above.items()) if where.contains(*point)]
                assert (marked or [""])[0] == restricted, (source, destination, point)
                counted[str(verdict)] += 1

    agrees()
    assert counted.total() >= LEAST["Cilium"]
    assert min(counted["True"], counted["False"], counted["None"]) > 100


@FEW
@given(ciliated_clusters(), st.booleans(), st.booleans(), st.data())
def test_explanations_walk_to_the_same_answer(
    objects: list[Object], representatives: bool, nodes: bool, data: st.DataObject
):
    for item in objects:
        if item["kind"] == "Pod" and data.draw(st.integers(0, 3)) == 0:
            item["spec"]["hostNetwork"] = True
    known = AddressSet.of(["203.0.113.0/24"]) if nodes else None
    engine = result(objects, representatives=representatives, nodes=known)
    explained(engine, every_pair(engine, *PLACES))


@FEW
@given(ciliated_clusters(), st.randoms())
def test_order_never_matters_and_nothing_differs_from_itself(objects: list[Object], random: Any):
    before = result(objects)
    shuffled = list(objects)
    random.shuffle(shuffled)
    after = result(shuffled)
    assert diff(before, after) == []
    assert to_json(before) == to_json(after)


@FEW
@given(ciliated_clusters(), ciliated_clusters())
def test_the_other_way_round_a_difference_mirrors(objects: list[Object], others: list[Object]):
    theirs = [item for item in others if item["apiVersion"] == "cilium.io/v2"]
    ours = [item for item in objects if item["apiVersion"] != "cilium.io/v2"]
    a, b = result(objects), result([*ours, *theirs])
    mirror = {"added": "removed", "removed": "added", "changed": "changed", "undefined": "undefined"}
    there = sorted((item.kind, str(item.source), str(item.destination)) for item in diff(a, b))
    back = sorted((mirror[item.kind], str(item.source), str(item.destination)) for item in diff(b, a))
    assert there == back
