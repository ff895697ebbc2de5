"""A cluster without some rules, and what that changes: taken out of the form to which every dialect is lowered."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from msgspec.structs import replace

from ringfence.connectivity import Connectivity, Direction, tiers
from ringfence.connectivity.resolve import Applied
from ringfence.lint.judgement import Judgement
from ringfence.lint.views import tiers_of


def changed(before: Connectivity, after: Connectivity, *, settled: bool = True, declared: bool = False) -> list[str]:
    """The pairs of which something settled is another, as the loss of a rule may settle what was undefined; or all.

    `declared`: only pairs of what is declared.
    """
    left_out = before.space.unknown if declared else 0
    pods = before.space.pods
    cells = [next(i for i, one in enumerate(after.space.cells) if cell <= one) for cell in before.space.cells]
    places = range(len(before.space.places))
    same = [*range(pods), *(after.space.pods + index for index in cells)]
    same += [after.space.size - len(places) + index for index in places]
    found = []
    for source in range(before.space.size):
        for end in range(before.space.size):
            if left_out >> source & 1 or left_out >> end & 1:
                continue
            if source == end and source < pods and before.endpoints[source].kind == "Pod":
                continue
            was = [before.atoms.ports(mask_at(part, end)) for part in before.table[source]]
            now = [after.atoms.ports(mask_at(part, same[end])) for part in after.table[same[source]]]
            if not (was[0] <= now[0] and now[1] <= was[1]) if settled else was != now:
                found.append(f"{before.space.end(source)} to {before.space.end(end)}: {was} became {now}")
    return found


def mask_at(row: dict[int, int], position: int) -> int:
    return next((mask for mask, where in row.items() if where >> position & 1), 0)


def dropped(found: Connectivity, judgements: Iterable[Judgement]) -> Connectivity:
    """The same cluster less some rules, taken out of the form to which every dialect is lowered."""
    gone = {id(item.rule.rule) for item in judgements}
    less = copy.copy(found)
    less.tiers = {
        direction: [
            replace(tier, groups=tuple(tuple(_less(item, gone) for item in group) for group in tier.groups))
            for tier in tiers_of(found, direction)
        ]
        for direction in Direction
    }
    less.table = tiers.rows(less.space, less.atoms.everything, less.tiers, less.opaque)
    return less


def _less(item: Applied, gone: set[int]) -> Applied:
    return replace(item, rules=tuple(rule for rule in item.rules if id(rule) not in gone))
