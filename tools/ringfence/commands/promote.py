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
from typing import TYPE_CHECKING, Any, TextIO

from ringfence.commands import edits, ends, in_effect, logs, shared
from ringfence.commands.in_effect import DIRECTIONS
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError
from ringfence.findings import Finding, has_errors, in_order

if TYPE_CHECKING:
    from ringfence.commands.edits import Done
    from ringfence.commands.shared import Loaded
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
    called = "the stages now", f"the stage {args.to}"
    impact = (
        edits.impact(repository, (now, after), changes, called, _command(args), shared.today(), args.cluster)
        if changes
        else None
    )
    done = edits.Done(changes, edits.diff(repository, changes), impact, findings, not args.dry_run)
    if done.written and changes:
        edits.write(repository, changes)
    if args.format == "json":
        _print_json(args, names, done, out)
    else:
        _print_text(args, names, done, out, err)
    return EXIT_FINDINGS if done.failed else EXIT_CLEAN


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


def _command(args: argparse.Namespace) -> str:
    """What shows the same impact again."""
    words = ["promote", "--all" if args.all else args.namespace, "--cluster", args.cluster, "--to", args.to]
    words += ["--direction", args.direction] if args.direction else []
    return " ".join(["ringfence", *words, "--dry-run"])


def _print_json(args: argparse.Namespace, names: list[str], done: Done, out: TextIO) -> None:
    from ringfence.report import json

    out.write(
        json.dump(
            {
                "cluster": args.cluster,
                "stage": args.to,
                "namespaces": names,
                "written": done.written,
                "files": sorted(done.changes),
                **done.data(),
            }
        )
    )


def _print_text(args: argparse.Namespace, names: list[str], done: Done, out: TextIO, err: TextIO) -> None:
    from ringfence.report.text import plural

    done.show(out)
    named = f"{plural(len(names), 'namespace')} of {args.cluster}"
    if not done.changes:
        said = f"{named} at stage {args.to} already"
    else:
        said = f"{named} {'taken' if done.written else 'would be taken'} to stage {args.to}"
    if done.failed:
        said += f"; {plural(len(done.failed), 'gate')} will fail: {', '.join(done.failed)}"
    done.say(said, err)
    if done.written and done.changes:
        print("next:\n  ringfence render    writes the policies", file=err)
