"""The stages of a cluster: its own, and those of single namespaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ringfence.model.layout import Place
from ringfence.model.names import Names
from ringfence.model.node import Node
from ringfence.model.ports import shorten
from ringfence.model.problems import names as problems
from ringfence.model.types import ENFORCED, STAGES, Cluster, Stage
from ringfence.values.nearest import nearest


def read(document: Node) -> tuple[Stage, tuple[tuple[str, Stage], ...]]:
    """The stage of a cluster, and those of the namespaces that have their own, by declared name."""
    default = _one(document.get("stage"), ENFORCED) if document.has("stage") else ENFORCED
    own = sorted((name, _one(node, default)) for name, node in document.get("stages").items())
    return default, tuple((name, stage) for name, stage in own)


def _one(node: Node, default: Stage) -> Stage:
    """A stage of both directions, or one for each; what is not said is as the default."""
    if node.value in STAGES:
        return Stage(node.text(), node.text(), node.where, node.where)
    ingress, egress = node.get("ingress"), node.get("egress")
    return Stage(
        ingress.text(default.ingress),
        egress.text(default.egress),
        ingress.where if node.has("ingress") else default.where_ingress,
        egress.where if node.has("egress") else default.where_egress,
    )


def check(found: Iterable[tuple[Place, Node]], clusters: Mapping[str, Cluster], names: Names) -> None:
    """Report namespaces with a stage in a cluster where they do not exist: the stage would hold nowhere."""
    for place, document in found:
        cluster = clusters.get(place.name)
        for name, node in document.get("stages").items() if cluster else ():
            space = names.namespaces.get(name)
            if cluster is None or names.is_lost(name) or (space and cluster.environment in space.environments):
                continue
            known = [item.name for item in names.namespaces.values() if cluster.environment in item.environments]
            near = nearest(name, known)
            what = (
                f"namespace {name} does not exist in {cluster.environment}" if space else "there is no such namespace"
            )
            names.report(
                problems.UNKNOWN_NAMESPACE.at(
                    node.where_key,
                    f"cluster {place.name} gives a stage to `{shorten(name)}`, and {what}",
                    hint=f"did you mean `{near}`?" if near else "drop it, or write the declared name of a namespace",
                )
            )
