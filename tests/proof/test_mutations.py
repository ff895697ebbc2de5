"""Every rendered rule of the reference repository matters: delete, narrow, widen or add one, and verify turns red."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from ringfence import manifests, model, sources, verify
from ringfence.connectivity import evaluate
from ringfence.findings import has_errors
from ringfence.model.types import Cluster, Model
from ringfence.sources import Tree

ROOT = Path(__file__).resolve().parents[2]
RENDERED = ROOT / "policies" / "rendered"
ANYONE = {"namespaceSelector": {}, "podSelector": {}}


class Edited:
    """A tree in which some files have other bytes, or are gone (None)."""

    def __init__(self, tree: Tree, edits: dict[str, bytes | None]) -> None:
        self._tree, self._edits = tree, edits
        self.label = "edited"

    def files(self, under: str = "") -> list[str]:
        gone = {path for path, raw in self._edits.items() if raw is None}
        new = {path for path, raw in self._edits.items() if raw is not None and path.startswith(under)}
        return sorted((set(self._tree.files(under)) | new) - gone)

    def read(self, path: str) -> bytes:
        return self._edits.get(path) or self._tree.read(path)

    def problems(self, under: str = "") -> list[Any]:
        return self._tree.problems(under)


@pytest.fixture(scope="module")
def repository() -> tuple[Tree, Model]:
    tree = sources.working_tree(ROOT)
    loaded, findings = model.load(tree)
    assert loaded is not None
    assert not has_errors(findings)
    return tree, loaded


OTHER_DIALECTS = ("projectcalico.org/v3", "cilium.io/v2", "policy.networking.k8s.io/v1alpha2")


def policy_files(*, others: bool = False) -> list[str]:
    """Every rendered file that holds a NetworkPolicy or appends rules to one; or a policy of another dialect."""
    found = [path for folder in ("base", "overlays") for path in (RENDERED / folder).rglob("*.yaml")]
    return sorted(
        path.relative_to(ROOT).as_posix()
        for path in found
        if path.name != "kustomization.yaml"
        and others is any(f"apiVersion: {version}" in path.read_text(encoding="utf-8") for version in OTHER_DIALECTS)
    )


def cluster_of(path: str, loaded: Model) -> Cluster:
    """A cluster whose overlays hold the file's object."""
    parts = path.split("/")
    if parts[2] == "overlays":
        return loaded.clusters[parts[3]]
    namespace = loaded.namespaces[parts[4]]
    return next(
        cluster
        for cluster in loaded.clusters.values()
        if cluster.dialect == "kubernetes" and cluster.keeps_names and cluster.environment in namespace.environments
    )


