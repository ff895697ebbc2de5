"""Recorded answers of independent engines on manifests, judged by their own comparison program.

Every case of NetworkPolicy, AdminNetworkPolicy and ClusterNetworkPolicy of the kinds connectivity, diff, probe and
invalid is here. Those in `UNSETTLED` have a recorded answer that no manifest can settle, each with its reason; that the
engine then claims nothing else is tested.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.connectivity import ClusterState, Profile, diff, diff_to_json, evaluate, from_directory, to_json

ORACLES = Path(__file__).resolve().parents[2].parent / "shared" / "oracles"
KINDS = ("connectivity", "diff", "probe", "invalid")
SCOPES = ("np", "admin", "cnp")
UNSETTLED = {
    "conf-anp-AdminNetworkPolicyEgressNodePeers-001": "`nodes` selects by labels of nodes; which node a pod on the "
    "host's network runs on, and so whether its address is that node's, no manifest says",
    "conf-cnp-CNPBaselineTierEgressNodePeers-042": "the same for ClusterNetworkPolicy",
    "knp-adminNetworkPolicyAction-multiport_allow_egress_node_port": "the one rule that allows names `nodes`, and the "
    "recorded answer lets it match an ordinary pod; the API: `nodes` selects nodes, a pod on the pod network is none",
    "npa-anp_and_banp_using_networks_and_nodes_test_connlist": "its engine skips `nodes` rules with a warning; they "
    "deny, so which external addresses are nodes decides, and no manifest says",
}
"""Cases whose recorded answer needs facts that they do not hold, or contradicts the API, by id."""

READINGS = {"match-pod-ips": True, "external-only": False}

pytestmark = pytest.mark.skipif(not ORACLES.is_dir(), reason=f"no recorded cases at ../shared/{ORACLES.name}")


def cases() -> list[Any]:
    """The cases of the index, by suite and id."""
    if not ORACLES.is_dir():
        return []
    index = json.loads((ORACLES / "cases" / "index.json").read_text())
    chosen = [item for item in index if item["scope"] in SCOPES and item["kind"] in KINDS]
    kept = [item for item in chosen if item["id"] not in UNSETTLED]
    return [pytest.param(ORACLES / "cases" / item["suite"] / item["id"], id=item["id"]) for item in kept]


@pytest.fixture(scope="module")
def compare() -> ModuleType:
    """The comparison program of the recorded cases, as a module."""
    spec = importlib.util.spec_from_file_location("oracle_compare", ORACLES / "compare.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(folder: Path, case: dict[str, Any], reading: bool | None) -> ClusterState:
    """The cluster in a folder: pods are kept apart where the case names pods; hostNetwork as the analysers have it."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    profile = Profile("recorded", ip_blocks_match_pods=reading, host_network_as_pods=True)
    return from_directory(files, profile, pods=case.get("granularity") == "pod")


def answer(folder: Path, case: dict[str, Any], reading: bool | None) -> dict[str, Any]:
    """What the engine says about a case, in the form that the comparison reads."""
    if case["kind"] == "diff":
        old, new = (evaluate(load(folder / name, case, reading)) for name in ("input_old", "input_new"))
        return diff_to_json(diff(old, new))
    (name,) = case["inputs"]
    return to_json(evaluate(load(folder / name, case, reading)))


@pytest.mark.parametrize("folder", cases())
def test_recorded_case(folder: Path, compare: ModuleType):
    case = json.loads((folder / "case.json").read_text())
    if case["kind"] == "invalid":
        found = {finding.check.code for name in case["inputs"] for finding in load(folder / name, case, None).findings}
        assert found & {f"RF7{number:02}" for number in range(30)}
        return
    peers = case.get("cidr_peers")
    either: tuple[bool | None, ...] = (None, True) if peers is None or pods_have_addresses(folder) else (None,)
    if peers is not None and case["scope"] != "np" and not pods_have_addresses(folder):
        either = (False,)
    for reading in (READINGS[peers],) if peers in READINGS else either:
        assert compare.judge(case, answer(folder, case, reading)) == [], f"ip_blocks_match_pods={reading}"


@pytest.mark.parametrize("name", UNSETTLED)
def test_what_no_manifest_settles_is_undefined(name: str):
    (folder,) = (ORACLES / "cases").glob(f"*/{name}")
    case = json.loads((folder / "case.json").read_text())
    (inputs,) = case["inputs"]
    state = load(folder / inputs, case, False)
    result = evaluate(replace(state, profile=replace(state.profile, host_network_as_pods=False)))
    if name.startswith("knp-"):
        assert str(result.verdict("foo/a", "bar/b", "TCP", 80)) == "denied"
    elif case["kind"] == "probe":
        for source, destination, protocol, port, _ in case["expected"]["probes"]:
            assert str(result.verdict(source, destination, protocol, port)) == "undefined"
    else:
        assert result.undefined("ns1/pod1", "8.8.8.8")
        assert "nodes with" in result.reasons("ns1/pod1", "8.8.8.8")[0]


def pods_have_addresses(folder: Path) -> bool:
    """Whether the case says where its pods are; else no reading but the one of external addresses is exact."""
    return any("podIP" in path.read_text() for path in folder.glob("input*/**/*") if path.is_file())


def test_the_comparison_can_fail(compare: ModuleType):
    folder = ORACLES / "cases" / "random" / "rnd-np-1001"
    case = json.loads((folder / "case.json").read_text())
    given = answer(folder, case, None)
    del given["connections"][0]
    assert compare.judge(case, given) != []
