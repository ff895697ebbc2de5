"""The part of two models that speaks of some namespaces."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from ringfence.model.types import Flow, Model, Side, Workload


def touching(base: Model, head: Model, namespaces: Collection[str]) -> tuple[Model, Model]:
    """Both models with the flows that have an end in some namespaces, and the workloads of those and at their ends.

    What either model needs stays in both, so that nothing seems to come or go that is there before and after.
    """
    flows = [[flow for flow in model.flows if _touches(flow, namespaces)] for model in (base, head)]
    kept = {
        end.id
        for side in flows
        for flow in side
        for leg in flow.legs
        for end in (leg.source, leg.destination)
        if isinstance(end, Workload)
    }
    return _narrowed(base, flows[0], kept, namespaces), _narrowed(head, flows[1], kept, namespaces)


def asks_the_same(base: Model, head: Model, namespaces: Collection[str]) -> bool:
    """Whether guardrails ask for no more in the head than in the base, as far as parts of both tell.

    Whom a workload that comes must reach, or must be reached by, no flow may name, so it may be in neither part.
    """
    between = (
        item for item in head.guardrails if item.must and not (_is_peer(item.source) or _is_peer(item.destination))
    )
    return not any(between) or _of(base, namespaces) == _of(head, namespaces)


def _is_peer(side: Side) -> bool:
    """Whether a side of a guardrail speaks of no workload: what the platform declares is in every part."""
    return bool(side.peers) or side.world


def _of(model: Model, namespaces: Collection[str]) -> dict[str, Workload]:
    return {name: item for name, item in model.workloads.items() if item.namespace in namespaces}


def _touches(flow: Flow, namespaces: Collection[str]) -> bool:
    ends = (end for leg in flow.legs for end in (leg.source, leg.destination))
    return any(isinstance(end, Workload) and end.namespace in namespaces for end in ends)


def _narrowed(model: Model, flows: list[Flow], kept: Collection[str], namespaces: Collection[str]) -> Model:
    workloads = {name: item for name, item in model.workloads.items() if name in kept or item.namespace in namespaces}
    spaces = {*namespaces, *(item.namespace for item in workloads.values())}
    return replace(
        model,
        flows=tuple(flows),
        workloads=workloads,
        namespaces={name: item for name, item in model.namespaces.items() if name in spaces},
    )