def mutations(policy: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A name and the whole object for each way to break one rule of a policy."""

    def edited(name: str, change: Any) -> tuple[str, dict[str, Any]]:
        other = copy.deepcopy(policy)
        change(other["spec"])
        return name, other

    for direction in ("ingress", "egress"):
        peer = "from" if direction == "ingress" else "to"
        for index, rule in enumerate(policy["spec"][direction]):
            at = f"{direction}[{index}]"
            yield edited(f"delete {at}", lambda spec, d=direction, i=index: spec[d].pop(i))
            yield edited(f"every port in {at}", lambda spec, d=direction, i=index: spec[d][i].pop("ports"))
            yield edited(f"every peer in {at}", lambda spec, d=direction, i=index, p=peer: spec[d][i].pop(p))
            for number in range(len(rule["ports"])):
                yield edited(
                    f"other port {at}.{number}",
                    lambda spec, d=direction, i=index, n=number: spec[d][i]["ports"][n].update(port=4242),
                )
                yield edited(
                    f"port range {at}.{number}",
                    lambda spec, d=direction, i=index, n=number: spec[d][i]["ports"][n].update(endPort=65000),
                )
            for number, item in enumerate(rule[peer]):
                if "ipBlock" in item:
                    yield edited(
                        f"wider block {at}.{number}",
                        lambda spec, d=direction, i=index, n=number, p=peer: spec[d][i][p][n].update(
                            ipBlock={"cidr": "0.0.0.0/0"}
                        ),
                    )
                    continue
                yield edited(
                    f"every pod {at}.{number}",
                    lambda spec, d=direction, i=index, n=number, p=peer: spec[d][i][p][n].update(podSelector={}),
                )
                yield edited(
                    f"every namespace {at}.{number}",
                    lambda spec, d=direction, i=index, n=number, p=peer: spec[d][i][p][n].update(namespaceSelector={}),
                )
                yield edited(
                    f"other pods {at}.{number}",
                    lambda spec, d=direction, i=index, n=number, p=peer: spec[d][i][p][n].update(
                        podSelector={"matchLabels": {"nobody": "has-this"}}
                    ),
                )
        yield edited(f"add {direction} everyone", lambda spec, d=direction: spec[d].append({}))
        yield edited(
            f"add {direction} one port for all",
            lambda spec, d=direction, p=peer: spec[d].append({p: [ANYONE], "ports": [{"port": 4242}]}),
        )
        yield edited(
            f"add {direction} for labels that nobody has",
            lambda spec, d=direction, p=peer: spec[d].append(
                {p: [{"podSelector": {"matchLabels": {"nobody": "has-this"}}}], "ports": [{"port": 4242}]}
            ),
        )
        yield edited(f"no isolation of {direction}", lambda spec, d=direction: _open(spec, d))
    yield edited("select nothing", lambda spec: spec.update(podSelector={"matchLabels": {"nobody": "has-this"}}))


def _open(spec: dict[str, Any], direction: str) -> None:
    spec["policyTypes"] = [item for item in spec["policyTypes"] if item.lower() != direction]
    del spec[direction]


def with_one_more_label_value(policy: dict[str, Any]) -> dict[str, Any]:
    """The object with its first selector of labels widened to a second value, which no declared pod carries."""
    other = copy.deepcopy(policy)
    peers = [
        item
        for direction, side in (("ingress", "from"), ("egress", "to"))
        for rule in other["spec"][direction]
        for item in rule[side]
        if "podSelector" in item
    ]
    selector = next(item for item in (*(peer["podSelector"] for peer in peers), other["spec"]["podSelector"]) if item)
    (key, value), *_ = selector.pop("matchLabels").items()
    selector["matchExpressions"] = [{"key": key, "operator": "In", "values": [value, "nobody-has-this"]}]
    return other


def is_redundant(name: str, policy: dict[str, Any]) -> bool:
    """Whether a breakage has no effect by design: the baseline isolates every pod of the namespace on its own."""
    return name.startswith("no isolation") and bool(policy["spec"]["podSelector"])


def is_red(tree: Tree, loaded: Model, path: str, raw: bytes | None) -> bool:
    """Whether verify finds the edit of a file, read again from the whole tree."""
    states = verify.states(loaded, Edited(tree, {path: raw}), cluster_of(path, loaded))
    return any(has_errors(state.findings) or any(True for _ in verify.differences(state)) for state in states)


def is_red_in(state: verify.State, policy: dict[str, Any]) -> bool:
    """Whether verify finds another version of one object among those of a state that is read already."""
    other = manifests.parse("edited.json", json.dumps(policy).encode())
    kept = [item for item in state.connectivity.cluster.policies if item.id not in {new.id for new in other.policies}]
    cluster = replace(
        state.connectivity.cluster,
        policies=(*kept, *other.policies),
        opaque=(*state.connectivity.cluster.opaque, *other.opaque),
    )
    edited = replace(state, connectivity=evaluate(cluster, representatives=True))
    return has_errors(other.findings) or any(True for _ in verify.differences(edited))


def test_the_reference_repository_has_policies() -> None:
    assert len(policy_files()) > 50


@pytest.mark.parametrize("path", policy_files())
def test_a_broken_rule_turns_verify_red(repository: tuple[Tree, Model], path: str) -> None:
    tree, loaded = repository
    content = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    assert is_red(tree, loaded, path, None), f"{path} can go away unnoticed"
    if isinstance(content, list):
        for index in range(len(content)):
            less = [item for number, item in enumerate(content) if number != index]
            assert is_red(tree, loaded, path, yaml.safe_dump(less).encode()), f"{path}: operation {index} can go away"
        return
    assert content["kind"] == "NetworkPolicy"
    wider = with_one_more_label_value(content)
    assert is_red(tree, loaded, path, yaml.safe_dump(wider).encode()), f"{path} can select more unnoticed"
    [state] = verify.states(loaded, tree, cluster_of(path, loaded))
    objects = next(found for name, found in state.objects.items() if name == cluster_of(path, loaded).name)
    content = next(item for item in objects if item["metadata"] == content["metadata"])
    green = [
        name for name, other in mutations(content) if not is_redundant(name, content) if not is_red_in(state, other)
    ]
    assert green == []


@pytest.mark.parametrize("path", policy_files(others=True))
def test_a_policy_of_another_dialect_that_is_gone_turns_verify_red(repository: tuple[Tree, Model], path: str) -> None:
    """Its rules, one by one, are broken in `test_dialect_mutations`, on a repository of its own."""
    tree, loaded = repository
    assert is_red(tree, loaded, path, None), f"{path} can go away unnoticed"


def test_an_unbroken_tree_is_green(repository: tuple[Tree, Model]) -> None:
    tree, loaded = repository
    for state in verify.states(loaded, tree):
        assert verify.compare(state) == []
        assert state.findings == ()
