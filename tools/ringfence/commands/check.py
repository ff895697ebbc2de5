"""Check single files: what each says by itself, without reading the others.

examples:
  ringfence check teams/checkout/checkout/flows.yaml
  ringfence check --format json policies/clusters/*.yaml

It judges the place of a file, its encoding, its YAML, its kind and its schema, in a blink: for hooks and editors.
It does not ask whether names of others exist, who consented, what guardrails forbid, what has expired: `ringfence
validate` does. Notes, templates and rendered files are passed over. Git is not asked whether it ignores a file.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TextIO

from ringfence.commands import shared
from ringfence.errors import UsageError
from ringfence.findings import Finding


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `check`."""
    from ringfence.report import FINDING_FORMATS

    shared.add_common(parser, FINDING_FORMATS)
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="files of teams/ and policies/")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:  # noqa: ARG001
    """Judge each file; 1 when any finding is an error. `quick` answers before this where there is none."""
    from ringfence import sources
    from ringfence.model import alone, layout
    from ringfence.report.text import plural

    root = sources.find_root((args.directory / args.files[0]).parent)
    tree = sources.working_tree(root)
    findings: list[Finding] = []
    judged = passed = 0
    for path in dict.fromkeys(shared.relative(root, args.directory, file) for file in args.files):
        if (root / path).is_dir():
            raise UsageError(f"{path or '.'} is a folder", "name files, or check everything: ringfence validate")
        if not path.startswith(("policies/", "teams/")):
            raise UsageError(f"{path} is no declaration", "name files of teams/ and policies/")
        if not layout.is_read(path):
            passed += 1
            continue
        judged += 1
        problem = sources.problem_of_names(path)
        try:
            findings += [problem] if problem else alone.judge(path, tree.read(path))
        except sources.Unreadable as error:
            findings.append(error.finding)
    summary = plural(judged, "file") + (f", {passed} passed over" if passed else "")
    return shared.print_findings(findings, out, args.format, summary)
