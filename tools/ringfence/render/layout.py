"""Which rule stands where: the base that clusters share, and what each cluster's overlay adds to it.

The base of a namespace serves every cluster of the dialect `kubernetes` that keeps namespace names and in which the
namespace exists. It holds the workloads that exist in all of those clusters, and of each policy the rules that all of
them have. Where a cluster renames namespaces or speaks another dialect, its overlays are whole and refer to nothing.
Knows neither paths nor templates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct
from msgspec.structs import replace

from ringfence import compile  # noqa: A004 - the stage's name in the design
from ringfence.compile.bundle import Bundle, Policy, Rule
from ringfence.model.types import Cluster, Model

_Key = tuple[object, object]
_Cluster = tuple[str, str, str, tuple[object, ...]]

SHARING = "kubernetes"
"""The dialect whose clusters share a base."""


class Overlay(Struct, frozen=True):
    """What one cluster adds for one namespace.

    `on_base`: whether it builds on the base. `extra` are whole policies that are not in the base; `added` are base
    policies with only the rules to append; `whole` is the bundle that comes out, its rules in the order of the build.
    """

    on_base: bool
    extra: Bundle
    added: Bundle
    whole: Bundle


class Layout(Struct, frozen=True):
    """The base, by team and namespace, and the overlays of each cluster, in the same order."""

    base: tuple[Bundle, ...]
    overlays: dict[str, tuple[Overlay, ...]]


def of(model: Model, only: Collection[str] | None = None, ground: compile.Ground | None = None) -> Layout:
    """The layout of everything that a model declares, or of some namespaces by their declared names.

    `ground` is kept for several calls with one model.
    """
    ground = ground or compile.Ground(model)
    compiled: dict[_Cluster, list[Bundle]] = {}
    keeping: dict[str, list[Bundle]] = {}
    for cluster in model.clusters.values():
        key = _compiled(cluster)
        if key not in compiled:
            compiled[key] = compile.bundles(model, cluster, only, ground)
            if _shares(cluster):
                for bundle in compiled[key]:
                    keeping.setdefault(bundle.namespace, []).append(bundle)
    base = {namespace: _common(bundles) for namespace, bundles in keeping.items()}
    built: dict[_Cluster, tuple[Overlay, ...]] = {}
    overlays = {}
    for name, cluster in model.clusters.items():
        key = _compiled(cluster)
        if key not in built:
            built[key] = tuple(_overlay(bundle, cluster, base) for bundle in compiled[key])
        overlays[name] = built[key]
    return Layout(tuple(sorted(base.values(), key=lambda item: (item.team, item.namespace))), overlays)


def _compiled(cluster: Cluster) -> _Cluster:
    """What of a cluster takes part in compiling."""
    stages = (cluster.default_stage, *cluster.stages)
    names = cluster.dialect in cluster.cni.names
    return (cluster.environment, cluster.namespace_pattern, cluster.dialect, (names, *stages))


def _shares(cluster: Cluster) -> bool:
    return cluster.keeps_names and cluster.dialect == SHARING


def _overlay(bundle: Bundle, cluster: Cluster, base: dict[str, Bundle]) -> Overlay:
    if not _shares(cluster):
        return Overlay(False, bundle, _with(bundle, ()), bundle)
    common = {policy.name: policy for policy in base[bundle.namespace].policies}
    extra, added, whole = [], [], []
    for policy in bundle.policies:
        shared = common.get(policy.name)
        if shared is None:
            extra.append(policy)
            whole.append(policy)
            continue
        ingress, egress = _without(policy.ingress, shared.ingress), _without(policy.egress, shared.egress)
        if ingress or egress:
            added.append(replace(policy, ingress=ingress, egress=egress))
        whole.append(
            replace(policy, ingress=(*shared.ingress, *ingress), egress=(*shared.egress, *egress))
            if ingress or egress or policy.selector != shared.selector
            else shared
        )
    return Overlay(True, _with(bundle, extra), _with(bundle, added), _with(bundle, whole))


def _with(bundle: Bundle, policies: Iterable[Policy]) -> Bundle:
    return replace(bundle, policies=tuple(policies))


def _common(bundles: list[Bundle]) -> Bundle:
    first, *others = bundles
    if not others:
        return first
    by_name = [{policy.name: policy for policy in bundle.policies} for bundle in others]
    policies = []
    for policy in first.policies:
        same = [found for names in by_name if (found := names.get(policy.name))]
        if len(same) == len(others):
            policies.append(
                replace(
                    policy,
                    ingress=_shared(policy.ingress, [other.ingress for other in same]),
                    egress=_shared(policy.egress, [other.egress for other in same]),
                )
            )
    return _with(first, policies)


def _shared(rules: tuple[Rule, ...], others: list[tuple[Rule, ...]]) -> tuple[Rule, ...]:
    """The rules that all have, each with the origins that it has in any of them."""
    if all(other == rules for other in others):
        return rules
    by_key = [{_key(rule): rule for rule in other} for other in others]
    result = []
    for rule in rules:
        same = [found for keys in by_key if (found := keys.get(_key(rule)))]
        if len(same) == len(others):
            origins = {*rule.origins, *(origin for other in same for origin in other.origins)}
            result.append(replace(rule, origins=tuple(sorted(origins))))
    return tuple(result)


def _without(rules: tuple[Rule, ...], shared: tuple[Rule, ...]) -> tuple[Rule, ...]:
    if rules == shared:
        return ()
    keys = {_key(rule) for rule in shared}
    return tuple(rule for rule in rules if _key(rule) not in keys)


def _key(rule: Rule) -> _Key:
    return (rule.peers, rule.ports)
