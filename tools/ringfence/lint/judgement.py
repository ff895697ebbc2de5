"""What became of a rule, and because of what."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from msgspec import Struct, field

from ringfence.connectivity.engine import Row
from ringfence.connectivity.resolve import Action, Applied
from ringfence.lint.views import Rule, View


class Effect(enum.Enum):
    """What became of a rule. SHADOWED: others decide first. REDUNDANT: others do the same. IDLE: it matches nothing."""

    DECIDES = enum.auto()
    SHADOWED = enum.auto()
    REDUNDANT = enum.auto()
    IDLE = enum.auto()


Because = Rule | Applied
"""What takes a rule's work: another rule, or a policy that isolates the pods."""


class Judgement(Struct):
    """A rule's effect, and because of what. `today`: it holds for the declared workloads, not for any that may come.

    `left` is what the rule alone decides, by view; `left_today` the same for the declared workloads.
    """

    rule: Rule
    effect: Effect
    because: tuple[Because, ...] = ()
    today: bool = False
    left: list[tuple[View, Row]] = field(default_factory=list)
    left_today: list[tuple[View, Row]] = field(default_factory=list)


def joined(items: Sequence[Judgement]) -> Judgement:
    """The judgement of a rule from those of its parts."""
    rank = (Effect.DECIDES, Effect.REDUNDANT, Effect.SHADOWED, Effect.IDLE)
    effect = min((item.effect for item in items), key=rank.index)
    parts = {id(item.rule) for item in items}
    because = dict.fromkeys(reason for item in items for reason in item.because if id(reason) not in parts)
    deciding = [item for item in items if item.effect is Effect.DECIDES]
    sides = [(item.left, item.left_today) for item in deciding]
    left = [part for one, _ in sides for part in one] if all(one for one, _ in sides) else []
    today = [part for _, one in sides for part in one] if all(one for _, one in sides) else []
    rule = next((item.rule for item in deciding if item.rule.action is not Action.ALLOW), items[0].rule)
    return Judgement(rule, effect, tuple(because), any(item.today for item in items), left, today)
