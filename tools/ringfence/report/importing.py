"""What an import did, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from ringfence.adopt.existing.declaring import adopted_path
from ringfence.report import json
from ringfence.report.text import one_line, plural, table

if TYPE_CHECKING:
    from ringfence.adopt.existing import Result
    from ringfence.adopt.existing.plan import Options, Plan, RuleFate
    from ringfence.adopt.existing.restated import Restated
    from ringfence.connectivity import Change
    from ringfence.verify.equivalence import Difference

SHOWN = 20
"""How many of one thing are named; JSON names all."""

MERGED = "no label tells their pods apart"

WHY = {
    "everyone": "rules for everyone",
    "every-port": "rules for every port and protocol",
    "over-wide-selector": "selectors that name no workload",
    "no-workload": "selectors without a workload",
    "no-namespace": "namespaces that are not among the manifests",
    "no-effect": "rules that never take effect",
    "no-address": "blocks without an address",
    "self": "rules of a workload to itself",
    "port-name": "names of ports that are not one number",
    "not-valid": "flows that would not be valid",
    "ignored-rules": "policies with rules that not every plugin enforces",
    "no-team": "policies of namespaces without a team",
    "dialect": "policies of other dialects and tiers",
    "shared-environment": "what other clusters of the environment would get too",
}
"""Why rules are no flows, in the order in which it is said."""


def print_text(result: Result, into: str, dry_run: bool, out: TextIO, err: TextIO) -> None:
    """What became of the rules, what differs, and the counts."""
    plan = result.plan
    kept = [item for item in plan.fates if item.kept is not None]
    err.writelines(
        f"left out: {one_line(item.what)} ({one_line(str(item.where))}): {one_line(item.why)}\n"
        for item in plan.source.left_out[:SHOWN]
    )
    err.writelines(_more(plan.source.left_out))
    err.writelines(f"not declared: {one_line(str(end))}: {one_line(why)}\n" for end, why in plan.strays[:SHOWN])
    err.writelines(_more(plan.strays))
    for finding in result.findings:
        err.write(f"error: {one_line(str(finding.where))}: {finding.check.code} {one_line(finding.message)}\n")
        if finding.hint:
            err.write(f"    fix: {one_line(finding.hint)}\n")
    if any(finding.where.path not in result.files for finding in result.findings if finding.where.path):
        err.write(f"{_unfit(plan.options)}\n")
    out.writelines(f"{line}\n" for line in (*_summary(result), *_edited(result), *_passed(plan)))
    counts = Counter(item.kept.kind for item in kept if item.kept)
    if counts:
        rows = [[str(counts[kind]), text] for kind, text in WHY.items() if counts[kind]]
        out.write("\nNo flows, and kept as adopted policies:\n" + table(["RULES", "BECAUSE OF"], rows))
    out.writelines(f"  {line}\n" for line in _named(kept))
    out.write("\n")
    out.writelines(f"{line}\n" for line in _proof(result))
    verb = "would be written" if dry_run else "written"
    done = 0 if result.findings else len(result.files)
    out.write(f"\n{plural(done, 'file')} {verb} in {one_line(into)}\n")
    if result.proof and not result.proof.holds and plan.shared.others:
        others, name = ", ".join(plan.shared.others), plan.options.environment
        err.write(
            f"the environment {name} is that of {others} too; with its own, --environment NAME, flows can differ\n"
        )
    if not dry_run and not result.findings:
        steps = ["read the new files, and give better names to what has none"]
        steps += [] if result.rendered else ["ringfence render && ringfence owners"]
        steps += ["ringfence validate && ringfence verify"]
        err.write("next:\n" + "".join(f"  {step}\n" for step in steps))


def _unfit(options: Options) -> str:
    """What to do where declarations of the repository are in error once it has the cluster."""
    missing = [f"--{name}" for name in ("pods", "services", "nodes") if not getattr(options, name)]
    more = f", {', '.join(missing)}" if missing else ""
    return (
        f"what the repository declares does not fit the cluster {options.cluster}, which is taken for {options.cni} in "
        f"the environment {options.environment}: say what it is with --cni{more} and --environment"
    )


def _summary(result: Result) -> Iterator[str]:
    plan = result.plan
    units = sum(map(len, plan.units.values()))
    yield (
        f"{plural(len(plan.teams), 'team')}, {plural(len(plan.units), 'namespace')}, {plural(units, 'workload')}, "
        f"{plural(len(plan.peers), 'peer')}, {plural(len(plan.flows), 'flow')}"
    )
    if plan.shared.folders:
        known = units - len(plan.added) - sum(len(plan.units[name]) for names in plan.teams.values() for name in names)
        spaces = plural(len(plan.shared.folders), "namespace")
        yield f"declared already: {spaces}, {plural(known, 'workload')}"
    if plan.inferred:
        yield f"{plural(len(plan.inferred), 'workload')} among them known by the labels in policies alone"
    rules, share = len(plan.fates), f" ({100 * plan.share:.0f} %)" if plan.fates else ""
    already = f", {plan.declared} are flows already" if plan.shared.folders else ""
    dropped = sum(1 for item in plan.fates if item.dropped)
    gone = f", {dropped} had no effect and went" if dropped else ""
    yield f"{plan.converted} of {plural(rules, 'rule')} became flows{already}{share}{gone}"
    adopted = [keep for keep in plan.keeps if not keep.opens]
    opening = [keep for keep in plan.keeps if keep.opens]
    yield (
        f"{plural(len(plan.source.policies), 'policy')}: {len(adopted)} kept as adopted, in whole or in part; "
        f"{plural(len(opening), 'policy')} added to keep open what was open"
    )
    if plan.stages:
        yield f"{plural(len(plan.stages), 'namespace')} left permissive, since no policy closed them"
    if plan.source.without_namespace:
        where = "nothing there belongs to a team" if "default" not in plan.units else "default"
        named = {item.namespace for item in plan.source.state.endpoints}
        if "default" in named:
            yield (
                f"{plural(plan.source.without_namespace, 'object')} without a namespace, taken to be in default: "
                f"{where}; --namespace NAME gives them another"
            )


def _edited(result: Result) -> Iterator[str]:
    """What the files that the repository has say otherwise now."""
    plan, here = result.plan, result.plan.options
    for flow in plan.shared.limited[:SHOWN]:
        yield f"limited to other environments, since {here.cluster} never allowed all of it: {flow.id} ({flow.where})"
    if len(plan.shared.limited) > SHOWN:
        yield f"and {len(plan.shared.limited) - SHOWN} flows more"
    for unit in plan.added[:SHOWN]:
        yield one_line(f"declared for {here.environment} alone: {unit.id}")
    if len(plan.added) > SHOWN:
        yield f"and {len(plan.added) - SHOWN} workloads more"
    for path in sorted(result.edited):
        yield f"edited: {path}"


def _passed(plan: Plan) -> Iterator[str]:
    for item in plan.source.passed:
        yield one_line(f"not read: {len(item.places)} {item.kind} ({item.places[0]}): {item.why}")
    for keep in [keep for keep in plan.keeps if keep.dropped][:SHOWN]:
        yield one_line(f"adopted without its {' and '.join(keep.dropped)}: {keep.id}")
    merged = [unit for units in plan.units.values() for unit in units if len(unit.members) > 1]
    for unit in merged[:SHOWN]:
        members = ", ".join(map(str, unit.members))
        yield one_line(f"one workload: {unit.id} stands for {len(unit.members)}, since {MERGED}: {members}")
    if len(merged) > SHOWN:
        yield f"and {len(merged) - SHOWN} more of several"


def _more(items: Sequence[object]) -> Iterator[str]:
    if len(items) > SHOWN:
        yield f"and {len(items) - SHOWN} more; --format json names all\n"


def _named(kept: list[RuleFate]) -> Iterator[str]:
    for item in kept[:SHOWN]:
        assert item.kept is not None  # noqa: S101 - only those are given
        yield f"{one_line(item.policy)} {item.direction}[{item.index}]: {one_line(item.kept.why)}"
    if len(kept) > SHOWN:
        yield f"and {len(kept) - SHOWN} more; --format json names all"


def _proof(result: Result) -> Iterator[str]:
    proof = result.proof
    if proof is None:
        yield "not proven: the declarations are in error"
        return
    ends = f"{plural(proof.compared, 'workload')} and every address outside"
    if proof.holds:
        yield f"equal: {ends} may talk as before"
    elif proof.differences:
        yield f"{plural(len(proof.differences), 'connection')} of {ends} differ:"
        for item in proof.differences[:SHOWN]:
            yield f"  ≠ {_ends(item)}  before: {item.sides[0]} · after: {item.sides[1]}"
        if len(proof.differences) > SHOWN:
            yield f"  and {len(proof.differences) - SHOWN} more"
    if proof.above:
        yield f"{plural(len(proof.above), 'connection')} not restricted above layer 4 (requests, names) as before:"
        for item in proof.above[:SHOWN]:
            yield f"  ≠ {_ends(item)}  free of that before: {item.sides[0]} · after: {item.sides[1]}"
        if len(proof.above) > SHOWN:
            yield f"  and {len(proof.above) - SHOWN} more"
    if proof.undefined:
        yield f"{plural(len(proof.undefined), 'connection')} undefined before and after, for the same reason:"
        for item in proof.undefined[:3]:
            reasons = "; ".join(item.why[0].reasons)
            yield f"  ? {_ends(item)}  {item.undefined[0]}: {one_line(reasons)}"
    if proof.unknown:
        yield f"{plural(len(proof.unknown), 'connection')} of pods that no manifest declares change:"
        for change in proof.unknown[:SHOWN]:
            yield f"  {_change(change)}"
        if len(proof.unknown) > SHOWN:
            yield f"  and {len(proof.unknown) - SHOWN} more"
    if restated := result.plan.restated:
        yield f"{plural(len(restated), 'selector')} said otherwise, so pods that no manifest declares change:"
        for one in restated[:SHOWN]:
            yield f"  ~ {_restated(one)}"
        if len(restated) > SHOWN:
            yield f"  and {len(restated) - SHOWN} more"


def _restated(item: Restated) -> str:
    units = (f"{unit.id} ({', '.join(f'{key}={value}' for key, value in unit.labels)})" for unit in item.workloads)
    policy, direction, index = item.rules[0]
    more = f" and {len(item.rules) - 1} more" if len(item.rules) > 1 else ""
    stands = ", ".join((*units, *(f"namespace {name}" for name in item.namespaces)))
    return one_line(f"{item.what}  now: {stands} · because of {policy} {direction}[{index}]{more}")


def _ends(item: Difference | Change) -> str:
    from ringfence.connectivity.listing import end_name
    from ringfence.report import explanation_text

    source, destination = (explanation_text.plain(end_name(end)) for end in (item.source, item.destination))
    return f"{source} → {destination}"


def _change(item: Change) -> str:
    def said(sure: Any, open_: Any) -> str:
        return f"{sure}{f' (perhaps {open_})' if open_ else ''}"

    before, after = said(item.before, item.undefined_before), said(item.after, item.undefined_after)
    return f"~ {_ends(item)}  before: {before} · after: {after}"


def as_json(result: Result, *, dry_run: bool) -> str:
    """Everything as one object."""
    from ringfence.connectivity.listing import end_name

    plan, proof = result.plan, result.proof
    rules = len(plan.fates)
    data: dict[str, Any] = {
        "cluster": plan.options.cluster,
        "environment": plan.options.environment,
        "written": not dry_run and not result.findings,
        "files": sorted(result.files),
        "edited": sorted(result.edited),
        "limited": [{"id": flow.id, **json.location(flow.where)} for flow in plan.shared.limited],
        "teams": {team: list(names) for team, names in plan.teams.items()},
        "workloads": [
            {"id": unit.id, "labels": dict(unit.labels), "pods": [str(item) for item in unit.members]}
            for units in plan.units.values()
            for unit in units
        ],
        "peers": [peer.name for peer in plan.peers],
        "flows": [
            {"id": flow.id, "rules": [{"policy": p, "direction": d, "index": i} for p, d, i in flow.rules]}
            for flow in plan.flows
        ],
        "adopted": [
            {
                "id": keep.id,
                "file": adopted_path(plan.options.cluster, keep),
                "keepsOpen": keep.opens or None,
                "why": list(keep.comments),
            }
            for keep in plan.keeps
        ],
        "permissive": {name: list(directions) for name, directions in sorted(plan.stages.items())},
        "rules": {
            "total": rules,
            "flows": plan.converted,
            "declared": plan.declared,
            "dropped": sum(1 for item in plan.fates if item.dropped),
            "share": round(plan.share, 4),
            "kept": [
                {
                    "policy": item.policy,
                    "dialect": item.dialect,
                    "direction": item.direction,
                    "index": item.index,
                    **json.location(item.where),
                    "kind": item.kept.kind,
                    "why": item.kept.why,
                }
                for item in plan.fates
                if item.kept is not None
            ],
        },
        "leftOut": [{"what": item.what, "why": item.why, **json.location(item.where)} for item in plan.source.left_out],
        "undeclared": [{"workload": str(end), "why": why} for end, why in plan.strays],
        "passedOver": [
            {"kind": item.kind, "count": len(item.places), "why": item.why, "places": list(map(str, item.places))}
            for item in plan.source.passed
        ],
        "merged": [
            {"workload": unit.id, "count": len(unit.members), "why": MERGED, "pods": list(map(str, unit.members))}
            for units in plan.units.values()
            for unit in units
            if len(unit.members) > 1
        ],
        "restated": [
            {
                "what": item.what,
                "workloads": [{"id": unit.id, "labels": dict(unit.labels)} for unit in item.workloads],
                "namespaces": list(item.namespaces),
                "rules": [{"policy": p, "direction": d, "index": i} for p, d, i in item.rules],
            }
            for item in plan.restated
        ],
        "proof": None,
        "findings": [json.finding(item) for item in result.findings],
    }
    if proof is not None:
        data["proof"] = {
            "equal": proof.holds,
            "compared": proof.compared,
            "differences": [
                {
                    "source": end_name(item.source),
                    "destination": end_name(item.destination),
                    "allowed": [ports.to_json() for ports in item.sides],
                    "undefined": [ports.to_json() for ports in item.undefined],
                }
                for item in (*proof.differences, *proof.undefined)
            ],
            "above": [
                {
                    "source": end_name(item.source),
                    "destination": end_name(item.destination),
                    "free": [ports.to_json() for ports in item.sides],
                }
                for item in proof.above
            ],
            "unknownPods": [
                {
                    "source": end_name(item.source),
                    "destination": end_name(item.destination),
                    "allowed": [item.before.to_json(), item.after.to_json()],
                    "undefined": [item.undefined_before.to_json(), item.undefined_after.to_json()],
                }
                for item in proof.unknown
            ],
        }
    return json.dump(data)
