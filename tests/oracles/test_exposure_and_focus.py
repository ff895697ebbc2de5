"""Recorded answers of netpol-analyzer on exposure and on focus, all of them.

Those in `WRONG` and `OUTSIDE` have a recorded answer that contradicts the API, or that needs objects outside the model;
each has its reason.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Container
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.connectivity import ClusterState, Direction, Endpoint, Profile, evaluate, from_directory, to_json
from ringfence.connectivity.choice import Choice
from ringfence.connectivity.exposure import ANYBODY, Exposed, exposure
from ringfence.connectivity.listing import connection
from ringfence.connectivity.space import NamedPods
from ringfence.manifests import METADATA_NAME, Requirement, Selector
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import FIRST, LAST, PortRange, PortSet

ORACLES = Path(__file__).resolve().parents[2].parent / "shared" / "oracles"

BY_RULE = "the recorded answer has the ports of one rule for each selector; a pod with such labels meets the other too"
WRONG = {
    "npa-exposure_test_with_different_rules_2_with_matching_pod_exposure": f"{BY_RULE}: app=x has the label app",
    "npa-exposure_test_with_different_rules_3_exposure": f"{BY_RULE}: without app, app is not x",
    "npa-exposure_test_with_different_rules_3_with_matching_pod_exposure": f"{BY_RULE}: without app, app is not x",
    "npa-exposure_test_with_different_rules_4_with_matching_pods_exposure": f"{BY_RULE}: not in (w, x, y, z) is not in "
    "(x, y)",
    "npa-exposure_test_real_namespace_without_real_pod_exposure": f"{BY_RULE}: ns1 has the label x=xval",
}
"""Exposure whose recorded ports are too few, by id; ours hold them."""

LOST = "the program prints no ports where it is asked for one, and the rows were lost on the way into the record"
OUTSIDE = {
    "npa-anp_banp_blog_demo_udp-52_connlist": LOST,
    "npa-nad_test_2_tcp-80_connlist": f"{LOST}; its networks beside the cluster's own are outside the model",
    "npa-nad_test_4_focus_workload_pod2_ingress_with_pod3_tcp-80_connlist": "its networks beside the cluster's own are "
    "outside the model",
    "npa-acs-security-demos-added-workloads_focus_workload_ingress-controller_connlist": "Ingress and Route lie "
    "outside the model, and so does the controller that they imply and no manifest declares",
    "npa-nad_test_9_focus_workload_pod-server_connlist": "its networks beside the cluster's own are outside the model",
}
"""Focus that cannot be compared, by id."""

pytestmark = pytest.mark.skipif(not ORACLES.is_dir(), reason=f"no recorded cases at ../shared/{ORACLES.name}")


def cases(kind: str) -> list[Any]:
    if not ORACLES.is_dir():
        return []
    index = json.loads((ORACLES / "cases" / "index.json").read_text())
    chosen = [item for item in index if item["kind"] == kind and item["id"] not in OUTSIDE]
    return [pytest.param(ORACLES / "cases" / item["suite"] / item["id"], id=item["id"]) for item in chosen]


def load(folder: Path) -> ClusterState:
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return from_directory(files, Profile("recorded", ip_blocks_match_pods=False, host_network_as_pods=True))


@pytest.fixture(scope="module")
def compare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("oracle_compare_rows", ORACLES / "compare.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("folder", cases("exposure"))
def test_recorded_exposure(folder: Path):
    case = json.loads((folder / "case.json").read_text())
    state = load(folder / "input")
    found = exposure(state)
    asked = question(case)
    rows = [row for row in found.rows if has(asked, row.workload, row.direction)]
    recorded = {}
    for workload, direction, peer, ports, *_ in case["expected"]["exposure"]:
        if peer[0].isdigit():
            recorded[workload, direction, peer] = PortSet.from_json(ports)
        else:
            recorded[workload, direction, parsed(peer, found.connectivity.space.namespaces)] = named(ports)
    if case["id"] in WRONG:
        ours = {key: ports for row in exposure(state, likes=True).rows for key, ports in keys(row)}
        assert all(recorded[key] <= ours[key] for key in recorded)
        assert any(recorded[key] != ours[key] for key in recorded)
    else:
        ours = {key: ports for row in rows if not is_silent(row, rows, recorded) for key, ports in keys(row)}
        assert ours == recorded
    open_ = {(str(end), str(way)) for end, way in found.unprotected if has(asked, end, way)}
    assert open_ == {tuple(item) for item in case["expected"]["unprotected"]}


@pytest.mark.parametrize("folder", cases("focus"))
def test_recorded_focus(folder: Path, compare: ModuleType):
    case = json.loads((folder / "case.json").read_text())
    assert compare.judge({**case, "kind": "connectivity"}, focused(load(folder / "input"), question(case))) == []


def test_focus_on_a_port():
    """The record of this question has lost its rows; the same cluster without a question has them."""
    suite = ORACLES / "cases" / "netpol-analyzer"
    case = json.loads((suite / "npa-anp_banp_blog_demo_udp-52_connlist" / "case.json").read_text())
    whole = json.loads((suite / "npa-anp_banp_blog_demo_exposure" / "case.json").read_text())["expected"]["connections"]
    rows = focused(load(suite / "npa-anp_banp_blog_demo_udp-52_connlist" / "input"), question(case))["connections"]
    assert {tuple(row[:2]) for row in rows if ":" not in row[0] + row[1]} == {tuple(row[:2]) for row in whole}
    assert {json.dumps(row[2]) for row in rows} == {'{"UDP": [[52, 52]]}'}


def focused(state: ClusterState, asked: Choice) -> dict[str, Any]:
    result = evaluate(state)
    asked.check(name for end in result.endpoints for name in (str(end), end.id))
    rows = [(row, asked.of([connection(row)])) for row in result.rows(replicas=False)]
    return to_json(result, [row._replace(allowed=kept[0].ports) for row, kept in rows if kept])


def question(case: dict[str, Any]) -> Choice:
    asked = case.get("query") or {}
    chosen = Choice(
        focus=tuple(asked.get("focus_workloads", ())),
        peers=tuple(asked.get("focus_peers", ())),
        direction=asked.get("direction"),
    )
    if not asked.get("conn"):
        return chosen
    protocol, port = asked["conn"].split("-")
    return replace(chosen, ports=PortSet.of([PortRange(protocol.upper(), int(port), int(port))]))


def has(asked: Choice, end: Endpoint, direction: Direction) -> bool:
    return asked.has(str(end), end.id, direction.value)


def is_silent(row: Exposed, rows: list[Exposed], recorded: dict[Any, PortSet]) -> bool:
    """Whether the recorded answers have no such row, by rule.

    They leave out workloads that no undeclared pod reaches or is reached by, and hold the policies of a declared
    namespace against its declared pods only, so its other pods never fare worse than any pod.
    """
    if row.is_world:
        return str(row.workload) not in {key[0] for key in recorded}
    anybody = [
        it.ports for it in rows if (it.workload, it.direction, it.peer) == (row.workload, row.direction, ANYBODY)
    ]
    return row.peer == NamedPods(row.peer.namespace) != ANYBODY and any(row.ports <= ports for ports in anybody)


def keys(row: Exposed) -> Any:
    """The row as the recorded ones are told apart, IPv4 alone."""
    way = str(row.direction)
    if isinstance(row.peer, AddressSet):
        for text in AddressSet(row.peer.v4).ranges():
            yield (str(row.workload), way, text), row.ports
    else:
        yield (str(row.workload), way, row.peer), row.ports | row.undefined


def named(ports: dict[str, Any]) -> PortSet:
    """Recorded ports; a name that no pod here gives to a number may be any port."""
    if "named_ports" in ports:
        return PortSet.from_json({protocol: [[FIRST, LAST]] for protocol in ports["named_ports"]})
    return PortSet.from_json(ports)


def parsed(text: str, namespaces: Container[str]) -> NamedPods:
    """The recorded words for a set of pods."""
    if text == "entire-cluster":
        return ANYBODY
    where, pods = re.fullmatch(r"(\[.*\]|[^\[]*)/\[(.*)\]", text).groups()  # type: ignore[union-attr]
    selector = conditions(pods)
    if where in namespaces:
        return NamedPods(where, pods=selector)
    if not where.startswith("["):
        return NamedPods("", Selector((Requirement(METADATA_NAME, "In", (where,)),)), selector)
    return NamedPods("", conditions(where), selector)


def conditions(text: str) -> Selector:
    """`pod with {app=x,{Key:role,Operator:NotIn,Values:[a b],}}`"""
    found = []
    inside = text.partition("with ")[2]
    pattern = r"\{Key:([^,]+),Operator:(\w+),Values:\[([^\]]*)\],\}|([^,{}=]+)=([^,{}]*)"
    for key, operator, values, label, value in re.findall(pattern, inside):
        if label:
            found.append(Requirement(label, "In", (value,)))
        else:
            found.append(Requirement(key, operator, tuple(sorted(values.split()))))
    return Selector(tuple(sorted(found)))
