"""Which stages are in effect, before a change of them: those of the base in Git, where the policies are rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from ringfence.errors import UsageError

if TYPE_CHECKING:
    from ringfence.commands.shared import Loaded
    from ringfence.model.types import Cluster, Model, Stage
    from ringfence.sources import Tree

DIRECTIONS = ("ingress", "egress")


def now(loaded: Loaded, model: Model, cluster: Cluster, names: list[str]) -> Model:
    """The model with some namespaces of a cluster at the stages of the base: what nothing closes there is open today.

    So a namespace whose policies never left this branch takes no step back.
    """
    closing = [name for name in names if not set(DIRECTIONS) <= _open(cluster.stage(name))]
    if not closing:
        return model
    from ringfence.model import load
    from ringfence.model.types import Stage

    tree = _base(loaded, model)
    base = model if tree is loaded.tree else load(tree)[0]
    there = base.clusters.get(cluster.name) if base else None
    folders = {tuple(path.split("/")[3:6:2]) for path in tree.files("policies/rendered/overlays")}
    stages = dict(cluster.stages)
    for name in closing:
        known = there and base and name in base.namespaces and (cluster.name, name) in folders
        open_ = _open(there.stage(name)) if known and there else set(DIRECTIONS)
        stage = cluster.stage(name)
        ingress, egress = ("permissive" if way in open_ else str(getattr(stage, way)) for way in DIRECTIONS)
        stages[name] = Stage(ingress, egress)
    changed = replace(cluster, stages=tuple(sorted(stages.items())))
    return replace(model, clusters={**model.clusters, cluster.name: changed})


def _open(stage: Stage) -> set[str]:
    """The directions that a stage leaves open."""
    return {way for way in DIRECTIONS if getattr(stage, way) != "enforce"}


def _base(loaded: Loaded, model: Model) -> Tree:
    """What the change began with: in Git, where it left the default branch; else what is here."""
    from ringfence import sources

    try:
        return sources.revision(loaded.root, sources.default_base(loaded.root, model.settings.default_branch))
    except UsageError:
        return sources.revision(loaded.root, "HEAD") if sources.recent(loaded.root, 1) else loaded.tree
