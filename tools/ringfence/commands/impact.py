"""Say what a change opens and closes, in which cluster, because of which flow, and who must approve.

examples:
  ringfence impact                                    this branch and the working tree against the default branch
  ringfence impact --base v1.4 --head v1.5
  ringfence impact --format markdown > impact.md      for the note of a merge request
  ringfence impact --output html=impact.html --output sarif=impact.sarif --output junit=impact.xml
  ringfence impact --observed prod-eu=hubble.json.gz  and how much traffic used what closes
  ringfence impact --format github --output github-summary="$GITHUB_STEP_SUMMARY"

Revisions are read from Git's objects; nothing is checked out. The connections are those of the rendered policies.
"""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import logs, outputs, scoped, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError
from ringfence.findings import Finding, Location, Severity, has_errors, in_order

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ringfence.commands.shared import Loaded
    from ringfence.impact import Report
    from ringfence.model.types import Model


HUMAN = ("markdown", "html", "github-comment", "github-summary")
"""Formats whose reader is a person; where there is no report, standard output has the findings as text."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `impact`."""
    from ringfence.report import IMPACT_FORMATS

    shared.add_common(parser, IMPACT_FORMATS)
    outputs.add_output(parser, IMPACT_FORMATS)
    shared.add_cluster(parser)
    parser.add_argument(
        "--base",
        metavar="REV",
        help="the revision to compare with (default: where this branch left the default branch)",
    )
    parser.add_argument("--head", metavar="REV", help="the revision to judge (default: the working tree)")
    parser.add_argument(
        "--approved",
        metavar="OWNER",
        action="append",
        default=[],
        help="an owner who has approved already, such as @example/payments; may be given several times",
    )
    logs.add_observed(
        parser, "a flow log, as [CLUSTER=]FILE: what closes says how much traffic used it; may be given several times"
    )
    parser.add_argument(
        "--observed-threshold",
        metavar="N",
        type=logs.count,
        help="how often what closes may have been used (default: `gates.used-threshold` of the settings, 0)",
    )
    parser.add_argument("--at", metavar="DATE", type=shared.date, help="judge expiry as of this date (default: today)")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="look at every namespace, also where the change can matter to some only (slower; the same changes)",
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Compare and print; 1 when a gate or guardrail fails."""
    from ringfence import sources

    root = shared.find_root(args.directory)
    if not (args.whole or args.observed) and (found := scoped.attempt(args, root)):
        return finish(args, *found, out)
    head = shared.load(args.directory, sources.revision(root, args.head) if args.head is not None else None)

    def base_of(model: Model) -> tuple[str, Loaded]:
        revision = args.base if args.base is not None else default_base(root, model)
        return revision, shared.load(args.directory, sources.revision(root, revision))

    return judge(args, head, base_of, out, err)


def judge(
    args: argparse.Namespace, head: Loaded, base_of: Callable[[Model], tuple[str, Loaded]], out: TextIO, err: TextIO
) -> int:
    """The same on what is loaded; `base_of` gives the base with its revision for the model of the head."""
    from ringfence import checks, impact, report

    today = args.at or shared.today()
    checked = [item for item in checks.run(head.model, today) if item.severity is Severity.ERROR] if head.model else []
    unclear = [item for item in checked if item.check.code not in impact.JUDGED]
    if has_errors((*head.findings, *unclear)) or head.model is None:
        found = in_order((*head.findings, *checked))
        outputs.write(args.output, lambda format_: report.findings(found, format_))
        shown = "text" if args.format in HUMAN else args.format
        shared.print_findings(found, out, shown)
        print("The declarations of the head are in error, so its impact cannot be told.", file=err)
        return EXIT_FINDINGS
    model = head.model
    revision, base = base_of(model)
    if args.cluster is not None and not (base.model and args.cluster in base.model.clusters):
        shared.pick_clusters(model, args.cluster)
    result = impact.assess(
        impact.Side(
            base.tree, base.tree.label, impact.mended(base.model, model, _broken(base)), not has_errors(base.findings)
        ),
        impact.Side(head.tree, head.tree.label, model),
        model,
        today,
        args.cluster,
        checked=checked,
        approved=args.approved,
        logs=logs.by_cluster(args, model),
        used_threshold=args.observed_threshold,
    )
    result = impact.with_findings(result, [*_stale(head, model), *_base_errors(base)])
    return finish(args, revision, result, out)


def finish(args: argparse.Namespace, revision: str, result: Report, out: TextIO) -> int:
    """Write and print a report against a base revision; the exit code that it means."""
    from dataclasses import replace

    from ringfence import report
    from ringfence.report import impact as formats

    result = replace(result, findings=tuple(in_order(result.findings)), command=_command(args, revision))
    outputs.write(args.output, lambda format_: formats.render(result, format_))
    out.write(formats.render(result, args.format, report.wants_colour(out)))
    return EXIT_FINDINGS if has_errors(result.findings) else EXIT_CLEAN


def _stale(head: Loaded, model: Model) -> list[Finding]:
    """One finding when the head's rendered files are not what its declarations say."""
    from ringfence.commands.render import expected_tree
    from ringfence.impact import STALE
    from ringfence.report.text import plural

    expected = expected_tree(head, model)
    actual = set(head.tree.files("policies/rendered"))
    wrong = sorted(
        path for path in actual | expected.keys() if path not in actual or head.tree.read(path) != expected.get(path)
    )
    if not wrong:
        return []
    return [
        STALE.at(
            Location(wrong[0]),
            f"{plural(len(wrong), 'rendered file')} {'is' if len(wrong) == 1 else 'are'} not what the declarations "
            "say, so this is not yet their impact",
            hint="run: ringfence render",
        )
    ]


def default_base(root: Path, model: Model) -> str:
    """Where the change left the default branch. The error says which setting names that branch."""
    from ringfence import sources

    branch = model.settings.default_branch
    try:
        return sources.default_base(root, branch)
    except UsageError as error:
        where = (
            f"the default branch is {branch}: `repository.defaultBranch` in {sources.MARK}; or name a base: --base REV"
        )
        raise UsageError(error.message, f"{error.hint}; {where}" if error.hint else where) from error


def _command(args: argparse.Namespace, revision: str) -> str:
    """What reproduces the report, the base named even where it was the default."""
    words = ["ringfence", "impact", "--base", revision]
    for option in ("head", "cluster", "at"):
        if value := getattr(args, option):
            words += [f"--{option}", str(value)]
    for owner in args.approved:
        words += ["--approved", owner]
    for log in args.observed:
        words += ["--observed", log]
    return shlex.join(words)


def _broken(base: Loaded) -> frozenset[str]:
    """The files of the base that are in error."""
    return frozenset(item.where.path for item in base.findings if item.severity is Severity.ERROR)


def _base_errors(base: Loaded) -> list[Finding]:
    """A note when the base itself was in error: what it declared there is not known."""
    from ringfence.impact import BASE_IN_ERROR

    if not has_errors(base.findings):
        return []
    return [
        BASE_IN_ERROR.at(
            Location("teams"),
            f"the declarations of the base ({base.tree.label}) are in error: what the head declares in the broken "
            "files is taken for the base too, and the flows that they held are told by the comments of the rendered "
            "policies alone",
            hint="to have every cause with its line, compare with a revision that validates: --base REV",
        )
    ]
