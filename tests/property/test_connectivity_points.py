"""The set engine agrees with the point evaluator on random clusters, connection by connection."""

from __future__ import annotations

from itertools import product
from typing import Any

from clusters import ADDRESSES, PORTS, clusters, files, names
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from point_evaluator import is_allowed

from ringfence.connectivity import Connectivity, Profile, evaluate, from_directory
from ringfence.values.ports import ALL_PORTS, NO_PORTS, PROTOCOLS, PortRange, PortSet

Object = dict[str, Any]

SETTINGS = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def result(objects: list[Object], match_pods: bool | None) -> Connectivity:
    state = from_directory(files(objects), Profile("p", ip_blocks_match_pods=match_pods))
    assert not [finding for finding in state.findings if finding.check.code in ("RF701", "RF702", "RF705")]
    return evaluate(state)


def points(objects: list[Object]) -> list[tuple[str, str]]:
    pods = names(objects)
    return [*product(pods, pods), *product(pods, ADDRESSES), *product(ADDRESSES, pods)]


@SETTINGS
@given(clusters(), st.booleans())
def test_every_point_agrees(objects: list[Object], match_pods: bool):
    engine = result(objects, match_pods)
    for source, destination in points(objects):
        ports = engine.ports(source, destination)
        assert not engine.undefined(source, destination)
        for protocol, port in product(PROTOCOLS, PORTS):
            expected = is_allowed(objects, source, destination, protocol, port, match_pods)
            assert ports.contains(protocol, port) == expected, (source, destination, protocol, port)


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
    for source, destination in points(objects):
        told = engine.explain(source, destination)
        allowed = possible = ALL_PORTS
        for half in (told.egress, told.ingress):
            if half is not None:
                allowed &= half.allowed
                possible &= half.allowed | half.undefined
        if not told.itself:
            assert (told.allowed, told.undefined) == (allowed, possible - allowed), told.line


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
