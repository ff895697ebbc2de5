"""The values that an impact report is made of. They know no output format."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ringfence.findings import Finding, Location
from ringfence.values.ports import PortSet


class Effect(enum.StrEnum):
    """What happens to a connection."""

    OPENED = "opened"
    CLOSED = "closed"
    CHANGED = "changed"


class Reason(enum.StrEnum):
    """Why the connection differs: what policies say, or a workload that came or went."""

    POLICY = "policy"
    WORKLOAD_ADDED = "workload added"
    WORKLOAD_REMOVED = "workload removed"


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """The declaration behind a change: a flow or a baseline grant.

    `kind` is `flow` or `baseline`; `side` says whose declaration it is: `head` for what opens, `base` for what closes.
    """

    kind: str
    name: str
    where: Location
    owner: str
    reason: str
    expires: str
    ticket: str
    side: str


@dataclass(frozen=True, slots=True)
class Change:
    """One connection that differs, in every cluster where it differs in the same way.

    `source` and `destination` are names as declared (`shop/checkout`, `stripe`, `shop/*` for pods that nobody
    declared) or CIDRs. `before` and `after` are all its ports on either side. `collateral` are the opened ports
    without a declaration behind them. `world`: one end lies outside the organisation. `undefined`: the reason
    why the verdict cannot be given, or empty.
    """

    effect: Effect
    reason: Reason
    source: str
    destination: str
    before: PortSet
    after: PortSet
    causes: tuple[Cause, ...]
    collateral: PortSet
    world: bool
    clusters: tuple[str, ...]
    undefined: str = ""

    @property
    def sort_key(self) -> tuple[bool, str, str, str, tuple[str, ...]]:
        """World exposure first, then by ends."""
        return (not self.world, self.source, self.destination, self.effect.value, self.clusters)


@dataclass(frozen=True, slots=True, order=True)
class ObjectChange:
    """A Kubernetes object that a sync creates, updates, prunes or leaves behind, in the clusters where it does.

    `namespace` is the name in the cluster.
    """

    action: str
    kind: str
    namespace: str
    name: str
    clusters: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Approval:
    """Owners of one part of the repository who must agree, and the changed paths that ask for it."""

    owners: tuple[str, ...]
    party: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The impact of a head on a base. `clusters` are all that were compared; every tuple is in stable order.

    `command` reproduces the report.
    """

    base: str
    head: str
    clusters: tuple[str, ...]
    changes: tuple[Change, ...]
    objects: tuple[ObjectChange, ...]
    approvals: tuple[Approval, ...]
    findings: tuple[Finding, ...]
    guardrails_checked: int
    command: str = "ringfence impact"

    @property
    def quiet_clusters(self) -> tuple[str, ...]:
        """Clusters in which no connection differs."""
        touched = {cluster for change in self.changes for cluster in change.clusters}
        return tuple(cluster for cluster in self.clusters if cluster not in touched)

    def count(self, effect: Effect) -> int:
        """How many distinct connections have an effect, equal ones in several clusters counted once."""
        return sum(1 for change in self.changes if change.effect is effect)
