"""Everything that flows, grants and clusters ask of the network plugin of a cluster and do not get."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks import (
    cni_does_not_enforce,
    dialect_not_enforced,
    ipv6_not_enforced,
    names_without_addresses,
    port_range_not_enforced,
    sctp_not_enforced,
    too_many_ports,
)
from ringfence.checks.capabilities import Refusal
from ringfence.findings import Check
from ringfence.model.types import Cluster, Model

MODULES = (names_without_addresses, sctp_not_enforced, port_range_not_enforced, ipv6_not_enforced, too_many_ports)


def of(model: Model, cluster: Cluster) -> Iterator[tuple[Check, Refusal]]:
    """What a cluster refuses, with the check that reports it; a flow once for each thing that it lacks."""
    if not cluster.cni.dialects:
        yield cni_does_not_enforce.CHECK, Refusal(cluster.name, cluster.where, "network policies")
    elif cluster.dialect not in cluster.cni.dialects:
        yield dialect_not_enforced.CHECK, Refusal(cluster.name, cluster.where, f"the dialect {cluster.dialect}")
    for module in MODULES:
        for refusal in dict.fromkeys(module.refusals(model, cluster)):
            yield module.CHECK, refusal
