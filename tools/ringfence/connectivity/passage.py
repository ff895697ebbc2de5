"""The way of a cluster from its old policies to its new ones, for `mixtures` to judge: which object moves when.

An object is known by API group, kind, namespace and name. Objects that move in no wave stay: those of both ends, and
those that the new end lacks and nothing takes away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from ringfence.connectivity import dialects
from ringfence.connectivity.cluster import ClusterState
from ringfence.connectivity.field import Both, Field, NotExact
from ringfence.connectivity.mixtures import Change, Free, Step
from ringfence.findings import Location

Key = tuple[str, str, str, str]
"""API group, kind, namespace, name."""

_GROUPS = (("policies", "networking.k8s.io"), ("calico", "projectcalico.org"), ("cilium", "cilium.io"))


def objects(cluster: ClusterState) -> dict[Key, Any]:
    """The policies in force in a cluster."""
    found: dict[Key, Any] = {}
    for field, group in _GROUPS:
        for item in _policies(cluster, field):
            kind = getattr(item, "kind", "NetworkPolicy")
            found[group, kind, item.namespace, item.name] = item
    return found


def passage(before: ClusterState, after: ClusterState, waves: Mapping[str, Sequence[Collection[Key]]]) -> Change:
    """The change from one cluster to another, whose pods count; `waves` are the objects that move, by namespace.

    Within a wave any order is possible. Raises `NotExact` where the mixtures cannot be judged.
    """
    before, after = (dialects.in_force(item) for item in (before, after))
    if (before.profile, before.services, before.accounts) != (after.profile, after.services, after.accounts):
        raise NotExact("its network plugin or its networks change too")
    old, new = objects(before), objects(after)
    moving = {key for listed in waves.values() for wave in listed for key in wave}
    for _, kind, namespace, name in sorted(moving):
        if not namespace:
            raise NotExact(f"{kind} {name} is of the whole cluster, and changes")
    if _unplaced(before.admin) != _unplaced(after.admin):
        raise NotExact("policies of the whole cluster change too")
    whole = _whole(before, after)
    field = Field(whole)
    stays = [item for key, item in {**old, **new}.items() if key not in moving]
    one = {key: field.part(_only(whole, [old[key]])) if key in old else field.nothing for key in moving}
    two = {key: field.part(_only(whole, [new[key]])) if key in new else field.nothing for key in moving}
    steps = {name: _steps(listed, one, two) for name, listed in waves.items() if name in field.space.members}
    change = Change(field, field.part(_only(whole, stays)), steps)
    ends = ([*stays, *(item for key, item in side.items() if key in moving)] for side in (old, new))
    first, last = (_only(whole, items) for items in ends)
    change.check(first, last)
    return change


def _steps(waves: Sequence[Collection[Key]], old: Mapping[Key, Both], new: Mapping[Key, Both]) -> list[Step]:
    """Before all waves, each wave with its objects free, and after all of them."""
    steps = [Step(tuple(old[key] for wave in waves for key in wave))]
    for number, wave in enumerate(waves):
        done = [new[key] for earlier in waves[:number] for key in earlier]
        still = [old[key] for later in waves[number + 1 :] for key in later]
        free = tuple(Free(f"{key[2]}/{key[3]}", old[key], new[key]) for key in sorted(wave))
        steps.append(Step((*done, *still), free))
    return [*steps, Step(tuple(new[key] for wave in waves for key in wave))]


def _whole(before: ClusterState, after: ClusterState) -> ClusterState:
    """A cluster with the policies of both ends, and the pods of the second."""
    mixed: dict[str, Any] = {}
    for field, _ in _GROUPS:
        ours, theirs = (_others(side, field) for side in (before, after))
        for name in ours.keys() & theirs.keys():
            if replace(ours[name], where=theirs[name].where) != theirs[name]:
                raise NotExact(f"{name[0]} {name[2]}, which policies refer to, changes too")
        policies = (*_policies(before, field), *_policies(after, field))
        mixed[field] = (*{**ours, **theirs}.values(), *policies)
    return replace(
        after,
        **mixed,
        opaque=(*after.opaque, *before.opaque),
        namespaces={**before.namespaces, **after.namespaces},
        places=tuple(sorted({*before.places, *after.places})),
    )


def _unplaced(policies: Iterable[Any]) -> set[Any]:
    """Policies wherever they and their rules stand in files."""
    nowhere = Location("")
    return {
        replace(
            item,
            where=nowhere,
            ingress=tuple(replace(rule, where=nowhere) for rule in item.ingress),
            egress=tuple(replace(rule, where=nowhere) for rule in item.egress),
        )
        for item in policies
    }


def _only(whole: ClusterState, items: Iterable[Any]) -> ClusterState:
    """The cluster with some of its policies, and all that policies refer to."""
    chosen = {id(item) for item in items}
    mixed: dict[str, Any] = {
        field: (
            *_others(whole, field).values(),
            *(item for item in _policies(whole, field) if id(item) in chosen),
        )
        for field, _ in _GROUPS
    }
    return replace(whole, **mixed)


def _policies(cluster: ClusterState, field: str) -> list[Any]:
    found = getattr(cluster, field)
    return list(found) if field == "policies" else dialects.policies(found)


def _others(cluster: ClusterState, field: str) -> dict[tuple[str, str, str], Any]:
    """What policies refer to: tiers, sets of addresses. Staged policies do nothing and are left out."""
    if field == "policies":
        return {}
    return {
        (type(item).__name__, getattr(item, "namespace", ""), item.name): item
        for item in getattr(cluster, field)
        if not hasattr(item, "staged") and not hasattr(item, "specs")
    }
