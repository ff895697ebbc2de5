"""Give declarations the one YAML style, comments kept.

examples:
  ringfence fmt                  rewrite every declaration that is not in style
  ringfence fmt --check          name them and change nothing
  ringfence fmt teams/checkout/checkout/flows.yaml
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ringfence.commands import shared
from ringfence.errors import NothingToCheckError
from ringfence.findings import Finding

if TYPE_CHECKING:
    from ringfence.sources import Tree

ROOTS = ("policies", "teams")
OTHERS = ("policies/rendered/", "policies/templates/", "policies/adopted/")
"""Below `policies/`, but no declarations."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fmt`."""
    shared.add_common(parser)
    parser.add_argument("--check", action="store_true", help="name the files that are not in style; change nothing")
    parser.add_argument(
        "files", metavar="FILE", nargs="*", type=Path, help="only these files and folders (default: all declarations)"
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Format or check; 1 when a file cannot be read or, with `--check`, is not in style."""
    from ringfence import documents, sources
    from ringfence.documents import style
    from ringfence.report.text import plural
    from ringfence.values.files import replace

    root = shared.find_root(args.directory)
    tree = sources.working_tree(root)
    named = [shared.relative(root, args.directory, file) for file in args.files]
    paths, findings = _chosen(root, tree, named)
    if not (args.files or paths or findings):
        raise NothingToCheckError(
            "there is no declaration to format", "declarations are *.yaml in policies/ and teams/"
        )
    changed = 0
    for path in paths:
        try:
            raw = tree.read(path)
        except sources.Unreadable as error:
            findings.append(error.finding)
            continue
        document, problems = documents.read(path, raw)
        if document is None or problems:
            findings += problems
            continue
        styled = style.format(raw)
        if styled == raw:
            continue
        changed += 1
        if args.check:
            findings.append(
                style.NOT_IN_STYLE.at(document.at(), "this file is not in style", hint=f"ringfence fmt {path}")
            )
        else:
            replace(root / path, styled)
            print(f"formatted {path}", file=err)
    summary = f"{plural(len(paths), 'file')}, {changed} {'not in style' if args.check else 'formatted'}"
    return shared.print_findings(findings, out, args.format, summary)


def _chosen(root: Path, tree: Tree, named: Sequence[str]) -> tuple[list[str], list[Finding]]:
    """The declarations that are named, or below named folders, or all; and what stands where one should."""
    folders = [path for path in named if (root / path).is_dir() and not (root / path).is_symlink()] if named else ROOTS
    paths = [path for path in named if path not in folders]
    findings: list[Finding] = []
    for folder in folders:
        paths += tree.files(folder)
        findings += [item for item in tree.problems(folder) if not item.where.path.startswith(OTHERS)]
    return [path for path in dict.fromkeys(paths) if _declares(path)], findings


def _declares(path: str) -> bool:
    return path.endswith(".yaml") and path.startswith(("policies/", "teams/")) and not path.startswith(OTHERS)
