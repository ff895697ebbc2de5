"""What gates judge: the changes, both states of each cluster, and what checks found already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ringfence.findings import Check, Finding
from ringfence.impact.types import Approval, Change, Level, Measure
from ringfence.model.types import Model
from ringfence.verify.state import State


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a gate may look at.

    `pairs` are the base and head states of each Kubernetes cluster; `broken` the guardrails that the head breaks;
    `checked` what the checks of `validate` found in the head; `unheld` how many guardrails do not hold yet somewhere,
    since a stage leaves pods open. `logs` are the clusters of which flow logs were given; `asked_threshold` is how
    often what closes may have been used, where the command line says so.
    """

    base: Model | None
    head: Model
    pairs: tuple[tuple[State, State], ...]
    changes: tuple[Change, ...]
    measures: tuple[Measure, ...]
    approvals: tuple[Approval, ...]
    broken: tuple[Finding, ...] = ()
    checked: tuple[Finding, ...] = ()
    unheld: int = 0
    logs: tuple[str, ...] = ()
    asked_threshold: int | None = None

    @property
    def used_threshold(self) -> int:
        """How often what closes may have been used: as asked, or the smaller one of both sides' settings."""
        if self.asked_threshold is not None:
            return self.asked_threshold
        return min(side.settings.used_threshold for side in (self.base, self.head) if side)


@dataclass(frozen=True, slots=True)
class Rule:
    """A gate: its name in the settings, its level without one, how it judges, and what it says when it passes."""

    name: str
    check: Check
    level: Level
    find: Callable[[Facts], Iterator[Finding]]
    passes: Callable[[Facts], str]
