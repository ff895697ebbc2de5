"""The explanations of an engine, each held against its own halves."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from ringfence.connectivity import Connectivity, Explanation
from ringfence.values.ports import ALL_PORTS


def every_pair(engine: Connectivity, *more: str) -> list[tuple[str, str]]:
    """All workloads with each other and with what is outside, `more` of it too, either way."""
    inside = [item.id for item in engine.endpoints]
    outside = ["8.8.8.8", "203.0.113.77", "2001:db8::5", *more]
    return [*product(inside, inside), *product(inside, outside), *product(outside, inside)]


def explained(engine: Connectivity, asked: Iterable[tuple[str, str]]) -> list[Explanation]:
    """What is said of each pair, which must follow from what is said of its ends."""
    answers = [engine.explain(source, destination) for source, destination in asked]
    for told in answers:
        allowed = possible = ALL_PORTS
        for half in (told.egress, told.ingress):
            if half is not None:
                allowed &= half.allowed
                possible &= half.allowed | half.undefined
        if not told.itself:
            assert (told.allowed, told.undefined) == (allowed, possible - allowed), told.line
        assert bool(told.undefined) == bool(told.reasons), told.line
    return answers
