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

from ringfence.commands import outputs, shared
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
    from ringfence import checks
    from ringfence.report.text import plural

    loaded = shared.load(args.directory)
    findings = list(loaded.findings)
    summary = "the declarations could not be loaded"
    if loaded.model is not None:
        model = loaded.model
        if not (findings or model.teams or model.peers or model.grants or model.guardrails):
            raise NothingToCheckError("the repository declares nothing", "add a team: teams/<team>/team.yaml")
        findings += checks.run(model, args.at or shared.today())
        if model.adopted:
            from ringfence.verify import adopted

            findings += adopted.findings(model)
        summary = (
            f"{plural(model.files, 'file')}: {plural(len(model.teams), 'team')}, "
            f"{plural(len(model.namespaces), 'namespace')}, {plural(len(model.workloads), 'workload')}, "
            f"{plural(len(model.flows), 'flow')}, {plural(len(model.grants), 'baseline grant')}, "
            f"{plural(len(model.guardrails), 'guardrail')}, {plural(len(model.waivers), 'waiver')}, "
            f"{plural(len(model.clusters), 'cluster')}"
            + (f", {plural(len(model.adopted), 'adopted policy')}" if model.adopted else "")
        )
    if args.files:
        wanted = {shared.relative(loaded.root, args.directory, file) for file in args.files}
        whole = findings
        findings = [finding for finding in findings if _touches(finding, wanted)]
        if len(whole) > len(findings):
            print(f"{len(whole) - len(findings)} more in files not named; run without FILE to see them", file=err)
    code = outputs.print_findings(args, findings, out, summary)
    return EXIT_FINDINGS if has_errors(findings) or (loaded.model is None and code == EXIT_CLEAN) else code


def _touches(finding: Finding, wanted: set[str]) -> bool:
    """Whether the finding or a place related to it lies in a named file, or below a named folder."""
    places = (finding.where.path, *(where.path for where, _ in finding.related))
    return any(not path or place == path or place.startswith(f"{path}/") for place in places for path in wanted)
