"""Recorded answers on policies of Calico: those of network-config-analyzer, and those of Calico's own engine.

Connections of host endpoints are left out of what is expected: what policies do at hosts is not evaluated.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from test_oracles import ORACLES, READINGS, answer, compare  # noqa: F401 - a fixture

from ringfence.connectivity import Profile, evaluate, from_directory, to_json
from ringfence.manifests import parse_files
from ringfence.manifests.calico import HostEndpoint

SCOPES = {"calico": 126, "calico-tiers": 28}
"""The scopes with how many cases each has."""

MISSED = "203.0.113.5"
SHORTER = (
    "a network set holds 203.0.113.0/25, and so the address 203.0.113.5; the program that gave the answers finds no "
    "address in prefixes from /25 to /31"
)
UNSETTLED = {
    "rnd-calico-70046": SHORTER,
    "rnd-calico-70087": SHORTER,
    "rnd-calico-tiers-80008": SHORTER,
    "rnd-calico-tiers-80014": SHORTER,
    "nca-calico-calico_testcase15-ports_testcase15-named-ports": "two policies name ports of 20 characters; Calico's "
    "validation turns names of more than 15 down, and what it enforces instead no manifest says",
    "nca-calico-calico_testcase19-profiles_testcase19-np11-global-enable-with-label-to-apply": "a document `kind: "
    "Profile` without apiVersion gives the pods of a namespace a label; it is no Kubernetes object",
    "nca-calico-calico_testcase26-multi-layer-policies_testcase26-multi-layer-vacuity-allow-all-config": "the recorded "
    "answer counts the addresses of host endpoints as any others; here they are undefined",
    "nca-calico-calico_testcase26-multi-layer-policies_testcase26-multi-layer-vacuity-allow-all-pods-config": "the "
    "same: host endpoints with addresses",
}
"""Cases whose recorded answer errs, or rests on what is no Kubernetes object, by id."""

pytestmark = pytest.mark.skipif(not ORACLES.is_dir(), reason=f"no recorded cases at ../shared/{ORACLES.name}")


def cases() -> dict[str, Path]:
    """The folders of the cases, by id."""
    if not ORACLES.is_dir():
        return {}
    index = json.loads((ORACLES / "cases" / "index.json").read_text())
    return {item["id"]: ORACLES / "cases" / item["suite"] / item["id"] for item in index if item["scope"] in SCOPES}


def read(folder: Path) -> dict[str, Any]:
    """The case, without what it says of host endpoints."""
    case: dict[str, Any] = json.loads((folder / "case.json").read_text())
    files = {path.name: path.read_bytes() for path in (folder / "input").iterdir()}
    hosts = {item.name for item in parse_files(files).calico if isinstance(item, HostEndpoint)}
    for group in case["expected"].get("matrix", []) if hosts else []:
        group["src"] = [name for name in group["src"] if name not in hosts]
        for row in group["to"]:
            row["dst"] = [name for name in row["dst"] if name not in hosts]
    return case


def test_every_case_is_here() -> None:
    index = json.loads((ORACLES / "cases" / "index.json").read_text())
    assert {scope: sum(item["scope"] == scope for item in index) for scope in SCOPES} == SCOPES
    assert set(cases()) > set(UNSETTLED)


@pytest.mark.parametrize("name", [name for name in cases() if name not in UNSETTLED])
def test_recorded_case_of_calico(name: str, compare: ModuleType):  # noqa: F811
    folder = cases()[name]
    case = read(folder)
    given = answer(folder, case, READINGS.get(case.get("cidr_peers")))
    assert compare.judge(case, given) == []
    assert given["undefined"] == []


@pytest.mark.parametrize("name", [name for name, why in UNSETTLED.items() if why == SHORTER])
def test_recorded_answers_are_those_for_a_set_without_the_address(name: str, compare: ModuleType):  # noqa: F811
    folder = cases()[name]
    case = read(folder)
    raw = (folder / "input" / "manifests.yaml").read_bytes()
    assert b"203.0.113.0/25" in raw
    wrong = compare.judge(case, answer(folder, case, None))
    assert {row[1] for row in wrong} == {MISSED}
    smaller = {"manifests.yaml": raw.replace(b"203.0.113.0/25", b"203.0.113.64/26")}
    state = from_directory(smaller, Profile("recorded", host_network_as_pods=True), pods=True)
    assert compare.judge(case, to_json(evaluate(state))) == []


@pytest.mark.parametrize("name", [name for name, why in UNSETTLED.items() if "host endpoints" in why])
def test_addresses_of_host_endpoints_are_undefined_and_the_rest_agrees(name: str, compare: ModuleType):  # noqa: F811
    folder = cases()[name]
    case = read(folder)
    given = answer(folder, case, None)
    ends = {end for row in given["undefined"] for end in row[:2] if not end.endswith("]")}
    assert ends == {"192.168.0.1-192.168.0.2"}
    assert {reason.split(" (")[0] for row in given["undefined"] for reason in row[3]} == {
        "what policies do at the host endpoint hep1",
        "what policies do at the host endpoint hep2",
    }
    given["connections"] += [row[:3] for row in given["undefined"]]
    assert compare.judge(case, given) == []


def test_policies_that_calico_turns_down_leave_their_namespace_undefined():
    folder = cases()["nca-calico-calico_testcase15-ports_testcase15-named-ports"]
    state = from_directory({path.name: path.read_bytes() for path in (folder / "input").iterdir()}, pods=True)
    result = evaluate(state)
    system = next(item for item in result.endpoints if item.namespace == "kube-system")
    other = next(item for item in result.endpoints if item.namespace != "kube-system")
    assert str(result.verdict(other, system, "TCP", 80)) == "undefined"
    assert "20 characters" in result.reasons(other, system)[0]
