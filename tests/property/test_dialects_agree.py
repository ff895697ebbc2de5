"""The same flows in every dialect: the same connectivity on the same network plugin, at every stage."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ringfence import render, verify
from ringfence.connectivity import diff, evaluate
from ringfence.model.types import Cni, Model, Stage
from ringfence.values.addresses import AddressSet
from ringfence.verify import State
from small_repository import MemoryTree

# the hand-made models are shared with the tests of render
sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "render"))

import model_kit as kit

PLUGINS = {
    "calico": Cni("calico", ip_blocks_match_pods=True, dialects=("kubernetes", "calico"), audit=("calico",)),
    "cilium": Cni("cilium", ip_blocks_match_pods=False, dialects=("kubernetes", "cilium"), audit=("cilium",)),
}


def on(model: Model, plugin: str, dialect: str, stage: Stage) -> Model:
    """The model with every cluster on a plugin and in a dialect."""
    clusters = {
        name: replace(
            item,
            cni=PLUGINS[plugin],
            dialect=dialect,
            default_stage=stage,
            pods=AddressSet.of(["10.64.0.0/12"]),
            nodes=AddressSet.of(["10.200.0.0/24"]),
        )
        for name, item in model.clusters.items()
    }
    return replace(model, clusters=clusters)


def states(model: Model) -> list[State]:
    # what `compare` says is not asked: workloads of these models may have labels in common, which `validate` refuses
    return verify.states(model, MemoryTree(render.tree(model)))


stages = st.sampled_from(
    [
        Stage(),
        Stage(),
        Stage("permissive", "permissive"),
        Stage("permissive", "enforce"),
        Stage("enforce", "permissive"),
    ]
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(kit.models(), st.sampled_from(sorted(PLUGINS)), stages)
def test_connectivity_is_the_same_in_every_dialect_of_a_plugin(model: Model, plugin: str, stage: Stage) -> None:
    if not any(model.namespaces_in(cluster) for cluster in model.clusters.values()):
        return
    plain, own = (states(on(model, plugin, dialect, stage)) for dialect in ("kubernetes", plugin))
    for one, other in zip(plain, own, strict=True):
        assert list(diff(one.connectivity, other.connectivity)) == []


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(kit.models(), st.sampled_from(sorted(PLUGINS)), st.sampled_from(["audit", "permissive"]))
def test_what_is_open_by_its_stage_is_open_to_everything(model: Model, plugin: str, stage: str) -> None:
    if not any(model.namespaces_in(cluster) for cluster in model.clusters.values()):
        return
    for state in states(on(model, plugin, plugin, Stage(stage, stage))):
        nothing = replace(state.connectivity.cluster, calico=(), cilium=())
        assert list(diff(evaluate(nothing, representatives=True), state.connectivity)) == []
