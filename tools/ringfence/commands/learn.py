"""Propose flows for what flow logs show and nobody declared, with the evidence beside each.

examples:
  ringfence learn hubble.json.gz --cluster prod-eu --dry-run      print what would be proposed; write nothing
  ringfence learn flows-*.log --cluster prod-eu
  ringfence learn hubble.json --cluster dev --catalogue           with entries for DNS names that have none

Each proposal goes to a new file in the directory of its team, learnt-CLUSTER.yaml; what exists is never touched, and a
second run proposes nothing new. What was denied, scans, health checks and answers are no proposals; nor is what goes to
or comes from the whole world, unless --world asks for it. What `ringfence validate` would refuse is not written.

exit codes: 1 where a proposal is refused so, or the declarations are in error; 0 otherwise, also without a proposal.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec.structs import replace

from ringfence.commands import edits, logs, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS
from ringfence.findings import Finding, Severity, has_errors

if TYPE_CHECKING:
    from ringfence.adopt.proposals import Proposals
    from ringfence.adopt.writing import Source
    from ringfence.commands.shared import Loaded
    from ringfence.model.types import Model
    from ringfence.observe.results import Comparison

ROWS = 30
"""How many reasons are printed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `learn`."""
    shared.add_common(parser)
    logs.add_logs(parser)
    parser.add_argument("--dry-run", action="store_true", help="print the new files and write nothing")
    parser.add_argument(
        "--catalogue", action="store_true", help="propose entries for DNS names that have none, and flows to them"
    )
    parser.add_argument(
        "--world", action="store_true", help="propose flows to and from entries that are the whole world too"
    )
    parser.add_argument(
        "--every-environment",
        action="store_true",
        help="propose flows for every environment of their ends (default: for that of the logs)",
    )
    parser.add_argument("--ticket", default="", help="the ticket of the proposed flows")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Propose, and write what is sound; 1 when the declarations are in error, or something cannot be written."""
    found = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(found, int):
        return found
    from ringfence.adopt.proposals import Options, propose
    from ringfence.adopt.writing import Source
    from ringfence.observe.compare import compare

    loaded, model = found
    cluster = logs.one_cluster(model, args.cluster)
    observed = logs.read(args, args.logs)
    comparison = compare(observed, model, cluster)
    options = Options(world=args.world, catalogue=args.catalogue, everywhere=args.every_environment)
    proposals = propose(comparison, model, options)
    names = tuple(Path(name).name for name in args.logs)
    source = Source(cluster.name, names, observed, args.ticket)
    proposals, files, refused, findings = _sound(loaded, model, proposals, source)
    done = _Done(comparison, proposals, files, edits.diff(loaded, files), refused, findings, not args.dry_run)
    if files and done.written:
        edits.write(loaded, files)
    if args.format == "json":
        _print_json(done, out)
    else:
        _print_text(done, args, out, err)
    return EXIT_FINDINGS if refused else EXIT_CLEAN


@dataclass(frozen=True, slots=True)
class _Done:
    """What was proposed: `refused` are findings on flows that are not written, `findings` others that are new."""

    comparison: Comparison
    proposals: Proposals
    files: dict[str, bytes | None]
    diff: str
    refused: list[Finding]
    findings: list[Finding]
    written: bool


def _sound(
    loaded: Loaded, model: Model, proposals: Proposals, source: Source
) -> tuple[Proposals, dict[str, bytes | None], list[Finding], list[Finding]]:
    """The proposals that checks let pass, their files, why the others do not, and what else is new with them."""
    from ringfence.adopt import writing

    present = loaded.tree.files()
    refused: list[Finding] = []
    while True:
        files: dict[str, bytes | None] = dict(writing.files(proposals, model, source, present))
        findings = edits.judged(loaded, files, shared.today())[1] if files else []
        if not has_errors(findings):
            return proposals, files, refused, findings
        errors = [item for item in findings if item.severity is Severity.ERROR]
        ids = {item.subject for item in errors}
        kept = tuple(flow for flow in proposals.flows if flow.id not in ids)
        if len(kept) == len(proposals.flows):
            # nothing that can be left out alone: better no proposal than a repository in error
            kept = ()
            proposals = replace(proposals, entries=())
        called = {flow.destination for flow in kept}
        refused += errors
        proposals = replace(
            proposals, flows=kept, entries=tuple(entry for entry in proposals.entries if entry.name in called)
        )


