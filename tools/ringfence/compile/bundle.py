"""The neutral form of a bundle: one namespace's policies in one cluster, before any dialect.

A dialect (`compile.kubernetes`) turns these values into objects. Everything is resolved and in canonical order, so
equal declarations give equal bundles whatever the order of files.
"""

from __future__ import annotations

from msgspec import Struct

from ringfence.model.types import ENFORCED, Labels, Stage
from ringfence.values.ports import PortRange


class PodsPeer(Struct, frozen=True, order=True):
    """Pods of one namespace (its name in the cluster); no label selects all of them."""

    namespace: str
    labels: Labels


class BlockPeer(Struct, frozen=True, order=True):
    """A canonical CIDR and the canonical exceptions inside it."""

    cidr: str
    excepts: tuple[str, ...] = ()


class NamesPeer(Struct, frozen=True, order=True):
    """DNS names outside the cluster, sorted; a leading `*.` stands for one label. Only as the destination of egress."""

    names: tuple[str, ...]


RulePeer = PodsPeer | BlockPeer | NamesPeer


class Origin(Struct, frozen=True, order=True):
    """Why a rule exists, as its comment says it; free text is one printable line.

    `kind` is `flow` or `baseline`; `name` the flow id or grant name; `file` the declaring file; `expires` ISO or empty.
    """

    kind: str
    name: str
    file: str
    owner: str
    reason: str
    expires: str = ""
    ticket: str = ""


class Rule(Struct, frozen=True):
    """Allow these peers (the other end) on these ports (of the destination), for these reasons (at least one).

    `dns`: the peers are DNS servers, and the dialect must read the queries, since the same pods have rules by name.
    """

    peers: tuple[RulePeer, ...]
    ports: tuple[PortRange, ...]
    origins: tuple[Origin, ...]
    dns: bool = False


class Policy(Struct, frozen=True):
    """One object: the pods that it selects (no label: all of the namespace), isolated in both directions; its rules.

    `name` is the workload's, or `baseline`; a dialect makes the object's name of it.
    """

    name: str
    selector: Labels
    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]


class Bundle(Struct, frozen=True):
    """The policies of one namespace in one cluster: the baseline first, then one for each workload by name.

    `namespace` is the declared name (it names folders), `namespace_name` the name in the cluster. `stage` says which
    directions are enforced there.
    """

    team: str
    namespace: str
    namespace_name: str
    policies: tuple[Policy, ...]
    stage: Stage = ENFORCED
