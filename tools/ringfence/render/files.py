"""The rendered tree as a value, path to bytes: a pure function of the model and the templates. Knows no disk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ringfence.compile import Ground
from ringfence.errors import NothingToCheckError
from ringfence.model.types import Adopted, Cluster, Model
from ringfence.render import adopted, layout
from ringfence.render import templates as jinja
from ringfence.render.writer import KUSTOMIZATION, Writer, as_file, place_of
from ringfence.values import workers

if TYPE_CHECKING:
    from ringfence.render import clusterwide
    from ringfence.render.whole import Whole

RENDERED = "policies/rendered"
MANY = 200
"""From so many namespaces on, a copy of this process is worth its making."""
AT_ONCE = 50
"""Namespaces that a process writes before it takes the next ones."""

OF_CLUSTER = "_cluster"
"""The folder of what belongs to a cluster as a whole, where other folders have a team's name."""


def tree(
    model: Model, templates: Mapping[str, str] | None = None, only: Collection[str] | None = None
) -> dict[str, bytes]:
    """Every file of bundles below `policies/rendered/`, path from the repository's root to bytes, in order of paths.

    `templates` are a repository's own (see `own_templates`); the packaged ones serve for the rest. `only` limits it to
    the bundles of some namespaces by their declared names; of clusters as a whole, there is then nothing. Raises
    `TemplateError` where a template fails or writes something else than was compiled, `NothingToCheckError` where no
    namespace exists in any cluster: a sync of an empty tree would delete every policy.
    """
    compiled = jinja.Templates(templates)
    writer = Writer(compiled)
    wholes = _wholes(model, compiled, writer)
    ground = Ground(model)

    def written(namespaces: Collection[str]) -> dict[str, bytes]:
        return _of_namespaces(model, writer, wholes, layout.of(model, namespaces, ground))

    files = _of_clusters(model, compiled) if only is None else {}
    names = sorted(model.namespaces if only is None else only)
    for part in _shared(written, names, ground) if len(names) >= MANY else (written(names),):
        files |= part
    if not files and only is None:
        raise NothingToCheckError(
            "there is nothing to render: no namespace exists in any cluster",
            "declare a namespace under teams/, and check the environments of policies/clusters/",
        )
    return dict(sorted(files.items()))


