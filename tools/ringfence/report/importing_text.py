"""What an import did, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from ringfence.report.text import one_line, plural, table

if TYPE_CHECKING:
    from ringfence.adopt.existing import Result
    from ringfence.adopt.existing.plan import Options, Plan, RuleFate
    from ringfence.adopt.existing.restated import Restated
    from ringfence.adopt.existing.rules import Kept
    from ringfence.adopt.existing.units import Unit
    from ringfence.connectivity import Change
    from ringfence.verify.equivalence import Difference

T = TypeVar("T")

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


_MORE = "more; --format json names all"


def print_text(result: Result, into: str, dry_run: bool, out: TextIO, err: TextIO) -> None:
    """What became of the rules, what differs, and the counts."""
    plan = result.plan
    kept = [(item, item.kept) for item in plan.fates if item.kept]
    err.writelines(f"{line}\n" for line in _missing(plan))
    for finding in result.findings:
        err.write(f"error: {one_line(str(finding.where))}: {finding.check.code} {one_line(finding.message)}\n")
        if finding.hint:
            err.write(f"    fix: {one_line(finding.hint)}\n")
    if any(finding.where.path not in result.files for finding in result.findings if finding.where.path):
        err.write(f"{_unfit(plan.options)}\n")
    out.writelines(f"{line}\n" for line in (*_summary(result), *_edited(result), *_passed(plan)))
    counts = Counter(why.kind for _, why in kept)
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


def _first(items: Sequence[T], line: Callable[[T], str], more: str) -> Iterator[str]:
    """A line for each of the first, and one with the number of the others, which `more` calls by their name."""
    yield from map(line, items[:SHOWN])
    if len(items) > SHOWN:
        yield f"and {len(items) - SHOWN} {more}"


def _missing(plan: Plan) -> Iterator[str]:
    """What the repository does not have."""
    yield from _first(
        plan.source.left_out, lambda item: one_line(f"left out: {item.what} ({item.where}): {item.why}"), _MORE
    )
    yield from _first(plan.strays, lambda item: one_line(f"not declared: {item[0]}: {item[1]}"), _MORE)


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
    since = f"limited to other environments, since {here.cluster} never allowed all of it"
    yield from _first(plan.shared.limited, lambda flow: f"{since}: {flow.id} ({flow.where})", "flows more")
    alone = f"declared for {here.environment} alone"
    yield from _first(plan.added, lambda unit: one_line(f"{alone}: {unit.id}"), "workloads more")
    for path in sorted(result.edited):
        yield f"edited: {path}"


def _passed(plan: Plan) -> Iterator[str]:
    for item in plan.source.passed:
        yield one_line(f"not read: {len(item.places)} {item.kind} ({item.places[0]}): {item.why}")
    for keep in [keep for keep in plan.keeps if keep.dropped][:SHOWN]:
        yield one_line(f"adopted without its {' and '.join(keep.dropped)}: {keep.id}")

    def said(unit: Unit) -> str:
        members = ", ".join(map(str, unit.members))
        return one_line(f"one workload: {unit.id} stands for {len(unit.members)}, since {MERGED}: {members}")

    merged = [unit for units in plan.units.values() for unit in units if len(unit.members) > 1]
    yield from _first(merged, said, "more of several")


def _named(kept: Sequence[tuple[RuleFate, Kept]]) -> Iterator[str]:
    def said(item: tuple[RuleFate, Kept]) -> str:
        rule, why = item
        return one_line(f"{rule.policy} {rule.direction}[{rule.index}]: {why.why}")

    return _first(kept, said, _MORE)


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
        yield from _below(
            proof.differences, lambda item: f"≠ {_ends(item)}  before: {item.sides[0]} · after: {item.sides[1]}"
        )
    if proof.above:
        yield f"{plural(len(proof.above), 'connection')} not restricted above layer 4 (requests, names) as before:"
        yield from _below(
            proof.above, lambda item: f"≠ {_ends(item)}  free of that before: {item.sides[0]} · after: {item.sides[1]}"
        )
    if proof.undefined:
        yield f"{plural(len(proof.undefined), 'connection')} undefined before and after, for the same reason:"
        for item in proof.undefined[:3]:
            reasons = "; ".join(item.why[0].reasons)
            yield f"  ? {_ends(item)}  {item.undefined[0]}: {one_line(reasons)}"
    if proof.unknown:
        yield f"{plural(len(proof.unknown), 'connection')} of pods that no manifest declares change:"
        yield from _below(proof.unknown, _change)
    if restated := result.plan.restated:
        yield f"{plural(len(restated), 'selector')} said otherwise, so pods that no manifest declares change:"
        yield from _below(restated, lambda one: f"~ {_restated(one)}")


def _below(items: Sequence[T], line: Callable[[T], str]) -> Iterator[str]:
    return (f"  {text}" for text in _first(items, line, "more"))


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
