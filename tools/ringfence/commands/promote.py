"""Take namespaces of a cluster to another stage, and show what that closes.

examples:
  ringfence promote shop --cluster prod-eu                     enforce both directions of shop
  ringfence promote shop --cluster prod-eu --direction ingress --to audit
  ringfence promote --all --cluster prod-eu --dry-run          print the edit and its impact; write nothing
  ringfence promote shop --cluster prod-eu --observed flows.json.gz  refuse where traffic in the log would break

Stages are permissive (everything stays open), audit (open, and the network plugin reports) and enforce. The cluster's
file is edited and keeps its comments; the policies follow with `ringfence render`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from msgspec.structs import replace

from ringfence.commands import edits, ends, in_effect, logs, shared
from ringfence.commands.in_effect import DIRECTIONS
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError
from ringfence.findings import Finding, has_errors, in_order

if TYPE_CHECKING:
    from ringfence.commands.shared import Loaded
    from ringfence.impact import Report
    from ringfence.model.types import Cluster, Model

BREAKS = "RF618"
STAGES = ("permissive", "audit", "enforce")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `promote`."""
    shared.add_common(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("namespace", metavar="NAMESPACE", nargs="?", help="a namespace, by its declared name")
    which.add_argument("--all", action="store_true", help="every namespace of the cluster")
    parser.add_argument("--cluster", metavar="NAME", required=True, help="the cluster whose file is edited")
    parser.add_argument("--direction", choices=DIRECTIONS, help="only this direction (default: both)")
    parser.add_argument("--to", choices=STAGES, default="enforce", help="the new stage (default: enforce)")
    parser.add_argument("--dry-run", action="store_true", help="print the edit and its impact; write nothing")
    logs.add_observed(
        parser, "a flow log of the cluster: refuse to enforce where traffic would break; may be given several times"
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Edit the cluster's file; 1 when the declarations are in error, or would be, or a gate fails on the change."""
    loaded = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(loaded, int):
        return loaded
    repository, model = loaded
    [cluster] = shared.pick_clusters(model, args.cluster)
    names = _namespaces(args, model, cluster)
    changes = _changes(repository, cluster, None if args.all else names[0], args.direction, args.to)
    after, findings = edits.judged(repository, changes, shared.today())
    if after is None or has_errors(findings):
        shared.print_findings(findings, out, args.format)
        print(f"Nothing was written: {cluster.where.path} as it would be is refused.", file=err)
        return EXIT_FINDINGS
    told = _told(args, model, after, cluster, names)
    if has_errors(told):
        shared.print_findings(told, out, args.format)
        breaks = any(item.check.code == BREAKS and has_errors([item]) for item in told)
        what = "show traffic that breaks" if breaks else "do not say whether traffic breaks"
        print(f"Nothing was written: the flow logs {what} in {cluster.name}.", file=err)
        return EXIT_FINDINGS
    findings = in_order([*findings, *told])
    now = in_effect.now(repository, model, cluster, names) if args.to != "enforce" else model
    result = _impact(args, repository, now, after, changes) if changes else None
    done = _Done(
        cluster.name, args.to, names, changes, edits.diff(repository, changes), result, findings, not args.dry_run
    )
    if done.written and changes:
        edits.write(repository, changes)
    if args.format == "json":
        _print_json(done, out)
    else:
        _print_text(done, out, err)
    return EXIT_FINDINGS if done.failed else EXIT_CLEAN


@dataclass(frozen=True, slots=True)
class _Done:
    """What was edited, or would be; `findings` are new with it."""

    cluster: str
    stage: str
    namespaces: list[str]
    changes: dict[str, bytes | None]
    diff: str
    impact: Report | None
    findings: list[Finding]
    written: bool

    @property
    def failed(self) -> list[str]:
        """The gates that fail on what the new stage opens and closes."""
        return [gate.name for gate in self.impact.gates if gate.verdict == "failed"] if self.impact else []


def _told(args: argparse.Namespace, model: Model, after: Model, cluster: Cluster, names: list[str]) -> list[Finding]:
    """What the logs show and nothing declares, where the new stage would deny it, and what they leave open."""
    from ringfence.observe import enforcing, undecided
    from ringfence.observe.compare import compare
    from ringfence.observe.kept import Kept

    if not args.observed:
        return []
    comparison = compare(logs.read(args, args.observed), model, cluster)
    directions = () if args.to != "enforce" else (args.direction,) if args.direction else DIRECTIONS
    kept = Kept(after, after.clusters[cluster.name], stages=True)
    return [
        *enforcing.findings(comparison, model, names, directions, kept),
        *undecided.findings(comparison, model, names, directions),
    ]


def _namespaces(args: argparse.Namespace, model: Model, cluster: Cluster) -> list[str]:
    known = sorted(namespace.name for namespace in model.namespaces_in(cluster))
    if args.all:
        return known
    if args.namespace in model.namespaces and args.namespace not in known:
        raise UsageError(
            f"namespace {args.namespace} does not exist in {cluster.environment}, the environment of {cluster.name}",
            f"its namespaces are {', '.join(known)}",
        )
    return [ends.known(args.namespace, known, "namespace")]


def _changes(
    loaded: Loaded, cluster: Cluster, namespace: str | None, direction: str | None, stage: str
) -> dict[str, bytes | None]:
    """The cluster's file with the stage of one namespace, or of all; empty where it says so already."""
    from ringfence import documents
    from ringfence.documents import edit

    path = cluster.where.path
    raw = before = loaded.tree.read(path)
    document, _ = documents.read(path, raw)
    assert document is not None  # noqa: S101 - the model was made of it
    own: dict[str, Any] = document.data.get("stages") or {}
    # a namespace that has no stage of its own takes the cluster's
    edited: list[tuple[tuple[str, ...], Any]] = (
        [(("stage",), document.data.get("stage", "enforce")), *((("stages", name), own[name]) for name in own)]
        if namespace is None
        else [(("stages", namespace), own.get(namespace))]
    )
    for route, value in edited:
        current = cluster.stage(route[1]) if len(route) > 1 else cluster.default_stage
        wanted = {way: stage if direction in (None, way) else str(getattr(current, way)) for way in DIRECTIONS}
        if wanted == {way: getattr(current, way) for way in DIRECTIONS}:
            continue
        if isinstance(value, dict):
            for way in DIRECTIONS:
                if value.get(way, getattr(cluster.default_stage, way)) != wanted[way] or way in value:
                    raw = edit.set_value(raw, (*route, way), wanted[way])
        else:
            raw = edit.set_value(raw, route, stage if len(set(wanted.values())) == 1 else wanted)
    return {path: raw} if raw != before else {}


def _impact(
    args: argparse.Namespace, loaded: Loaded, before: Model, after: Model, changes: dict[str, bytes | None]
) -> Report:
    from ringfence.impact import Side, assess
    from ringfence.sources import Overlay

    sides = []
    for tree, model, label in (
        (loaded.tree, before, "the stages now"),
        (Overlay(loaded.tree, changes, ""), after, f"the stage {args.to}"),
    ):
        sides.append(Side(edits.rendered(tree, model, label), label, model))
    words = ["promote", "--all" if args.all else args.namespace, "--cluster", args.cluster, "--to", args.to]
    words += ["--direction", args.direction] if args.direction else []
    command = " ".join(["ringfence", *words, "--dry-run"])
    return replace(assess(sides[0], sides[1], after, shared.today(), args.cluster), command=command)


def _print_json(done: _Done, out: TextIO) -> None:
    import json as decoder

    from ringfence.report import impact_json, json

    out.write(
        json.dump(
            {
                "cluster": done.cluster,
                "stage": done.stage,
                "namespaces": done.namespaces,
                "written": done.written,
                "files": sorted(done.changes),
                "diff": done.diff,
                "impact": decoder.loads(impact_json.render(done.impact)) if done.impact else None,
                "findings": [json.finding(item) for item in done.findings],
            }
        )
    )


def _print_text(done: _Done, out: TextIO, err: TextIO) -> None:
    from ringfence import report
    from ringfence.report import impact_text, text

    colour = report.wants_colour(out)
    if done.changes:
        out.write((edits.coloured(done.diff) if colour else done.diff) + "\n")
    if done.impact is not None:
        out.write(impact_text.render(done.impact, colour))
    named = text.plural(len(done.namespaces), "namespace")
    if not done.changes:
        said = f"{named} of {done.cluster} at stage {done.stage} already"
    else:
        said = f"{named} of {done.cluster} {'taken' if done.written else 'would be taken'} to stage {done.stage}"
    if done.failed:
        said += f"; {text.plural(len(done.failed), 'gate')} will fail: {', '.join(done.failed)}"
    shown = done.impact.findings if done.impact else ()
    err.write(text.findings(done.findings, said, report.wants_colour(err), shown))
    if done.written and done.changes:
        print("next:\n  ringfence render    writes the policies", file=err)
