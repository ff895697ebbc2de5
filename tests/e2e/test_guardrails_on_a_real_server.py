"""A real kube-apiserver takes the guardrail policies of every kind, and keeps them as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from api_server import ApiServer
from test_real_api_server import applied

GOLDEN = Path(__file__).parents[1] / "proof/golden_guardrails"


@pytest.mark.parametrize("kind", ["AdminNetworkPolicy", "ClusterNetworkPolicy", "calico", "cilium"])
def test_guardrail_policies_are_accepted_as_they_are(server: ApiServer, kind: str) -> None:
    files = (GOLDEN / f"{kind}.txt").read_text(encoding="utf-8").split("=== ")[1:]
    found = [yaml.safe_load(text.partition("\n")[2]) for text in files]
    objects = [item for item in found if item["kind"] != "Kustomization"]
    assert objects
    assert [problem for item in objects for problem in applied(server, item)] == []
