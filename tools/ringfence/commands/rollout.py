"""Prove that no moment of a change's sync closes what both ends keep or opens what both deny, or list what does.

examples:
  ringfence rollout                                   this branch and the working tree against the default branch
  ringfence rollout --base v1.4 --head v1.5 --cluster prod-eu
  ringfence rollout --tool flux --format json

Argo CD and Flux apply objects one by one. Every mixture of old and new objects that their waves allow is judged, from
the rendered policies. The exit code is 1 where something is closed or open for a moment or a cluster cannot be
analysed, and 2 where no policy differs.
"""

from __future__ import annotations

import argparse
from typing import TextIO

from ringfence.commands import shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError
from ringfence.findings import Severity, has_errors

TOOLS = ("argocd", "flux")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `rollout`."""
    shared.add_common(parser)
    shared.add_cluster(parser)
    parser.add_argument(
        "--base",
        metavar="REV",
        help="the revision that is synced now (default: where this branch left the default branch)",
    )
    parser.add_argument("--head", metavar="REV", help="the revision to sync (default: the working tree)")
    parser.add_argument("--tool", choices=TOOLS, help="what syncs the policies (default: judge both)")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Analyse and print; 0 when it is proven that nothing happens on the way."""
    from ringfence import impact, report, sources
    from ringfence.commands.impact import default_base
    from ringfence.impact.rollout import rollout
    from ringfence.report import rollout as formats

    root = shared.find_root(args.directory)
    head = shared.load(args.directory, sources.revision(root, args.head) if args.head is not None else None)
    if has_errors(head.findings) or head.model is None:
        shared.print_findings(head.findings, out, args.format)
        print("The declarations of the head are in error, so its roll-out cannot be told.", file=err)
        return EXIT_FINDINGS
    model = head.model
    shared.pick_clusters(model, args.cluster)
    revision = args.base if args.base is not None else default_base(root, model)
    base = shared.load(args.directory, sources.revision(root, revision), model)
    broken = frozenset(item.where.path for item in base.findings if item.severity is Severity.ERROR)
    before = impact.mended(base.model, model, broken)
    found = rollout((before, base.tree), (model, head.tree), (args.tool,) if args.tool else TOOLS, args.cluster)
    if not found.steps and not found.unclear:
        raise UsageError(
            "no rendered policy differs between the base and the head, so there is no roll-out to analyse",
            "render the change first: ringfence render; or name other revisions: --base REV, --head REV",
        )
    if args.format == "json":
        out.write(formats.json(found, base.tree.label, head.tree.label))
    else:
        out.write(formats.text(found, base.tree.label, head.tree.label, report.wants_colour(out)))
    return EXIT_FINDINGS if found.moments or found.unclear else EXIT_CLEAN
