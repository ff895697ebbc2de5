"""The rendered tree as a value, path to bytes: a pure function of the model and the templates. Knows no disk."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ringfence.compile import kubernetes
from ringfence.compile.bundle import BlockPeer, Bundle, NamesPeer, Origin, Policy, Rule, RulePeer
from ringfence.errors import NothingToCheckError
from ringfence.model.types import Adopted, Cluster, Model
from ringfence.render import adopted, clusterwide, dialects, layout, proof
from ringfence.render import templates as jinja
from ringfence.render.dialects import WHOLE
from ringfence.render.layout import Overlay
from ringfence.render.plain import Plain
from ringfence.render.proof import HEADER
from ringfence.render.quoting import Yaml
from ringfence.render.whole import Whole

RENDERED = "policies/rendered"

OF_CLUSTER = "_cluster"
"""The folder of what belongs to a cluster as a whole, where other folders have a team's name."""

_KUSTOMIZATION = "kustomization.yaml"
_TO_BASE = "../../../../base"

_Files = Iterator[tuple[str, bytes]]
_Item = TypeVar("_Item")

_origin = operator.attrgetter("kind", "name", "file", "owner", "reason", "expires", "ticket")
_port = operator.attrgetter("protocol", "first", "last")


def tree(
    model: Model, templates: Mapping[str, str] | None = None, only: Collection[str] | None = None
) -> dict[str, bytes]:
    """Every file of bundles below `policies/rendered/`, path from the repository's root to bytes, in order of paths.

    `templates` are a repository's own (see `own_templates`); the packaged ones serve for the rest. `only` limits it to
    the bundles of some namespaces by their declared names; of clusters as a whole, there is then nothing. Raises
    `TemplateError` where a template fails or writes something else than was compiled, `NothingToCheckError` where no
    namespace exists in any cluster: a sync of an empty tree would delete every policy.
    """
    plan = layout.of(model, only)
    compiled = jinja.Templates(templates)
    writer = _Writer(compiled)
    wholes = {name: Whole(dialect, compiled, writer.why) for name, dialect in WHOLE.items()}
    files: dict[str, bytes] = {}
    for bundle in plan.base:
        folder = f"{RENDERED}/base/{_place(bundle)}"
        files.update((f"{folder}/{name}", raw) for name, raw in writer.base(folder, bundle))
    written: dict[int, list[tuple[str, bytes]]] = {}
    for cluster, overlays in plan.overlays.items():
        whole = wholes.get(model.clusters[cluster].dialect)
        whole_cluster = overlays and only is None
        wide = _of_cluster(model, model.clusters[cluster]) if whole_cluster else {}
        kept = _adopted_of_cluster(model, model.clusters[cluster]) if only is None else []
        if wide or kept:
            folder = f"{RENDERED}/overlays/{cluster}/{OF_CLUSTER}"
            kustomization = f"{model.clusters[cluster].dialect}/{_KUSTOMIZATION}.j2"
            texts = clusterwide.files(folder, wide, map(adopted.file_name, kept), kustomization, compiled)
            files.update((f"{folder}/{name}", _file(text)) for name, text in texts)
            files.update((f"{folder}/{name}", raw) for name, raw in adopted.files(kept))
        beside = adopted.in_namespaces(model, model.clusters[cluster])
        for overlay in overlays:
            folder = f"{RENDERED}/overlays/{cluster}/{_place(overlay.whole)}"
            if more := beside.get(overlay.whole.namespace):
                names = [adopted.file_name(item) for item in more]
                if whole:
                    files.update(
                        (f"{folder}/{name}", _file(text)) for name, text in whole.bundle(folder, overlay.whole, names)
                    )
                else:
                    files.update((f"{folder}/{name}", raw) for name, raw in writer.overlay(folder, overlay, names))
                files.update((f"{folder}/{name}", raw) for name, raw in adopted.files(more))
                continue
            # clusters of one environment share their overlays' values, and so their files
            if id(overlay) not in written and whole:
                written[id(overlay)] = [(name, _file(text)) for name, text in whole.bundle(folder, overlay.whole)]
            elif id(overlay) not in written:
                written[id(overlay)] = list(writer.overlay(folder, overlay))
            files.update((f"{folder}/{name}", raw) for name, raw in written[id(overlay)])
    if not files and only is None:
        raise NothingToCheckError(
            "there is nothing to render: no namespace exists in any cluster",
            "declare a namespace under teams/, and check the environments of policies/clusters/",
        )
    return dict(sorted(files.items()))


def objects(model: Model, cluster: Cluster) -> list[dict[str, Any]]:
    """The objects that the overlays of a cluster build to: what a real `kustomize build` must give, rule for rule.

    Objects of the cluster as a whole come first. Rules of the base come before those that the overlay appends.
    """
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


