"""Stages that leave open what was closed: declared steps back, which only the ratchet of isolation counts."""

from __future__ import annotations

from ringfence.connectivity import Direction
from ringfence.impact.gates.facts import Facts
from ringfence.verify.declared import Opening
from ringfence.verify.state import State


def opening(before: State, after: State) -> tuple[Opening, ...]:
    """The stages of the head that leave a direction of something open which the base isolates, in their order."""
    found = {
        item
        for (id_, way), item in after.declared.opened.items()
        if id_ in before.declared.pods and before.is_closed(id_, Direction(way))
    }
    return tuple(sorted(found, key=lambda item: item.id))


def stepped_back(facts: Facts, *directions: Direction) -> list[Opening]:
    """Those of some directions in all clusters, in their order."""
    found = {item for cluster in facts.clusters for item in cluster.stages if item.direction in directions}
    return sorted(found, key=lambda item: item.id)
