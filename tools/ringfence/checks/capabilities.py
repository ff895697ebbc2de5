"""What flows and grants ask of the network plugin of a cluster, and how it is reported that the plugin lacks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from ringfence.findings import Check, Finding, Location
from ringfence.model.types import Cluster, Cni, End, Model, Workload
from ringfence.values.ports import PortRange


class Use(Struct, frozen=True):
    """One pair of ends of a flow or grant in a cluster, with its ports; None stands for every pod of the teams."""

    subject: str
    where: Location
    source: End | None
    destination: End | None
    ports: tuple[PortRange, ...]


class Refusal(Struct, frozen=True):
    """What one flow, grant or cluster asks of a plugin that lacks it: `what`, as in `sctp/3868`."""

    subject: str
    where: Location
    what: str


Refusals = Callable[[Model, Cluster], Iterable[Refusal]]


def uses(model: Model, cluster: Cluster) -> Iterator[Use]:
    """Everything that flows and grants open in a cluster; flows come first."""
    for flow, leg in model.legs_in(cluster):
        yield Use(flow.id, flow.where, leg.source, leg.destination, leg.ports)
    for grant in model.grants_in(cluster):
        subject = f"baseline/{grant.name}"
        if grant.to_peer:
            yield Use(subject, grant.where, None, grant.peer, grant.ranges)
            continue
        yield Use(subject, grant.where, grant.peer, None, grant.ranges)
        for workload in model.workloads_in(cluster) if grant.port_names else ():
            if ports := named_ports(workload, grant.port_names):
                yield Use(subject, grant.where, grant.peer, workload, ports)


def some_port(model: Model, wanted: Callable[[PortRange], bool]) -> bool:
    """Whether a flow, a grant or a workload has a port of some kind at all. Many have one and the same ports."""
    tuples = {id(leg.ports): leg.ports for flow in model.flows for leg in flow.legs}
    tuples |= {id(grant.ranges): grant.ranges for grant in model.grants}
    of_workloads = {id(item.ports): item.ports for item in model.workloads.values()}
    tuples |= {id(port.ranges): port.ranges for ports in of_workloads.values() for port in ports}
    return any(wanted(item) for ranges in tuples.values() for item in ranges)


def named_ports(workload: Workload, names: Iterable[str]) -> tuple[PortRange, ...]:
    """The ports of a workload that have one of the names."""
    return tuple(item for port in workload.ports if port.name in names for item in port.ranges)


def lack(cni: Cni, fact: str, known: bool | None, what: str) -> str:
    """That a plugin lacks something, or that it is not known to have it, with the note of its profile."""
    verb = "does not enforce" if known is False else "is not known to enforce"
    return f"{cni.id}, which {verb} {what}{cni.note(fact)}"


def findings(
    check: Check, model: Model, refusals: Refusals, why: Callable[[Cluster], str], hint: str
) -> Iterator[Finding]:
    """One finding for each flow, grant or cluster that is refused, with the clusters of each plugin that refuse it."""
    found: dict[tuple[str, Location, str], tuple[list[str], list[str]]] = {}
    for cluster in model.clusters.values():
        for refusal in refusals(model, cluster):
            whats, clusters = found.setdefault((refusal.subject, refusal.where, why(cluster)), ([], []))
            if refusal.what not in whats:
                whats.append(refusal.what)
            if cluster.name not in clusters:
                clusters.append(cluster.name)
    for (subject, where, reason), (whats, clusters) in found.items():
        shown = ", ".join(whats[:3]) + (f" and {len(whats) - 3} more" if len(whats) > 3 else "")
        message = f"{subject} needs {shown} in {', '.join(clusters)}, and there runs {reason}"
        yield check.at(where, message, hint=hint, subject=subject)