class _Writer:
    """Runs templates on bundles and proves what they wrote."""

    def __init__(self, templates: jinja.Templates) -> None:
        self.templates = templates
        self.plain = Plain(functools.partial(self.why, jinja.WHY))
        self.whys: dict[tuple[str, tuple[Origin, ...]], Yaml] = {}
        self.blocks: dict[tuple[str, int], tuple[Yaml, object]] = {}

    def base(self, folder: str, bundle: Bundle) -> _Files:
        yield from self.policies(folder, bundle)
        yield self.kustomization(folder, bundle, [f"{policy.name}.yaml" for policy in bundle.policies], [])

    def overlay(self, folder: str, overlay: Overlay, more: Sequence[str] = ()) -> _Files:
        yield from self.policies(folder, overlay.extra)
        for policy in overlay.added.policies:
            yield self.patch(folder, overlay.added, policy)
        resources = [f"{_TO_BASE}/{_place(overlay.whole)}"] if overlay.on_base else []
        for part in kubernetes.permissive(overlay.whole):
            name = f"{part.file}.yaml"
            written = self.templates.run(jinja.PERMISSIVE, dialects.common(overlay.whole, part.head))
            self.prove(jinja.PERMISSIVE, f"{folder}/{name}", written, part.head)
            resources.append(name)
            yield name, _file(written)
        resources += [*(f"{policy.name}.yaml" for policy in overlay.extra.policies), *more]
        yield self.kustomization(folder, overlay.whole, resources, list(overlay.added.policies))

    def policies(self, folder: str, bundle: Bundle) -> _Files:
        for policy in bundle.policies:
            values = {
                **self.values(bundle, policy),
                "labels": kubernetes.object_labels(bundle),
                "selector": policy.selector,
            }
            written = self.templates.run(jinja.POLICY, values)
            name = f"{policy.name}.yaml"
            if written != self.plain.policy(bundle, policy):
                self.prove(jinja.POLICY, f"{folder}/{name}", written, kubernetes.as_object(bundle, policy))
            yield name, _file(written)

    def patch(self, folder: str, bundle: Bundle, policy: Policy) -> tuple[str, bytes]:
        written = self.templates.run(jinja.PATCH, self.values(bundle, policy))
        name = _patch_name(policy)
        if written != self.plain.patch(policy):
            expected = [
                {"op": "add", "path": f"/spec/{direction}/-", "value": kubernetes.as_rule(rule, direction)}
                for direction, rules in (("ingress", policy.ingress), ("egress", policy.egress))
                for rule in rules
            ]
            self.prove(jinja.PATCH, f"{folder}/{name}", written, expected)
        return name, _file(written)

    def kustomization(
        self, folder: str, bundle: Bundle, resources: list[str], patched: list[Policy]
    ) -> tuple[str, bytes]:
        expected: dict[str, Any] = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": resources,
        }
        target = {"group": kubernetes.GROUP, "version": kubernetes.VERSION, "kind": kubernetes.KIND}
        if patched:
            expected["patches"] = [
                {
                    "path": _patch_name(policy),
                    "target": {
                        **target,
                        "name": kubernetes.object_name(policy),
                        "namespace": bundle.namespace_name,
                    },
                }
                for policy in patched
            ]
        values = {
            "namespace": bundle.namespace_name,
            "team": bundle.team,
            "resources": tuple(resources),
            "patches": tuple(
                (_patch_name(policy), *target.values(), kubernetes.object_name(policy), bundle.namespace_name)
                for policy in patched
            ),
        }
        written = self.templates.run(jinja.KUSTOMIZATION, values)
        self.prove(jinja.KUSTOMIZATION, f"{folder}/{_KUSTOMIZATION}", written, expected)
        return _KUSTOMIZATION, _file(written)

    def prove(self, template: str, path: str, written: str, expected: Any) -> None:
        proof.must_mean(self.templates.suspect(template), path, written, expected)

    def values(self, bundle: Bundle, policy: Policy) -> dict[str, Any]:
        """What the templates of policies and of patches both see: text and tuples only."""
        return {
            "name": kubernetes.object_name(policy),
            "namespace": bundle.namespace_name,
            "team": bundle.team,
            "ingress": [self.rule(rule) for rule in policy.ingress],
            "egress": [self.rule(rule) for rule in policy.egress],
        }

    def rule(self, rule: Rule) -> tuple[Yaml, Yaml, Yaml]:
        return (
            self.why(jinja.WHY, rule),
            self.block(jinja.PEERS, "peers", rule.peers, _peer),
            self.block(jinja.PORTS, "ports", rule.ports, _port),
        )

    def why(self, name: str, rule: Rule) -> Yaml:
        """The comments above a rule, as the template of that name writes them."""
        written = self.whys.get((name, rule.origins))
        if written is None:
            values = {"origins": tuple(map(_origin, rule.origins))}
            written = self.whys[name, rule.origins] = self.templates.block(name, values)
        return written

    def block(self, name: str, key: str, items: tuple[_Item, ...], plain: Callable[[_Item], object]) -> Yaml:
        # keyed by identity, much cheaper than by value; the items are kept, so that no identity is given out again
        known = self.blocks.get((name, id(items)))
        if known is None:
            written = self.templates.block(name, {key: tuple(map(plain, items))})
            known = self.blocks[name, id(items)] = (written, items)
        return known[0]


def _file(written: str) -> bytes:
    return (HEADER + written).encode()


def _place(bundle: Bundle) -> str:
    return f"{bundle.team}/{bundle.namespace}"


def _patch_name(policy: Policy) -> str:
    # a workload's name holds no dot, so that no policy's file is ever called so
    return f"{policy.name}.patch.yaml"


def _peer(peer: RulePeer) -> tuple[object, ...]:
    if isinstance(peer, NamesPeer):
        raise TypeError("this dialect has no names")
    if isinstance(peer, BlockPeer):
        return ("", (), peer.cidr, peer.excepts)
    return (peer.namespace, peer.labels, "", ())
