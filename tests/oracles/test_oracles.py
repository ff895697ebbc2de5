"""Recorded answers of independent engines on manifests, judged by their own comparison program.

Every NetworkPolicy case of the kinds connectivity, diff, probe and invalid is here; none is left out.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ringfence.connectivity import ClusterState, Profile, diff, diff_to_json, evaluate, from_directory, to_json

ORACLES = Path(__file__).resolve().parents[2].parent / "shared" / "oracles"
KINDS = ("connectivity", "diff", "probe", "invalid")
READINGS = {"match-pod-ips": True, "external-only": False}

pytestmark = pytest.mark.skipif(not ORACLES.is_dir(), reason=f"no recorded cases at ../shared/{ORACLES.name}")


def cases() -> list[Any]:
    """The cases of the index, by suite and id."""
    if not ORACLES.is_dir():
        return []
    index = json.loads((ORACLES / "cases" / "index.json").read_text())
    chosen = [item for item in index if item["scope"] == "np" and item["kind"] in KINDS]
    return [pytest.param(ORACLES / "cases" / item["suite"] / item["id"], id=item["id"]) for item in chosen]


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
    either = (None, True) if peers is None or pods_have_addresses(folder) else (None,)
    for reading in (READINGS[peers],) if peers in READINGS else either:
        assert compare.judge(case, answer(folder, case, reading)) == [], f"ip_blocks_match_pods={reading}"


def pods_have_addresses(folder: Path) -> bool:
    """Whether the case says where its pods are; else no reading but the one of external addresses is exact."""
    return any("podIP" in path.read_text() for path in folder.glob("input*/**/*") if path.is_file())


def test_the_comparison_can_fail(compare: ModuleType):
    folder = ORACLES / "cases" / "random" / "rnd-np-1001"
    case = json.loads((folder / "case.json").read_text())
    given = answer(folder, case, None)
    del given["connections"][0]
    assert compare.judge(case, given) != []
