"""Reading Calico objects agrees with what a real API server accepts, and says what Calico makes of what it accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ringfence import documents
from ringfence.findings import Finding, has_errors
from ringfence.manifests import calico

VERDICTS = Path(__file__).resolve().parents[3].parent / "shared" / "verdicts" / "calico.jsonl"

pytestmark = pytest.mark.skipif(
    not VERDICTS.is_file(), reason=f"no recorded verdicts at ../shared/verdicts/{VERDICTS.name}"
)

BY_SERVER = {"RF730", "RF731"}
"""The codes that say that the API server refuses."""

ACCEPTED_WITH = {
    "noprefix-with-tier": {"RF735"},  # refused up to 3.31
    "platform.prefix-but-default-tier": {"RF735"},
    "bad-selector": {"RF732"},  # the agent treats the policy as missing
    "ports-without-protocol": {"RF732"},  # the same
    "proto-lower": {"RF733"},  # read as TCP, refused by calicoctl
    "proto-bogus": {"RF732"},
    "badcidr": {"RF732"},
    "hostbits": {"RF733"},  # masked by the agent
    "bare-ip": {"RF733"},  # read as /32
    "svc-and-selector": {"RF732"},
    "icmp-without-proto": {"RF732"},
    "types-egress-but-ingress-rules": {"RF734"},
    "snp-set": {"RF736"},
    "snp-delete": {"RF736"},
    "snp-delete-with-rules": {"RF734", "RF736"},
    "snp-ignore": {"RF736"},
    "snp-learn": {"RF736"},
    "sknp": {"RF736"},
    "sgnp": {"RF736"},
    "default": {"RF732"},  # a tier `default` of another order than Calico's
    "tier.with.dots": {"RF732"},
    "ns": {"RF732"},  # a network set with a word for a CIDR
    "selector-1025": {"RF733"},  # later resource definitions stop at 1024 characters
}
"""What is said of objects that the server accepts; nothing of all others."""


def lines() -> list[Any]:
    if not VERDICTS.is_file():
        return []
    records = [json.loads(line) for line in VERDICTS.read_text().splitlines()]
    return [pytest.param(item, id=item["case"]) for item in records]


def read(item: dict[str, Any]) -> tuple[calico.CalicoObject | None, list[Finding]]:
    (document,), findings = documents.read_many("calico.yaml", json.dumps(item["object"]).encode())
    assert findings == []
    return calico.read(document)


@pytest.mark.parametrize("item", lines())
def test_refuses_what_the_server_refuses_and_nothing_else(item: dict[str, Any]):
    found, findings = read(item)
    codes = {finding.check.code for finding in findings}
    assert bool(codes & BY_SERVER) == (item["api"] == "reject"), [finding.message for finding in findings]
    assert (found is None) == has_errors(findings)
    if item["api"] == "accept":
        assert codes == ACCEPTED_WITH.get(item["case"], set()), [finding.message for finding in findings]


def test_every_verdict_is_a_case():
    cases = {item.values[0]["case"]: item.values[0]["api"] for item in lines()}
    assert len(lines()) == len(cases) == 44
    assert sum(answer == "reject" for answer in cases.values()) == 12
    assert {case for case, answer in cases.items() if answer == "accept"} >= set(ACCEPTED_WITH)
