"""Every flow of this repository means the same in every dialect that a plugin takes: rendered, read back, compared."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ringfence import model, sources
from ringfence.commands import render
from ringfence.verify import equivalence

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = """apiVersion: ringfence.dev/v1alpha1
kind: Cluster
environment: {environment}
server: https://{name}.example.com
dialect: {dialect}
cni: {{name: {plugin}}}
networks: {{pods: [10.250.0.0/16], services: [10.251.0.0/20], nodes: [10.252.0.0/20]}}
"""


@pytest.mark.parametrize("plugin", ["calico", "cilium"])
def test_the_own_dialect_of_a_plugin_allows_what_network_policies_do(tmp_path: Path, plugin: str) -> None:
    for folder in ("policies", "teams"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("rendered"))
    loaded, _ = model.load(sources.working_tree(ROOT))
    assert loaded is not None
    if any(peer.names for peer in loaded.peers.values()):
        pytest.skip("a peer with DNS names is not the same in every dialect")
    # the environment in which most flows hold
    count = {name: len(loaded.legs_in(cluster)) for name, cluster in loaded.clusters.items()}
    environment = loaded.clusters[max(count, key=lambda name: (count[name], name))].environment
    names = {"test-one": "kubernetes", "test-two": plugin}
    for name, dialect in names.items():
        text = CLUSTER.format(name=name, environment=environment, dialect=dialect, plugin=plugin)
        (tmp_path / f"policies/clusters/{name}.yaml").write_text(text)
    tree = sources.working_tree(tmp_path)
    declared, findings = model.load(tree)
    assert declared is not None
    assert findings == []
    for path, raw in render.expected_files(tree, declared).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(raw)
    tree = sources.working_tree(tmp_path)
    sides = [equivalence.cluster_side(declared, tree, declared.clusters[name])[0] for name in names]
    answer = equivalence.compare(*sides)
    assert answer.compared == len(declared.workloads_in(declared.clusters["test-one"])) + sum(
        peer.is_pods for peer in declared.peers.values()
    )
    assert (answer.differences, answer.only) == ((), ((), ()))
    assert answer.holds