def _shared(
    written: Callable[[Sequence[str]], dict[str, bytes]], names: Sequence[str], ground: Ground
) -> list[dict[str, bytes]]:
    """What is written for many namespaces, with copies of this process."""
    import msgpack

    # what is compiled and looked for now need not be in each copy
    written(names[:1])
    ground.prepare()
    parts = [names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
    return workers.spread(written, parts, msgpack.packb, msgpack.unpackb)


def _of_clusters(model: Model, templates: jinja.Templates) -> dict[str, bytes]:
    """The files of what belongs to clusters as a whole."""
    from ringfence.render import clusterwide

    files: dict[str, bytes] = {}
    for name, cluster in model.clusters.items():
        wide = _of_cluster(model, cluster) if model.namespaces_in(cluster) else {}
        kept = _adopted_of_cluster(model, cluster)
        if wide or kept:
            folder = f"{RENDERED}/overlays/{name}/{OF_CLUSTER}"
            kustomization = f"{cluster.dialect}/{KUSTOMIZATION}.j2"
            texts = clusterwide.files(folder, wide, map(adopted.file_name, kept), kustomization, templates)
            files.update((f"{folder}/{name}", as_file(text)) for name, text in texts)
            files.update((f"{folder}/{name}", raw) for name, raw in adopted.files(kept))
    return files


def _wholes(model: Model, templates: jinja.Templates, writer: Writer) -> dict[str, Whole]:
    """What writes the dialects of a model that are written whole, by their names."""
    spoken = {cluster.dialect for cluster in model.clusters.values()}
    if spoken <= {layout.SHARING}:
        return {}
    from ringfence.render.dialects import WHOLE
    from ringfence.render.whole import Whole

    return {name: Whole(dialect, templates, writer.why) for name, dialect in WHOLE.items() if name in spoken}


def _of_namespaces(model: Model, writer: Writer, wholes: Mapping[str, Whole], plan: layout.Layout) -> dict[str, bytes]:
    """The files of the bundles of a layout."""
    files: dict[str, bytes] = {}
    for bundle in plan.base:
        folder = f"{RENDERED}/base/{place_of(bundle)}"
        files.update((f"{folder}/{name}", raw) for name, raw in writer.base(folder, bundle))
    written: dict[int, list[tuple[str, bytes]]] = {}
    for cluster, overlays in plan.overlays.items():
        whole = wholes.get(model.clusters[cluster].dialect)
        beside = adopted.in_namespaces(model, model.clusters[cluster])
        for overlay in overlays:
            folder = f"{RENDERED}/overlays/{cluster}/{place_of(overlay.whole)}"
            if more := beside.get(overlay.whole.namespace):
                names = [adopted.file_name(item) for item in more]
                if whole:
                    files.update(
                        (f"{folder}/{name}", as_file(text)) for name, text in whole.bundle(folder, overlay.whole, names)
                    )
                else:
                    files.update((f"{folder}/{name}", raw) for name, raw in writer.overlay(folder, overlay, names))
                files.update((f"{folder}/{name}", raw) for name, raw in adopted.files(more))
                continue
            # clusters of one environment share their overlays' values, and so their files
            if id(overlay) not in written and whole:
                written[id(overlay)] = [(name, as_file(text)) for name, text in whole.bundle(folder, overlay.whole)]
            elif id(overlay) not in written:
                written[id(overlay)] = list(writer.overlay(folder, overlay))
            files.update((f"{folder}/{name}", raw) for name, raw in written[id(overlay)])
    return files


def objects(model: Model, cluster: Cluster) -> list[dict[str, Any]]:
    """The objects that the overlays of a cluster build to: what a real `kustomize build` must give, rule for rule.

    Objects of the cluster as a whole come first. Rules of the base come before those that the overlay appends.
    """
    from ringfence.render import dialects

    overlays = layout.of(model).overlays[cluster.name]
    beside = adopted.in_namespaces(model, cluster)
    found = [
        item
        for overlay in overlays
        for item in (
            *dialects.objects(cluster.dialect, overlay.whole),
            *map(adopted.data, beside.get(overlay.whole.namespace, ())),
        )
    ]
    return [*of_cluster(model, cluster), *found]


def of_cluster(model: Model, cluster: Cluster) -> list[dict[str, Any]]:
    """The objects in a cluster's overlays that belong to no team: to the Kubernetes cluster as a whole, mostly."""
    wide = _of_cluster(model, cluster).values() if model.namespaces_in(cluster) else ()
    return [*(data for data, _, _ in wide), *map(adopted.data, _adopted_of_cluster(model, cluster))]


def _of_cluster(model: Model, cluster: Cluster) -> clusterwide.Objects:
    from ringfence.render import clusterwide

    return clusterwide.objects(model, cluster) if home(model, cluster) is cluster else {}


def _adopted_of_cluster(model: Model, cluster: Cluster) -> list[Adopted]:
    """The adopted policies of a Kubernetes cluster that stand in no team's namespace, at the cluster that has them."""
    return (
        [
            item
            for other in model.clusters.values()
            if home(model, other) is cluster
            for item in adopted.elsewhere(model, other)
        ]
        if model.adopted
        else []
    )


def home(model: Model, cluster: Cluster) -> Cluster:
    """The cluster whose overlays hold what belongs to a Kubernetes cluster as a whole.

    Of those that share it, the first by name that has namespaces: an object must not have two owners.
    """
    sharing = (item for item in model.clusters.values() if item.kubernetes_cluster == cluster.kubernetes_cluster)
    return next((item for item in sharing if model.namespaces_in(item)), cluster)


def scope(cluster: str | None = None) -> tuple[str, ...]:
    """The folders that a render of one cluster owns: its overlays and the base. Without a cluster: the whole tree."""
    return (f"{RENDERED}/base", f"{RENDERED}/overlays/{cluster}") if cluster else (RENDERED,)
