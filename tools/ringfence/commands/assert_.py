"""Hold plain manifests against statements of what must, and must not, be allowed.

examples:
  ringfence assert assertions.yaml --manifests deploy/
  kustomize build overlays/prod | ringfence assert assertions.yaml --manifests - --cni calico
  ringfence assert assertions.yaml --manifests deploy/ --output junit=assertions.xml

A file has the kind Assertions (ringfence schema assertions). `must` holds only when everything is allowed between all
ends of a statement, `mustNot` only when everything is denied; what is undefined satisfies neither.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import outputs, plain, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError, UsageError
from ringfence.findings import has_errors, in_order

if TYPE_CHECKING:
    from ringfence.findings import Finding
    from ringfence.verify.asserted import Outcome

FORMATS = ("text", "json", "junit")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `assert`."""
    shared.add_common(parser, FORMATS)
    outputs.add_output(parser, FORMATS)
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="a file of the kind Assertions")
    plain.add_manifests(parser, required=True)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print how each statement fares; 1 when any does not hold, or reading found errors."""
    from ringfence import report
    from ringfence.connectivity import evaluate
    from ringfence.report import assertions as written
    from ringfence.report import text
    from ringfence.verify import assertions
    from ringfence.verify.asserted import Result, judge

    statements: list[assertions.Statement] = []
    findings: list[Finding] = []
    for path in dict.fromkeys(args.files):
        found, problems = assertions.read(path.as_posix(), _read(args.directory, path))
        statements += found
        findings += problems
    findings += assertions.repeated(statements)
    outcomes: list[Outcome] = []
    if not has_errors(findings):
        cluster = plain.cluster(args, args.manifests)
        if not cluster.endpoints and not has_errors(cluster.findings):
            raise NothingToCheckError("the manifests hold no workload", "--manifests takes workloads and policies")
        findings += cluster.findings
        ends = (term.text for item in statements for term in (*item.sources, *item.destinations))
        outcomes = judge(statements, evaluate(cluster.asked(ends)))
        findings += [finding for outcome in outcomes for finding in outcome.findings]
    ordered = in_order(findings)
    outputs.write(args.output, lambda format_: written.render(outcomes, ordered, format_))
    out.write(written.render(outcomes, ordered, args.format, report.wants_colour(out)))
    if args.format == "text":
        err.write(text.findings(ordered, written.counts(outcomes), report.wants_colour(err)))
    held = all(outcome.result is Result.PASS for outcome in outcomes)
    return EXIT_CLEAN if held and not has_errors(findings) else EXIT_FINDINGS


def _read(directory: Path, path: Path) -> bytes:
    """The bytes of a file of assertions. Raises `UsageError` where there is none."""
    hint = "name a file of the kind Assertions; ringfence schema assertions shows its form"
    if os.path.isdir(directory / path):  # noqa: PTH112 - `Path.is_dir` raises for a name that is too long
        raise UsageError(f"{path} is a folder, not a file of assertions", hint)
    try:
        return (directory / path).read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}", hint) from error
