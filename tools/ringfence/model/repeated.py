"""Flows all of which another flow allows."""

from __future__ import annotations

from collections.abc import Sequence

from ringfence.model.names import Names
from ringfence.model.problems import flows as problems
from ringfence.model.types import Flow
from ringfence.values.ports import NO_PORTS, PortSet


def check(flows: Sequence[Flow], names: Names) -> None:
    """Report each flow all of which another allows; of two equal flows, the later."""
    first: dict[tuple[str, str], int] = {}
    # most flows share no pair of ends with another
    shared: dict[tuple[str, str], list[int]] = {}
    for index, flow in enumerate(flows):
        for leg in flow.legs:
            pair = leg.source.id, leg.destination.id
            if (before := first.setdefault(pair, index)) != index:
                shared.setdefault(pair, [before]).append(index)
    for index in sorted({index for group in shared.values() for index in group}):
        flow = flows[index]
        leg = flow.legs[0]
        for other in shared.get((leg.source.id, leg.destination.id), ()):
            if other != index and covers(flows[other], flow) and (other < index or not covers(flow, flows[other])):
                _report(flow, flows[other], names)
                break


def covers(wide: Flow, narrow: Flow) -> bool:
    """Whether a flow allows all that another does."""
    allowed = {(leg.source.id, leg.destination.id): PortSet.of(leg.ports) for leg in wide.legs}
    return all(
        PortSet.of(leg.ports) <= allowed.get((leg.source.id, leg.destination.id), NO_PORTS)
        and leg.shared(narrow.environments) <= wide.environments
        for leg in narrow.legs
    )


def _report(flow: Flow, other: Flow, names: Names) -> None:
    names.report(
        problems.REPEATED_FLOW.at(
            flow.where,
            f"flow {other.id} already allows all that {flow.id} does; deleting one of the two would not close anything",
            hint="keep one of the two, or narrow one",
            subject=flow.id,
            related=[(other.where, other.id)],
        )
    )
