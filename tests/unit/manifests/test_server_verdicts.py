"""Reading NetworkPolicy agrees with what a real API server accepts and refuses, both ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ringfence.findings import has_errors
from ringfence.manifests import Manifests, parse

VERDICTS = Path(__file__).resolve().parents[3].parent / "shared" / "verdicts" / "networkpolicy.jsonl"

pytestmark = pytest.mark.skipif(
    not VERDICTS.is_file(), reason=f"no recorded verdicts at ../shared/verdicts/{VERDICTS.name}"
)


def lines() -> list[Any]:
    if not VERDICTS.is_file():
        return []
    records = [json.loads(line) for line in VERDICTS.read_text().splitlines()]
    return [pytest.param(item, id=f"{number}-{item['case'][:40]}") for number, item in enumerate(records)]


def read(item: dict[str, Any]) -> Manifests:
    return parse("np.yaml", json.dumps(item["object"]).encode())


@pytest.mark.parametrize("item", lines())
def test_accepts_and_refuses_what_the_server_does(item: dict[str, Any]):
    found = read(item)
    assert has_errors(found.findings) == (item["api"] == "reject"), [finding.message for finding in found.findings]
    assert {finding.check.code for finding in found.findings if finding.severity == "error"} <= {"RF701", "RF702"}
    assert len(found.policies) + len(found.opaque) == 1


def test_every_verdict_is_a_case():
    assert len(lines()) == 34
    assert {item.values[0]["api"] for item in lines()} == {"accept", "reject"}
