"""Check every declaration: syntax, schema, references, ownership, guardrails, expiry.

examples:
  ringfence validate
  ringfence validate teams/checkout/checkout/flows.yaml
  ringfence validate --format json --at 2027-04-01
  ringfence validate --output codequality=validate.json --output junit=validate.xml

All files are read, since a reference can point anywhere; naming files limits the report to findings in them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TextIO

from ringfence.commands import judged, outputs, progress, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError
from ringfence.findings import Finding, has_errors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `validate`."""
    from ringfence.report import FINDING_FORMATS

    shared.add_common(parser, FINDING_FORMATS)
    outputs.add_output(parser, FINDING_FORMATS)
    parser.add_argument("--at", metavar="DATE", type=shared.date, help="judge expiry as of this date (default: today)")
    parser.add_argument(
        "files", metavar="FILE", nargs="*", type=Path, help="report only findings in these files and folders"
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Validate the repository; 1 when any finding is an error."""
    from ringfence.report.text import plural

    root = shared.find_root(args.directory)
    progress.stage("reading the declarations (working tree)")
    judgement = judged.working_tree(root, args.at or shared.today())
    findings, counts = list(judgement.findings), dict(judgement.counts)
    summary = "the declarations could not be loaded"
    if counts:
        peers, adopted = counts.pop("peer"), counts.pop("adopted policy")
        if not (findings or peers or adopted or any(counts[noun] for noun in ("team", "baseline grant", "guardrail"))):
            raise NothingToCheckError("the repository declares nothing", "add a team: teams/<team>/team.yaml")
        files, *named = [plural(number, noun) for noun, number in counts.items()]
        named += [plural(adopted, "adopted policy")] if adopted else []
        summary = f"{files}: {', '.join(named)}"
        shared.say_known(counts["file"] - judgement.read, counts["file"], "file", err)
    if args.files:
        wanted = {shared.relative(root, args.directory, file) for file in args.files}
        whole = findings
        findings = [finding for finding in findings if _touches(finding, wanted)]
        if len(whole) > len(findings):
            print(f"{len(whole) - len(findings)} more in files not named; run without FILE to see them", file=err)
    code = outputs.print_findings(args, findings, out, summary)
    return EXIT_FINDINGS if has_errors(findings) or (not counts and code == EXIT_CLEAN) else code


def _touches(finding: Finding, wanted: set[str]) -> bool:
    """Whether the finding or a place related to it lies in a named file, or below a named folder."""
    places = (finding.where.path, *(where.path for where, _ in finding.related))
    return any(not path or place == path or place.startswith(f"{path}/") for place in places for path in wanted)
