"""Give declarations the one YAML style, comments kept.

examples:
  ringfence fmt                  rewrite every declaration that is not in style
  ringfence fmt --check          name them and change nothing
  ringfence fmt teams/checkout/checkout/flows.yaml
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TextIO

from ringfence.commands import shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, NothingToCheckError, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fmt`."""
    shared.add_common(parser)
    parser.add_argument("--check", action="store_true", help="name the files that are not in style; change nothing")
    parser.add_argument(
        "files", metavar="FILE", nargs="*", type=Path, help="only these files (default: all declarations)"
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Format or check; 1 when a file cannot be read or, with `--check`, is not in style."""
    from ringfence import documents, sources
    from ringfence.documents import style
    from ringfence.report.text import plural
    from ringfence.values.files import replace

    root = sources.find_root(args.directory)
    tree = sources.working_tree(root)
    if args.files:
        paths = [_relative(root, args.directory / file) for file in args.files]
        paths = [path for path in paths if _declares(path)]
    else:
        paths = [path for path in (*tree.files("policies"), *tree.files("teams")) if _declares(path)]
        if not paths:
            raise NothingToCheckError(
                "there is no declaration to format", "declarations are *.yaml in policies/ and teams/"
            )
    findings = []
    changed = 0
    for path in paths:
        raw = tree.read(path)
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
    code = shared.print_findings(findings, out, args.format, summary)
    return code if code != EXIT_CLEAN or not (args.check and changed) else EXIT_FINDINGS


def _declares(path: str) -> bool:
    return (
        path.endswith(".yaml")
        and path.startswith(("policies/", "teams/"))
        and not path.startswith(("policies/rendered/", "policies/templates/"))
    )


def _relative(root: Path, file: Path) -> str:
    if not file.exists():
        raise UsageError(f"there is no file {str(file)!r}")
    try:
        return file.resolve().relative_to(root).as_posix()
    except ValueError:
        raise UsageError(f"{str(file)!r} is not in the repository {root}") from None
