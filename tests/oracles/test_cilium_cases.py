"""Recorded answers of Cilium's own policy engine on clusters with its policies, judged by their comparison program.

Nodes and the API server have rows of their own in these answers (`entity:host`), which that program leaves out: they
are held against the engine here. Cases in `UNSETTLED` have a recorded answer that contradicts Cilium itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace
from test_oracles import ORACLES, compare, load

from ringfence.connectivity import ENTITY, Connectivity, Place, evaluate, to_json

__all__ = ["compare"]

_CLUSTER = (
    "the recorded answer reads the entity `cluster` as an empty list of selectors: beside `toPorts` as anyone, "
    "alone as nobody. It is empty only before `InitEntities` has run, which the agent calls as it starts (cilium "
    "pkg/policy/api/entity.go); by its documentation `cluster` is every endpoint of the cluster"
)
UNSETTLED = dict.fromkeys(("rnd-cilium-90042", "rnd-cilium-90091", "rnd-cilium-90094", "rnd-cilium-90115"), _CLUSTER)
"""Cases whose recorded answer is wrong, by id."""

pytestmark = pytest.mark.skipif(not ORACLES.is_dir(), reason=f"no recorded cases at ../shared/{ORACLES.name}")


def cases() -> list[Any]:
    """The cases of the index, by suite and id."""
    if not ORACLES.is_dir():
        return []
    index = json.loads((ORACLES / "cases" / "index.json").read_text())
    chosen = [item for item in index if item["scope"] == "cilium"]
    return [pytest.param(ORACLES / "cases" / item["suite"] / item["id"], id=item["id"]) for item in chosen]


def answer(folder: Path, case: dict[str, Any]) -> Connectivity:
    """What the engine says about a case, with the places that the case asks about."""
    state = load(folder / case["inputs"][0], case, reading=False)
    places = tuple(Place(ENTITY, name) for name in case["entities"])
    return evaluate(replace(state, profile=replace(state.profile, name="cilium"), places=places))


@pytest.mark.parametrize("folder", [item for item in cases() if item.id not in UNSETTLED])
def test_recorded_case(folder: Path, compare: ModuleType):
    case = json.loads((folder / "case.json").read_text())
    result = answer(folder, case)
    assert compare.judge(case, to_json(result)) == []
    judge_places(case, result)


def judge_places(case: dict[str, Any], result: Connectivity) -> None:
    """Nodes and the API server: what is recorded is what the engine says, or undefined there."""
    recorded = {(source, destination): ports for source, destination, ports in case["expected"]["connections"]}
    pods = [item.id for item in result.endpoints]
    places = [f"entity:{name}" for name in case["entities"]]
    for pod in pods:
        for place in places:
            for source, destination in ((pod, place), (place, pod)):
                ports, undefined = result.ports(source, destination), result.undefined(source, destination)
                expected = recorded.get((source, destination), {})
                for protocol in ("TCP", "UDP", "SCTP"):
                    for port in (1, 53, 80, 443, 8081, 9090, 65535):
                        if not undefined.contains(protocol, port):
                            said = any(low <= port <= high for low, high in expected.get(protocol, []))
                            assert ports.contains(protocol, port) == said, (source, destination, protocol, port)


@pytest.mark.parametrize("name", UNSETTLED)
def test_the_wrong_answers_follow_from_an_empty_entity(name: str, compare: ModuleType, tmp_path: Path):
    """With what the recorded engine took `cluster` for, the recorded answer comes out."""
    import yaml

    (folder,) = (ORACLES / "cases").glob(f"*/{name}")
    case = json.loads((folder / "case.json").read_text())
    assert compare.judge(case, to_json(answer(folder, case))) != []
    documents = list(yaml.safe_load_all((folder / case["inputs"][0] / "manifests.yaml").read_text()))
    for document in documents:
        spec = document.get("spec", {})
        for section in ("ingress", "egress", "ingressDeny", "egressDeny"):
            for rule in spec.get(section) or []:
                for key in ("fromEntities", "toEntities"):
                    if rule.get(key) == ["cluster"]:
                        rule[key] = ["all" if rule.get("toPorts") else "none"]
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "manifests.yaml").write_text(yaml.safe_dump_all(documents))
    assert compare.judge(case, to_json(answer(tmp_path, {**case, "inputs": ["input"]}))) == []
