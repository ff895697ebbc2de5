"""Pods that no policy isolates, which stay open: by the stage of their namespace, or by an adopted policy for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ringfence.adopt.existing import keeping
from ringfence.adopt.existing.keeping import Keep
from ringfence.adopt.existing.plan import Options
from ringfence.adopt.existing.units import Unit
from ringfence.connectivity import Connectivity, Direction
from ringfence.manifests import NetworkPolicy, Selector


def leave_open(
    units: Mapping[str, tuple[Unit, ...]],
    policies: Sequence[NetworkPolicy],
    original: Connectivity,
    options: Options,
    keeps: list[Keep],
) -> dict[str, tuple[str, ...]]:
    """Add to `keeps` what keeps pods open that nothing isolated; the namespaces that a stage keeps open, by direction.

    `policies` are those that isolate the pods of the namespaces by their selectors, `original` what all of them do.
    """
    stages: dict[str, list[str]] = {}
    taken = {(keep.namespace, keep.data["metadata"]["name"]) for keep in keeps}
    for namespace, here in units.items():
        for direction in Direction:
            own = [item for item in policies if item.namespace == namespace]
            isolating = [item.selector for item in own if getattr(item, str(direction)) is not None]
            members = [item for unit in here for item in unit.members]
            elsewhere = [
                item
                for item in members
                if original.is_isolated(item, direction)
                and not any(selector.matches(dict(item.labels)) for selector in isolating)
            ]
            if not isolating and not elsewhere and options.stages:
                stages.setdefault(namespace, []).append(str(direction))
                continue
            selectors = keeping.others(isolating) if not elsewhere else None
            if selectors is None or options.tighten:
                open_ = [
                    unit for unit in here if not all(original.is_isolated(item, direction) for item in unit.members)
                ]
                selectors = [Selector.of(dict(unit.labels)) for unit in open_]
            name = f"open-{direction}"
            while any((namespace, text) in taken for text in (name, f"{name}-1")):
                name = f"still-{name}"
            keeps += keeping.opening(namespace, str(direction), selectors, name)
    return {name: tuple(directions) for name, directions in stages.items()}
