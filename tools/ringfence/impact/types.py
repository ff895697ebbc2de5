"""The values that an impact report is made of. They know no output format."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from msgspec import Struct

from ringfence.findings import Finding, Location
from ringfence.observe.usage import Usage
from ringfence.values.partly import Partly
from ringfence.values.ports import NO_PORTS, PortSet

if TYPE_CHECKING:
    from ringfence.impact.facts import ClusterFacts


class Effect(enum.StrEnum):
    """What happens to a connection."""

    OPENED = "opened"
    CLOSED = "closed"
    CHANGED = "changed"


class Reason(enum.StrEnum):
    """Why the connection differs: what policies say, a workload that came or went, or labels that running pods lack.

    `LABELS` is about pods that still run with the labels of the base, under the policies of the head.
    """

    POLICY = "policy"
    WORKLOAD_ADDED = "workload added"
    WORKLOAD_REMOVED = "workload removed"
    LABELS = "pods with the old labels"


class Cause(Struct, frozen=True, order=True):
    """What is behind a change.

    `kind` is `flow`, `baseline` or `stage` for a declaration that allows the ports, and `adopted` for a policy from
    before; `workload`, `label`, `namespace`, `peer` or `cluster` for what differs at the ends; `tool` or `hand` where
    rendered files differ from what the declarations say; `rule` for the rendered rule that lets ports through which
    nothing declares. `side` says whose it is: `head` or `base`. `edit` says what became of it: `added`, `edited`,
    `removed`, or empty where it is the same on both sides.
    """

    kind: str
    name: str
    where: Location
    owner: str
    reason: str
    expires: str
    ticket: str
    side: str
    edit: str = ""

    @property
    def is_declaration(self) -> bool:
        """Whether it is a flow, grant, stage or adopted policy, which says that the connection is wanted."""
        return self.kind in ("flow", "baseline", "stage", "adopted")


class Change(Partly, frozen=True):
    """One connection that differs, in every cluster where it differs in the same way.

    `source` and `destination` are names as declared (`shop/checkout`, `stripe`, `shop/*` for pods that nobody
    declared) or CIDRs; `teams` are the teams of both (empty for an end outside the teams). `before` and `after` are all
    its ports on either side. `collateral` are the opened ports without a declaration behind them. `world`: one end lies
    outside the organisation. `crosses` are the environments of both ends where they differ. `undefined`: the reason why
    the verdict cannot be given, or empty. `used` is how much traffic the closed ports had, None where no log says.
    """

    ASIDE = ("used",)

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
    teams: tuple[str, str] = ("", "")
    crosses: tuple[str, ...] = ()
    used: Usage | None = None

    @property
    def sort_key(self) -> tuple[bool, str, str, str, str, tuple[str, ...], str]:
        """World exposure first, then by ends."""
        ends = (self.source, self.destination)
        return (not self.world, *ends, self.effect.value, self.reason.value, self.clusters, str(self.after))

    @property
    def opened(self) -> PortSet:
        """The ports that open."""
        return self.after - self.before

    @property
    def closed(self) -> PortSet:
        """The ports that close."""
        return self.before - self.after


class Row(Struct, frozen=True):
    """Changes that are alike in everything but their ends: every source against every destination.

    `change` is the first of them; `causes` and `used` are those of all.
    """

    change: Change
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    causes: tuple[Cause, ...]
    used: Usage | None = None

    @property
    def count(self) -> int:
        """How many changes it stands for."""
        return len(self.sources) * len(self.destinations)


class LeftOut(Struct, frozen=True, order=True):
    """Connections that are counted and not listed: they were open on every port in the base.

    `clusters` are those of their ends: one, or two that share a Kubernetes cluster. So many are `closed` on every port,
    so many `narrowed` to fewer ports. All addresses outside count as one end.
    """

    clusters: tuple[str, ...]
    closed: int
    narrowed: int


class ObjectChange(Struct, frozen=True, order=True):
    """A Kubernetes object that a sync creates, updates, prunes or leaves behind, in the clusters where it does.

    `namespace` is the name in the cluster. `wave` is Argo CD's sync wave, by the object's annotation (0 without one).
    """

    action: str
    kind: str
    namespace: str
    name: str
    clusters: tuple[str, ...]
    wave: int = 0


class Approval(Struct, frozen=True, order=True):
    """Owners of one part of the repository who must agree, and the changed paths that ask for it.

    `given` is the owner who has agreed already, or empty.
    """

    owners: tuple[str, ...]
    party: str
    paths: tuple[str, ...]
    given: str = ""


class Level(enum.StrEnum):
    """What a gate that does not pass does: fail the run, warn, or nothing."""

    ERROR = "error"
    WARN = "warn"
    IGNORE = "ignore"


class Gate(Struct, frozen=True):
    """The verdict of one gate. `reason` is a sentence, whether it passed or not; an ignored gate is not judged."""

    name: str
    code: str
    level: Level
    passed: bool
    reason: str

    @property
    def verdict(self) -> str:
        """`passed`, `failed`, `warned` or `ignored`."""
        if self.level is Level.IGNORE:
            return "ignored"
        return "passed" if self.passed else "failed" if self.level is Level.ERROR else "warned"


class Measure(Struct, frozen=True):
    """One share that may not fall: how many of how many, in the base and in the head."""

    name: str
    before: tuple[int, int]
    after: tuple[int, int]

    @property
    def fell(self) -> bool:
        """Whether the share is smaller, and more lack it: what only disappears makes nothing worse."""
        (had, of), (has, now) = self.before, self.after
        return now - has > of - had and (has * of < had * now or not of)


class Origin(Struct, frozen=True):
    """Rendered files that differ for one reason: `declarations`, `template`, `tool` or `hand`.

    `paths` are the files; `because` the templates, where they are the reason.
    """

    kind: str
    paths: tuple[str, ...]
    because: tuple[str, ...] = ()


class Automatic(Struct, frozen=True):
    """Whether the change may be approved without a person, and why (not)."""

    approvable: bool
    reason: str


class Report(Struct, frozen=True):
    """The impact of a head on a base. `clusters` are all that were compared; every tuple is in stable order.

    `command` reproduces the report. `scope` are the namespaces at one end of whatever can differ, where only those were
    looked at; None: all. `left_out` are connections that are counted and not among the `changes`. `logs` are the
    clusters of which flow logs were given. `facts` are what it is made of, `identity` says of which change where that
    was asked for.
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
    gates: tuple[Gate, ...] = ()
    measures: tuple[Measure, ...] = ()
    origins: tuple[Origin, ...] = ()
    automatic: Automatic = Automatic(False, "")
    logs: tuple[str, ...] = ()
    scope: tuple[str, ...] | None = None
    facts: tuple[ClusterFacts, ...] = ()
    identity: str = ""
    left_out: tuple[LeftOut, ...] = ()

    @property
    def quiet_clusters(self) -> tuple[str, ...]:
        """Clusters in which no connection differs."""
        touched = {cluster for change in self.changes for cluster in change.clusters}
        touched |= {cluster for item in self.left_out for cluster in item.clusters}
        return tuple(cluster for cluster in self.clusters if cluster not in touched)

    @property
    def collateral(self) -> int:
        """How many connections open without a declaration behind them."""
        return sum(1 for change in self.changes if change.collateral != NO_PORTS)

    def count(self, effect: Effect) -> int:
        """How many of the listed connections have an effect, equal ones in several clusters counted once."""
        return sum(1 for change in self.changes if change.effect is effect)
