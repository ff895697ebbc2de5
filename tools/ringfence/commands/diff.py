"""Say which connections differ between two folders of plain manifests.

examples:
  ringfence diff --manifests before/ after/
  ringfence diff --manifests before/ after/ --cni calico --format json
  kustomize build overlays/prod | ringfence diff --manifests deployed.yaml -
  ringfence diff --manifests deploy/ deploy/ --staged    what promoting Calico's staged policies would change

With --staged the folder after counts as if its staged policies were promoted, and the one before as it is enforced.

Needs no repository. `ringfence impact` is the same question about two revisions of a repository, with the causes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import plain, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError, UsageError
from ringfence.findings import Finding, Location, has_errors, in_order

if TYPE_CHECKING:
    from ringfence.connectivity import Change

SIGNS = {"added": ("+", "32"), "removed": ("-", "31"), "changed": ("~", "33"), "undefined": ("?", "33")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `diff`."""
    shared.add_common(parser)
    parser.add_argument(
        "--manifests",
        metavar=("A", "B"),
        nargs=2,
        type=Path,
        required=True,
        help="before and after: each a folder, a file, or - for standard input",
    )
    plain.add_reading(parser)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print what differs; 1 when reading the manifests found errors."""
    from ringfence import connectivity, manifests, report
    from ringfence.report import json, text

    if args.manifests == [plain.STDIN, plain.STDIN]:
        raise UsageError("standard input cannot be both sides", "give one of them as a folder or a file")
    trees = [plain.files(args, [path]) for path in args.manifests]
    known = manifests.Known([files for files, _ in trees])
    staged = (False, args.staged)  # what is staged would be promoted after what is there now
    clusters = [plain.declared_by(args, *item, known) for item in zip(trees, staged, strict=True)]
    if not any(
        (*one.endpoints, *one.policies, *one.admin, *one.calico, *one.cilium, *one.opaque, *one.findings)
        for one in clusters
    ):
        names = " and ".join(map(str, args.manifests))
        raise NothingToCheckError(f"{names} hold no workload and no policy", "name the manifests of a cluster")
    sides = zip(args.manifests, clusters, strict=True)
    findings = in_order(_in(folder, finding) for folder, cluster in sides for finding in cluster.findings)
    before = connectivity.evaluate(clusters[0], beside=clusters[1])
    after = connectivity.evaluate(clusters[1], like=before)
    changes = connectivity.diff(before, after, replicas=False)
    if args.format == "json":
        data = connectivity.diff_to_json(changes)
        out.write(json.dump({**data, "findings": [json.finding(item) for item in findings]}))
    else:
        colour = report.wants_colour(out)
        for change in changes:
            sign, code = SIGNS[change.kind]
            out.write(text.paint(f"{sign} {_ends(change)}  {_ports(change)}", code, colour) + "\n")
        summary = (
            f"{text.plural(len(changes), 'connection')} differ between {before.counts.policies:,} and "
            f"{after.counts.policies:,} policies"
        )
        err.write(text.findings(findings, summary, report.wants_colour(err)))
    return EXIT_FINDINGS if has_errors(findings) else EXIT_CLEAN


def _in(folder: Path, finding: Finding) -> Finding:
    """The finding with its places below the folder that it was read from, since both may hold files of one name."""
    related = tuple((_below(folder, where), note) for where, note in finding.related)
    return finding._replace(where=_below(folder, finding.where), related=related)


def _below(path: Path, where: Location) -> Location:
    return where._replace(path=(path / where.path).as_posix()) if path.is_dir() else where


def _ends(change: Change) -> str:
    from ringfence.connectivity.listing import end_name
    from ringfence.report.text import one_line

    return f"{one_line(end_name(change.source))} → {one_line(end_name(change.destination))}"


def _ports(change: Change) -> str:
    known = {"added": str(change.after), "removed": str(change.before)}
    ports = known.get(change.kind, f"{change.before} → {change.after}")
    if change.undefined_before or change.undefined_after:
        ports += f" (undefined: {change.undefined_before} → {change.undefined_after})"
    return ports
