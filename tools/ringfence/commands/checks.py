"""List the checks, or explain one.

examples:
  ringfence checks
  ringfence checks RF104
  ringfence checks unknown-port
"""

from __future__ import annotations

import argparse
from typing import TextIO

from ringfence.errors import EXIT_CLEAN, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `checks`."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how results are printed (default: text)"
    )
    parser.add_argument("code", metavar="CODE", nargs="?", help="the code or the name of one check")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:  # noqa: ARG001
    """Print the list or one page."""
    from ringfence.commands.catalogue import all_checks
    from ringfence.report import json, text
    from ringfence.values.nearest import nearest

    known = all_checks()
    if args.code is not None:
        chosen = [check for check in known if args.code.lower() in (check.code.lower(), check.name)]
        if not chosen:
            near = nearest(args.code, [word for check in known for word in (check.name, check.code)])
            raise UsageError(
                f"there is no check {args.code!r}",
                f"did you mean {near}?" if near else "ringfence checks lists them",
            )
        known = chosen
    if args.format == "json":
        rows = [{"code": c.code, "name": c.name, "severity": c.severity.value, "doc": c.doc.strip()} for c in known]
        out.write(json.dump({"checks": rows}))
    elif args.code is not None:
        check = known[0]
        out.write(f"{check.code} {check.name} ({check.severity.value})\n\n{check.doc.strip()}\n")
    else:
        out.write(
            text.table(
                ("CODE", "NAME", "SEVERITY", "WHAT"), [(c.code, c.name, c.severity.value, c.title) for c in known]
            )
        )
        out.write(f"\n{text.plural(len(known), 'check')}\n")
    return EXIT_CLEAN
