"""Ways to break declarations, and what is written from them."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.checks import sides
from ringfence.documents import edit
from ringfence.gitops import CODEOWNERS_PATH
from ringfence.model.types import Flow, Guardrail, Model, Workload
from ringfence.selftest.repository import Repository, data
from ringfence.selftest.types import Broken

PAST = "2001-01-01"

NO_FLOW = "no flow is declared"


def unknown_key(repository: Repository) -> Broken | str:
    """A key that nobody knows, in the file of a team."""
    for team in repository.model.teams.values():
        path = team.where.path
        return Broken({path: edit.set_value(repository.read(path), ("ringfenceSelftest",), "x")})
    return "no team is declared"


def not_in_style(repository: Repository) -> Broken | str:
    """Blank lines at the end of a file."""
    for team in repository.model.teams.values():
        return Broken({team.where.path: repository.read(team.where.path) + b"\n\n\n"})
    return "no team is declared"


def unknown_end(repository: Repository) -> Broken | str:
    """A flow goes to a name that nobody declared."""
    for flow, route in _flows(repository):
        path = flow.where.path
        raw = edit.set_value(repository.read(path), (*route, "to"), "nobody/ringfence-selftest")
        return Broken({path: raw})
    return NO_FLOW


def flow_removed(repository: Repository) -> Broken | str:
    """A flow is gone, and the policies are not rendered again."""
    for flow, route in _flows(repository):
        named = {*(waiver.subject for waiver in repository.model.waivers)}
        accepted = any(isinstance(leg.destination, Workload) and leg.destination.accepts for leg in flow.legs)
        if flow.id not in named and not accepted:
            return Broken({flow.where.path: edit.remove(repository.read(flow.where.path), route)})
    return "no flow is declared that no waiver or consent names"


def flow_expired(repository: Repository) -> Broken | str:
    """A flow ended long ago."""
    named = {waiver.subject for waiver in repository.model.waivers}
    for flow, route in _flows(repository):
        if flow.id not in named:
            raw = edit.set_value(repository.read(flow.where.path), (*route, "expires"), PAST)
            return Broken({flow.where.path: raw})
    return NO_FLOW


def waiver_expired(repository: Repository) -> Broken | str:
    """A waiver ended long ago."""
    for waiver in repository.model.waivers:
        path = waiver.where.path
        raw = repository.read(path)
        for index, item in enumerate(data(raw)["waivers"]):
            if item["subject"] == waiver.subject and waiver.check in ("", item.get("check")):
                return Broken({path: edit.set_value(raw, ("waivers", index, "expires"), PAST)})
    return "no waiver is declared"


def flow_against_guardrail(repository: Repository) -> Broken | str:
    """A flow for a pair that a guardrail forbids."""
    model = repository.model
    for source, destination, port in _forbidden(model):
        for flow, _ in _flows(repository):
            if flow.namespace == source.namespace:
                new = {
                    "name": "ringfence-selftest",
                    "from": source.name,
                    "to": destination.id,
                    "ports": [port],
                    "reason": "A selftest",
                    **({"ticket": "SELF-1"} if model.settings.require_ticket else {}),
                }
                path = flow.where.path
                return Broken({path: edit.append(repository.read(path), ("flows",), new)})
    return "no guardrail without waivers forbids a pair of workloads"


def consent_withdrawn(repository: Repository) -> Broken | str:
    """A workload no longer accepts another team that calls it."""
    model = repository.model
    if model.settings.consent != "declared":
        return f"`consent` is {model.settings.consent} in {model.settings.where.path}, so CODEOWNERS asks"
    for flow in model.flows:
        for leg in flow.legs:
            end = leg.destination
            if isinstance(end, Workload) and end.team != flow.team and end.accepts:
                raw = edit.remove(repository.read(end.where.path), ("workloads", end.name, "accepts"))
                return Broken({end.where.path: raw})
    return "no flow goes to a workload of another team"


def codeowners_edited(repository: Repository) -> Broken | str:
    """Somebody else owns everything."""
    return Broken({CODEOWNERS_PATH: repository.read(CODEOWNERS_PATH) + b"* @ringfence-selftest\n"})


def _flows(repository: Repository) -> Iterator[tuple[Flow, tuple[str, int]]]:
    """Every flow with its route in its file."""
    for flow in repository.model.flows:
        rows = data(repository.read(flow.where.path))["flows"]
        yield flow, ("flows", next(index for index, row in enumerate(rows) if row["name"] == flow.name))


def _forbidden(model: Model) -> Iterator[tuple[Workload, Workload, str]]:
    """Undeclared pairs of workloads of one environment, with a named port, that a guardrail forbids."""
    waived = {item.guardrail for item in model.waivers}
    never = [item for item in model.guardrails if not item.must and item.name not in waived]
    for cluster in model.clusters.values():
        declared = {(leg.source.id, leg.destination.id) for _, leg in model.legs_in(cluster)}
        workloads = model.workloads_in(cluster)
        for source in workloads:
            for destination in workloads:
                if source is destination or (source.id, destination.id) in declared:
                    continue
                ends = sides.of_workload(source, cluster), sides.of_workload(destination, cluster)
                for guardrail in never:
                    if sides.matches(guardrail.source, ends[0]) and sides.matches(guardrail.destination, ends[1]):
                        for port in _ports(destination, guardrail):
                            yield source, destination, port


def _ports(destination: Workload, guardrail: Guardrail) -> Iterator[str]:
    for port in destination.ports:
        if sides.forbidden(guardrail, sides.port_set(port.ranges)):
            yield port.name
