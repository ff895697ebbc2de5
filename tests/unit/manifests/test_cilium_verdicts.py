"""Reading Cilium's policies agrees with what a real API server and Cilium's agent accept and refuse, both ways."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ringfence import documents
from ringfence.findings import has_errors
from ringfence.manifests import cilium

SHARED = Path(__file__).resolve().parents[3].parent / "shared"
VERDICTS = SHARED / "verdicts" / "cilium.jsonl"
ORACLES = SHARED / "oracles"


def lines() -> list[Any]:
    if not VERDICTS.is_file():
        return []
    records = [json.loads(line) for line in VERDICTS.read_text().splitlines()]
    return [pytest.param(item, id=item["case"]) for item in records]


def read(item: dict[str, Any]) -> cilium.Reading:
    (document,), findings = documents.read_many("policy.json", json.dumps(item["object"]).encode())
    assert findings == []
    return cilium.read_object(document, ())


@pytest.mark.skipif(not VERDICTS.is_file(), reason="no recorded verdicts at ../shared/verdicts/cilium.jsonl")
@pytest.mark.parametrize("item", lines())
def test_agrees_with_server_and_agent(item: dict[str, Any]):
    found = read(item)
    said = [finding.message for finding in found.findings]
    assert found.by_server == (item["api"] == "reject"), said
    assert found.by_agent == (item["agent"] == "reject"), said
    assert has_errors(found.findings) == (found.value is None) == (found.by_server or found.by_agent)
    errors = {finding.check.code for finding in found.findings if finding.severity == "error"}
    assert errors <= {"RF740", "RF741", "RF742"}
    assert ("RF742" in errors) or not (found.by_agent and not found.by_server)


@pytest.mark.skipif(not VERDICTS.is_file(), reason="no recorded verdicts at ../shared/verdicts/cilium.jsonl")
def test_every_verdict_is_a_case():
    pairs = Counter((item.values[0]["api"], item.values[0]["agent"]) for item in lines())
    assert sum(pairs.values()) == 41
    assert pairs.keys() == {("accept", "accept"), ("accept", "reject"), ("reject", "accept"), ("reject", "reject")}


def readings(folder: str) -> Iterator[tuple[str, cilium.Reading]]:
    """Every object of Cilium below a folder of the oracles, with its file."""
    for path in sorted(path for path in (ORACLES / folder).rglob("*.y*ml") if path.is_file()):
        raw = path.read_bytes()
        if b"cilium.io/v2" not in raw:
            continue
        name = path.relative_to(ORACLES / folder).as_posix()
        for document in documents.read_many(name, raw)[0]:
            if isinstance(document.data, dict) and document.data.get("kind") in cilium.KINDS:
                yield name, cilium.read_object(document, ())


@pytest.mark.skipif(not ORACLES.is_dir(), reason="no oracles at ../shared/oracles")
def test_every_policy_of_the_cases_is_accepted():
    found = list(readings("cases"))
    assert len(found) >= 63
    assert [(name, item.findings) for name, item in found if item.value is None] == []


REFUSED = {
    "cilium+hubble/policies/l7_80_53.yaml": {"RF740", "RF741"},
    "sayboras+cilium/_from_docs/Documentation/operations/performance/scalability/report.rst__01.yaml": {
        "RF740",
        "RF741",
    },
    "sayboras+cilium/_from_docs/Documentation/operations/performance/scalability/report.rst__02.yaml": {
        "RF740",
        "RF741",
    },
    "sayboras+cilium/examples/policies/auth/auth.yaml": {"RF741"},
    "sayboras+cilium/examples/policies/host/allow-extended-protocols.yaml": {"RF740"},
    "sayboras+cilium/examples/policies/l3/requires/requires.yaml": {"RF742"},
}
"""Real policies that are refused, without those of tests (templates, placeholders)."""


@pytest.mark.skipif(not ORACLES.is_dir(), reason="no oracles at ../shared/oracles")
def test_real_policies_are_refused_for_known_reasons_only():
    found: dict[str, set[str]] = {}
    for name, item in readings("corpus"):
        codes = {finding.check.code for finding in item.findings if finding.severity == "error"}
        assert (item.value is None) == bool(codes)
        if codes and "/test" not in name:
            found.setdefault(name, set()).update(codes)
    assert found == REFUSED
