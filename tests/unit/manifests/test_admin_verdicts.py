"""Reading administrators' policies agrees with what a real API server accepts and refuses, both ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ringfence.findings import has_errors
from ringfence.manifests import parse

VERDICTS = Path(__file__).resolve().parents[3].parent / "shared" / "verdicts"
FILES = {"adminnetworkpolicy.jsonl": 12, "clusternetworkpolicy.jsonl": 32}

pytestmark = pytest.mark.skipif(not VERDICTS.is_dir(), reason=f"no recorded verdicts at ../shared/{VERDICTS.name}")


def lines(name: str) -> list[dict[str, Any]]:
    path = VERDICTS / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


@pytest.mark.parametrize(
    "item",
    [pytest.param(item, id=f"{name.split('.')[0]}-{item['case']}") for name in FILES for item in lines(name)],
)
def test_accepts_and_refuses_what_the_server_does(item: dict[str, Any]):
    found = parse("policy.yaml", json.dumps(item["object"]).encode())
    assert has_errors(found.findings) == (item["api"] == "reject"), [finding.message for finding in found.findings]
    assert {finding.check.code for finding in found.findings if finding.severity == "error"} <= {
        "RF702",
        "RF708",
        "RF709",
    }
    assert len(found.admin) + len(found.opaque) == 1


@pytest.mark.parametrize("name", FILES)
def test_every_verdict_is_a_case(name: str):
    assert len(lines(name)) == FILES[name]
    assert {item["api"] for item in lines(name)} == {"accept", "reject"}
