"""Files for Argo CD and Flux: what belongs to a cluster as a whole is compiled once for all of them."""

from __future__ import annotations

from collections import Counter

import pytest

from ringfence import gitops
from ringfence.compile import guardrails, outlines
from ringfence.model.types import Cluster, Model
from small_repository import load


def test_guardrails_are_compiled_once_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = load({})
    assert model is not None
    compiled: Counter[str] = Counter()
    original = guardrails.guards

    def counted(model: Model, cluster: Cluster) -> object:
        compiled[cluster.name] += 1
        return original(model, cluster)

    monkeypatch.setattr(guardrails, "guards", counted)
    bundles = {name: outlines(model, cluster) for name, cluster in model.clusters.items()}
    assert sum(map(len, bundles.values())) > 2
    assert gitops.tree(model, bundles)
    assert compiled == Counter(dict.fromkeys(model.clusters, 1))
