"""Write CODEOWNERS from the teams.

examples:
  ringfence owners               write CODEOWNERS
  ringfence owners --check       fail when it is not current
"""

from __future__ import annotations

import argparse
import os
from typing import TextIO

from ringfence.commands import shared
from ringfence.errors import EXIT_CLEAN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `owners`."""
    shared.add_common(parser)
    parser.add_argument("--check", action="store_true", help="fail when CODEOWNERS is not current; write nothing")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write or check the file; 1 when the check fails."""
    from ringfence import gitops
    from ringfence.findings import Location
    from ringfence.report.text import plural
    from ringfence.values.files import replace

    loaded = shared.load_valid(args.directory, out, err, args.format)
    if isinstance(loaded, int):
        return loaded
    repository, model = loaded
    expected = gitops.codeowners(model)
    path = repository.root / gitops.CODEOWNERS_PATH
    current = path.read_bytes() if path.is_file() and not path.is_symlink() else None
    summary = f"{gitops.CODEOWNERS_PATH}: {plural(len(model.teams), 'team')}"
    if current == expected:
        return shared.print_findings([], out, args.format, f"{summary}, current")
    if args.check:
        missing = "is not a regular file" if os.path.lexists(path) else "is missing"
        what = missing if current is None else "is not what the teams say"
        finding = gitops.OWNERS_DRIFT.at(
            Location(gitops.CODEOWNERS_PATH), f"{gitops.CODEOWNERS_PATH} {what}", hint="run: ringfence owners"
        )
        return shared.print_findings([finding], out, args.format, summary)
    replace(path, expected)
    shared.print_findings([], out, args.format, f"{summary}, written")
    return EXIT_CLEAN