def _print_json(done: _Done, out: TextIO) -> None:
    from ringfence.report import json, observed, observed_words

    flows = [
        {
            "flow": flow.id,
            "from": list(flow.sources),
            "to": flow.destination,
            "ports": list(flow.ports),
            "environments": list(flow.environments),
            **json.usage(flow.usage),
            "evidence": [
                {"source": source, "port": port, **json.usage(usage)} for source, port, usage in flow.evidence
            ],
        }
        for flow in done.proposals.flows
    ]
    entries = [
        {
            "name": entry.name,
            "dns": entry.dns,
            "addresses": list(entry.addresses),
            "owner": entry.owner,
            **json.usage(entry.usage),
        }
        for entry in done.proposals.entries
    ]
    out.write(
        json.dump(
            {
                "cluster": done.comparison.cluster.name,
                "logs": observed.logs(done.comparison.observed),
                "written": done.written,
                "files": sorted(done.files),
                "flows": flows,
                "entries": entries,
                "diff": done.diff,
                "left": [{**observed.talk(item.talk), "reason": item.why} for item in done.proposals.left],
                "notPlaced": observed.data(done.comparison)["notPlaced"],
                "limits": observed_words.limits(done.comparison),
                "refused": [json.finding(item) for item in done.refused],
                "findings": [json.finding(item) for item in done.findings],
            }
        )
    )


def _print_text(done: _Done, args: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    from ringfence import report
    from ringfence.report import observed, text
    from ringfence.report import observed_words as words

    colour = report.wants_colour(out)
    comparison = done.comparison
    out.write(text.paint(f"{comparison.cluster.name}: {words.window(comparison.observed)}", "1", colour) + "\n\n")
    if args.dry_run and done.diff:
        out.write((edits.coloured(done.diff) if colour else done.diff) + "\n")
    counts = Counter(flow.namespace for flow in done.proposals.flows)
    for path in sorted(done.files):
        folder = path.split("/")
        number = counts[folder[2]] if folder[0] == "teams" else len(done.proposals.entries)
        noun = "flow" if folder[0] == "teams" else "entry"
        out.write(f"  {text.plural(number, noun)} in {path}\n")
    out.write("\n" if done.files else "")
    parts = [
        ("Not proposed", _left(done.proposals)),
        ("Refused by checks, and not written", [f"{item.check.code} {item.message}" for item in done.refused]),
        ("What these logs cannot show", words.limits(comparison)),
    ]
    for title, lines in parts:
        if lines:
            shown = "\n".join(f"  {text.one_line(line)}" for line in lines)
            out.write(f"{text.paint(title, '1', colour)}\n{shown}\n\n")
    out.write("".join(f"{line}\n" for line in observed.troubles(comparison.observed, colour)))
    flows = text.plural(len(done.proposals.flows), "flow")
    entries = f" and {text.plural(len(done.proposals.entries), 'entry')}" if done.proposals.entries else ""
    said = f"{flows}{entries} {'proposed' if done.written else 'would be proposed'}"
    err.write(text.findings(done.findings, said, report.wants_colour(err)))
    if done.written and done.files:
        print("next:\n  read the new files, give each flow its reason, then: ringfence render", file=err)


def _left(proposals: Proposals) -> list[str]:
    """What is left to a person, one line for each reason with how often it was met."""
    from ringfence.report.text import plural

    counts: Counter[str] = Counter()
    for item in proposals.left:
        counts[item.why] += item.talk.usage.count
    rows = [f"{plural(count, 'connection')}: {why}" for why, count in counts.most_common()]
    rest = len(rows) - ROWS
    return [*rows[:ROWS], *([f"and {rest:,} more reasons: --format json has all"] if rest > 0 else [])]
