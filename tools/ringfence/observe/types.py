"""What flow logs say, once they are read: who was seen talking to whom, and what could not be read."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

Verdict = Literal["allowed", "denied", "audited"]
"""What happened to a connection. `audited`: it passed, and a policy that only watches for now would have denied it."""


class Side(Struct, frozen=True, order=True):
    """One side of what was seen, as the log has it. What a log does not say is empty."""

    namespace: str = ""
    workload: str = ""
    """The name of the pod's owner (Deployment, StatefulSet, ...)."""
    pod: str = ""
    """The pod's name. Empty where the workload is known."""
    labels: tuple[tuple[str, str], ...] = ()
    """The pod's labels, sorted. Those that differ from one pod of a workload to the next are left out."""
    address: str = ""
    """An IP address or a CIDR. Empty where the pod, or the entity that has no use for it, is known."""
    names: tuple[str, ...] = ()
    """DNS names of the address, sorted, in lower case, without a final dot."""
    entity: str = ""
    """Cilium's reserved identity: `world`, `host`, `remote-node`, `kube-apiserver`, ...; of Calico's logs too."""


class Seen(Struct, frozen=True, order=True):
    """Connections between two sides that are alike. Replies are not among them; source ports are not kept."""

    source: Side
    destination: Side
    protocol: str
    """`TCP`, `UDP`, `SCTP`, `ICMP`, `ICMPv6`, or what the log says, in upper case."""
    port: int
    """The destination's port; 0 where the protocol has none."""
    verdict: Verdict
    first: datetime
    """In UTC."""
    last: datetime
    """In UTC, not before `first`."""
    count: int
    """Records of the log, or connections where the log counts those. The larger count of two observation points."""


class Trouble(Struct, frozen=True, order=True):
    """What could not be read, or not be believed, in one file. Nothing of it is fatal."""

    where: str
    """The file, as it was named."""
    line: int
    """The first line that it was met at, from 1; 0 where a line means nothing."""
    kind: str
    """In kebab-case: `truncated-line`, `not-json`, `line-too-long`, ... (docs/flow-logs.md lists them)."""
    count: int
    """How many records, or lines, or files."""
    example: str
    """The start of the first one, made printable, or why."""


class Observations(Struct, frozen=True):
    """Everything that was read from some logs."""

    seen: tuple[Seen, ...]
    """Sorted."""
    troubles: tuple[Trouble, ...]
    """Sorted."""
    files: int
    records: int
    """Records that were understood, whether they count as a connection or not."""
    first: datetime | None
    """The first and the last time of a record, in UTC; None if there is none."""
    last: datetime | None
