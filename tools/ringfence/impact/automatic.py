"""Whether a change may be approved without a person: every effect lies inside one team, and nothing is exposed."""

from __future__ import annotations

from collections.abc import Sequence

from ringfence.findings import Finding, Severity
from ringfence.impact.types import Approval, Automatic, Change, Gate, ObjectChange
from ringfence.model.types import Flow, Model, Workload
from ringfence.verify.declared import openings


def automatic(
    changes: Sequence[Change],
    objects: Sequence[ObjectChange],
    approvals: Sequence[Approval],
    gates: Sequence[Gate],
    findings: Sequence[Finding],
    later: str = "",
) -> Automatic:
    """The verdict with its reason: the first thing that speaks against it, or why nothing does.

    `later`: what `opens_later` says.
    """
    against = next((gate for gate in gates if not gate.passed), None)
    if against is not None:
        return Automatic(False, f"gate {against.name} does not pass")
    problem = next((item for item in findings if item.severity is not Severity.INFO), None)
    if problem is not None:
        return Automatic(False, f"{problem.check.code} {problem.check.name} at {problem.where}")
    parties = sorted({item.party for item in approvals})
    if not parties:
        if changes or objects:
            return Automatic(False, "policies differ although no file that somebody owns does")
        return Automatic(True, "nothing differs")
    if len(parties) > 1:
        return Automatic(False, f"files of {', '.join(parties)} differ")
    (party,) = parties
    outside = next((change for change in changes if not _inside(change, party)), None)
    if outside is not None:
        return Automatic(False, f"{outside.source} → {outside.destination} is not inside {party} alone")
    if later:
        return Automatic(False, later)
    return Automatic(True, f"every effect lies inside {party}, and nothing becomes reachable from or to anywhere else")


def _inside(change: Change, team: str) -> bool:
    """Whether both ends are the team's.

    An end outside the teams is none of another team's: what opens to it must be granted to everybody by the baseline.
    """
    if any(party not in (team, "") for party in change.teams) or change.world:
        return False
    if all(change.teams) or not change.opened:
        return True
    declared = [cause for cause in change.causes if cause.side == "head" and cause.is_declaration]
    return bool(declared) and all(cause.kind == "baseline" for cause in declared)


def opens_later(base: Model | None, head: Model) -> str:
    """What a flow that is new or edited holds open beyond its team, which no connection shows yet; empty without one.

    Where a stage leaves everything open nothing opens, and once it is enforced nothing does either.
    """
    open_namespaces = {item.namespace for item in openings(head)}
    before = {flow.id: _written(flow) for flow in base.flows} if base and open_namespaces else {}
    for flow in head.flows if open_namespaces else ():
        if before.get(flow.id) == _written(flow):
            continue
        for leg in flow.legs:
            ends = [end for end in (leg.source, leg.destination) if isinstance(end, Workload)]
            waits = next((end.namespace for end in ends if end.namespace in open_namespaces), None)
            if waits and (len(ends) < 2 or {end.team for end in ends} != {flow.team}):
                return (
                    f"flow {flow.id} lets {leg.source.id} call {leg.destination.id} once {waits} is enforced, "
                    f"which is not inside {flow.team} alone"
                )
    return ""


def _written(flow: Flow) -> tuple[object, ...]:
    legs = tuple((leg.source.id, leg.destination.id) for leg in flow.legs)
    return (legs, flow.ports_text, flow.environments)
