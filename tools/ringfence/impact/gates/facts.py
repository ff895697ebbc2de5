"""What gates judge: the changes, what was found in each cluster, and what checks found already."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from ringfence.findings import Check, Finding
from ringfence.impact.facts import ClusterFacts
from ringfence.impact.types import Approval, Change, Level, Measure
from ringfence.model.types import Model


class Facts(Struct, frozen=True):
    """Everything that a gate may look at.

    `clusters` is what was found in each Kubernetes cluster, `changes` and `measures` what that is together; `checked`
    is what the checks of `validate` found in the head. `asked_threshold` is how often what closes may have been used,
    where the command line says so. `namespaces`: how many were looked at, where it was not all of them.
    """

    base: Model | None
    head: Model
    clusters: tuple[ClusterFacts, ...]
    changes: tuple[Change, ...]
    measures: tuple[Measure, ...]
    approvals: tuple[Approval, ...]
    checked: tuple[Finding, ...] = ()
    asked_threshold: int | None = None
    namespaces: int | None = None

    @property
    def unheld(self) -> int:
        """How many guardrails do not hold yet somewhere, since a stage leaves pods open."""
        return len({name for item in self.clusters for name in item.unheld})

    @property
    def logs(self) -> tuple[str, ...]:
        """The clusters of which flow logs were given."""
        return tuple(sorted({name for item in self.clusters for name in item.logs}))

    @property
    def used_threshold(self) -> int:
        """How often what closes may have been used: as asked, or the smaller one of both sides' settings."""
        if self.asked_threshold is not None:
            return self.asked_threshold
        return min(side.settings.used_threshold for side in (self.base, self.head) if side)


class Rule(Struct, frozen=True):
    """A gate: its name in the settings, its level without one, how it judges, and what it says when it passes."""

    name: str
    check: Check
    level: Level
    find: Callable[[Facts], Iterator[Finding]]
    passes: Callable[[Facts], str]
