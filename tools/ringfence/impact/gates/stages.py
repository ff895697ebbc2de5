"""Stages that leave open what was closed: declared steps back, which only the ratchet of isolation counts."""

from __future__ import annotations

from ringfence.connectivity import Direction
from ringfence.impact.gates.facts import Facts
from ringfence.verify.declared import Opening


def stepped_back(facts: Facts, *directions: Direction) -> list[Opening]:
    """The stages of the head that leave a direction of something open which the base isolates, in their order."""
    found = {
        opening
        for before, after in facts.pairs
        for (id_, way), opening in after.declared.opened.items()
        if way in directions and id_ in before.declared.pods and before.is_closed(id_, Direction(way))
    }
    return sorted(found, key=lambda item: item.id)
