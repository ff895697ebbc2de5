"""Say what a change opens and closes, in which cluster, because of which flow, and who must approve.

examples:
  ringfence impact                                    this branch and the working tree against the default branch
  ringfence impact --base v1.4 --head v1.5
  ringfence impact --format markdown > impact.md      for the note of a merge request
  ringfence impact --output html=impact.html --output sarif=impact.sarif --output junit=impact.xml
  ringfence impact --observed prod-eu=hubble.json.gz  and how much traffic used what closes
  ringfence impact --cluster prod --part prod.part    what one job finds; another one judges what all found:
  ringfence impact --merge *.part
  ringfence impact --format github --output github-summary="$GITHUB_STEP_SUMMARY"

Revisions are read from Git's objects; nothing is checked out. The connections are those of the rendered policies.
"""

from __future__ import annotations

import argparse
import shlex
from functools import partial
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import compared, kept, logs, outputs, parted, progress, scoped, shared, sides
from ringfence.errors import EXIT_FINDINGS, UsageError
from ringfence.findings import Finding, has_errors, in_order

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from ringfence.commands.shared import Loaded
    from ringfence.impact import Report
    from ringfence.model.remembered import Remembered
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
    parted.add_arguments(parser)
    parser.add_argument("--at", metavar="DATE", type=shared.date, help="judge expiry as of this date (default: today)")
    parser.add_argument(
        "--all",
        action="store_true",
        help="list each connection, also where more than 10,000 close that were open on every port (slow: hours, where "
        "there are thousands of workloads)",
    )
    parser.add_argument(
        "--whole",
        action="store_true",
        help="look at every namespace, also where the change can matter to some only (slower; the same changes, and "
        "what was wrong elsewhere before)",
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Compare and print; 1 when a gate or guardrail fails."""
    from ringfence import cache, sources

    root = shared.find_root(args.directory)
    try:
        parts = parted.read(args.merge)
    except UsageError:
        # where declarations are in error no job could write its part, and that is what there is to say
        if (code := _in_error(args, _head(args, root), out, err)) is not None:
            return code
        raise
    some = not (args.whole or args.observed or (parts and parts.whole))
    store = cache.store()
    if some and (found := compared.sides(args, root, store, lambda tree: kept.seems_new(args, root, tree, store))):
        asked = kept.question(args, root, found, store, partial(_command, args))
        if asked and (answer := asked.answer(kept.formats(args, out))):
            if err.isatty():
                print("From the cache: the whole answer, since nothing that it rests on has changed.", file=err)
            return kept.say_again(args, answer, out)
        from ringfence.values import garbage

        with garbage.ignored():  # hardly anything that a scope is made of is any
            told = scoped.attempt(args, root, found, parts)
        if told:
            return finish(args, found.revision, told.report, out, asked, told.files)
    from ringfence.model.remembered import Remembered

    documents = Remembered(store)
    head = _head(args, root, documents)

    def base_of(model: Model) -> tuple[str, Loaded]:
        revision = args.base if args.base is not None else default_base(root, model)
        loaded = shared.load(args.directory, sources.revision(root, revision), model, documents)
        documents.let_go()
        return revision, loaded

    return judge(args, head, base_of, out, err, parts)


def judge(
    args: argparse.Namespace,
    head: Loaded,
    base_of: Callable[[Model], tuple[str, Loaded]],
    out: TextIO,
    err: TextIO,
    parts: parted.Parts | None = None,
) -> int:
    """The same on what is loaded; `base_of` gives the base with its revision for the model of the head.

    `parts` is what other runs found in each cluster.
    """
    from ringfence import impact

    today = args.at or shared.today()
    checked = _checked(head, today)
    code = _in_error(args, head, out, err, checked)
    if code is not None or head.model is None:
        return code or EXIT_FINDINGS
    model = head.model
    revision, base = base_of(model)
    if args.cluster is not None and not (base.model and args.cluster in base.model.clusters):
        shared.pick_clusters(model, args.cluster)
    result = impact.assess(
        impact.Side(
            base.tree,
            base.tree.label,
            impact.mended(base.model, model, sides.broken(base)),
            not has_errors(base.findings),
        ),
        impact.Side(head.tree, head.tree.label, model),
        model,
        today,
        args.cluster,
        checked=checked,
        approved=args.approved,
        logs=logs.by_cluster(args, model),
        used_threshold=args.observed_threshold,
        facts=parts.facts if parts else None,
        identify=bool(parts or args.part),
        complete=args.all,
        tell=progress.stage,
    )
    result = parted.same(parts, result)
    result = impact.with_findings(result, [*sides.stale(head, model), *sides.base_errors(base)])
    return finish(args, revision, result, out)


def _head(args: argparse.Namespace, root: Path, documents: Remembered | None = None) -> Loaded:
    from ringfence import sources

    tree = sources.revision(root, args.head) if args.head is not None else None
    return shared.load(args.directory, tree, documents=documents)


def _checked(head: Loaded, today: datetime.date) -> list[Finding]:
    """The errors that the checks of declarations find."""
    from ringfence import checks

    return checks.run(head.model, today, only_errors=True) if head.model else []


def _in_error(
    args: argparse.Namespace, head: Loaded, out: TextIO, err: TextIO, checked: Sequence[Finding] | None = None
) -> int | None:
    """Print and write what is wrong where the impact of the head cannot be told; else None, and nothing is printed."""
    from ringfence import impact, report

    if checked is None:
        checked = _checked(head, args.at or shared.today())
    unclear = [item for item in checked if item.check.code not in impact.JUDGED]
    if head.model is not None and not has_errors((*head.findings, *unclear)):
        return None
    found = in_order((*head.findings, *checked))
    outputs.write(args.output, lambda format_: report.findings(found, format_))
    shared.print_findings(found, out, "text" if args.format in HUMAN else args.format)
    print("The declarations of the head are in error, so its impact cannot be told.", file=err)
    return EXIT_FINDINGS


def finish(
    args: argparse.Namespace,
    revision: str,
    result: Report,
    out: TextIO,
    asked: kept.Question | None = None,
    files: Iterable[str] = (),
) -> int:
    """Write and print a report against a base revision; the exit code that it means.

    `asked` keeps it, and that it rests on some files.
    """
    from msgspec.structs import replace

    result = replace(result, findings=tuple(in_order(result.findings)), command=_command(args, revision))
    if args.part:
        parted.write(args.part, result)
    return kept.say(args, result, out, asked, files)


def default_base(root: Path, model: Model) -> str:
    """Where the change left the default branch. The error says which setting names that branch."""
    return compared.default_base(root, model.settings.default_branch)


def _command(args: argparse.Namespace, revision: str) -> str:
    """What reproduces the report, the base named even where it was the default."""
    words = ["ringfence", "impact", "--base", revision]
    for option in ("head", "cluster", "at"):
        if value := getattr(args, option):
            words += [f"--{option}", str(value)]
    words += ["--all"] if args.all else []
    for owner in args.approved:
        words += ["--approved", owner]
    for log in args.observed:
        words += ["--observed", log]
    return shlex.join(words)
